# SPDX-License-Identifier: BSD-2-Clause
"""The command ``coma``, as a shell sees it."""

import csv
import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from helpers import environment, names

import coma
from coma.cli import main

COLUMNS = ["--columns", "x=parameters/x", "E=results/E", "--by", "k=parameters/k"]


@pytest.fixture
def e(directory):
    """Return an experiment of four measurements and a failure."""
    e = coma.Experiment(directory, id=7, description="springs")
    e.define_parameter_set(("k", "parameters/k"), ("x", "parameters/x"))
    e.add_parameter_grid(k=[1, 2], x=[0.5, 1.25])
    e.add_parameter_set(3, 9.0)

    def energy(p):
        if p.x > 5:
            raise ValueError("the spring\nbroke")
        return {"parameters": {"k": p.k, "x": p.x}, "results": {"E": p.k * p.x**2 / 2, "note": "fine"}}

    with pytest.raises(ExceptionGroup):
        e.run(energy)
    return e


@pytest.fixture
def run(capsys):
    """Return a function that runs the command and returns exit status, output and errors."""

    def run(*arguments):
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = end.code
        return status, *capsys.readouterr()

    return run


@pytest.mark.usefixtures("e")
def test_status_says_what_is_there(run, directory):
    """The experiment as it describes itself, and what failed, in 80 columns."""
    status, out, err = run("status", directory)
    assert (status, err) == (0, "")
    assert out.startswith("Experiment 7 (active)\n")
    assert "  description: springs\n" in out
    assert out.endswith("  measurements: 4\n  failures: 1\n    5 (k=3,x=9) ValueError: the spring\n")
    status, out, _ = run("status", directory, "--json")
    found = json.loads(out)
    assert (found["id"], found["active"], found["measurements"]) == (7, True, 4)
    assert found["failures"][0]["parameters"] == {"k": 3, "x": 9.0}


def test_status_fits_failures_into_a_line(run, directory, tmp_path):
    """Many parameters are cut, and of a program there is its file's name and how it ended, not where it lies."""
    program = tmp_path / ("long" * 40) / "osc"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    e = coma.Experiment(directory)
    e.define_parameter_set(("A", "parameters/A"), ("path", "parameters/path"), ("g", "other/g"))
    e.add_parameter_set(0.5, "a", 2)
    e.add_parameter_set(1 / 3, "long " * 40, 2)
    with pytest.raises(ExceptionGroup):
        e.run(coma.Program(program))
    *_, first, second = run("status", directory)[1].splitlines()
    assert first == "    1 (A=0.5,path=a,other/g=2) ProgramError: osc failed with exit status 3"
    assert second.startswith("    2 (A=0.333333,path=long long")
    assert second.endswith("...) ProgramError: osc failed with exit status 3")
    assert len(second) <= 80


@pytest.mark.usefixtures("e")
def test_show_prints_a_failure_where_there_is_no_measurement(run, directory):
    """It is within `failure`, or, for a part of it, standard error says what it is."""
    status, out, err = run("show", directory, 5)
    assert (status, err) == (0, "")
    assert out.startswith("failure:\n  info:\n    measurement_id: 5\n")
    assert "  error:\n    type: ValueError\n    message: the spring broke\n" in out
    assert json.loads(run("show", directory, 5, "--json")[1])["failure"]["parameters"] == {"k": 3, "x": 9.0}
    status, out, err = run("show", directory, 5, "error/message")
    assert (status, out) == (0, "the spring\nbroke\n")
    assert err == "coma: there is no measurement 5; this is from the record of its failure\n"


def test_show_lists_measurements(e, run, directory):
    """By their parameters; also of an archive, without a change to it."""
    want = "id  k     x\n 1  1   0.5\n 2  1  1.25\n 3  2   0.5\n 4  2  1.25\n"
    assert run("show", directory) == (0, want, "")
    e.deactivate()
    before = names(directory)
    assert run("show", directory) == (0, want, "")
    assert names(directory) == before
    assert json.loads(run("show", directory, "--json")[1])[0] == {"measurement_id": 1, "k": 1, "x": 0.5}


