# SPDX-License-Identifier: BSD-2-Clause
"""Ctrl-C, SIGTERM, SIGHUP: what is finished is kept, what runs is ended, and the next run does the rest."""

import os
import random
import select
import shutil
import signal
import subprocess

import pytest
from helpers import environment, is_alive, kill, names, square, start, sweep, until
from killer import ForkServer, Witness, assert_tidy, executed, kills

import coma

POINTS = 40
SLEEPER = """#!/bin/sh
# Notes its process and that of its child, and takes a while.
sleep {pause} &
echo $$ $! >> {log}
wait
echo "<results><y>1</y></results>"
"""
SCRIPT = """
    import os, sys, time
    import coma
    from coma.running import interrupt
    from helpers import square, sweep

    kind, directory, log, program, pause, grace, *count = sys.argv[1:]
    interrupt.GRACE_SECONDS = float(grace)

    def slow(p):
        with open(log, "a") as file:
            print(os.getpid(), file=file)
        time.sleep(float(pause))
        return square(p)

    e = sweep(directory, int(*count or [40]))
    call = coma.Program(program)
    function = {"within": lambda p: call(p)}.get(kind, call if "program" in kind else slow)
    e.run(function, workers=None if kind in ("serial", "program") else 2)
"""
KINDS = ("serial", "pool", "program", "programs")


@pytest.fixture
def begin(directory, script, tmp_path):
    """Return a function that starts a sweep of one kind and returns its process, and what tells the pids it noted."""
    started = []
    log, temporary, program = tmp_path / "log", tmp_path / "temporary", tmp_path / "program"
    temporary.mkdir()

    def noted():
        return [int(pid) for pid in log.read_text().split()] if log.exists() else []

    def begin(kind, pause, grace, *count):
        program.write_text(SLEEPER.format(pause=pause, log=log))
        program.chmod(0o755)
        variables = {**environment(), "TMPDIR": str(temporary)}
        arguments = (kind, directory, log, program, pause, grace, *count)
        started.append(start(script(SCRIPT), *arguments, env=variables, stderr=subprocess.PIPE))
        return started[-1], noted

    yield begin
    for process in started:
        kill(process)
        process.stderr.close()
    for pid in filter(is_alive, noted()):
        os.kill(pid, signal.SIGKILL)
    assert [name for name in names(temporary) if name.startswith("coma-")] == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_ctrl_c_keeps_what_is_finished_and_ends_what_runs(begin, directory, kind):
    """No worker, program or child of a program stays; the next run measures what is missing, and only that."""
    process, noted = begin(kind, 0.1, 5)
    until(lambda: len(list(directory.glob("measurement.0*"))) >= 3)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode != 0
    assert "KeyboardInterrupt" in said
    until(lambda: not any(map(is_alive, noted())))
    e = sweep(directory, POINTS)
    done = e.number_of_measurements()
    assert 3 <= done < POINTS
    assert e.failures() == []
    assert e.run(square) == (POINTS - done, POINTS)
    assert_tidy(directory)


@pytest.mark.slow
def test_after_ctrl_c_threads_begin_nothing_new(begin, directory):
    """The programs that run may end, and are kept; those that waited for a thread stay undone."""
    process, noted = begin("programs", 3, 30)
    until(lambda: len(noted()) >= 4)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert len(noted()) == 4
    assert sweep(directory, POINTS).number_of_measurements() == 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_second_ctrl_c_stops_at_once(begin, directory, kind):
    """Points that would take for ever are given up, and all that they started is ended."""
    process, noted = begin(kind, 10000, 10000)
    until(lambda: len(noted()) >= {"serial": 1, "pool": 2, "program": 2, "programs": 4}[kind])
    process.send_signal(signal.SIGINT)
    if kind in ("pool", "programs"):
        assert "Stopping" in first_words(process)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode != 0
    until(lambda: not any(map(is_alive, noted())))
    e = sweep(directory, POINTS)
    assert (e.number_of_measurements(), e.failures()) == (0, [])
    assert e.run(square) == (POINTS, POINTS)
    assert_tidy(directory)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["term", "hup"])
@pytest.mark.parametrize("kind", [*KINDS, "within"])
def test_signals_that_end_a_process_end_its_run_first(begin, directory, kind, number):
    """As Ctrl-C does, with all that was started; the run is recorded, and the process is seen to end by the signal."""
    process, noted = begin(kind, 0.1, 5)
    until(lambda: len(list(directory.glob("measurement.0*"))) >= 3)
    process.send_signal(number)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == -number, said
    assert f"Stopping, as {number.name} came" in said
    assert not any(map(is_alive, noted()))
    e = sweep(directory, POINTS)
    done = e.number_of_measurements()
    assert 3 <= done < POINTS
    assert (e.failures(), e.end_date is not None) == ([], True)
    assert e.archive.load()["experiment"]["info"]["runs"][0]["end_date"] is not None
    assert e.run(square) == (POINTS - done, POINTS)
    assert_tidy(directory)


