# SPDX-License-Identifier: BSD-2-Clause
"""What programs do to Coma and Coma to programs: floods, daemons, signals, odd names and values, kept files."""

import math
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from helpers import environment, is_alive, names, parameter_set, run, start, sweep, until

import coma
from coma import Program
from coma.programs import process, workspace

COPY = 'cp "$COMA_INPUT" "$COMA_OUTPUT"'
P = parameter_set(x=1.5)


@pytest.fixture
def executable(tmp_path):
    """Return a function that writes an executable shell script."""

    def write(code, name="program"):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{code}\n")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Return the directory in which programs get their temporary directories."""
    directory = tmp_path / "tmp"
    directory.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(directory))
    monkeypatch.setenv("TMPDIR", str(directory))
    return directory


def fails(program, p=P):
    """Call a program that must fail, and return its error."""
    with pytest.raises(coma.ProgramError) as caught:
        program(p)
    return caught.value


# --- floods


def test_a_flood_on_both_outputs_neither_blocks_nor_fills_the_disk(executable, temporary, tmp_path):
    """The last lines are there; of standard output the directory holds a limited part, of standard error nothing."""
    sizes = tmp_path / "sizes"
    code = f"""head -c 99000000 /dev/zero; head -c 99000000 /dev/zero >&2; echo end; echo fin >&2
        du -s --bytes {temporary} > {sizes}; exit 3"""
    error = fails(Program(executable(code)))
    assert (error.details["stdout"][-1][-3:], error.details["stderr"][-1][-3:]) == ("end", "fin")
    assert int(sizes.read_text().split()[0]) < 70_000_000
    assert names(temporary) == []


def test_a_flood_does_not_fill_the_memory(script, executable):
    """However much a program says."""
    code = f"""
        import resource
        import coma
        from helpers import parameter_set
        peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        coma.Program({str(executable(COPY, "quiet"))!r})(parameter_set(x=1))
        before = peak()
        coma.Program({str(executable(f"head -c 300000000 /dev/zero; {COPY}"))!r})(parameter_set(x=1))
        print(peak() - before)
    """
    assert int(run(script(code))) < 20_000


def test_standard_output_is_a_measurement_up_to_a_limit(executable):
    """What is longer than 64 MiB should be a file."""
    text = '{"results": {"text": "%s"}}'
    long = f"printf '{text[:-5]}'; head -c %d /dev/zero | tr '\\0' x; printf '{text[-3:]}'"
    assert len(Program(executable(long % 60_000_000))(P)["results"]["text"]) == 60_000_000
    error = fails(Program(executable(long % 70_000_000)))
    assert "and 70000025 bytes to its standard output, where a measurement may have 67108864; let it" in str(error)


def test_a_program_may_close_its_outputs(executable):
    """It is waited for all the same."""
    assert Program(executable(f"exec >&- 2>&-; sleep 0.2; {COPY}"))(P) == {"parameters": {"x": 1.5}}


# --- what a program starts


@pytest.mark.slow
def test_a_daemon_that_holds_the_outputs_open_is_ended(executable, tmp_path):
    """It left the process group; nobody waits for it."""
    pid = tmp_path / "pid"
    code = f"setsid sh -c 'echo $$ > {pid}; exec sleep 1000' & until [ -s {pid} ]; do sleep 0.01; done; {COPY}"
    assert Program(executable(code))(P) == {"parameters": {"x": 1.5}}
    until(lambda: not is_alive(int(pid.read_text())))


@pytest.mark.slow
def test_a_timeout_ends_daemons_too(executable, tmp_path):
    """Also those that closed everything."""
    pid = tmp_path / "pid"
    code = f"setsid sh -c 'echo $$ > {pid}; exec sleep 1000' > {os.devnull} 2>&1 & sleep 1000"
    error = fails(Program(executable(code), timeout=1))
    assert "was ended after the timeout of 1 s" in str(error)
    until(lambda: not is_alive(int(pid.read_text())))


