# SPDX-License-Identifier: BSD-2-Clause
"""kill -9 at any moment: nothing finished is lost, changed or measured again, and nothing is left over.

With COMA_KILLS=200 in the environment, each test kills 200 times.
"""

import os
import random
import signal
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path

import pytest
from cppbuild import compile_cpp
from helpers import names, square, sweep, until
from killer import ForkServer, Moments, Witness, assert_tidy, build_shim, executed, kills, memory

import coma

pytestmark = pytest.mark.slow
POINTS = 400
PROGRAM = """
#include <coma/coma.hpp>

int main(int argc, char** argv) {
    coma::program program("square", "1.0");
    program.parameter<double>("x", "what to square");
    return program.run(argc, argv, [](const coma::parameters& p, coma::measurement& m) {
        m["results/y"] = p.get<double>("x") * p.get<double>("x");
    });
}
"""


@pytest.fixture
def directory(tmp_path):
    """Return the path of an experiment that does not exist yet, in memory if possible: no test here needs a disk."""
    with tempfile.TemporaryDirectory(dir=memory() or tmp_path) as made:
        yield Path(made) / "experiment"


@pytest.fixture(scope="module")
def server():
    """Return what starts Python processes that are up at once."""
    server = ForkServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def stepping(tmp_path_factory):
    """Return the same for processes that can be killed at a certain step."""
    server = ForkServer(build_shim(tmp_path_factory.mktemp("shim")))
    yield server
    server.close()


def assert_complete(directory, count=POINTS):
    """Check that each of the points was measured, once, and rightly; and that nothing else lies there."""
    e = sweep(directory, count)
    found = list(e.measurements())
    assert sorted(m.parameters.x for m in found) == [float(x) for x in range(count)]
    assert all(m.results.y == m.parameters.x**2 for m in found)
    assert e.mindex.read() >= max(m.id for m in found)
    assert_tidy(directory)


