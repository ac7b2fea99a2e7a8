# SPDX-License-Identifier: BSD-2-Clause
"""Objects of registered types as results, parameters, in tables, frames and on workers."""

import numpy as np
import pytest
import xarray as xr

import coma
from coma.trees import types


class Quantity(np.ndarray):
    """An array of numbers with a unit, which refuses what makes no sense of units, as those of libraries do."""

    def __new__(cls, value, unit):  # noqa: D102
        made = np.array(value, float).view(cls)
        made.unit = unit
        return made

    def __array_finalize__(self, other):
        self.unit = getattr(other, "unit", None)

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        units = {getattr(one, "unit", None) for one in inputs}
        if ufunc not in (np.isnan, np.isfinite) and len(units) > 1 and ufunc not in (np.equal, np.not_equal):
            raise TypeError(f"{ufunc.__name__} of {units}")
        if len(units) > 1:
            return np.bool_(ufunc is np.not_equal)
        return getattr(ufunc, method)(*(np.asarray(one) for one in inputs), **options)

    def __reduce__(self):
        return Quantity, (np.asarray(self), self.unit)

    def __float__(self):
        raise TypeError("a quantity with a unit is no float")

    def item(self, *_):
        """Refuse what astropy refuses."""
        raise TypeError("a quantity has no item")

    def tolist(self):
        """Refuse what astropy refuses."""
        raise NotImplementedError("a quantity makes no list")


class Spin:
    """An object that no library knows."""

    def __init__(self, up):
        self.up = up

    def __eq__(self, other):
        return isinstance(other, Spin) and self.up == other.up

    __hash__ = None


class Metres(float):
    """A float that remembers how exact it is."""

    def __new__(cls, value, error):  # noqa: D102
        made = super().__new__(cls, value)
        made.error = error
        return made

    def __getnewargs__(self):
        return float(self), self.error


class Labels(dict):
    """A dictionary with a title."""

    def __init__(self, title, **items):
        super().__init__(**items)
        self.title = title


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """Register the types of this file, for each test alone."""
    monkeypatch.setattr(types, "_BY_NAME", dict(types._BY_NAME))
    monkeypatch.setattr(types, "_OF_USERS", {})
    coma.register_type(
        Quantity,
        "quantity",
        lambda q: {"value": np.asarray(q), "unit": q.unit},
        lambda state: Quantity(state["value"], state["unit"]),
    )
    coma.register_type(Spin, "spin", lambda s: {"up": s.up}, lambda state: Spin(state["up"]))
    coma.register_type(
        Metres, "metres", lambda m: {"value": float(m), "error": m.error}, lambda s: Metres(s["value"], s["error"])
    )
    coma.register_type(
        Labels, "labels", lambda x: {"title": x.title, "items": dict(x)}, lambda s: Labels(s["title"], **s["items"])
    )


VALUES = {
    "scalar": [Quantity(1.5, "m"), Quantity(1.5, "s"), Quantity(2.5, "m")],
    "array": [Quantity([1.5, 2.5], "m"), Quantity([1.5, 2.5], "s"), Quantity([[0.5], [1.5]], "m")],
    "object": [Spin(True), Spin(False), Spin(None)],
    "float": [Metres(1.5, 0.1), Metres(1.5, 0.2), Metres(2.5, 0.1)],
    "dict": [Labels("a", x=1), Labels("b", x=1), Labels("a", x=2)],
}


def same(a, b):
    """Tell whether two objects are of one type and have one state."""
    entry = types.of_user(b)
    states = [coma.RecursiveSerializer().encode(one) for one in (a, b)]
    return type(a) is type(b) and entry is not None and states[0] == states[1]


def measured(directory, values, **options):
    """Return an experiment whose parameter and results are these values; it was run twice."""
    e = coma.Experiment(directory)
    e.define_parameter_set(("q", "parameters/q"))
    for value in values:
        e.add_parameter_set(value)
    results = lambda p: {**p.tree(), "results": {"E": p.q, "list": [p.q, p.q], "in": {"q": p.q}, "n": 1}}
    assert e.run(results, **options) == (len(values), len(values))
    assert e.run(results) == (0, len(values))
    return e