@pytest.mark.slow
def test_a_program_and_its_children_have_time_to_end(executable, tmp_path):
    """They get SIGTERM first; what they say then is shown, and what they do is done."""
    done = tmp_path / "done"
    child = f'trap "sleep 0.5; echo child > {done}; exit" TERM; while :; do sleep 0.05; done'
    code = f"sh -c '{child}' & trap 'echo bye >&2; exit 5' TERM; while :; do sleep 0.05; done"
    error = fails(Program(executable(code), timeout=0.5))
    assert "bye" in error.details["stderr"]
    assert error.details["exit_status"] == 5
    assert done.read_text() == "child\n"


@pytest.mark.slow
def test_end_all_ends_every_program_from_another_thread(executable, tmp_path):
    """Also those that ignore SIGTERM; each fails and says why."""
    code = f"trap '' TERM; touch {tmp_path}/$$.pid; while :; do sleep 0.05; done"
    program = Program(executable(code))
    with ThreadPoolExecutor(8) as threads:
        futures = [threads.submit(program, P) for _ in range(8)]
        until(lambda: len(list(tmp_path.glob("*.pid"))) == len(process._RUNNING) == 8)
        process.end_all()
        errors = [future.exception() for future in futures]
    assert all("was ended by Ctrl-C" in str(error) and error.details["signal"] == "SIGKILL" for error in errors)
    assert not any(is_alive(int(path.stem)) for path in tmp_path.glob("*.pid"))


@pytest.mark.slow
@pytest.mark.parametrize("workers", [None, 2])
def test_ctrl_c_ends_the_programs_and_the_sweep_resumes(script, executable, directory, tmp_path, workers):
    """Finished points are kept, running and waiting ones are not run on, and leave neither file nor failure."""
    code = f'echo $$ >> {tmp_path}/pids; grep -q "<x>[01]" "$COMA_INPUT" || sleep 1000; {COPY}'
    program = executable(code)
    sweeper = script(f"""
        import coma
        from helpers import sweep
        sweep({str(directory)!r}, 8).run(coma.Program({str(program)!r}, keep_files=["*"]), workers={workers})
    """)
    running = start(sweeper, stderr=subprocess.PIPE)
    pids = tmp_path / "pids"
    started = 3 if workers is None else 4
    until(lambda: pids.exists() and len(pids.read_text().split()) == started)
    until(lambda: len(list(directory.glob("measurement.00000[0-9].json"))) == 2)
    running.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in running.communicate(timeout=100)[1]
    assert len(pids.read_text().split()) == started
    assert not any(is_alive(int(pid)) for pid in pids.read_text().split())
    assert not list(directory.glob("failure.*"))
    assert {path.name.split(".")[1] for path in directory.glob("measurement.0*")} == {"000001", "000002"}
    assert sweep(directory, 8).run(Program(executable(COPY))) == (6, 8)


@pytest.mark.slow
def test_a_second_ctrl_c_ends_the_programs_at_once(script, executable, directory, tmp_path):
    """They do not outlive Coma."""
    code = f"echo $$ >> {tmp_path}/pids; sleep 1000"
    sweeper = script(f"""
        import coma
        from helpers import sweep
        sweep({str(directory)!r}, 8).run(coma.Program({str(executable(code))!r}), workers=2)
    """)
    running = start(sweeper, stderr=subprocess.PIPE)
    pids = tmp_path / "pids"
    until(lambda: pids.exists() and len(pids.read_text().split()) == 2)
    running.send_signal(signal.SIGINT)
    assert [running.stderr.readline() for _ in range(2)][1].startswith("Stopping")
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=100)
    assert not any(is_alive(int(pid)) for pid in pids.read_text().split())