@pytest.mark.slow
def test_a_whole_group_may_get_the_signal(begin, directory, tmp_path):
    """As from a queue that ends a job: workers end their programs, too, and their points are no failures."""
    process, noted = begin("within", 10000, 5)
    until(lambda: len(noted()) >= 4)
    os.killpg(process.pid, signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM
    until(lambda: not any(map(is_alive, noted())))
    e = sweep(directory, POINTS)
    assert (e.number_of_measurements(), e.failures()) == (0, [])
    assert_tidy(directory)
    for left in tmp_path.glob("*/coma-*"):  # of a worker that the signal met while it ended: the next run removes it
        shutil.rmtree(left)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["program", "programs"])
def test_deaths_by_sigterm_at_random_moments_lose_nothing(begin, directory, tmp_path, kind):
    """No process, no temporary directory, no lock is left after any of them, and nothing finished is measured again."""
    witness, chance, died = Witness(directory), random.Random(16), 0
    for life in range(kills(10)):
        process, noted = begin(kind, 0.01, 5, 12 * (life + 1))
        before = len(noted())
        until(lambda known=(noted, before), process=process: len(known[0]()) > known[1] or process.poll() is not None)
        select.select([], [], [], chance.uniform(0, 0.3))
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=60)[1]
        assert process.returncode in (0, -signal.SIGTERM), said
        died += process.returncode != 0
        assert not any(map(is_alive, noted()))
        assert names(tmp_path / "temporary") == []
        witness.look()
        assert_tidy(directory)
    e = sweep(directory, 12 * kills(10))
    e.run(square)
    xs = sorted(m.parameters.x for m in e.measurements())
    assert xs == [float(x) for x in range(12 * kills(10))]
    assert e.failures() == []
    print(f"{died} of {kills(10)} died by the signal")


def first_words(process):
    """Return the first line that is not empty."""
    assert select.select([process.stderr], [], [], 60)[0]
    return next(line for line in process.stderr if line.strip())


@pytest.mark.slow
def test_ctrl_c_at_any_moment_leaves_the_sweep_whole(directory, tmp_path):
    """Pressed again and again, in whatever the library does just then; only the point in flight runs again."""
    server, chance, log = ForkServer(), random.Random(6), tmp_path / "log"
    witness, interrupted, goal = Witness(directory), 0, kills(25)
    points = 40 + 8 * goal
    try:
        for life in range(goal):
            before, known = len(executed(log)), witness.parameters() if witness.seen else set()
            child = server.start("run_sweep", directory, 40 + 8 * life, log, None, 0.001, output=tmp_path / "output")
            moment = chance.uniform(0, 0.05)
            until(lambda before=before, child=child: len(executed(log)) > before or child.has_ended())
            select.select([], [], [], moment)
            child.kill(signal.SIGINT)
            interrupted += child.wait() != 0
            if directory.exists():
                witness.look()
            assert not known & {x for x, _ in executed(log)[before:]}
        server.call("run_sweep", directory, points, log)
    finally:
        server.close()
    e = sweep(directory, points)
    found = list(e.measurements())
    witness.look()
    assert sorted(m.parameters.x for m in found) == [float(x) for x in range(points)]
    assert len(executed(log)) - points <= interrupted
    assert_tidy(directory)
    print(f"{interrupted} runs of {goal} interrupted: {points} measured once")


def test_a_handle_that_was_left_behind_overwrites_nothing(directory):
    """What another process archived or added meanwhile stays; the old handle refuses, or takes other ids."""
    old = sweep(directory, 4)
    sweep(directory, 2).run(square)
    assert old.run(square) == (2, 4)
    kept = old.new_measurement()
    other = coma.Experiment(directory)
    other.deactivate()
    trees = [m.tree for m in other.measurements()]
    old.add_parameter_set(9.0)
    for operation in (lambda: old.run(square), old.new_measurement, old.deactivate):
        with pytest.raises(coma.ExperimentError, match="inactive"):
            operation()
    with pytest.raises(coma.ArchiveError, match=r"the experiment was archived; activate\(\) it"):
        kept.save()
    assert names(directory) == ["experiment.none.json"]
    old.description = "old"
    old.save()
    assert [m.tree for m in coma.Experiment(directory).measurements()] == trees
    other.activate()
    assert old.run(square) == (1, 5)
    kept.save()  # the archive remembered that its id was taken
    assert [m.tree for m in coma.Experiment(directory).measurements()][:4] == trees
    assert [m.id for m in coma.Experiment(directory).measurements()] == [1, 2, 3, 4, 5, 6]
    assert_tidy(directory)
