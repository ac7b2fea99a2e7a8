# SPDX-License-Identifier: BSD-2-Clause
"""The same must hold wherever a function is called: here, in pools, and on clusters that are started for the test.

Local engines are tested in this process. For each cluster, this file is run again in a process of its own, under the
cluster's launcher, where `ENGINE` names it.
"""

import os
import runpy
import signal
import sys
import threading
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor

import engines
import loky
import numpy as np
import pytest
from helpers import square, sweep, until
from pages import COMMAND, FLAGS, ROOT, Checker, blocks
from pages import run as run_block

import coma
from coma.running import dispatch
from coma.trees import types

ENGINE = os.environ.get("COMA_TEST_ENGINE")
NAMES = [ENGINE] if ENGINE else list(engines.LOCAL)
pytestmark = [
    pytest.mark.engines,
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
    # a pool of the standard library that breaks just while it starts another process trips over that in its own thread
    pytest.mark.filterwarnings("ignore:Exception in thread:pytest.PytestUnhandledThreadExceptionWarning"),
]


def on(*others):
    """Test on each engine but some."""
    names = [name for name in NAMES if name not in others]
    mark = pytest.mark.parametrize("engine", names, indirect=True)
    return lambda test: mark(test) if names else None


def once(test):
    """Test in this process only, not on a cluster."""
    return None if ENGINE else test


@pytest.fixture(scope="module")
def engine(request):
    """Start an engine."""
    with engines.ENGINES[request.param]() as started:
        yield started


def rows(e):
    """Return id, x and y of each measurement, in the order of the ids."""
    return [(m.id, m.parameters.x, m.results.y) for m in e.measurements()]


def xs(e):
    """Return x of each measurement, sorted."""
    return sorted(m.parameters.x for m in e.measurements())


@on()
def test_measurements_follow_the_parameter_sets(engine, directory):
    """Each result is that of its own point, and the ids have the order of the points, whoever ends first."""
    e = sweep(directory, 20)
    assert e.run(lambda p: {"results": {"y": p.x**2}, "parameters": {"x": p.x}}, **engine.options) == (20, 20)
    assert rows(e) == [(x + 1, x, x**2) for x in range(20)]
    assert e.run(abs, **engine.options) == (0, 20)


@on()
def test_registered_types_travel_with_the_function(engine, directory, monkeypatch):
    """A class of this process alone is stored wherever the function is called, and comes back as what it was."""
    monkeypatch.setattr(types, "_BY_NAME", dict(types._BY_NAME))
    monkeypatch.setattr(types, "_OF_USERS", {})

    class Interval:
        def __init__(self, low, high):
            self.low, self.high = low, high

    coma.register_type(
        Interval, "interval", lambda i: {"low": i.low, "high": i.high}, lambda s: Interval(s["low"], s["high"])
    )
    e = sweep(directory, 4)
    assert e.run(lambda p: {**p.tree(), "results": {"i": Interval(p.x, 2 * p.x)}}, **engine.options) == (4, 4)
    assert [(m.results.i.low, m.results.i.high) for m in e.measurements()] == [(x, 2 * x) for x in range(4)]


def nasty(nowhere):
    """Return a function that fails in another way at each point; the worst ones fail anywhere but in this process."""

    class Stubborn(Exception):
        """An exception that pickles, but does not unpickle."""

        def __init__(self, first, second):
            super().__init__(first)
            self.second = second

    class Handle:
        """An object that cannot be pickled, as those of many extensions."""

        def __reduce__(self):
            raise TypeError("cannot pickle Handle")

    def fail(p):
        if p.x == 1:
            raise Stubborn("odd", 1)
        if p.x == 2:
            error = ValueError("bad")
            error.add_note("from the depths")
            raise error
        if p.x == 3:
            return Handle()
        if p.x == 4 and not nowhere:
            raise SystemExit(2)
        if p.x == 5 and not nowhere:
            raise KeyboardInterrupt
        return {"parameters": {"x": p.x}, "results": {"y": p.x}}

    return fail


@on()
def test_a_failing_point_costs_only_itself(engine, directory):
    """Exceptions that do not travel, results that do not pickle, exits and interrupts; type, text and notes are kept."""
    nowhere = not engine.options
    failing = [1, 2, 3] if nowhere else [1, 2, 3, 4, 5]
    e = sweep(directory, 12)
    with pytest.raises(ExceptionGroup, match=f"{len(failing)} of 12 measurements failed") as caught:
        e.run(nasty(nowhere), **engine.options)
    assert xs(e) == [x for x in range(12) if x not in failing]
    records = {record.parameters.x: record.error for record in e.failures()}
    assert sorted(records) == failing
    kinds = ["Stubborn", "ValueError", "SerializerError", "SystemExit", "KeyboardInterrupt"]
    assert [records[x].type.rpartition(".")[2] for x in failing] == kinds[: len(failing)]
    assert all(any("in fail" in line for line in records[x].traceback) for x in failing if x != 3)
    (bad,) = [error for error in caught.value.exceptions if isinstance(error, ValueError) and str(error) == "bad"]
    assert bad.__notes__[0] == "from the depths"
    assert bad.__notes__[-1] == "for the parameter set (x=2.0)"
    assert e.run(square_here(), **engine.options) == (len(failing), 12)
    assert e.failures() == []