def test_what_a_killed_coma_left_is_cleared_away(script, executable, temporary, tmp_path):
    """Its temporary directories, and the programs that still run in them; those of the living stay."""
    pid = tmp_path / "pid"
    program = executable(f"echo $$ > {pid}; sleep 1000")
    running = start(
        script(f"""
        import coma
        from helpers import parameter_set
        coma.Program({str(program)!r})(parameter_set(x=1))
    """)
    )
    until(lambda: pid.exists() and pid.read_text())
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    assert is_alive(int(pid.read_text()))
    with workspace.directory() as own:
        workspace.remove_leftovers.cache_clear()
        (temporary / "coma-1-other").mkdir()
        Program(executable(COPY))(P)
        assert names(temporary) == sorted([os.path.basename(own), "coma-1-other"])
    until(lambda: not is_alive(int(pid.read_text())))


def test_what_links_lead_to_is_left_alone(executable, temporary, tmp_path):
    """Whether a program leaves the link in place of its directory, or somebody plants it among those of dead processes."""
    precious = tmp_path / "precious"
    (precious / "deep").mkdir(parents=True)
    for path in (precious / "a", precious / "deep" / "b"):
        path.write_text("data")
    precious.chmod(0o755)
    swap = 'cp "$COMA_INPUT" /dev/stdout; d="${COMA_OUTPUT%/*}"; mv "$d" "$d.moved"; rm -r "$d.moved"; ln -s '
    Program(executable(f'{swap} {precious} "$d"'))(P)
    assert names(temporary) == []
    for name in ("coma-1000000-{}-00", "coma-99999999999-{}-00"):
        (temporary / name.format(workspace._here())).symlink_to(precious)
    workspace.remove_leftovers.cache_clear()
    Program(executable(COPY))(P)
    assert sorted(path.name for path in precious.rglob("*")) == ["a", "b", "deep"]
    assert precious.stat().st_mode & 0o777 == 0o755


@pytest.mark.slow
def test_workers_of_a_killed_coma_end_their_programs(script, executable, directory, tmp_path):
    """They notice that it is gone."""
    program = executable(f"echo $$ >> {tmp_path}/pids; sleep 1000")
    running = start(
        script(f"""
        import coma
        from helpers import sweep
        program = coma.Program({str(program)!r})
        sweep({str(directory)!r}).run(lambda p: program(p), workers=2)
    """)
    )
    pids = tmp_path / "pids"
    until(lambda: pids.exists() and len(pids.read_text().split()) == 2)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    until(lambda: not any(is_alive(int(pid)) for pid in pids.read_text().split()))


# --- programs that fail in their own ways


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ('printf "<measurement><results>" > "$COMA_OUTPUT"; kill -SEGV $$', r"was ended by signal 11 \(SIGSEGV\)"),
        (f"{COPY}; exit 1", "failed with exit status 1"),
        ('head -c 1000 /dev/urandom | tee "$COMA_OUTPUT" >&2', "wrote a malformed measurement"),
        ("head -c 1000 /dev/urandom >&2; exit 1", "failed with exit status 1"),
        ('mkdir "$COMA_OUTPUT"', "wrote no output file, and its standard output is empty"),
        ('ln -s /dev/zero "$COMA_OUTPUT"', "wrote no output file, and its standard output is empty"),
        ('rm -r "$(dirname "$COMA_INPUT")"', "wrote no output file, and its standard output is empty"),
        ("ulimit -v 1000; exec python3", "failed with exit status|was ended by signal"),
    ],
)
def test_a_program_that_breaks_off_has_no_measurement(executable, directory, code, text):
    """Nor does what it left in part count; the record of the failure can be read."""
    e = sweep(directory, 1)
    with pytest.raises(ExceptionGroup) as caught:
        e.run(Program(executable(code)))
    assert caught.group_contains(coma.ProgramError, match=text)
    (failure,) = e.failures()
    assert failure.error.command == [str(executable(code))]
    assert e.number_of_measurements() == 0


def test_what_is_known_of_a_failure(executable):
    """How it ended, how long it took, and the last lines of both outputs."""
    details = fails(Program([executable("echo out; echo err >&2; exit 4"), "a"])).details
    assert details.pop("duration") > 0
    assert details.pop("peak_memory", 1) > 0
    command = [str(executable("kill -9 $$")), "a"]
    assert details == {"command": command, "exit_status": 4, "stdout": ["out"], "stderr": ["err"]}
    assert fails(Program(command)).details["signal"] == "SIGKILL"


