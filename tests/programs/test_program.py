# SPDX-License-Identifier: BSD-2-Clause
"""External executables used as functions: real processes, and every way in which they fail."""

import json
import math
import os
import sys
import time
from pathlib import Path

import pytest
from helpers import is_alive, names, parameter_set, snapshot, sweep, until

import coma
from coma import Program


@pytest.fixture
def executable(tmp_path):
    """Return a function that writes an executable shell script."""

    def write(code, name="program"):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{code}\n")
        path.chmod(0o755)
        return path

    return write


COPY = 'cp "$COMA_INPUT" "$COMA_OUTPUT"'
P = parameter_set(x=0.1 + 0.2, n=3)


# --- what a program gets and gives


def test_a_program_reads_its_input_and_writes_its_output(executable):
    """The two paths are in the environment; the input holds the parameters at their paths, to the last digit."""
    program = Program(executable(f'{COPY}; cat "$COMA_INPUT" >&2; sed -i "s/0.3/0.3/" "$COMA_OUTPUT"'))
    assert program(P) == {"parameters": {"x": 0.1 + 0.2, "n": 3}}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 + 0.2, "0.30000000000000004"),
        (3, "3"),
        (1e300, "1e+300"),
        (True, "1"),
        ("a b", "a b"),
        (-5.0, "-5.0"),
        (math.inf, "inf"),
    ],
)
def test_an_argument_reads_back_as_the_same_value(value, text):
    """There is no shell, so that blanks and quotes need no care."""
    program = Program(["printf", '{"results": {"argument": "%s"}}', "{x}"])
    assert program(parameter_set(x=value))["results"]["argument"] == text


def test_arguments_name_the_files_and_the_directory(executable):
    """Their names and formats can be chosen; the directory is gone afterwards."""
    code = 'cp "$1" "$2"; echo "$3" > "$4"'
    program = executable(code)
    log = program.with_name("log")
    command = [program, "{input}", "--out={output}", "{directory}", log]
    program.write_text("#!/bin/sh\n" + 'cp "$1" "${2#--out=}"; ls -d "$3" > "$4"\n')
    assert Program(command, input="in.json", output="out.json")(P) == {"parameters": {"x": 0.1 + 0.2, "n": 3}}
    assert not Path(log.read_text().strip()).exists()


@pytest.mark.parametrize(
    ("text", "results"),
    [
        ('{"measurement": {"results": {"y": 1}}}', {"y": 1}),
        ('{"results": {"y": [1, 2]}}', {"y": [1, 2]}),
        ("<measurement><results><y>1.5</y></results></measurement>", {"y": 1.5}),
        ("<results><y>1.5</y></results>", {"y": 1.5}),
    ],
)
def test_standard_output_does_where_there_is_no_output_file(executable, text, results):
    """JSON or XML, with or without the root; parameters that it lacks are added."""
    tree = Program(executable(f"cat <<'E'\n\n{text}\nE"))(P)
    assert tree == {"results": results, "parameters": {"x": 0.1 + 0.2, "n": 3}}


def test_directory_and_environment(executable, tmp_path):
    """The working directory and further variables can be given."""
    code = """printf '{"results": {"d": "%s", "v": "%s"}}' "$PWD" "$V" """
    program = Program(executable(code), directory=tmp_path, environment={"V": "7"})
    assert program(P)["results"] == {"d": str(tmp_path), "v": "7"}