@pytest.mark.parametrize("kind", VALUES)
def test_a_registered_type_is_a_result_and_a_parameter(kind, directory):
    """Each value is a point of its own, and comes back; equal ones are one point, and have one seed."""
    values = VALUES[kind]
    e = measured(directory, values)
    for value in values:
        e.add_parameter_set(value)
    assert e.status().total == len(values)
    for m, value in zip(e.measurements(), values, strict=True):
        for path in ("parameters/q", "results/E", "results/list/1", "results/in/q"):
            assert same(m[path], value)
        assert "is measurement" in e.explain(value)
    sets = [coma.ParameterSet.of(q=value) for value in values]
    assert len({p.seed for p in sets}) == len(set(sets)) == len(values)
    assert sets[0].seed == coma.ParameterSet.of(q=next(e.measurements())["parameters/q"]).seed


@pytest.mark.parametrize("kind", VALUES)
def test_a_registered_type_is_a_column_of_objects(kind, directory):
    """Beside others, in the table, in a list that unfolds, alone and several; and it chooses results."""
    values = VALUES[kind]
    e = measured(directory, values)
    table = [("E", "results/E"), ("n", "results/n"), ("list", "results/list")]
    (r,) = e.retrieve_results(table)
    for name in ("E", "list_1", "list_2"):
        assert (r[name].dtype, r[name].shape) == (object, (len(values),))
        assert all(map(same, r[name], values))
    assert r.table.shape == (len(values), 4)
    assert same(r.table[1, 0], values[1])
    rs = e.retrieve_results(table, [("q", "parameters/q")])
    assert len(rs) == len(values)
    assert all(map(same, rs.q, values))
    for i, value in enumerate(values):
        for chosen in (rs["q", value], rs.where(q=value), rs[[i]]):
            assert [x.measurement_ids for x in chosen] == [(i + 1,)]
        assert same(chosen[0]["E"][0], value)
    assert len(rs.where("q == q")) == len(values)
    assert "list_2" in repr(rs) + rs._repr_html_()


@pytest.mark.parametrize("kind", VALUES)
def test_a_registered_type_is_in_frames(kind, directory):
    """Columns of objects; a dimension of a grid, and a variable on it, also where a point is missing."""
    values = VALUES[kind]
    e = measured(directory, values)
    columns = [("E", "results/E"), ("n", "results/n")]
    rs = e.retrieve_results(columns, [("q", "parameters/q")])
    for frame in (rs.to_dataframe(), rs[1].to_dataframe()):
        assert all(same(q, E) for q, E in zip(frame["q"], frame["E"], strict=True))
        assert frame["q"].dtype == object
    assert all(map(same, e.to_dataframe()["results/E"], values))
    data = rs.to_xarray()
    assert all(map(same, data.q.values, values))
    assert all(map(same, data.E.values, values))
    both = e.retrieve_results([*columns, ("x", "results/n")], [("q", "parameters/q")]).to_xarray(dims=("x", "q"))
    assert all(map(same, both.E.values[0], values))
    assert isinstance(both, xr.Dataset)


def test_a_grid_of_objects_may_have_gaps(directory):
    """NaN stands where nothing is."""
    e = coma.Experiment(directory)
    e.define_parameter_set(("x", "parameters/x"), ("y", "parameters/y"))
    e.add_parameter_sets([(0, 0), (0, 1), (1, 1)])
    e.run(lambda p: {**p.tree(), "results": {"E": Quantity(p.x + p.y, "m")}})
    data = e.retrieve_results([("E", "results/E")], [("x", "parameters/x"), ("y", "parameters/y")]).to_xarray()
    assert same(data.E.values[1, 1], Quantity(2.0, "m"))
    assert np.isnan(data.E.values[1, 0])


@pytest.mark.slow
@pytest.mark.parametrize("kind", VALUES)
def test_a_registered_type_travels_to_workers(kind, directory):
    """As a parameter to them, as a result from them."""
    e = measured(directory, VALUES[kind], workers=2)
    assert all(map(same, e.retrieve_results([("E", "results/E")])[0]["E"], VALUES[kind]))