def test_a_script_without_a_first_line(tmp_path):
    """The error says what it needs."""
    path = tmp_path / "program"
    path.write_text("echo hello\n")
    path.chmod(0o755)
    assert "Exec format error; a script needs a first line such as #!/bin/sh" in str(fails(Program(path)))


def test_a_program_may_become_another(executable):
    """By exec."""
    assert Program(executable(f"exec {COPY}"))(P) == {"parameters": {"x": 1.5}}


# --- where programs and temporary files lie


@pytest.mark.parametrize(
    "name", ["a b", "it's", 'say "x"', "ünï", "new\nline", "-option", "{x}", "$HOME", "*", "a;b", os.fsdecode(b"\xff")]
)
def test_an_executable_may_have_any_name(executable, directory, name):
    """Also in XML files, which cannot hold every character."""
    e = sweep(directory, 1, {"archive_default_format": "xml"})
    path = executable(COPY, name)
    assert e.run(Program([path, name.replace("{x}", "")])) == (1, 1)
    (m,) = e.measurements()
    shown = str(path).encode("utf-8", "backslashreplace").decode()
    assert (m.info.executable, m.info.command[0], m.info.exit_status) == (shown, shown, 0)


def test_a_relative_path_means_what_it_meant(executable, tmp_path, monkeypatch):
    """Where the caller was when it was named, wherever it is when it is run."""
    executable(COPY)
    monkeypatch.chdir(tmp_path)
    program = Program("./program")
    monkeypatch.chdir("/")
    assert program(P) == {"parameters": {"x": 1.5}}


def test_programs_are_found_without_a_path(monkeypatch):
    """In the system's own directories."""
    monkeypatch.delenv("PATH")
    echo = ["echo", '{"results": {"path": 1}}']
    assert Program(echo)(P)["results"] == {"path": 1}


def test_a_missing_temporary_directory_is_named(executable, tmp_path, monkeypatch):
    """With the variable that names another."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    error = fails(Program(executable(COPY)))
    assert str(error).startswith(f'cannot make a temporary directory in "{tmp_path}/none": No such file')
    assert "set TMPDIR" in str(error)


def test_a_full_disk_is_named(executable, temporary, tmp_path):
    """Whether Coma or the program finds it full."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", temporary], check=False)
    if mounted.returncode:
        pytest.skip("only root can mount")
    try:
        flood = executable("head -c 100000 /dev/zero")
        error = fails(Program(flood))
        assert 'stdout.txt": No space left on device' in str(error)
        with pytest.raises(ExceptionGroup) as caught:
            sweep(tmp_path / "e", 1).run(Program(flood, keep_files=["stdout.txt"]))
        assert caught.group_contains(coma.ProgramError, match="that is lost: cannot write .* No space left on device")
        error = fails(Program("true"), parameter_set(x="x" * 100_000))
        assert 'input.xml": No space left on device; set TMPDIR' in str(error)
        assert names(temporary) == []
    finally:
        subprocess.run(["umount", temporary], check=True)


def test_two_hundred_programs_at_once(executable):
    """Each has its own directory."""
    gate = threading.Barrier(200)
    program = Program([executable('sleep 0.2; echo "{\\"results\\": {\\"directory\\": \\"$1\\"}}"'), "{directory}"])

    def call(x):
        gate.wait()
        return program(parameter_set(x=x))

    with ThreadPoolExecutor(200) as threads:
        trees = list(threads.map(call, range(200)))
    assert [tree["parameters"]["x"] for tree in trees] == list(range(200))
    assert len({tree["results"]["directory"] for tree in trees}) == 200


# --- values