@pytest.mark.parametrize("format", ["json", "xml"])
def test_a_sweep_that_is_killed_again_and_again_ends_whole(directory, server, tmp_path, format):
    """Every life goes from opening to closing and is cut anywhere; only the point in flight is computed again."""
    log = tmp_path / "log"
    witness, moments, lives = Witness(directory), Moments(seed=1), 0
    goal = kills(25)
    while moments.killed < goal:
        before, known = len(executed(log)), witness.parameters() if witness.seen else set()
        child = server.start("run_sweep", directory, min(POINTS, 1 + POINTS * lives // goal), log, None, 0.0, format)
        moments.try_to_kill(child)
        lives += 1
        if directory.exists():
            witness.look()
        again = known & {x for x, _ in executed(log)[before:]}
        assert not again, f"measured, and yet executed again: {again}"
    server.call("run_sweep", directory, POINTS, log, None, 0.0, format)
    witness.look()
    assert_complete(directory)
    wasted = len(executed(log)) - POINTS
    print(f"{moments.killed} kills in {lives} lives: {POINTS} measured once, {wasted} executed again")
    assert wasted <= moments.killed


@pytest.mark.parametrize("format", ["json", "xml"])
def test_a_sweep_that_is_killed_at_each_step_ends_whole(directory, stepping, tmp_path, format):
    """The first life is cut after its first change of the file system, the second after its second, to the end."""
    log, ended = tmp_path / "log", tmp_path / "ended"
    witness, step = Witness(directory), 0
    while not ended.exists():
        step += 1
        child = stepping.start("until_step", step, ended, "run_sweep", directory, step, log, None, 0.0, format)
        assert child.wait() in (0, -signal.SIGKILL)
        if directory.exists():
            witness.look()
    stepping.call("run_sweep", directory, step, log, None, 0.0, format)
    witness.look()
    assert_complete(directory, step)


@pytest.mark.cpp
def test_a_sweep_over_a_program_that_is_killed_ends_whole(directory, server, tmp_path):
    """The same for an external program; what its runs left in the temporary directory goes with the next one."""
    program = compile_cpp(tmp_path / "square", [PROGRAM], "-O1")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    witness, moments, lives = Witness(directory), Moments(seed=2), 0
    goal = kills(25)
    while moments.killed < goal:
        count = min(POINTS, 1 + POINTS * lives // goal)
        moments.try_to_kill(server.start("run_program", directory, count, program, temporary))
        lives += 1
        if directory.exists():
            witness.look()
    server.call("run_program", directory, POINTS, program, temporary)
    witness.look()
    assert_complete(directory)
    assert names(temporary) == []
    print(f"{moments.killed} kills in {lives} lives: {POINTS} measured once by a program")


def test_a_pool_whose_workers_are_killed_ends_whole(directory, server, tmp_path):
    """One worker after the other dies; at most the points in flight are computed again."""
    log, output = tmp_path / "log", tmp_path / "output"
    chance, goal, killed, runs = random.Random(3), kills(5), 0, 0
    points = max(POINTS, 10 * goal)
    witness = Witness(directory)
    while len(witness.seen) < points:
        runs += 1
        child = server.start("run_pool", directory, points, log, output=output)
        while not child.has_ended():
            before = len(executed(log))
            lines = before + chance.randint(1, 3)
            until(lambda lines=lines, child=child: len(executed(log)) >= lines or child.has_ended())
            workers = {pid for _, pid in executed(log)[before:]}
            if workers and killed < goal:
                with suppress(ProcessLookupError):
                    os.kill(chance.choice(sorted(workers)), signal.SIGKILL)
                    killed += 1
            witness.look()
        assert child.wait() == 0, output.read_text()
        witness.look()
    assert_complete(directory, points)
    wasted = len(executed(log)) - points
    print(f"{killed} workers killed in {runs} runs: {points} measured once, {wasted} executed again")
    assert killed == goal
    assert wasted <= 4 * killed


@pytest.mark.parametrize("format", ["json", "xml"])
@pytest.mark.parametrize("operation", ["deactivate", "activate"])
def test_archiving_that_is_killed_loses_nothing(directory, server, operation, format):
    """After each kill the experiment opens, holds what it held, and the operation can be repeated."""
    e = sweep(directory, 30, {"archive_default_format": format})
    e.run(square)
    trees = [m.tree for m in e.measurements()]
    moments, goal = Moments(seed=4), kills(20)
    while moments.killed < goal:
        if coma.Experiment(directory).isactive() != (operation == "deactivate"):
            undo(directory, operation)
        moments.try_to_kill(server.start("change", directory, operation))
        assert_archiving_can_be_repeated(directory, operation, trees)
    print(f"{moments.killed} kills while the experiment was to {operation}: {len(trees)} measurements as they were")


@pytest.mark.parametrize("format", ["json", "xml"])
@pytest.mark.parametrize("operation", ["deactivate", "activate"])
def test_archiving_that_is_killed_at_each_step_loses_nothing(directory, stepping, tmp_path, operation, format):
    """The same after every single change of the file system."""
    e = sweep(directory, 3, {"archive_default_format": format})
    e.run(square)
    trees = [m.tree for m in e.measurements()]
    ended, step = tmp_path / "ended", 0
    while not ended.exists():
        step += 1
        if coma.Experiment(directory).isactive() != (operation == "deactivate"):
            undo(directory, operation)
        child = stepping.start("until_step", step, ended, "change", directory, operation)
        assert child.wait() in (0, -signal.SIGKILL)
        assert_archiving_can_be_repeated(directory, operation, trees)
    assert step > 10


def undo(directory, operation):
    """Do the opposite of an operation."""
    e = coma.Experiment(directory)
    e.activate() if operation == "deactivate" else e.deactivate()


def assert_archiving_can_be_repeated(directory, operation, trees):
    """Check that everything is there, do the operation again, and check again."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* was archived, but .* still there")
        warnings.filterwarnings("ignore", "Removing the lock .* left behind by a program that died")
        e = coma.Experiment(directory)
        assert [m.tree for m in e.measurements()] == trees
        with suppress(coma.ExperimentError):  # it was complete
            getattr(e, operation)()
    e = coma.Experiment(directory)
    assert e.isactive() == (operation == "activate")
    assert [m.tree for m in e.measurements()] == trees
    assert_tidy(directory)
    assert len(names(directory)) == (1 if operation == "deactivate" else len(trees) + 2)