def test_programs_that_write_into_their_working_directory_do_not_meet(executable, directory, tmp_path, monkeypatch):
    """Each runs in its temporary directory, where its output and the files to keep are looked for."""
    executable('echo "$1" > out.log; sleep 0.2; x=$(cat out.log); echo "{\\"results\\": {\\"x\\": $x}}" > out.json')
    monkeypatch.chdir(tmp_path)
    program = Program(["./program", "{x}"], directory="{directory}", output="out.json", keep_files=["*.log"])
    e = sweep(directory)
    assert e.run(program, workers=4) == (4, 4)
    for m in e.measurements():
        assert m.results.x == m.parameters.x
        assert float((directory / f"measurement.{m.id:06}.out.log").read_text()) == m.parameters.x
    assert names(tmp_path) == sorted([directory.name, "program"])


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{print}}", "{print}"),
        ("{{print {n}}}", "{print 3}"),
        ("{{{n}}}", "{3}"),
        ("{{n:.3f}}", "{n:.3f}"),
        ('{{"a": {{"n": {n}}}}}', '{"a": {"n": 3}}'),
        ("{}", "{}"),
        ('{"a": 1}', '{"a": 1}'),
        ('{"a": {"b": {"n": {n}}}}', '{"a": {"b": {"n": 3}}}'),
        ("{1} {a b} { n }", "{1} {a b} { n }"),
    ],
)
def test_doubled_braces_are_braces(template, text):
    """In arguments and in the environment; single ones stay where there is no name alone in them, as in JSON."""
    code = "import json, os, sys; print(json.dumps({'results': [sys.argv[1], os.environ['T']]}))"
    program = Program([sys.executable, "-c", code, template], environment={"T": template})
    assert program(P)["results"] == [text] * 2


def test_a_sweep_with_a_program(executable, directory):
    """Its info is kept, but for id and dates; each point has its own file; resuming works."""
    code = f'{COPY}; sed -i "s|<parameters>|<info><program>p</program><measurement_id>9</measurement_id></info>&|" "$COMA_OUTPUT"'
    program = Program(executable(code))
    e = sweep(directory)
    assert (e.run(program, workers=2), e.run(program)) == ((4, 4), (0, 4))
    assert sorted(m.parameters.x for m in e.measurements()) == [0.0, 1.0, 2.0, 3.0]
    tree = json.loads((directory / "measurement.000003.json").read_text())["measurement"]
    assert list(tree["info"])[:4] == ["measurement_id", "start_date", "end_date", "program"]
    assert (tree["info"]["measurement_id"], tree["info"]["program"]) == (3, "p")


# --- mistakes that are found before anything runs


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("./none", r'cannot find the program: ".*/none" does not exist'),
        ("no-such-program", r'cannot find the program: no "no-such-program" on the PATH$'),
        ("echo hello", r'no "echo hello" on the PATH; give the arguments as a list'),
        ("{directory}", r'".*" is a directory, not a program'),
        ("{plain}", r'".*/plain" is not executable; chmod \+x'),
        (["echo", "{y}"], r"argument refers to \{y\}, which is no parameter; there is directory, input, output, x"),
        (["awk", "{print}"], r"no parameter; .*; write \{\{print\}\} if the braces are meant literally"),
        (["echo", "{x:.3f}"], r"or \{\{x:\.3f\}\} if the braces are meant literally"),
        (["echo", "{x:.3f}"], r"argument '\{x:\.3f\}': write \{x\} alone, so that the value is passed exactly"),
        (["echo", "{x!r}"], r"write \{x\} alone"),
    ],
)
def test_a_mistake_is_found_before_anything_is_written(directory, tmp_path, command, text):
    """The directory is as before, and no id is used up."""
    (tmp_path / "plain").write_text("text")
    if isinstance(command, str):
        command = command.replace("{directory}", str(tmp_path)).replace("{plain}", str(tmp_path / "plain"))
    e = sweep(directory)
    before = snapshot(directory)
    with pytest.raises(coma.ProgramError, match=text):
        e.run(Program(command))
    assert snapshot(directory) == before