VALUES = [
    math.nan, math.inf, -math.inf, -0.0, 1e-320, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 2**200, -(2**63), 0, True,
    "ünï \u2028 😀", "--help", "-rf", " a  b ", "'\"$(x)`", "a\nb", "*", "", "12", "nan", "{y}", "a\tb", "\\",
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=ascii)
@pytest.mark.parametrize("suffix", ["xml", "json"])
def test_a_value_comes_back_through_files(executable, value, suffix):
    """With its type and all its digits."""
    program = Program([executable('cp "$1" "$2"'), "{input}", "{output}"], input=f"i.{suffix}", output=f"o.{suffix}")
    found = program(parameter_set(x=value))["parameters"]["x"]
    assert repr(found) == repr(value)


@pytest.mark.parametrize("value", VALUES, ids=ascii)
def test_a_value_comes_back_through_an_argument(value):
    """As its own argument and as a part of one."""
    code = "import json, sys; print(json.dumps({'results': sys.argv[1:]}))"
    first, second = Program([sys.executable, "-c", code, "{x}", "--x={x}"])(parameter_set(x=value))["results"]
    assert second == f"--x={first}"
    kind = int if isinstance(value, bool) else type(value)
    assert repr(kind(first)) == repr(kind(value))


def test_a_zero_byte_is_no_argument():
    """The system ends an argument there."""
    assert "holds a zero byte, which ends an argument" in str(fails(Program(["echo", "{x}"]), parameter_set(x="a\0b")))


# --- id, seed, kept files and info


def test_id_and_seed(executable, directory):
    """In arguments and in the environment; outside of a run there is no id."""
    code = 'echo "{\\"results\\": {\\"id\\": $1, \\"seed\\": $2, \\"both\\": \\"$BOTH\\"}}"'
    program = Program([executable(code), "{id}", "{seed}"], environment={"BOTH": "{id} {x}"})
    e = sweep(directory, 2)
    e.run(program, workers=2)
    for m in e.measurements():
        p = parameter_set(x=m.parameters.x)
        assert m["results"] == {"id": m.id, "seed": p.seed, "both": f"{m.id} {p.x}"}
    assert "{id} is the id of a measurement, which only a run has" in str(fails(program))


def test_a_parameter_may_be_called_seed():
    """Then it is meant."""
    assert Program(["echo", '{"results": {"seed": {seed}}}'])(parameter_set(seed=7))["results"] == {"seed": 7}


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("*.log", r"must be a list of patterns of names, such as \['\*\.log'\]"),
        (["a/*.log"], r"has 'a/\*\.log', with a slash; give .* such as '\*\.log'"),
        (5, "got 5"),
        ([1], "got"),
    ],
)
def test_patterns_that_make_no_sense(given, text):
    """Are refused when the program is made."""
    with pytest.raises(coma.ProgramError, match=text):
        Program("true", keep_files=given)


LOGS = 'echo log > "$1/run.log"; echo hidden > "$1/other"; ln -s /dev/zero "$1/endless.log"; echo out; echo err >&2;'


@pytest.mark.parametrize("options", [{}, {"workers": 2}, {"executor": ThreadPoolExecutor}], ids=str)
def test_kept_files_lie_beside_measurements_and_failures(executable, directory, options):
    """They go with them: when a failure is mended, and by reset; archiving leaves them where they are."""
    e = sweep(directory, 2)
    command = [executable(f'{LOGS} grep -q "<x>1" "$COMA_INPUT" && exit 3; {COPY}'), "{directory}"]
    program = Program(command, keep_files=["*.log", "std*.txt"])
    with pytest.raises(ExceptionGroup):
        e.run(program, **options)
    kept = ["run.log", "stderr.txt", "stdout.txt"]
    assert names(directory) == sorted(
        [
            *("experiment.none.json", "measurement.index.json", "failure.000002.json", "measurement.000001.json"),
            *(f"{beside}.{name}" for beside in ("failure.000002", "measurement.000001") for name in kept),
        ]
    )
    texts = [
        (directory / f"{beside}.{name}").read_text()
        for beside in ("measurement.000001", "failure.000002")
        for name in kept
    ]
    assert texts == ["log\n", "err\n", "out\n"] * 2
    assert next(iter(e.measurements())).info.kept_files == e.failures()[0].info.kept_files == kept
    executable(f"{LOGS} {COPY}")
    assert e.run(program, **options) == (1, 2)
    assert not list(directory.glob("failure*"))
    e.deactivate()
    assert [path.name for path in sorted(directory.glob("measurement.000003.*"))] == [
        f"measurement.000003.{name}" for name in kept
    ]
    e.activate()
    assert [m.parameters.x for m in e.measurements()] == [0.0, 1.0]
    (directory / "measurement.000001.json.bak").write_text("mine")
    (directory / "measurement.000009.stdout.txt").write_text("above the index")
    e.reset()
    assert names(directory) == [
        "experiment.none.json", "measurement.000001.json.bak", "measurement.000009.stdout.txt", "measurement.index.json",
    ]  # fmt: skip


