# SPDX-License-Identifier: BSD-2-Clause
"""Tables out of measurements."""

import numpy as np
import pytest
from helpers import sweep

import coma
from coma.results.retrieval import retrieve
from coma.results.tables import as_table

PARAMETERS = [("T", "parameters/T"), ("kind", "parameters/kind")]


def result(p):
    """Return values of every kind."""
    n = int(p.x)
    return {
        "parameters": {"x": p.x, "T": 0.1 * (n % 2) + 0.2, "kind": ["a", "b"][n // 2]},
        "results": {
            "E": [n + 0.5, n + 1.5],
            "deep": [[n, 1], [2]],
            "array": np.array([n, n + 1.0]),
            "name": f"run {n}",
            "none": None,
            "flag": n > 1,
            "big": 2**70,
            **({"seldom": 1} if n == 2 else {}),
        },
    }


@pytest.fixture(params=["active", "inactive"])
def e(request, directory):
    """Return an experiment of four measurements, with its files or archived."""
    e = sweep(directory)
    e.run(result)
    if request.param == "inactive":
        e.deactivate()
    return e


def test_one_table_for_each_set_of_parameters(e):
    """In the order of appearance, with the ids of the rows."""
    rs = e.retrieve_results([("x", "parameters/x"), ("E0", "results/E/0")], PARAMETERS)
    assert repr(rs[0]) == "Result((x,E0), (T=0.2,kind=a))"
    assert [r.measurement_ids for r in rs] == [(1,), (2,), (3,), (4,)]
    (by_kind, other) = e.retrieve_results([("x", "parameters/x"), ("E0", "results/E/0")], PARAMETERS[1:])
    assert (by_kind.parameters.kind, by_kind.parameters["parameters/kind"], by_kind.parameters[0]) == ("a", "a", "a")
    assert by_kind.table.tolist() == [[0.0, 0.5], [1.0, 1.5]]
    assert (by_kind.table.shape, by_kind.table.dtype, by_kind.table_columns) == ((2, 2), np.float64, ("x", "E0"))
    assert other.measurement_ids == (3, 4)
    (everything,) = e.retrieve_results([("x", "parameters/x")])
    assert (everything.table.ravel().tolist(), str(everything.parameters)) == ([0.0, 1.0, 2.0, 3.0], "()")


def test_lists_unfold_and_arrays_stay_whole(e):
    """Columns are numbered from 1; an array adds dimensions to the table."""
    (r,) = e.retrieve_results([("x", "parameters/x"), ("E", "results/E"), ("d", "results/deep")])
    assert r.table_columns == ("x", "E_1", "E_2", "d_1_1", "d_1_2", "d_2_1")
    assert r.table[3].tolist() == [3.0, 3.5, 4.5, 3.0, 1.0, 2.0]
    assert r.table_definition == (("x", "parameters/x"), ("E", "results/E"), ("d", "results/deep"))
    (r,) = e.retrieve_results([("a", "results/array")])
    assert (r.table_columns, r.table.shape, r.table[1, 0].tolist()) == (("a",), (4, 1, 2), [1.0, 2.0])
    (r,) = e.retrieve_results([("x", "parameters/x"), ("a", "results/array")])
    assert (r.table.shape, r.table.dtype, r.table[2, 1].tolist()) == ((4, 2), object, [2.0, 3.0])


def test_values_that_are_no_numbers_are_kept(e):
    """Strings, None, booleans and huge integers come out as they are."""
    (r,) = e.retrieve_results(
        [("n", "results/name"), ("x", "results/none"), ("f", "results/flag"), ("b", "results/big")]
    )
    assert r.table[2].tolist() == ["run 2", None, True, 2**70]
    (r,) = e.retrieve_results([("f", "results/flag")])
    assert r.table.dtype == bool


def test_a_wildcard_collects(e):
    """As a list, which unfolds."""
    (r,) = e.retrieve_results([("first", "results/deep/*/0")])
    assert (r.table_columns, r.table[3].tolist()) == (("first_1", "first_2"), [3, 2])


def test_a_measurement_that_lacks_a_path_is_left_out(e):
    """Whether it is a column or a parameter; where none has it, the list is empty."""
    (r,) = e.retrieve_results([("s", "results/seldom")])
    assert r.measurement_ids == (3,)
    (r,) = e.retrieve_results([("x", "parameters/x")], [("s", "results/seldom")])
    assert (r.parameters.s, r.measurement_ids) == (1, (3,))
    with pytest.warns(UserWarning, match="no measurement has 'parameters/nothing'"):
        assert e.retrieve_results([("x", "parameters/nothing")]) == []


def test_result_lists_filter(e):
    """By name or path; filters chain; values are compared as parameters are."""
    rs = e.retrieve_results([("x", "parameters/x")], PARAMETERS)
    assert [r.measurement_ids for r in rs["kind", "a"]] == [(1,), (2,)]
    assert [r.measurement_ids for r in rs["kind", "a"]["T", 0.3]] == [(2,)]
    assert len(rs["parameters/kind", "b"]) == 2
    assert rs["kind", "c"] == []
    with pytest.raises(coma.PathError, match="no parameter 'nothing'; there is 'T', 'kind'"):
        rs["nothing", 1]
    assert isinstance(rs["kind", "a"], coma.ResultList)
    with pytest.raises(coma.ExperimentError, match=r"cannot filter by \(1, 2, 3\); write rs\['theta_0', -5\.0\]"):
        rs[1, 2, 3]


def test_result_lists_are_lists(e):
    """Slices are result lists; sorting, iterating and adding work."""
    rs = e.retrieve_results([("x", "parameters/x")], PARAMETERS)
    assert isinstance(rs[1:], coma.ResultList)
    assert len(rs[::2]["kind", "a"]) == 1
    rs.sort(key=lambda r: -r.parameters.T)
    assert [r.parameters.T for r in rs] == [0.1 + 0.2, 0.1 + 0.2, 0.2, 0.2]
    assert rs[-1].parameters.T == 0.2
    with pytest.raises(IndexError):
        rs[4]


def test_parameters_of_any_kind_tell_tables_apart():
    """Lists, dictionaries, arrays, None and NaN; 1 is 1.0 but not True."""
    values = [[1, 2], (1, 2), {"a": 1}, np.array([3, 4]), None, float("nan"), float("nan"), 1, 1.0, True]
    ms = [{"info": {"measurement_id": i}, "p": v} for i, v in enumerate(values)]
    rs = retrieve(ms, [("id", "info/measurement_id")], [("p", "p")])
    assert [r.measurement_ids for r in rs] == [(0, 1), (2,), (3,), (4,), (5, 6), (7, 8), (9,)]
    assert rs["p", [1, 2]][0].measurement_ids == (0, 1)
    assert rs["p", float("nan")][0].measurement_ids == (5, 6)


def test_lists_that_vary_in_length_are_an_error():
    """The error names both measurements and says what to store instead."""
    ms = [{"info": {"measurement_id": i}, "E": [0.0] * i} for i in (1, 2)]
    text = r"measurement 2 has the columns \(E_1, E_2\), measurement 1 of the same parameters \(\) has \(E_1\); store .* arrays"
    with pytest.raises(coma.ExperimentError, match=text):
        retrieve(ms, [("E", "E")], [])


@pytest.mark.parametrize(
    ("rows", "dtype"),
    [
        ([[1, 2]], np.int64),
        ([[1, 2.5]], np.float64),
        ([[1, 1j]], np.complex128),
        ([[True, False]], bool),
        ([["a", "bc"]], "U2"),
        ([[2**63]], np.uint64),
        ([[2**63, -1]], object),
        ([[2**53 + 1, 0.5]], object),
        ([[2**70]], object),
        ([[1, "a"]], object),
        ([[1, None]], object),
        ([[True, 2]], np.int64),
        ([["a\0"]], object),
        ([[np.zeros(2)], [np.zeros(3)]], object),
        ([[np.zeros(2)], [np.ones(2)]], np.float64),
        ([], np.float64),
    ],
    ids=repr,
)
def test_a_table_keeps_every_value(rows, dtype):
    """The narrowest type that holds all of them exactly."""
    table = as_table(rows)
    assert table.dtype == dtype
    for row, expected in zip(table, rows, strict=True):
        for cell, value in zip(row, expected, strict=True):
            assert np.array_equal(cell, value)