@pytest.mark.parametrize(
    ("arguments", "options", "text"),
    [
        ([], {}, "a program needs at least the path of its executable"),
        (["p"], {"input": "a/b.xml"}, r"'a/b\.xml' is no file name that ends with \.xml or \.json"),
        (["p"], {"output": "out.txt"}, r"'out\.txt' is no file name"),
        (["p"], {"timeout": "60"}, r"timeout must be a number of seconds greater than 0, or None; got '60'"),
        (["p"], {"timeout": 0}, r"greater than 0, or None; got 0"),
        (["p"], {"environment": "A=1"}, r"environment must be a dictionary, such as .*; got 'A=1'"),
        (["p"], {"environment": {"N": 1}}, r"environment\['N'\] must be a text .*, such as '1'; got 1, a int"),
        (["p"], {"environment": {1: "N"}}, r"environment has 1, which is no name of a variable"),
        (["p"], {"environment": {"A=": "1"}}, r"environment has 'A=', which is no name of a variable"),
    ],
)
def test_a_program_that_makes_no_sense_is_refused(arguments, options, text):
    """When it is made."""
    with pytest.raises(coma.ProgramError, match=text):
        Program(arguments, **options)


@pytest.mark.parametrize("mode", [0o755, 0o644])
def test_a_program_in_the_working_directory_needs_its_slash(executable, tmp_path, monkeypatch, mode):
    """The error says where a bare name is looked for, and what to write."""
    executable(COPY, "osc").chmod(mode)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(coma.ProgramError, match=r'looked for on the PATH, and there is no "osc"; write "\./osc" for'):
        Program("osc").check()


def test_a_working_directory_must_exist(directory):
    """It is looked for before anything runs."""
    with pytest.raises(coma.ProgramError, match=r'the working directory ".*/none" does not exist; make it, or write'):
        sweep(directory).run(Program("echo", directory=directory / "none"))


def test_a_list_is_no_argument():
    """The error says how the program gets it."""
    with pytest.raises(
        coma.ProgramError, match=r"\{x\} is a tuple, which is no argument; let the program read \{input\}"
    ):
        Program(["echo", "{x}"])(parameter_set(x=[1, 2]))


# --- failures


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("exit 3", r"program failed with exit status 3\n  parameters: \(x=.*,n=3\)\n  command: \['.*program'\]$"),
        (
            "echo one >&2; echo two >&2; exit 1",
            r"exit status 1\n(?s:.*)last lines of standard error:\n    one\n    two$",
        ),
        ("kill -SEGV $$", r"was ended by signal 11 \(SIGSEGV\)"),
        ("kill -9 $$", r"was ended by signal 9 \(SIGKILL\)"),
        ("true", r"wrote no output file, and its standard output is empty"),
        (
            "echo hello; echo '{}'",
            r"wrote no output file, and its standard output is neither a JSON object nor XML; it begins with 'hello'",
        ),
        ("echo '[1, 2]'", r"its standard output is neither a JSON object nor XML; it begins with '\[1, 2\]'"),
        ("echo '{\"E\": -nan}'", r"is not JSON: .*; JSON has NaN, Infinity and -Infinity; it begins with '.*-nan"),
        (': > "$COMA_OUTPUT"', r"wrote a malformed measurement: \"its output file\" is not XML"),
        ("printf '<a>\\n<b></a>' > \"$COMA_OUTPUT\"", r'"its output file" is not XML: .*line 2'),
        ("echo '{\"a\": }'", r'"its standard output" is not JSON: .* in line 1'),
        ("echo '<measurement>5</measurement>'", r"wrote a int, not a measurement"),
        (
            'echo \'{"parameters": {"x": 5}}\'',
            r"measurement for other parameters: parameters/x is 5, asked for was 0\.3",
        ),
        ("echo '{\"parameters\": 5}'", r"wrote a measurement without room for parameters/x"),
        ("head -c 100000 /dev/zero | tr '\\0' 'x' >&2; echo end >&2; exit 1", r"x{100}end$"),
        ("printf '\\377' >&2; exit 1", r"last lines of standard error"),
    ],
)
def test_a_program_that_fails_says_why(executable, code, text):
    """With parameters, command and its last words."""
    with pytest.raises(coma.ProgramError, match=text):
        Program(executable(code))(P)


