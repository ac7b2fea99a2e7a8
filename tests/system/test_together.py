# SPDX-License-Identifier: BSD-2-Clause
"""The introduction to Coma from its first line to its last, and several hands on one directory."""

import json
import math
import random
import threading

import numpy as np
import pytest
from helpers import kill, names, run, square, start, sweep, until

import coma


class Pendulum:
    """The simulation of the introduction: angles in degrees, the time by a sum in closed form."""

    def __init__(self):
        self.program = "pendulum"
        self.version = "0.0.1"
        self.g = 9.80665
        self.L = 1.0

    def run(self, theta_0, theta):
        """Integrate the substituted integrand, which has no pole, by the midpoint rule."""
        self.theta_0, self.theta = theta_0, theta
        k = math.sin(math.radians(theta_0) / 2)
        end = math.asin(max(-1.0, min(1.0, math.sin(math.radians(theta) / 2) / k)))
        phi = np.linspace(end, math.pi / 2, 2001)
        middle = (phi[1:] + phi[:-1]) / 2
        self.t = math.sqrt(self.L / self.g) * float(np.sum(np.diff(phi) / np.sqrt(1 - (k * np.sin(middle)) ** 2)))
        self.t_ = math.sqrt(self.L / self.g) * math.acos(theta / theta_0)

    def coma_getstate(self):
        """Return parameters and results."""
        return {
            "parameters": {"theta_0": self.theta_0, "theta": self.theta, "L": self.L},
            "results": {"t": self.t, "t_": self.t_},
        }


def run_it(p):
    """Simulate one point."""
    s = Pendulum()
    s.run(p.theta_0, p.theta)
    return s


@pytest.mark.parametrize("format", ["json", "xml"])
def test_the_introduction(tmp_path, capsys, format):
    """Setup, sweep, results, archive, reset and rerun, step by step."""
    coma.create_default_config()
    directory = tmp_path / "example_experiment"
    e = coma.Experiment(directory, config={"archive_default_format": format})
    assert names(directory) == [f"experiment.000001.{format}", f"measurement.index.{format}"]
    e.define_parameter_set(("theta_0", "parameters/theta_0"), ("theta", "parameters/theta"))
    for theta_0 in [-5.0, -30.0, -60.0]:
        for theta in np.linspace(theta_0, -theta_0, 20):
            e.add_parameter_set(theta_0, round(theta, 4))
    assert (e.run(run_it), e.run(run_it), e.number_of_measurements()) == ((60, 60), (0, 60), 60)

    for m in e.measurements():
        if m.id > 3:
            break
        assert m["parameters"]["theta_0"] == m["parameters/theta_0"] == m.parameters.theta_0 == -5.0
        assert (m.info.program, m["info/version"], m["__class__"]) == ("pendulum", "0.0.1", f"{__name__}.Pendulum")
    assert [round(m.results.t, 2) for m in e.measurements()][:3] == [0.0, 0.15, 0.21]

    table = [("theta", "parameters/theta"), ("t", "results/t"), ("t_", "results/t_")]
    rs = e.retrieve_results(table, [("theta_0", "parameters/theta_0")])
    assert str(rs) == (
        "[Result((theta,t,t_), (theta_0=-5.0)), Result((theta,t,t_), (theta_0=-30.0)), "
        "Result((theta,t,t_), (theta_0=-60.0))]"
    )
    r = rs[0]
    assert (str(r.parameters), r.parameters.theta_0, r.table_columns, r.table.shape) == (
        "(theta_0=-5.0)",
        -5.0,
        ("theta", "t", "t_"),
        (20, 3),
    )
    assert [str(r) for r in rs["theta_0", -5.0]] == ["Result((theta,t,t_), (theta_0=-5.0))"]
    difference = [float(np.max(np.abs(r.table[:, 1] - r.table[:, 2]))) for r in rs]
    assert difference == sorted(difference)
    assert difference[0] < 1e-3 < difference[2]

    e.deactivate()
    assert (e.isactive(), names(directory)) == (False, [f"experiment.000001.{format}"])
    assert [r.table.tolist() for r in e.retrieve_results(table, [("theta_0", "parameters/theta_0")])] == [
        r.table.tolist() for r in rs
    ]
    e.activate()
    assert len(names(directory)) == 62
    e.reset()
    assert (e.number_of_measurements(), e.run(run_it)) == (0, (60, 60))
    assert "Creating experiment index" in capsys.readouterr().out