def test_a_whole_flood_is_kept(executable, directory):
    """All of it, if that is what is asked for."""
    e = sweep(directory, 1)
    e.run(Program(executable(f"head -c 99000000 /dev/zero; {COPY}"), keep_files=["stdout.txt"]))
    assert (directory / "measurement.000001.stdout.txt").stat().st_size == 99_000_000


def test_reset_of_an_archive_removes_kept_files(executable, directory):
    """As it removes the measurements in it."""
    e = sweep(directory, 1)
    e.run(Program(executable(f"echo out; {COPY}"), keep_files=["stdout.txt"]))
    e.deactivate()
    e.reset()
    assert names(directory) == ["experiment.none.json"]


@pytest.mark.parametrize("name", ["json", "xml", "json.gz", "a\nb"])
def test_a_kept_file_is_no_measurement(executable, directory, name):
    """One that would look like it is an error, and nothing is overwritten."""
    program = Program([executable(f'echo x > "$1/{name}"; {COPY}'), "{directory}"], keep_files=[name])
    with pytest.raises(ExceptionGroup) as caught:
        sweep(directory, 1).run(program)
    assert caught.group_contains(coma.ProgramError, match="left a file behind that is lost: Cannot keep")
    assert names(directory) == ["experiment.none.json", "failure.000001.json", "measurement.index.json"]


def test_kept_files_are_never_overwritten(executable, directory):
    """A file that lies there belongs to somebody."""
    e = sweep(directory, 1)
    (directory / "measurement.000001.stdout.txt").write_text("mine")
    with pytest.raises(ExceptionGroup) as caught:
        e.run(Program(executable(f"echo out; {COPY}"), keep_files=["stdout.txt"]))
    assert caught.group_contains(coma.ProgramError, match='as ".*stdout.txt": File exists')
    assert (directory / "measurement.000001.stdout.txt").read_text() == "mine"


def test_kept_files_follow_their_measurement(executable, directory):
    """Whose id is another where a foreign file is in the way."""
    e = sweep(directory, 1)
    code = f'cp "$COMA_INPUT" {directory}/measurement.000001.json; echo out; {COPY}'
    e.run(Program(executable(code), keep_files=["stdout.txt"]))
    assert (directory / "measurement.000002.json").exists()
    assert (directory / "measurement.000002.stdout.txt").read_text() == "out\n"
    assert not (directory / "measurement.000001.stdout.txt").exists()


def test_what_is_known_of_a_measurement(directory):
    """Program and version as it says; command, executable and its hash, exit status and duration."""
    command = [sys.executable, "-c", "print('<info><program>p</program><version>2</version><own>1</own></info>')"]
    e = sweep(directory, 1)
    e.run(Program([*command, "{x}"]))
    info = dict(next(iter(e.measurements())).info)
    assert list(info)[:5] == ["measurement_id", "start_date", "end_date", "program", "version"]
    assert (info["program"], info["version"], info["own"], info["exit_status"]) == ("p", 2, 1, 0)
    assert info["command"] == [*command, "0.0"]
    assert info["executable"] == sys.executable
    digest = subprocess.run(["sha256sum", sys.executable], capture_output=True, text=True, check=True).stdout
    assert info["sha256"] == digest.split()[0]
    assert info["duration"] > 0