@pytest.mark.parametrize("name", ["input", "output", "directory"])
def test_a_parameter_with_the_name_of_a_path_is_refused(directory, name):
    """Where the arguments refer to it: it would be filled in with the path."""
    e = coma.Experiment(directory)
    e.define_parameter_set((name, f"parameters/{name}"))
    e.add_parameter_set(5.0)
    with pytest.raises(coma.ProgramError, match=rf"{{{name}}} is a path .* give the parameter another name"):
        e.run(Program(["echo", f"{{{name}}}"]))
    assert e.run(Program(["echo", "{{}}"])) == (1, 1)


def test_input_and_output_are_two_files():
    """Else the input would be taken for the measurement."""
    with pytest.raises(coma.ProgramError, match=r"input and output are both 'x\.xml'"):
        Program("true", input="x.xml", output="x.xml")


def test_a_script_without_interpreter_could_not_be_started(tmp_path):
    """The system's own reason is given."""
    path = tmp_path / "program"
    path.write_text("#!/no/such/interpreter\n")
    path.chmod(0o755)
    with pytest.raises(coma.ProgramError, match=r"could not be started: No such file or directory"):
        Program(path)(P)
    path.write_bytes(b"\x00\x01")
    with pytest.raises(coma.ProgramError, match=r"could not be started: Exec format error"):
        Program(path)(P)


def test_a_failed_program_leaves_the_other_points(executable, directory):
    """And is run again the next time; the experiment holds no broken file."""
    program = Program(executable(f'if grep -q "<x>2.0" "$COMA_INPUT"; then echo oops >&2; exit 4; fi; {COPY}'))
    e = sweep(directory)
    with pytest.raises(ExceptionGroup, match="1 of 4 measurements failed") as caught:
        e.run(program, workers=2)
    (error,) = caught.value.exceptions
    assert "exit status 4" in str(error)
    assert "oops" in str(error)
    assert error.__notes__[-1] == "for the parameter set (x=2.0)"
    assert sorted(m.parameters.x for m in e.measurements()) == [0.0, 1.0, 3.0]
    assert [(f.parameters.x, f.error.exit_status, f.error.stderr) for f in e.failures()] == [(2.0, 4, ["oops"])]
    assert e.run(Program(executable(COPY, "mended"))) == (1, 4)
    assert e.failures() == []


@pytest.mark.slow
@pytest.mark.parametrize("trap", ["", "trap '' TERM;"])
def test_the_timeout_ends_a_program_and_its_children(executable, tmp_path, trap):
    """Also those that ignore the polite request."""
    pids = tmp_path / "pids"
    code = f'{trap} sh -c "{trap} echo \\$\\$ >> {pids}; sleep 100; true" & echo $$ >> {pids}; sleep 100; true'
    begin = time.monotonic()
    with pytest.raises(coma.ProgramError, match=r"was ended after the timeout of 0\.3 s"):
        Program(executable(code), timeout=0.3)(P)
    assert time.monotonic() - begin < 50
    for pid in map(int, pids.read_text().split()):
        until(lambda pid=pid: not is_alive(pid))


def test_children_that_a_program_leaves_behind_are_ended(executable, tmp_path):
    """Also when it succeeds."""
    pid = tmp_path / "pid"
    Program(executable(f"sleep 100 & echo $! > {pid}; {COPY}"))(P)
    until(lambda: not is_alive(int(pid.read_text())))


def test_no_temporary_directory_is_left(executable, tmp_path, monkeypatch):
    """Neither after success nor after failure."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    Program(executable(COPY))(P)
    with pytest.raises(coma.ProgramError):
        Program(executable("exit 1"))(P)
    assert names(tmp_path / "tmp") == []


def test_a_relative_program_is_found_from_where_it_was_named(executable, tmp_path, monkeypatch):
    """The working directory of the program has nothing to do with it."""
    executable(COPY)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    for directory in (None, tmp_path / "elsewhere"):
        assert Program("./program", directory=directory)(P)["parameters"]["n"] == 3
    assert repr(Program(["./program", "a b"])) == "Program(./program a b)"
    assert os.getcwd() == str(tmp_path)
