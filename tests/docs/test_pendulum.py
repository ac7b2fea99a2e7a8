# SPDX-License-Identifier: BSD-2-Clause
"""The pendulum: its physics, its Python face and its program."""

from __future__ import annotations

import doctest
import math
import pickle
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.constants
import scipy.special

import coma

HINT = "the pendulum is not installed: pip install --no-build-isolation ./examples/pendulum"
pendulum = pytest.importorskip("pendulum", reason=HINT)
extension = pytest.importorskip("pendulum_ext", reason=HINT)

POINTS = [
    (theta_0, round(theta, 4)) for theta_0 in (-5.0, -30.0, -60.0) for theta in np.linspace(theta_0, -theta_0, 20)
]


def legendre_time(theta_0: float, theta: float) -> float:
    """Return the exact time for a length of 1 m, by scipy."""
    k = math.sin(math.radians(-theta_0 / 2))
    phi = math.asin(max(-1.0, min(1.0, math.sin(math.radians(theta / 2)) / k)))
    quarters = scipy.special.ellipk(k**2) + scipy.special.ellipkinc(phi, k**2)
    return float(quarters / math.sqrt(scipy.constants.g))


def by_hand(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Call the program as a person would."""
    return subprocess.run([pendulum.binary(), *arguments], text=True, capture_output=True, check=False)


def test_examples_in_the_docstrings_hold() -> None:
    """What the documentation of the Python module shows is what it does."""
    failed, attempted = doctest.testmod(pendulum)
    assert attempted > 0
    assert failed == 0


@pytest.mark.parametrize(("theta_0", "theta"), POINTS)
def test_time_agrees_with_scipy(theta_0: float, theta: float) -> None:
    """At each point of the tutorial, C++ gives scipy's elliptic integral, and the quadrature in Python almost."""
    exact = legendre_time(theta_0, theta)
    assert extension.swing_time(theta_0, theta) == pytest.approx(exact, rel=1e-12, abs=0)
    assert pendulum.swing_time(theta_0, theta) == pytest.approx(exact, rel=1e-8, abs=0)


@pytest.mark.parametrize(("theta_0", "theta"), POINTS)
def test_small_angle_time_is_the_same_in_both_languages(theta_0: float, theta: float) -> None:
    """The small-angle approximation is one formula, with one result."""
    assert extension.small_angle_time(theta_0, theta) == pendulum.small_angle_time(theta_0, theta)


def test_no_time_passes_at_the_start() -> None:
    """The time at the starting angle is 0, without a sign."""
    time = extension.swing_time(-60.0, -60.0)
    assert time == 0.0
    assert math.copysign(1.0, time) == 1.0


@pytest.mark.parametrize("theta_0", [-5.0, -60.0, -120.0])
def test_time_is_precise_just_after_the_start(theta_0: float) -> None:
    """A nanodegree from the turning point the acceleration is constant: t = sqrt(2 L distance / (g sin(-theta_0)))."""
    theta = theta_0 + 1e-9
    expected = math.sqrt(2.0 * math.radians(theta - theta_0) / (scipy.constants.g * math.sin(math.radians(-theta_0))))
    assert extension.swing_time(theta_0, theta) == pytest.approx(expected, rel=1e-9)


def test_time_is_precise_when_released_almost_upright() -> None:
    """A microdegree from upright, the time to the lowest point is sqrt(L/g) ln(4 / cos(theta_0/2))."""
    expected = math.log(4.0 / math.sin(math.radians(1e-6) / 2)) / math.sqrt(scipy.constants.g)
    assert extension.swing_time(-180.0 + 1e-6, 0.0) == pytest.approx(expected, rel=1e-9)


def test_way_up_mirrors_way_down() -> None:
    """The pendulum takes as long from -theta to theta_0's mirror image as from theta_0 to theta."""
    whole = extension.swing_time(-60.0, 60.0)
    assert whole == 2.0 * extension.swing_time(-60.0, 0.0)
    assert whole - extension.swing_time(-60.0, 20.0) == pytest.approx(extension.swing_time(-60.0, -20.0), rel=1e-15)


def test_four_times_the_length_takes_twice_the_time() -> None:
    """Times go with the square root of the length."""
    for time in (extension.swing_time, extension.small_angle_time):
        assert time(-30.0, 10.0, L=4.0) == pytest.approx(2.0 * time(-30.0, 10.0), rel=1e-15)


def test_call_on_arrays_broadcasts() -> None:
    """One call computes a whole table, with the numbers of single calls."""
    theta_0, fractions = np.array([[-5.0], [-30.0], [-60.0]]), np.linspace(-1.0, 1.0, 20)
    table = extension.swing_time(theta_0, theta_0 * fractions)
    single = [
        [extension.swing_time(start, start * fraction) for fraction in fractions] for start in (-5.0, -30.0, -60.0)
    ]
    assert table.dtype == np.float64
    np.testing.assert_array_equal(table, single)


@pytest.mark.parametrize(
    ("theta_0", "theta", "length"),
    [
        (0.0, 0.0, 1.0),
        (30.0, 0.0, 1.0),
        (-180.0, 0.0, 1.0),
        (-30.0, 30.1, 1.0),
        (-30.0, math.nan, 1.0),
        (math.nan, 0.0, 1.0),
        (-30.0, 0.0, 0.0),
        (-30.0, 0.0, math.inf),
    ],
)
def test_what_is_no_part_of_the_motion_is_refused(theta_0: float, theta: float, length: float) -> None:
    """Angles that the pendulum never passes, and impossible lengths, are errors."""
    for time in (extension.swing_time, extension.small_angle_time):
        with pytest.raises(ValueError, match="must"):
            time(theta_0, theta, length)


@pytest.mark.parametrize("kind", [pendulum.Pendulum, extension.Pendulum], ids=["python", "extension"])
def test_object_tells_its_state(kind: type[Any]) -> None:
    """Both classes have the same attributes and the same tree, in the same order."""
    s = kind()
    s.theta_0, s.theta, s.L = -30.0, 10.0, 4.0
    s.run()
    state = s.coma_getstate()
    assert (s.program, s.version, s.g) == ("pendulum", "1.0.0", scipy.constants.g)
    assert list(state) == ["parameters", "results"]
    assert list(state["parameters"].items()) == [("theta_0", -30.0), ("theta", 10.0), ("L", 4.0)]
    assert list(state["results"].items()) == [("t", s.t), ("t_", s.t_)]
    assert s.t == pytest.approx(2.0 * legendre_time(-30.0, 10.0), rel=1e-8)


def test_object_of_the_extension_survives_a_pickle() -> None:
    """The C++ class is pickled by its state, which keeps every bit, and NaN before it has run."""
    s = extension.Pendulum()
    before = pickle.loads(pickle.dumps(s))
    s.theta_0, s.theta = -30.0, 0.1
    s.run()
    after = pickle.loads(pickle.dumps(s))
    assert math.isnan(before.t)
    assert before.L == 1.0
    assert after.coma_getstate() == s.coma_getstate()


@pytest.mark.parametrize("format", ["json", "xml"])
def test_three_routes_give_the_same_measurements(tmp_path: Path, format: str) -> None:
    """Function, extension and program, run by Coma, leave the same tree: C++ twice the same bits, Python almost."""
    trees = {}
    for name in ("run_it", "run_extension", "binary"):
        e = coma.Experiment(tmp_path / name, config={"archive_default_format": format})
        e.define_parameter_set(("theta_0", "parameters/theta_0"), ("theta", "parameters/theta"))
        for point in POINTS[20:24]:
            e.add_parameter_set(*point)
        assert e.run(coma.Program(pendulum.binary()) if name == "binary" else getattr(pendulum, name)) == (4, 4)
        trees[name] = [(dict(m["parameters"]), dict(m["results"])) for m in e.measurements()]
    assert trees["binary"] == trees["run_extension"]
    assert len(trees["binary"]) == 4
    for python, cpp in zip(trees["run_it"], trees["binary"], strict=True):
        assert python[0] == cpp[0]
        assert python[1] == pytest.approx(cpp[1], rel=1e-8, abs=0)


def test_program_adds_a_measurement_by_hand(tmp_path: Path) -> None:
    """Called with a directory, the program leaves a measurement that Coma reads."""
    assert by_hand(tmp_path / "e", "--theta_0=-30", "--theta=10", "--L=4").returncode == 0
    (m,) = coma.Experiment(tmp_path / "e").measurements()
    assert (m.info.program, m.info.version) == ("pendulum", "1.0.0")
    assert m["results/t"] == extension.swing_time(-30.0, 10.0, 4.0)
    assert m["results/t_"] == extension.small_angle_time(-30.0, 10.0, 4.0)


def test_program_refuses_with_a_reason(tmp_path: Path) -> None:
    """A wrong call ends with 2 and an impossible angle with 1; both say what is wrong and leave no measurement."""
    wrong, impossible = by_hand(tmp_path, "--theta_0=-30"), by_hand(tmp_path, "--theta_0=-30", "--theta=31")
    assert (wrong.returncode, impossible.returncode) == (2, 1)
    assert "theta" in wrong.stderr
    assert "theta must lie between theta_0 and -theta_0" in impossible.stderr
    assert not list(tmp_path.glob("measurement.0*"))