@pytest.mark.usefixtures("e")
def test_show_prints_one_measurement_or_a_part(run, directory):
    """As a short text, or as JSON."""
    _, out, _ = run("show", directory, 2)
    assert out.startswith("info:\n  measurement_id: 2\n")
    assert "results:\n  E: 0.78125\n  note: fine\n" in out
    assert run("show", directory, 2, "results/E")[1] == "0.78125\n"
    assert run("show", directory, 2, "results")[1] == "E: 0.78125\nnote: fine\n"
    assert json.loads(run("show", directory, 2, "results", "--json")[1]) == {"E": 0.78125, "note": "fine"}


def test_show_fits_into_80_columns(run, directory):
    """Whatever is in the measurement."""
    e = coma.Experiment(directory)
    m = e.new_measurement()
    m["results/E"] = list(range(1000))
    m["results/psi"] = np.zeros((100, 100))
    m["results/text"] = "a\nb" * 100
    m.save()
    lines = run("show", directory, 1)[1].splitlines()
    assert max(map(len, lines)) == 80
    assert len([line for line in lines if line.startswith("  ") and line.endswith("...")]) == 3


@pytest.mark.usefixtures("e")
def test_table_has_parameters_and_columns(run, directory):
    """Right under their names."""
    want = (
        "id  k     x        E\n 1  1   0.5    0.125\n 2  1  1.25  0.78125\n 3  2   0.5     0.25\n 4  2  1.25   1.5625\n"
    )
    assert run("table", directory, *COLUMNS) == (0, want, "")


@pytest.mark.usefixtures("e")
def test_table_chooses_by_a_condition(run, directory):
    """On names and paths; nothing where nothing fits."""
    _, out, _ = run("table", directory, *COLUMNS, "--where", "k == 2 and parameters/x > 1")
    assert out.splitlines()[1:] == [" 4  2  1.25  1.5625"]
    assert run("table", directory, *COLUMNS, "--where", "k > 2") == (0, "", "")


@pytest.mark.usefixtures("e")
def test_table_writes_csv_and_json(run, directory, tmp_path):
    """With all digits."""
    assert run("table", directory, *COLUMNS, "--csv", tmp_path / "a.csv")[1] == ""
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text().splitlines()))
    assert rows[1] == {"measurement_id": "2", "k": "1", "x": "1.25", "E": "0.78125"}
    assert run("table", directory, *COLUMNS, "--csv", "-")[1] == (tmp_path / "a.csv").read_text()
    rows = json.loads(run("table", directory, *COLUMNS, "--json")[1])
    assert rows[1] == {"measurement_id": 2, "k": 1, "x": 1.25, "E": 0.78125}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.arange(6.0).reshape(2, 3) / 3, "[[0.0, 0.3333333333333333, 0.6666666666666666], [1.0, "),
        (np.full((2, 2000), 1 / 3), "0.3333333333333333, 0.3333333333333333]]"),
        ({"x": [1.5, None, True], "y": np.arange(2), "ü": "ü"}, '{"x": [1.5, null, true], "y": [0, 1], "ü": "ü"}'),
        (np.array([[1 + 2j], [1 / 3]]), '[["(1+2j)"], ["(0.3333333333333333+0j)"]]'),
        (np.array([["2026-01-01T00:00:00"]], "datetime64[ns]"), '[["2026-01-01T00:00:00.000000000"]]'),
        (1 / 3 + 2j, "(0.3333333333333333+2j)"),
        (coma.attach(np.zeros(5000)), "measurement.000001.results.E.npy"),
        ("a\nb, c", "a\nb, c"),
    ],
    ids=["array", "large", "dictionary", "complex array", "dates", "complex", "attachment", "text"],
)
def test_csv_has_the_whole_of_a_cell(run, directory, value, text):
    """As JSON, where it holds several values; an attachment is named."""
    e = coma.Experiment(directory)
    m = e.new_measurement()
    m["parameters/k"] = [1, "a"]
    m["results/E"] = value
    m.save()
    lines = run("table", directory, "--columns", "E=results/E", "--by", "k=parameters/k", "--csv", "-")[1]
    (row,) = csv.DictReader(io.StringIO(lines, newline=""))
    assert row["k"] == '[1, "a"]'
    assert text in row["E"]
    assert "array" not in row["E"]
    if isinstance(value, np.ndarray) and value.dtype == float:
        assert np.array_equal(json.loads(row["E"]), value)


