# SPDX-License-Identifier: BSD-2-Clause
"""Many points at once, and parameters that older measurements lack."""

import numpy as np
import pandas as pd
import pytest

import coma


@pytest.fixture
def e(directory):
    """Return an experiment with two parameters."""
    e = coma.Experiment(directory)
    e.define_parameter_set(("theta_0", "parameters/theta_0"), ("theta", "parameters/theta"))
    return e


def measured(e):
    """Measure all points; return their values in the order of their ids."""
    e.run(lambda p: {"parameters": {"theta_0": p.theta_0, "theta": p.theta}})
    return [(m["parameters/theta_0"], m["parameters/theta"]) for m in e.measurements()]


def test_a_grid_has_all_combinations(e):
    """In the order of the definition, the last fastest, however the axes are named and whatever they are."""
    e.add_parameter_grid(theta=np.linspace(0.0, 1.0, 3), theta_0=range(2))
    assert measured(e) == [(0, 0.0), (0, 0.5), (0, 1.0), (1, 0.0), (1, 0.5), (1, 1.0)]


def test_a_single_value_is_an_axis(e):
    """A number, a string, an array without dimensions; points that are there already are not added again."""
    e.add_parameter_grid(theta_0="abc", theta=[1, 2])
    e.add_parameter_grid(theta_0="abc", theta=np.array(2))
    assert measured(e) == [("abc", 1), ("abc", 2)]


def test_an_axis_that_is_an_iterator_is_used_up_once(e):
    """Each combination is there."""
    e.add_parameter_grid(theta_0=iter([1, 2]), theta=(x for x in (3, 4)))
    assert len(measured(e)) == 4


@pytest.mark.parametrize(
    ("axes", "text"),
    [
        ({"theta_0": [1]}, "missing in the grid: theta; the parameters are theta_0, theta"),
        ({"theta_0": [1], "theta": [2], "L": [3]}, "unknown in the grid: L"),
    ],
)
def test_a_grid_that_does_not_fit_is_refused(e, axes, text):
    """Before any point is added."""
    with pytest.raises(coma.ParameterSetError, match=text):
        e.add_parameter_grid(**axes)
    assert e.status().total == 0


def test_a_grid_needs_a_definition(directory):
    """As a single point does."""
    with pytest.raises(coma.ParameterSetError, match=r"call define_parameter_set\(\) before"):
        coma.Experiment(directory).add_parameter_grid(x=[1])


@pytest.mark.parametrize(
    "points",
    [
        [(1, 2.5), (3, 4.5)],
        ([x, y] for x, y in [(1, 2.5), (3, 4.5)]),
        [{"theta_0": 1, "theta": 2.5}, {"theta": 4.5, "theta_0": 3}],
        np.array([[1, 2.5], [3, 4.5]]),
        pd.DataFrame({"theta": [2.5, 4.5], "theta_0": [1, 3]}),
    ],
    ids=["tuples", "generator", "dictionaries", "array", "DataFrame"],
)
def test_points_come_from_tables(e, points):
    """Tuples, dictionaries, arrays and DataFrames."""
    e.add_parameter_sets(points)
    assert measured(e) == [(1, 2.5), (3, 4.5)]


def test_points_of_one_parameter_need_no_tuples(directory):
    """Single values are points."""
    e = coma.Experiment(directory)
    e.define_parameter_set(("x", "x"))
    e.add_parameter_sets([1.0, 2.0])
    e.add_parameter_sets(["abc"])
    assert e.run(lambda p: {"x": p.x}) == (3, 3)


@pytest.mark.parametrize("points", ["abc", {"theta": 1}, 5])
def test_what_is_no_list_of_points_is_refused(e, points):
    """The error says what one looks like."""
    with pytest.raises(coma.ParameterSetError, match=r"is no list of points; write \[\(1, 2\), \(3, 4\)\]"):
        e.add_parameter_sets(points)


def test_older_measurements_have_the_default(e):
    """They are not made again; points with another value are; tables have the default too."""
    e.add_parameter_grid(theta_0=[1.0], theta=[2.0, 3.0])
    measured(e)
    e = coma.Experiment(e.directory)
    names = ("theta_0", "theta", "L")
    e.define_parameter_set(*((name, f"parameters/{name}") for name in names), defaults={"L": 1.0})
    e.add_parameter_grid(theta_0=1.0, theta=[2.0, 3.0], L=[1.0, 2.0])
    assert e.run(lambda p: {"parameters": {name: getattr(p, name) for name in names}}) == (2, 4)
    assert e.run(lambda _: {}) == (0, 4)
    rs = e.retrieve_results([("theta", "parameters/theta")], [("L", "parameters/L")])
    assert [(r.parameters.L, r.measurement_ids) for r in rs] == [(1.0, (1, 2)), (2.0, (3, 4))]
    assert rs.missing == ()


def test_a_default_of_an_unknown_parameter_is_refused(e):
    """With the names there are."""
    with pytest.raises(coma.ParameterSetError, match="defaults for unknown parameters 'L'; there is 'x'"):
        e.define_parameter_set(("x", "x"), defaults={"L": 1.0})
