# SPDX-License-Identifier: BSD-2-Clause
"""Results as pandas and xarray know tables."""

import datetime
import sys

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import coma
from coma.results.retrieval import retrieve
from coma.trees.path import leaves

TABLE = [("theta", "parameters/theta"), ("t", "results/t")]
BY = [("theta_0", "parameters/theta_0")]


def measurement(number, theta_0, theta, **results):
    """Return the tree of a measurement of a pendulum."""
    parameters = {"theta_0": theta_0, "theta": theta}
    return {"info": {"measurement_id": number}, "parameters": parameters, "results": results}


@pytest.fixture
def ms():
    """Return a 3 x 2 grid of which one point is missing, in no order."""
    points = [(-5.0, 2), (-30.0, 1), (-5.0, 1), (-60.0, 2), (-30.0, 2)]
    return [
        measurement(
            i,
            *point,
            t=10 * point[1] - point[0],
            n=i,
            name=f"run {i}",
            psi=np.array([i, 2.0 * i]),
            E=[i, -i],
            day=datetime.date(2014, 2, i),
        )
        for i, point in enumerate(points, 1)
    ]


def test_a_dataframe_is_tidy(ms):
    """One row for each measurement under its id; parameters, then columns, each of its own dtype."""
    frame = retrieve(ms, [*TABLE, ("name", "results/name")], BY).to_dataframe()
    assert frame.index.name == "measurement_id"
    assert list(frame.index) == [1, 3, 2, 5, 4]
    assert list(frame.columns) == ["theta_0", "theta", "t", "name"]
    assert [str(dtype) for dtype in frame.dtypes[:3]] == ["float64", "int64", "float64"]
    assert frame.loc[4].tolist() == [-60.0, 2, 80.0, "run 4"]
    assert frame.groupby("theta_0")["t"].mean()[-30.0] == 45.0


def test_a_dataframe_of_one_result(ms):
    """The same columns as in the list's."""
    rs = retrieve(ms, TABLE, BY)
    pd.testing.assert_frame_equal(rs[0].to_dataframe(), rs[:1].to_dataframe())


def test_a_dataframe_holds_what_is_no_number(ms):
    """Arrays are cells; lists are unfolded; a list as a parameter is a cell."""
    rs = retrieve(ms, [("psi", "results/psi"), ("E", "results/E")], [("e", "results/E"), *BY])
    frame = rs.to_dataframe()
    assert list(frame.columns) == ["e", "theta_0", "psi", "E_1", "E_2"]
    assert frame.loc[3, "psi"].tolist() == [3.0, 6.0]
    assert frame.loc[3, "e"] == (3, -3)
    assert len(coma.ResultList().to_dataframe()) == 0


def test_results_of_different_columns_share_a_dataframe():
    """What one lacks is NaN."""
    ms = [measurement(1, -5.0, 1, E=[1.0]), measurement(2, -30.0, 1, E=[2.0, 3.0])]
    frame = retrieve(ms, [("E", "results/E")], BY).to_dataframe()
    assert frame["E_1"].tolist() == [1.0, 2.0]
    assert np.array_equal(frame["E_2"], [np.nan, 3.0], equal_nan=True)


def test_an_experiment_is_a_dataframe_of_scalars(directory):
    """Of parameters, results and info, by path; lists and arrays are left out, what is absent is NaN."""
    e = coma.Experiment(directory)
    e.define_parameter_set(("x", "parameters/x"))
    e.add_parameter_grid(x=[1.0, 2.0])
    e.run(lambda p: {"parameters": {"x": p.x}, "results": {"E": {"mean": p.x**2}, "all": [1], "a": np.zeros(2)}})
    m = e.new_measurement()
    m["parameters/x"] = 3.0
    m.save()
    frame = e.to_dataframe()
    assert frame.index.tolist() == [1, 2, 3]
    assert {"info/start_date", "parameters/x", "results/E/mean"} <= set(frame.columns)
    assert not {"results/all", "results/a", "results/all/0"} & set(frame.columns)
    assert np.array_equal(frame["results/E/mean"], [1.0, 4.0, np.nan], equal_nan=True)


def test_a_dataset_is_labelled_and_sorted(ms):
    """Parameters and the columns that are parameters span the grid; a missing point is NaN."""
    data = retrieve(ms, [*TABLE, ("n", "results/n")], BY).to_xarray()
    assert data.t.dims == ("theta_0", "theta")
    assert data.theta_0.values.tolist() == [-60.0, -30.0, -5.0]
    assert data.theta.values.tolist() == [1, 2]
    assert np.array_equal(data.t, [[np.nan, 80.0], [40.0, 50.0], [15.0, 25.0]], equal_nan=True)
    assert np.array_equal(data.n.sel(theta_0=-60.0), [np.nan, 4], equal_nan=True)
    assert data.t.attrs["path"] == "results/t"
    assert float(data.t.sel(theta_0=-30.0, theta=2)) == 50.0


def test_a_full_grid_keeps_its_dtypes(ms):
    """Integers stay integers, strings strings, dates dates."""
    table = [("n", "results/n"), ("name", "results/name"), ("day", "results/day"), ("theta", "parameters/theta")]
    data = retrieve(ms[1:3], table, BY).to_xarray(dims="theta_0")
    assert (data.n.dtype.kind, data.name.dtype.kind, data.day.dtype.kind) == ("i", "U", "M")
    assert data.theta.values.tolist() == [1, 1]


def test_what_is_no_number_has_its_own_gap(ms):
    """NaN among objects for strings, NaT for dates."""
    data = retrieve(ms, [("name", "results/name"), ("day", "results/day")], [*BY, TABLE[0]]).to_xarray()
    assert data.name.sel(theta_0=-5.0, theta=2).item() == "run 1"
    assert pd.isna(data.name.sel(theta_0=-60.0, theta=1).item())
    assert np.isnat(data.day.sel(theta_0=-60.0, theta=1).values)


