# SPDX-License-Identifier: BSD-2-Clause
"""ParallelExperiment on a real cluster of two engines."""

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from helpers import environment, is_alive, kill, run, snapshot, start, sweep, until

import coma

pytest.importorskip("ipyparallel", reason="needs ipyparallel")

CLUSTER = """
    import os, sys, warnings
    from pathlib import Path
    import ipyparallel

    cluster = ipyparallel.Cluster(
        n=2, profile="default", cluster_id="", controller_args=["--HeartMonitor.period=500"], log_level=40
    )
    client = cluster.start_and_connect_sync(activate=False)
    client.wait_for_engines(2, timeout=60)
    Path(sys.argv[1]).write_text(" ".join(map(str, client[:].apply_sync(os.getpid))))
    client.close()
    sys.stdin.read()
    cluster.stop_cluster_sync()
"""


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    """Start a cluster in an IPython directory of its own; return (environment, pids of its engines)."""
    directory = tmp_path_factory.mktemp("ipython")
    code = directory / "cluster.py"
    code.write_text("\n".join(line.removeprefix("    ") for line in CLUSTER.splitlines()))
    env = {**environment(), "IPYTHONDIR": str(directory / "ipython")}
    read, write = os.pipe()
    with open(directory / "log", "w") as log:
        process = start(code, directory / "pids", env=env, stdin=read, stdout=log, stderr=log)
    os.close(read)
    try:
        until(lambda: (directory / "pids").exists() or process.poll() is not None)
        assert process.poll() is None, (directory / "log").read_text()
        until((directory / "pids").read_text)
        yield env, [int(pid) for pid in (directory / "pids").read_text().split()]
    finally:
        os.close(write)
        stop(process, directory / "ipython")


def stop(process, directory):
    """End the cluster politely, and then every process that was started for its directory."""
    try:
        process.wait(30)
    finally:
        kill(process)
        for pid in [int(name) for name in os.listdir("/proc") if name.isdigit()]:
            if pid != os.getpid() and str(directory) in variables(pid):
                os.kill(pid, signal.SIGKILL)


def variables(pid):
    """Return the environment of a process, as text."""
    try:
        with open(f"/proc/{pid}/environ", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


@pytest.mark.engines
def test_a_sweep_runs_on_the_engines(profile, directory, script):
    """Lambdas and closures of a script, objects with a state, failures with their notes; a second run has nothing to do."""
    env, pids = profile
    code = script(
        """
        import os, sys
        import coma

        OFFSET = 5

        class State:
            def __init__(self, x):
                self.x = x
            def coma_getstate(self):
                return {"parameters": {"x": self.x}, "results": {"y": self.x + OFFSET, "pid": os.getpid()}}

        def measure(p):
            if p.x == 3 and not mended:
                raise ValueError("three")
            return State(p.x)

        mended = False
        e = coma.ParallelExperiment(sys.argv[1])
        e.define_parameter_set(("x", "parameters/x"))
        for x in range(8):
            e.add_parameter_set(x)
        try:
            e.run(measure)
        except ExceptionGroup as group:
            print(len(group.exceptions), repr(group.exceptions[0]), group.exceptions[0].__notes__[-1])
        mended = True
        print(e.run(measure), e.run(lambda p: 1 / 0))
        print(sorted(m.results.y - m.parameters.x for m in e.measurements()))
        print(*{m.results.pid for m in e.measurements()})
        """
    )
    lines = run(code, directory, env=env).splitlines()
    assert lines[0] == "1 ValueError('three') for the parameter set (x=3)"
    assert lines[1:3] == ["(1, 8) (0, 8)", str([5] * 8)]
    assert set(map(int, lines[3].split())) <= set(pids)
    assert coma.Experiment(directory).number_of_measurements() == 8


@pytest.mark.engines
def test_an_engine_that_is_killed_loses_its_point_only(profile, directory, script):
    """The others are measured on the engine that is left."""
    env, pids = profile
    code = script(
        """
        import os, signal, sys, time
        import coma

        def measure(p):
            if p.x == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            return {"parameters": {"x": p.x}}

        e = coma.ParallelExperiment(sys.argv[1])
        e.define_parameter_set(("x", "parameters/x"))
        for x in range(6):
            e.add_parameter_set(x)
        try:
            e.run(measure)
        except ExceptionGroup as group:
            print([(str(error)[:15], error.__notes__[-1]) for error in group.exceptions])
        print(sorted(m.parameters.x for m in e.measurements()))
        """
    )
    failed, measured = run(code, directory, env=env).splitlines()
    assert failed == "[('the worker died', 'for the parameter set (x=2)')]"
    assert measured == "[0, 1, 3, 4, 5]"
    assert sum(map(is_alive, pids)) == 1


def test_without_a_cluster_the_error_says_how_to_start_one(directory, tmp_path, monkeypatch):
    """And nothing is written."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    e = coma.ParallelExperiment(directory, profile="mine")
    e.define_parameter_set(("x", "parameters/x"))
    e.add_parameter_set(1.0)
    before = snapshot(directory)
    with pytest.raises(
        coma.ExperimentError, match=r"(?s)no ipyparallel cluster .*'mine'.*ipcluster start -n 4 --profile=mine"
    ):
        e.run(abs)
    assert snapshot(directory) == before


@pytest.mark.engines
def test_without_engines_the_error_says_how_to_start_some(directory, tmp_path, script):
    """A controller alone can do nothing, and would wait for ever."""
    code = script(
        """
        import sys
        import ipyparallel
        import coma, coma.parallelexperiment
        from helpers import square

        coma.parallelexperiment._CONNECT_SECONDS = 2.0
        cluster = ipyparallel.Cluster(n=0, profile="default", cluster_id="", log_level=40)
        cluster.start_controller_sync()
        try:
            e = coma.ParallelExperiment(sys.argv[1])
            e.define_parameter_set(("x", "parameters/x"))
            e.add_parameter_set(1.0)
            e.run(square)
        except coma.ExperimentError as error:
            print(error)
        finally:
            cluster.stop_cluster_sync()
        """
    )
    printed = run(code, directory, env={**environment(), "IPYTHONDIR": str(tmp_path / "ipython")})
    assert "has no engines. Start some: ipcluster engines -n 4 --profile=default" in printed


def test_without_ipyparallel_the_error_says_how_to_install_it(directory, monkeypatch):
    """The package does not need it."""
    monkeypatch.setitem(sys.modules, "ipyparallel", None)
    e = coma.ParallelExperiment(directory)
    e.define_parameter_set(("x", "parameters/x"))
    e.add_parameter_set(1.0)
    with pytest.raises(coma.ExperimentError, match=r"needs ipyparallel: pip install 'coma-toolkit\[parallel\]'"):
        e.run(abs)


def test_an_executor_of_ones_own_needs_no_cluster(directory):
    """As for any experiment."""
    sweep(directory, 2)
    e = coma.ParallelExperiment(directory)
    e.define_parameter_set(("x", "parameters/x"))
    e.add_parameter_set(1.0)
    with ThreadPoolExecutor(1) as executor:
        assert e.run(lambda p: {"parameters": {"x": p.x}}, executor) == (1, 1)