def test_a_wide_table_is_cut_into_blocks(run, directory):
    """Each of at most 80 columns, with the ids in front; long texts are cut."""
    e = coma.Experiment(directory)
    for n in (12, 10):
        m = e.new_measurement()
        m["results/E"] = [1 / 3] * n
        m["text"] = "long " * 20
        m.save()
    status, out, _ = run("table", directory, "--columns", "text=text", "E=results/E")
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    blocks = out.split("\n\n")
    assert [block.split()[0] for block in blocks] == ["id"] * 2
    assert "long long long long l..." in blocks[0]
    assert blocks[1].splitlines()[2].split()[-1] == "nan"


def test_what_is_left_out_is_said(e, run, directory):
    """On standard error, so that a script reads only the table."""
    m = e.new_measurement()
    m["parameters/k"] = 4
    m.save()
    status, out, err = run("table", directory, *COLUMNS)
    assert (status, len(out.splitlines())) == (0, 5)
    assert "coma: 1 measurement(s) left out, which lack 'results/E'\n" in err


@pytest.mark.usefixtures("e")
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["show", "DIR", "99"], 'coma: no measurement or failure 99 in "'),
        (["show", "DIR", "1", "results/e"], "coma: path 'results/e' not found: results has no item 'e'"),
        (["status", "nowhere"], 'coma: no experiment in "nowhere": there is no file experiment.*.*'),
        (["table", "DIR", *COLUMNS, "--where", "x >"], "coma: 'x >' is no condition; write 'A > 3 and T < 5'"),
        (
            ["table", "DIR", *COLUMNS, "--where", "note > 3"],
            "coma: warning: no measurement has 'note'; did you mean 'results/note'?",
        ),
        (["table", "DIR", *COLUMNS, "--where", "results/note > 3"], "coma: 'results/note > 3' cannot be decided"),
        (["table", "DIR", *COLUMNS, "--csv", "no/such/file"], "coma: [Errno 2] No such file or directory"),
    ],
    ids=["id", "path", "directory", "condition", "name", "comparison", "file"],
)
def test_an_error_is_one_line(run, directory, arguments, text, monkeypatch):
    """On standard error, without a traceback; the status is 1, or 0 after a warning."""
    monkeypatch.chdir(directory)
    status, out, err = run(*(directory if argument == "DIR" else argument for argument in arguments))
    assert status == (0 if "warning" in text else 1)
    assert out == ""
    assert err.startswith(text)
    assert err.count("\n") == 1 or "warning" in text
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [["dance"], ["show"], ["show", "DIR", "one"], ["table", "DIR"], ["table", "DIR", "--columns", "results/t"]],
    ids=" ".join,
)
def test_wrong_usage_is_status_2(run, arguments):
    """With the usage on standard error."""
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("usage: coma")


def test_looking_creates_nothing(run, tmp_path):
    """Neither a directory nor an experiment in one that exists."""
    assert run("status", tmp_path / "new")[0] == run("status", tmp_path)[0] == 1
    assert names(tmp_path) == []


def test_headers_and_version_as_before(run):
    """Both flags may be given at once; without any, the help is shown."""
    assert run("--includes")[1].startswith("-I")
    assert run("--version")[1] == f"{coma.__version__}\n"
    assert run()[1].startswith("usage: coma")


@pytest.mark.usefixtures("e")
@pytest.mark.parametrize("command", [["-m", "coma"], ["-c", "import sys; from coma.cli import main; sys.exit(main())"]])
def test_the_command_in_a_shell(directory, command):
    """Its exit status, and a reader that stops early."""
    process = [sys.executable, *command]
    done = subprocess.run([*process, "show", "nowhere"], env=environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith('coma: no experiment in "nowhere"')
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*process, "show", directory], env=environment(), stdout=write, stderr=-1, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