def test_arrays_and_lists_become_inner_dimensions(ms):
    """Padded with NaN where they are shorter."""
    ms[0]["results"]["psi"] = np.array([9.0])
    rs = retrieve(ms, [("psi", "results/psi"), ("E", "results/E")], [*BY, TABLE[0]])
    data = rs.to_xarray()
    assert data.psi.dims == ("theta_0", "theta", "psi_dim_0")
    assert np.array_equal(data.psi.sel(theta_0=-5.0), [[3.0, 6.0], [9.0, np.nan]], equal_nan=True)
    assert data.E.sel(theta_0=-5.0, theta=2).values.tolist() == [1.0, -1.0]
    assert np.isnan(data.psi.sel(theta_0=-60.0, theta=1)).all()


def test_integers_are_never_rounded(ms):
    """A float for each that can hold them, also where a point is missing; else the integers themselves."""
    for number, m in enumerate(ms):
        m["results"] |= {"large": 2**53 + number, "mixed": 2**53 + 1 if number else 0.5}
    rs = retrieve(ms, [*TABLE, ("n", "results/n"), ("large", "results/large"), ("mixed", "results/mixed")], BY)
    data = rs.to_xarray()
    assert data.n.dtype == float
    for name in ("large", "mixed"):
        for m in ms:
            point = {key: m["parameters"][key] for key in ("theta_0", "theta")}
            assert data[name].sel(point).item() == m["results"][name]


def test_defaults_stand_in_a_dataframe_of_all(directory):
    """As in tables."""
    e = coma.Experiment(directory)
    e.define_parameter_set(("x", "parameters/x"))
    e.add_parameter_set(1.0)
    e.run(lambda p: p.tree())
    e.clear_parameter_sets()
    e.define_parameter_set(("x", "parameters/x"), ("g", "parameters/g"), defaults={"g": 9.81})
    e.add_parameter_set(1.0, 1.62)
    e.run(lambda p: p.tree())
    assert e.to_dataframe()["parameters/g"].tolist() == [9.81, 1.62]


def test_dims_may_be_named(ms):
    """By one name or several; two measurements on one point are an error that says what to do."""
    rs = retrieve(ms, TABLE, BY)
    assert rs.to_xarray(dims=("theta", "theta_0")).t.dims == ("theta", "theta_0")
    with pytest.raises(
        coma.ExperimentError, match=r"measurements 1 and 3 lie on one point of \(theta_0\); name in dims="
    ):
        rs.to_xarray(dims="theta_0")
    with pytest.raises(coma.PathError, match="no parameter or column 'theta_1'; did you mean 'theta_0'"):
        rs.to_xarray(dims="theta_1")


def test_points_that_differ_by_rounding_noise_are_one_coordinate():
    """As parameters are."""
    ms = [measurement(1, 0.3, 1, t=1.0), measurement(2, 0.1 + 0.2, 2, t=2.0)]
    assert retrieve(ms, TABLE, BY).to_xarray().t.shape == (1, 2)


def test_points_that_lie_on_no_grid_are_refused():
    """Before the memory is used up; the error says what to use instead."""
    ms = [measurement(i, i / 7, i / 11, t=1.0) for i in range(10_001)]
    with pytest.raises(
        coma.ExperimentError, match=r"10001 x 10001 = 100020001 points for 10001 measurements; .* to_data"
    ):
        retrieve(ms, TABLE, BY).to_xarray()


def test_a_dataset_of_nothing():
    """No results, no variables."""
    with pytest.warns(UserWarning, match="no measurements"):
        assert retrieve([], TABLE, BY).to_xarray().equals(xr.Dataset())


@pytest.mark.parametrize(("module", "method"), [("pandas", "to_dataframe"), ("xarray", "to_xarray")])
def test_a_missing_library_is_named(ms, module, method, monkeypatch):
    """With the command that installs it."""
    monkeypatch.setitem(sys.modules, module, None)
    text = rf"{method}\(\) needs {module}: pip install 'coma-toolkit\[frames\]'"
    with pytest.raises(coma.ExperimentError, match=text):
        getattr(retrieve(ms, TABLE, BY), method)()


def test_no_column_of_a_frame_is_lost(directory):
    """Two places of one text are two columns: of the sequence of keys, where the text belongs to the other."""
    e = coma.Experiment(directory)
    e.define_parameter_set(("x", "parameters/x"))
    e.add_parameter_grid(x=[1.0, 2.0])
    e.run(
        lambda p: {**p.tree(), "results": {"v (m/s)": p.x, "T": {"a": 1}, "T/a": 7, "a": {"b/c": 2}, "a/b": {"c": 3}}}
    )
    frame, m = e.to_dataframe(), next(e.measurements())
    assert frame["results/T/a"].tolist() == [7, 7]
    assert frame["results", "T", "a"].tolist() == [1, 1]
    assert frame["results/v (m/s)"].tolist() == [1.0, 2.0]
    assert {frame[name].iloc[0]: m[name] for name in frame} == {leaf: leaf for _, leaf in leaves(m.tree)}


def test_no_unfolded_column_is_lost():
    """Two lists that unfold to columns of one name are refused."""
    with pytest.raises(
        coma.ExperimentError, match="'E_1' is a list that unfolds to 'E_1_1', which 'E' has, too; rename"
    ):
        retrieve([measurement(1, 0.0, 1, E=[[1, 2]], F=[3])], [("E", "results/E"), ("E_1", "results/F")], [])