def square_here():
    """Return a function of the point that travels as it is."""
    return lambda p: {"parameters": {"x": p.x}, "results": {"y": p.x**2}}


SCRIPT = """
OFFSET = 5

class State:
    def __init__(self, x):
        self.x = x
    def coma_getstate(self):
        return {"parameters": {"x": self.x}, "results": {"y": helper(self.x)}}

def helper(x):
    return x + OFFSET

def function(p):
    return State(p.x)
"""


@on()
def test_functions_of_any_kind_travel(engine, directory, script):
    """Closures, lambdas and functions of a script, with what they need from there."""
    offset = 5

    def closure(p):
        return {"parameters": {"x": p.x}, "results": {"y": p.x + offset}}

    main = runpy.run_path(str(script(SCRIPT)), run_name="__main__")
    kinds = [closure, lambda p: closure(p), main["function"]]
    for index, function in enumerate(kinds):
        e = sweep(directory / str(index), 3)
        assert e.run(function, **engine.options) == (3, 3)
        assert [y for _, _, y in rows(e)] == [5, 6, 7]


@on()
def test_large_arrays_arrive_whole(engine, directory):
    """A megabyte as text twice, to the last bit."""

    def noise(seed):
        return np.random.default_rng(seed).normal(size=(100, 1000))

    e = sweep(directory, 2)
    assert e.run(lambda p: {"results": {"y": noise(int(p.x))}, "parameters": {"x": p.x}}, **engine.options) == (2, 2)
    for _, x, y in rows(e):
        np.testing.assert_array_equal(y, noise(int(x)))


@on()
def test_objects_of_an_extension_arrive(engine, directory):
    """Their states do: a C++ class is not sent itself."""
    extension = pytest.importorskip("pendulum_ext", reason="needs the pendulum: pip install ./examples/pendulum")

    def swing(p):
        import pendulum_ext

        s = pendulum_ext.Pendulum()
        s.theta_0, s.theta = -30.0, p.x
        s.run()
        return s

    e = coma.Experiment(directory)
    e.define_parameter_set(("x", "parameters/theta"))
    for x in (-10.0, 0.0, 10.0):
        e.add_parameter_set(x)
    assert e.run(swing, **engine.options) == (3, 3)
    expected = [(x, extension.swing_time(-30.0, x, 1.0)) for x in (-10.0, 0.0, 10.0)]
    assert [(m.parameters.theta, m.results.t) for m in e.measurements()] == expected


@on()
def test_a_run_that_stops_at_a_failure_goes_on_later(engine, directory):
    """What ended before is kept, what was not begun is left for the next run, and nothing is run twice."""

    def fail(p):
        if p.x == 6:
            raise ValueError("six")
        return {"parameters": {"x": p.x}, "results": {"y": p.x**2}}

    e = sweep(directory, 60)
    with pytest.raises(ExceptionGroup, match="1 of 60"):
        e.run(fail, keep_going=False, **engine.options)
    done = e.number_of_measurements()
    assert 0 < done < 50
    assert e.run(square_here(), **engine.options) == (60 - done, 60)
    assert xs(e) == list(range(60))


@on("here", "threads", "mpi", "ipyparallel")
def test_a_killed_worker_costs_at_most_its_points(engine, directory, tmp_path):
    """All others are measured, and the next run does exactly the rest."""
    killed = tmp_path / "killed"

    def die_once(p):
        if p.x == 3 and not killed.exists():
            killed.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return {"parameters": {"x": p.x}, "results": {"y": p.x**2}}

    e = sweep(directory, 12)
    lost = 0
    try:
        e.run(die_once, **engine.options)
    except ExceptionGroup as group:
        lost = len(group.exceptions)
        assert [record.parameters.x for record in e.failures()] == [3]
    assert killed.exists()
    assert lost <= 1
    assert e.number_of_measurements() == 12 - lost
    assert e.run(die_once, **engine.options) == (lost, 12)
    assert xs(e) == list(range(12))