@pytest.mark.slow
def test_processes_that_are_killed_again_and_again_finish_a_sweep(directory, script):
    """Two at a time, at random moments: nothing is broken, lost or given one id twice."""
    code = script(
        """
        import sys
        from helpers import square, sweep
        sweep(sys.argv[1], 120).run(square)
        """
    )
    chance = random.Random(1)
    while True:
        processes = [start(code, directory) for _ in range(2)]
        goal = len(list(directory.glob("measurement.0*"))) + chance.randint(1, 40)
        until(
            lambda goal=goal, processes=processes: (
                len(list(directory.glob("measurement.0*"))) >= goal or all(p.poll() is not None for p in processes)
            )
        )
        ended = [process.poll() for process in processes]
        for process in processes:
            kill(process)
        if 0 in ended:
            break
    e = sweep(directory, 120)
    found = list(e.measurements())
    assert {m.parameters.x for m in found} == set(map(float, range(120)))
    assert all(m.results.y == m.parameters.x**2 for m in found)
    assert len({m.id for m in found}) == len(found)
    assert e.run(square) == (0, 120)


def test_two_sweeps_over_other_parameters_share_a_directory(directory):
    """A measurement without a parameter's path belongs to the other sweep."""
    first = sweep(directory, 3)
    second = coma.Experiment(directory)
    second.define_parameter_set(("y", "parameters/y"), ("z", "parameters/z"))
    second.add_parameter_set(0.0, 1.0)
    threads = [
        threading.Thread(target=first.run, args=(square,)),
        threading.Thread(target=second.run, args=(lambda p: {"parameters": {"y": p.y, "z": p.z}},)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (first.run(square), second.run(square), first.number_of_measurements()) == ((0, 3), (0, 1), 4)
    assert second.retrieve_results([("z", "parameters/z")])[0].table.tolist() == [[1.0]]


def test_measurements_copied_from_another_computer_are_taken_in(directory, tmp_path):
    """Files moved by hand under free names, and the index raised: the next run knows them."""
    e, other = sweep(directory, 2), sweep(tmp_path / "other", 4)
    e.run(square)
    other.run(square)
    for number in (3, 4):
        (tmp_path / "other" / f"measurement.{number:06d}.json").rename(directory / f"measurement.{number + 4:06d}.json")
    index = directory / "measurement.index.json"
    index.write_text(json.dumps({"measurements": {"last_measurement_id": 8}}))
    e = sweep(directory, 5)
    assert [(m.id, m.parameters.x) for m in e.measurements()] == [(1, 0.0), (2, 1.0), (7, 2.0), (8, 3.0)]
    assert e.run(square) == (1, 5)
    e.deactivate()
    e.activate()
    assert [m.id for m in e.measurements()] == [1, 2, 7, 8, 9]


def test_a_directory_that_was_moved_is_the_same_experiment(directory, script):
    """No file holds its own path."""
    sweep(directory).run(square)
    moved = directory.rename(directory.with_name("moved"))
    code = script("import sys; from helpers import square, sweep; print(sweep(sys.argv[1]).run(square))")
    assert run(code, moved) == "(0, 4)\n"


def test_a_tree_may_be_deep_and_numbers_large(directory):
    """Up to 200 levels and 4000 digits, in both formats, in files and archived."""
    deep = 1.5
    for _ in range(95):
        deep = {"d": [deep]}
    for format in ("json", "xml"):
        e = sweep(directory / format, 1, {"archive_default_format": format})
        e.run(lambda p: {**square(p), "deep": deep, "large": -(10**3800)})
        e.deactivate()
        e.activate()
        (m,) = e.measurements()
        assert (m.tree["deep"], m.large) == (deep, -(10**3800))
