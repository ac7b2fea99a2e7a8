# SPDX-License-Identifier: BSD-2-Clause
"""Where a function is called: here, in pools, on any executor; and what happens when workers die."""

import contextlib
import json
import multiprocessing
import os
import signal
import sys
import threading
import types
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import loky
import numpy as np
import pytest
from helpers import is_alive, kill, names, run, snapshot, square, start, sweep, until

import coma


def processes():
    """Return a process pool of the standard library."""
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))


EXECUTORS = pytest.mark.parametrize(
    "make",
    [lambda: ThreadPoolExecutor(2), processes, lambda: loky.ProcessPoolExecutor(2)],
    ids=["threads", "processes", "loky"],
)


def xs(e):
    """Return x of each measurement, sorted: on workers, points end in any order."""
    return sorted(m.parameters.x for m in e.measurements())


@EXECUTORS
def test_any_executor_does(directory, make):
    """Lambdas and closures, over the caller's own executor, which stays open."""
    offset = 5
    with make() as executor:
        e = sweep(directory, 6)
        assert e.run(lambda p: {**square(p), "offset": offset}, executor) == (6, 6)
        assert e.run(square, executor) == (0, 6)
        assert executor.submit(abs, -1).result() == 1
    assert xs(e) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert [m.id for m in e.measurements()] == [1, 2, 3, 4, 5, 6]
    assert {m.offset for m in e.measurements()} == {5}


class Stubborn(Exception):
    """An exception that pickles, but does not unpickle."""

    def __init__(self, first, second):
        super().__init__(first)
        self.second = second


class Handle:
    """An object that cannot be pickled; its state can."""

    def __init__(self, p):
        self.p = p
        self.lock = threading.Lock()

    def coma_getstate(self):
        """Return the state."""
        return {"parameters": {"x": self.p.x}, "results": {"array": np.array([self.p.x])}}


class Mute(Exception):
    """An exception whose text cannot be shown."""

    def __str__(self):
        raise RuntimeError("no text")


class Frozen(Exception):
    """An exception that takes no notes."""

    def add_note(self, note):
        """Refuse."""
        raise TypeError(note)


def nasty(p):
    """Do something else at each point."""
    if p.x == 1:
        raise Stubborn("a", "b")
    if p.x == 2:
        raise SystemExit(3)
    if p.x == 3:
        raise KeyboardInterrupt
    if p.x == 4:
        return {"results": threading.Lock()}
    if p.x == 5:
        raise Mute
    return Handle(p)


def test_a_point_that_exits_fails_alone_without_workers_too(directory):
    """As sys.exit() in somebody's code does; Ctrl-C still ends the run."""
    e = sweep(directory, 3)
    with pytest.raises(ExceptionGroup, match="1 of 3 measurements failed"):
        e.run(lambda p: sys.exit("no convergence") if p.x == 1 else square(p))
    assert [(record.parameters.x, record.error.message) for record in e.failures()] == [(1, "no convergence")]
    assert e.run(square) == (1, 3)


@EXECUTORS
def test_nasty_points_fail_alone(directory, make):
    """Exceptions that do not travel, exits, interrupts and results that do not pickle; the executor survives."""
    e = sweep(directory, 8)
    with make() as executor:
        with pytest.raises(ExceptionGroup, match="5 of 8 measurements failed") as caught:
            e.run(nasty, executor)
        assert executor.submit(abs, -1).result() == 1
    notes = sorted(error.__notes__[-1] for error in caught.value.exceptions)
    assert notes == [f"for the parameter set (x={x}.0)" for x in (1, 2, 3, 4, 5)]
    messages = {record.parameters.x: record.error.message for record in e.failures()}
    assert "cannot store 'results'" in messages[4.0]
    assert messages[5.0] == "its text cannot be shown"
    assert xs(e) == [0.0, 6.0, 7.0]


def strange(p):
    """Raise what makes trouble where it arrives."""
    if p.x == 1:
        module = sys.modules["only_there"] = types.ModuleType("only_there")
        module.Strange = type("Strange", (Exception,), {"__module__": "only_there"})
        raise module.Strange("not here")
    if p.x == 2:
        raise Frozen
    return square(p)