@on("here", "threads", "mpi", "dask-jobqueue")
def test_a_point_that_kills_every_worker_fails_alone(engine, directory):
    """Also where engines try it again on the next worker; its record says that the worker died."""

    def die(p):
        if p.x == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return {"parameters": {"x": p.x}, "results": {"y": p.x**2}}

    e = sweep(directory, 12)
    with pytest.raises(ExceptionGroup, match="1 of 12") as caught:
        e.run(die, **engine.options)
    assert str(caught.value.exceptions[0]).startswith("the worker died")
    assert [record.parameters.x for record in e.failures()] == [3]
    assert xs(e) == [x for x in range(12) if x != 3]


@on(*engines.ENGINES.keys() - {"workers", "fork"})
def test_many_points_that_kill_their_workers_are_no_reason_to_stop(engine, directory):
    """As when a library crashes for half of all values."""

    def die(p):
        if p.x < 6:
            os.kill(os.getpid(), signal.SIGKILL)
        return {"parameters": {"x": p.x}, "results": {"y": p.x**2}}

    e = sweep(directory, 8)
    with pytest.raises(ExceptionGroup, match="6 of 8"):
        e.run(die, **engine.options)
    assert xs(e) == [6, 7]


@on(*engines.LOCAL, "mpi", "executorlib")
def test_a_run_without_workers_ends_with_an_error(engine, directory, tmp_path, monkeypatch):
    """Where the engine itself would wait for ever; what ended is kept."""
    monkeypatch.setattr(dispatch, "_NO_WORKERS_SECONDS", 1.0)
    begun = tmp_path / "begun"

    def hang(p):
        if p.x > 2:
            begun.touch()
            threading.Event().wait(60)
        return {"parameters": {"x": p.x}, "results": {"y": p.x**2}}

    def take_away():
        until(lambda: begun.exists() and len(list(directory.glob("measurement.0*"))) >= 2)
        engine.stop_workers()

    thread = threading.Thread(target=take_away)
    thread.start()
    e = sweep(directory, 12)
    with pytest.raises((coma.ExperimentError, ExceptionGroup)) as caught:
        e.run(hang, **engine.options)
    thread.join()
    assert "no workers are left" in str(caught.value)
    assert len(set(xs(e)) & {0, 1, 2}) >= 2
    with pytest.raises(coma.ExperimentError, match="no workers"):
        e.run(hang, **engine.options)


@once
@pytest.mark.parametrize("make", [ProcessPoolExecutor, loky.ProcessPoolExecutor], ids=["processes", "loky"])
def test_a_pool_of_the_caller_that_breaks_is_replaced(directory, make):
    """By one like it, with the same initializer."""

    def die(p):
        if p.x == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return {"parameters": {"x": p.x}, "results": {"y": int(os.environ["COMA_TEST_OFFSET"])}}

    e = sweep(directory, 12)
    options = {"initializer": _set_offset, "initargs": ("7",)}
    with make(2, **options) as executor, pytest.raises(ExceptionGroup, match="1 of 12"):
        e.run(die, executor)
    assert {y for _, _, y in rows(e)} == {7}


def _set_offset(value):
    os.environ["COMA_TEST_OFFSET"] = value


class Counting(ThreadPoolExecutor):
    """Threads that count batches and the points in them."""

    def __init__(self, workers):
        super().__init__(workers)
        self.submitted = self.ended = self.most = self.points = 0

    def submit(self, function, call, batch):
        """Submit and count."""
        self.submitted += 1
        self.points += len(batch)
        future: Future = super().submit(function, call, batch)
        future.add_done_callback(self.end)
        self.most = max(self.most, self.submitted - self.ended)
        return future

    def end(self, _future):
        """Count what ended."""
        self.ended += 1


@once
def test_few_points_are_in_flight(directory):
    """However many there are to do: two batches for each worker, so that memory and the cluster's queue stay small."""

    def fail(p):
        if p.x == 300:
            raise ValueError("enough")
        return square(p)

    e = sweep(directory, 100_000)
    with Counting(2) as executor, pytest.raises(ExceptionGroup, match="1 of 100000"):
        e.run(fail, executor, keep_going=False)
    assert executor.most <= 4
    assert 300 < executor.points <= 301 + 4 * 16


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """Start Slurm; return the environment that finds it."""
    with engines.slurm(tmp_path_factory.mktemp("slurm")) as env:
        yield env


@pytest.fixture
def cluster(request, tmp_path):
    """Return what an engine is launched by, and the environment in which it runs; skip if a part is missing."""
    found = engines.needs(request.param)
    if parts := engines.missing(found):
        pytest.skip(f"{request.param} needs {parts}")
    env = request.getfixturevalue("slurm") if found.commands == engines.SLURM else {}
    return found.launcher, engines.settings(tmp_path) | env | {"COMA_TEST_ENGINE": request.param}