@pytest.mark.slow
def test_the_peak_memory_is_that_of_the_program(script, directory):
    """It is left out where that of Coma hides it."""
    measured = run(
        script(f"""
        import sys
        import coma
        from helpers import sweep
        code = "import sys; b = bytearray(int(float(sys.argv[1]) * 1e9)); print('<results/>')"
        e = sweep({str(directory)!r}, 2)
        e.run(coma.Program([sys.executable, "-c", code, "{{x}}"]))
        print(*(m.get("info/peak_memory") for m in e.measurements()))
    """)
    )
    small, large = measured.split()
    assert small == "None"
    assert 1e9 < int(large) < 1.2e9  # more than this process, whose memory Linux counts in that of its children


def test_a_program_within_a_function_is_known_too(executable, directory):
    """The function's own words on program and version stand."""
    program = Program(executable("echo '<results><y>2</y></results>'"), keep_files=["stdout.txt"])

    def twice(p):
        return {"info": {"program": "twice"}, **p.tree(), "results": {"y": 2 * program(p)["results"]["y"]}}

    e = sweep(directory, 1)
    e.run(twice)
    (m,) = e.measurements()
    assert (m.results.y, m.info.program, m.info.exit_status, m.info.kept_files) == (4, "twice", 0, ["stdout.txt"])


# --- programs that use Coma, and processes that do not start


def test_a_coma_within_a_program_is_ended_by_the_outer_timeout(executable, script, tmp_path):
    """With the programs that it runs, even if it is killed before it can end them itself."""
    inner = executable(f"echo $$ >> {tmp_path}/pids; trap '' TERM; while :; do sleep 0.05; done", "inner")
    sweeper = script(f"""
        import os, signal, sys
        import coma
        from helpers import sweep
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sweep({str(tmp_path / "inner_experiment")!r}, 8).run(coma.Program({str(inner)!r}), workers=2)
    """)
    variables = {"PYTHONPATH": environment()["PYTHONPATH"]}
    program = Program([sys.executable, sweeper], environment=variables, timeout=3600)
    pids = tmp_path / "pids"
    with ThreadPoolExecutor(1) as thread:
        future = thread.submit(program, P)
        until(lambda: future.done() or (pids.exists() and len(pids.read_text().split()) == 2))
        process.end_all()  # as a timeout does, whenever the inner one is ready
        assert "was ended" in str(future.exception())
    until(lambda: not any(is_alive(int(pid)) for pid in pids.read_text().split()))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a child that nobody waited for
@pytest.mark.parametrize("fault", ["no directory", "no program", "no pipes", "interrupted"])
def test_a_process_that_cannot_be_started_leaves_no_descriptor_open(executable, temporary, monkeypatch, fault):
    """Thousands of points may fail so."""
    program = executable("exit 0")
    directory = temporary / "gone"
    if fault == "no program":
        program.write_text("#!/no/such/interpreter\n")
    if fault != "no directory":
        directory.mkdir()
    if fault == "no pipes":
        pipe, made = os.pipe, []

        def few_pipes():
            made.append(pipe() if len(made) % 2 == 0 else None)
            if made[-1] is None:
                raise OSError(24, "Too many open files")
            return made[-1]

        monkeypatch.setattr(os, "pipe", few_pipes)
    if fault == "interrupted":
        monkeypatch.setattr(process, "_exit_descriptor", raising(KeyboardInterrupt))
    outputs = (process.Output(str(temporary / "out"), 0), process.Output(str(temporary / "err"), 0))
    before = os.listdir("/proc/self/fd")
    for _ in range(5):
        with pytest.raises((OSError, KeyboardInterrupt)):
            process.run([str(program)], str(directory), dict(os.environb), outputs, str(temporary), None)
    assert os.listdir("/proc/self/fd") == before


def raising(error):
    """Return a function that raises an exception, whatever it is given."""

    def throw(*_):
        raise error

    return throw