@pytest.mark.parametrize("workers", [None, 2])
def test_exceptions_that_cannot_be_used_here_are_stood_in_for(directory, workers):
    """Those of a module that only the worker has, and those that take no notes; the others are measured."""
    e = sweep(directory, 5)
    with pytest.raises(ExceptionGroup, match="2 of 5") as caught:
        e.run(strange, workers=workers)
    sys.modules.pop("only_there", None)
    errors = sorted(caught.value.exceptions, key=lambda error: error.__notes__[-1])
    assert [error.__notes__[-1] for error in errors] == [f"for the parameter set (x={x}.0)" for x in (1, 2)]
    assert str(errors[0]) == ("Strange: not here" if workers else "not here")
    assert workers is None or "in strange" in errors[0].__notes__[0]
    assert isinstance(errors[1], coma.errors.RemoteError)
    assert [record.error.type for record in e.failures()] == ["Strange", "Frozen"]
    assert xs(e) == [0.0, 3.0, 4.0]


def dying(p):
    """Kill the worker at one of the points."""
    if p.x == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return square(p)


@pytest.mark.slow
# A pool of the standard library that breaks just while it starts another process may trip over that in its own thread.
@pytest.mark.filterwarnings("ignore:Exception in thread:pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("options", [{"workers": 2}, {"executor": processes}], ids=["workers", "processes"])
def test_a_point_that_kills_its_worker_fails_alone(directory, options):
    """All others are measured, each once, and the next run does that one."""
    e = sweep(directory, 8)
    with pytest.raises(ExceptionGroup, match="1 of 8 measurements failed") as caught:
        e.run(dying, **options)
    (error,) = caught.value.exceptions
    assert "the worker died" in str(error)
    assert error.__notes__ == ["for the parameter set (x=3.0)"]
    assert xs(e) == [0.0, 1.0, 2.0, 4.0, 5.0, 6.0, 7.0]
    assert e.run(square, **options) == (1, 8)


def test_workers_call_functions_of_a_script(directory, script):
    """Functions of ``__main__`` with its globals and classes need no guard and no import on the worker."""
    code = script(
        """
        import sys
        from dataclasses import dataclass
        from helpers import sweep

        OFFSET = 10

        @dataclass
        class State:
            x: float
            def coma_getstate(self):
                return {"parameters": {"x": self.x}, "results": {"y": helper(self.x)}}

        def helper(x):
            return x + OFFSET

        e = sweep(sys.argv[1])
        print(e.run(lambda p: State(p.x), workers=2), [m.results.y - m.parameters.x for m in e.measurements()])
        """
    )
    assert run(code, directory) == "(4, 4) [10.0, 10.0, 10.0, 10.0]\n"
    assert (
        json.loads((directory / "measurement.000001.json").read_text())["measurement"]["__class__"] == "__main__.State"
    )


@pytest.mark.slow
def test_a_time_limit_fails_its_point_alone(directory):
    """On workers and here."""

    def slow(p):
        if p.x == 1:
            threading.Event().wait(60)
        return square(p)

    for index, workers in enumerate((None, 2)):
        e = sweep(directory / str(index), 3)
        with pytest.raises(ExceptionGroup) as caught:
            e.run(slow, workers=workers, timeout=0.3)
        (error,) = caught.value.exceptions
        assert isinstance(error, TimeoutError)
        assert "not finished after the timeout of 0.3 s" in str(error)
        assert xs(e) == [0.0, 2.0]


@pytest.mark.slow
def test_a_time_limit_that_was_caught_still_counts(directory):
    """The result that the function returns afterwards may be anything; and a loop is interrupted again."""

    def stubborn(p):
        for _ in range(2):
            with contextlib.suppress(Exception):
                threading.Event().wait(60)
        return square(p)

    e = sweep(directory, 1)
    with pytest.raises(ExceptionGroup) as caught:
        e.run(stubborn, timeout=0.2)
    assert isinstance(caught.value.exceptions[0], TimeoutError)
    assert e.run(square, timeout=5) == (1, 1)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_time_limit_on_threads_is_refused_before_anything_runs(directory):
    """No alarm reaches them; a program has its own."""
    e = sweep(directory, 1)
    with ThreadPoolExecutor(1) as executor:
        with pytest.raises(coma.ExperimentError, match=r"timeout= cannot interrupt a function on a thread"):
            e.run(square, executor, timeout=5)
        assert e.failures() == []
        assert e.run(coma.Program(["echo", "{{}}"]), executor, timeout=5) == (1, 1)


def test_a_function_that_cannot_travel_is_an_error_of_ours(directory):
    """Before anything runs, with what to do."""
    lock = threading.Lock()

    def locked(p):
        with lock:
            return square(p)

    e = sweep(directory, 1)
    with pytest.raises(coma.ExperimentError, match=r"locked cannot be sent to the workers \(TypeError: cannot pickle"):
        e.run(locked, workers=1)
    assert (e.failures(), e.run(locked)) == ([], (1, 1))


def test_failures_are_kept_as_records(directory):
    """With type, text, traceback and parameters; a point that failed again has one; success removes it."""

    def fail(p):
        if p.x > 1:
            raise ValueError(f"no {p.x}")
        return square(p)

    e = sweep(directory)
    for _ in range(2):
        with pytest.raises(ExceptionGroup, match="2 of"):
            e.run(fail)
        records = e.failures()
        assert [(r.parameters.x, r.error.type, r.error.message) for r in records] == [
            (2.0, "ValueError", "no 2.0"),
            (3.0, "ValueError", "no 3.0"),
        ]
    assert any("in fail" in line for line in records[0].error.traceback)
    assert len([name for name in names(directory) if name.startswith("failure.")]) == 2
    assert sweep(directory).run(square) == (2, 4)
    assert e.failures() == []
    assert not [name for name in names(directory) if name.startswith("failure.")]


@pytest.mark.slow
def test_ctrl_c_ends_a_parallel_run(directory, script):
    """Points that are running come to their end and are kept; no worker stays; the next run does the rest."""
    code = script(
        """
        import os, sys, time
        from pathlib import Path
        from helpers import square, sweep

        def slow(p):
            (Path(sys.argv[2]) / str(os.getpid())).touch()
            time.sleep(0.3)
            return square(p)

        sweep(sys.argv[1], 50).run(slow, workers=2)
        """
    )
    pids = directory.parent / "pids"
    pids.mkdir()
    process = start(code, directory, pids)
    try:
        until(lambda: list(directory.glob("measurement.0*")))
        process.send_signal(signal.SIGINT)
        assert process.wait(60) != 0
        until(lambda: not any(is_alive(int(name)) for name in names(pids)))
    finally:
        kill(process)
    e = sweep(directory, 50)
    done = e.number_of_measurements()
    assert 0 < done < 50
    assert e.run(square) == (50 - done, 50)


@pytest.mark.slow
def test_workers_end_when_their_parent_is_killed(directory, script):
    """No process is left behind after kill -9."""
    code = script(
        """
        import os, sys, time
        from pathlib import Path
        from helpers import square, sweep

        def slow(p):
            (Path(sys.argv[2]) / str(os.getpid())).touch()
            time.sleep(0.1)
            return square(p)

        sweep(sys.argv[1], 500).run(slow, workers=2)
        """
    )
    pids = directory.parent / "pids"
    pids.mkdir()
    process = start(code, directory, pids)
    try:
        until(lambda: len(names(pids)) == 2)
        os.kill(process.pid, signal.SIGKILL)
        until(lambda: not any(is_alive(int(name)) for name in names(pids)))
    finally:
        kill(process)


def test_an_executor_that_broke_is_an_error_that_says_so(directory):
    """A pool that is broken from the start loses nothing and does not hang."""
    with loky.ProcessPoolExecutor(1) as executor:
        with pytest.raises(loky.process_executor.TerminatedWorkerError):
            executor.submit(os._exit, 1).result()
        e = sweep(directory)
        try:
            assert e.run(square, executor) == (4, 4)
        except coma.ExperimentError as error:
            assert "executor broke" in str(error)  # noqa: PT017


@pytest.mark.parametrize("executor", [5, "loky", object()])
def test_what_is_no_executor_is_refused(directory, executor):
    """Before anything is written."""
    e = sweep(directory)
    before = snapshot(directory)
    with pytest.raises(coma.ExperimentError, match="executor"):
        e.run(square, executor)
    assert snapshot(directory) == before