CTRL_C = """
    import os, sys, time
    from pathlib import Path
    import engines
    from coma.running import interrupt
    from helpers import sweep

    def slow(p):
        time.sleep(0.2)
        return {"parameters": {"x": p.x}}

    if __name__ == "__main__":
        interrupt.GRACE_SECONDS = 1.0
        Path("pid").write_text(str(os.getpid()))
        with engines.ENGINES[sys.argv[1]]() as engine:
            sweep("experiment", 200).run(slow, **engine.options)
"""


@once
@pytest.mark.parametrize("cluster", ["fork", "ipyparallel", "dask", "mpi", "executorlib"], indirect=True)
def test_ctrl_c_leaves_what_the_next_run_completes(cluster, request, tmp_path, script):
    """The whole process group gets it, as from a terminal; the run ends, and what ended before is kept."""
    launcher, env = cluster
    name = request.node.callspec.params["cluster"]
    with engines.started([*launcher, str(script(CTRL_C)), name], tmp_path, env) as process:
        until(lambda: list(tmp_path.glob("experiment/measurement.0*")) or process.poll() is not None)
        os.killpg(os.getpgid(int((tmp_path / "pid").read_text())), signal.SIGINT)
        process.wait(60)
    e = sweep(tmp_path / "experiment", 200)
    done = e.number_of_measurements()
    assert 0 < done < 200, (tmp_path / "output").read_text()
    assert e.run(square) == (200 - done, 200)


@once
@pytest.mark.parametrize("cluster", engines.CLUSTERS, indirect=True)
def test_all_of_this_holds_on_a_cluster(cluster, tmp_path):
    """In a process of its own, which starts the cluster."""
    launcher, env = cluster
    command = [*launcher, "-m", "pytest", "-x", "-p", "no:cacheprovider", f"--basetemp={tmp_path}/inner", __file__]
    code, output = engines.run(command, tmp_path, env)
    assert code == 0, output


MPI = """
    import os, signal
    from pathlib import Path
    from helpers import sweep
    from mpi4py.futures import MPIPoolExecutor

    def die_once(p):
        if p.x == 8 and not Path("killed").exists():
            Path("killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return {"parameters": {"x": p.x}}

    if __name__ == "__main__":
        print(sweep("experiment", 12).run(die_once, MPIPoolExecutor))
"""


@once
@pytest.mark.parametrize("cluster", ["mpi"], indirect=True)
def test_mpi_ends_as_a_whole_and_the_next_job_does_the_rest(cluster, tmp_path, script):
    """A rank that is killed takes all others along, also the one that writes; measurements that are there are whole."""
    launcher, env = cluster
    command = [*launcher, str(script(MPI))]
    code, _ = engines.run(command, tmp_path, env)
    done = sweep(tmp_path / "experiment").number_of_measurements()
    assert code != 0
    assert 0 < done < 12
    assert engines.run(command, tmp_path, env) == (0, f"({12 - done}, 12)\n")
    assert xs(sweep(tmp_path / "experiment")) == list(range(12))


PAGE = ROOT / "docs" / "parallel.md"
SECTIONS = {
    "This machine": "workers",
    "ipyparallel": "ipyparallel",
    "dask": "dask",
    "Slurm, from the login node": "dask-jobqueue",
    "Slurm, within a job": "executorlib",
    "Slurm, as a job array": "slurm",
    "MPI": "mpi",
}


def sections():
    """Return the blocks of each section of the page that has some; those before the first heading have no name."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    names = {number: line.removeprefix("## ") for number, line in enumerate(lines) if line.startswith("## ")}
    found = {}
    for block in blocks(PAGE):
        name = names[max(number for number in names if number < block.line)] if block.line > min(names) else ""
        found.setdefault(name, []).append(block)
    return found


@once
def test_every_section_of_the_page_is_run():
    """Those with code."""
    assert set(sections()) == {"", *SECTIONS}


@once
@pytest.mark.parametrize(("section", "cluster"), SECTIONS.items(), ids=list(SECTIONS.values()), indirect=["cluster"])
def test_the_page_on_parallel_runs(section, cluster, tmp_path, monkeypatch):
    """Each of its examples runs on the real engine, and prints what the page says."""
    _, env = cluster
    monkeypatch.chdir(tmp_path)
    found = sections()
    for block in found[""] + found[section]:
        if block.language == "pycon":
            (tmp_path / "session.txt").write_text(block.text)
            assert engines.run([sys.executable, "-m", "doctest", "session.txt"], tmp_path, env) == (0, "")
        elif block.language == "console":
            for command, want in COMMAND.findall(block.text):
                code, got = engines.run(["bash", "-c", command], tmp_path, env)
                assert Checker().check_output(want, got, FLAGS), f"$ {command}\n{got}"
                assert code == 0
        else:
            assert not run_block(block, {})