NASTY = (
    "".join(map(chr, [*range(9), *range(0xB, 0x20), *range(0x7F, 0xA0), 0x202E, 0x2066, 0x2028, 0xD800])) + "\x1b[2J"
)


@pytest.fixture
def nasty(directory):
    """Return an experiment whose texts and keys a terminal would obey."""
    e = coma.Experiment(directory, description=f"a{NASTY}b", tags=[NASTY])
    e.define_parameter_set(("k", f"parameters/k{NASTY}"))
    e.add_parameter_set(f"a{NASTY}b")
    e.add_parameter_set("bad")

    def measure(p):
        if p.k == "bad":
            raise ValueError(NASTY)
        return {**p.tree(), "results": {"text": f"a{NASTY}b", NASTY: {NASTY: [NASTY]}, "list": [NASTY]}}

    with pytest.raises(ExceptionGroup):
        e.run(measure)
    return e


@pytest.mark.usefixtures("nasty")
@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["show"],
        ["show", 1],
        ["show", 2],
        ["show", 1, "results"],
        ["show", 1, "results/text"],
        ["show", 1, f"results/{NASTY}"],
        ["show", 1, f"no/{NASTY}"],
        ["table", "--columns", "text=results/text", "list=results/list", f"k=parameters/k{NASTY}"],
        ["table", "--columns", "text=results/text", "list=results/list", "--csv", "-"],
        ["table", "--columns", f"a{NASTY}=results/text", "--where", f"'{NASTY}' == 1"],
    ],
    ids=range(11),
)
def test_a_terminal_has_nothing_to_obey(run, directory, words):
    """Controls, marks of direction and halves of characters are shown by their numbers, in whatever is printed."""
    _, out, err = run(words[0], directory, *words[1:])
    assert not set(out + err) & set(NASTY) - set("[2J")
    assert "\\u001b" in out + err or "\\x1b" in out + err or "\\u0000" in out + err or "\\x00" in out + err


@pytest.mark.usefixtures("nasty")
def test_json_is_exact(run, directory):
    """Whatever a text holds comes back."""
    assert json.loads(run("show", directory, 1, "results", "--json")[1])["text"] == f"a{NASTY}b"
    assert json.loads(run("status", directory, "--json")[1])["description"] == f"a{NASTY}b"


@pytest.mark.usefixtures("nasty")
@pytest.mark.parametrize("coding", ["ascii", "ascii:strict", "latin-1", "utf-8"])
def test_any_locale_will_do(directory, coding):
    """What it cannot show is shown by its number."""
    e = coma.Experiment(directory, description="Schrödinger \u03c8 \ud800")
    e.save()
    done = subprocess.run(
        [sys.executable, "-m", "coma", "status", str(directory)],
        env={**environment(), "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": coding},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"description: Schr" in done.stdout


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"),
        ("-HYPERLINK(0)", "'-HYPERLINK(0)"),
        (" \t\n=1", "' \t\n=1"),
        ("\uff1d1", "'\uff1d1"),
        ("-x", "-x"),
        ("+1/2", "+1/2"),
        ("-", "-"),
        ("-5.0", "-5.0"),
        ("a=1", "a=1"),
        (-5.0, "-5.0"),
        (-3, "-3"),
    ],
    ids=ascii,
)
def test_a_spreadsheet_has_nothing_to_run(run, directory, text, cell):
    """An apostrophe stands before text that would be run; numbers, signs and directions are as they are."""
    e = coma.Experiment(directory)
    e.define_parameter_set(("k", "parameters/k"))
    e.add_parameter_set(1)
    e.run(lambda p: {**p.tree(), "a": text})
    out = run("table", directory, "--columns", "a=a", "--csv", "-")[1]
    assert list(csv.reader(io.StringIO(out, newline="")))[1][1] == cell
