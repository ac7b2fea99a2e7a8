# SPDX-License-Identifier: BSD-2-Clause
"""Retrieval says what it did: what was missing, filled, padded, chosen, and of which type it is."""

import datetime
import sys
import tracemalloc
import warnings

import numpy as np
import pytest
from helpers import sweep
from hypothesis import given
from hypothesis import strategies as st

import coma
from coma.parameters.parameterset import Definition
from coma.results.retrieval import retrieve
from coma.results.tables import as_array
from coma.text import suggestion

NAN = float("nan")


def measurements(*trees):
    """Return the trees of measurements with the ids 1, 2, ..."""
    return [{"info": {"measurement_id": i}, **tree} for i, tree in enumerate(trees, 1)]


def test_what_is_left_out_is_said():
    """The list's attribute names each measurement and each path, also after filtering."""
    ms = measurements({"p": 1, "t": 1.0}, {"p": 1}, {"t": 3.0}, {})
    rs = retrieve(ms, [("t", "t")], [("p", "p")])
    assert [r.measurement_ids for r in rs] == [(1,)]
    assert rs.missing == ((2, "t"), (3, "p"), (4, "t"), (4, "p"))
    assert (rs.missing[0].measurement_id, rs.missing[0].path) == (2, "t")
    assert rs["p", 1].missing == rs[:0].missing == rs.missing


def test_a_condition_lacks_what_it_names():
    """And not a path that nobody wrote."""
    ms = measurements({"results": {"E": 1}}, {"results": {}})
    rs = retrieve(ms, [], [], where="results/E > 0")
    assert rs.missing == ((2, "results/E"),)


def test_a_path_that_is_nowhere_is_warned_of():
    """Once, with the nearest path there is; where there are no measurements at all, that is said."""
    with pytest.warns(UserWarning, match="no measurement has 'results/tt'; did you mean 'results/t'") as record:
        assert retrieve(measurements({"results": {"t": 1}}, {"results": {"t": 2}}), [("t", "results/tt")], []) == []
    assert len(record) == 1
    with pytest.warns(UserWarning, match="no measurement has 'b'; did you mean 'results/B'"):
        retrieve(measurements({"results": {"B": 1}}), [], [], where="b > 1")
    with pytest.warns(UserWarning, match="There are no measurements") as record:
        assert retrieve([], [("t", "nowhere")], []) == []
    assert len(record) == 1


def test_a_warning_names_the_line_that_asked(directory):
    """Not one within Coma."""
    e = sweep(directory)
    e.run(lambda p: {"parameters": {"x": p.x}})
    with pytest.warns(UserWarning, match="no measurement has 'results/t'") as record:
        e.retrieve_results([("t", "results/t")])
    assert record[0].filename == __file__


def test_absent_values_are_filled():
    """By one value or by name; columns and parameters; what is not named is left out as before."""
    ms = measurements({"p": 1, "t": 1.0, "n": 4}, {"p": 1, "n": 5}, {"t": 3.0, "n": 6})
    (r,) = retrieve(ms, [("t", "t"), ("n", "n")], [("p", "p")], fill={"t": NAN})
    assert (r.measurement_ids, r["n"].tolist()) == ((1, 2), [4, 5])
    assert np.array_equal(r["t"], [1.0, NAN], equal_nan=True)
    rs = retrieve(ms, [("t", "t")], [("p", "p")], fill=0)
    assert [(r.parameters.p, r["t"].tolist()) for r in rs] == [(1, [1.0, 0.0]), (0, [3.0])]
    assert rs.missing == ((2, "t"), (3, "p"))
    (r,) = retrieve(ms, [("t", "t")], [], fill=None)
    assert r["t"].tolist() == [1.0, None, 3.0]
    with pytest.raises(coma.ExperimentError, match="cannot fill 'tt': it is neither a column nor a parameter; did you"):
        retrieve(ms, [("t", "t")], [], fill={"tt": 0})


def test_a_list_that_is_absent_fills_all_its_columns():
    """Whichever measurement comes first."""
    ms = measurements({}, {"E": [1.0, 2.0]}, {"E": [3.0, 4.0]})
    (r,) = retrieve(ms, [("E", "E")], [], fill=-1.0)
    assert r.table_columns == ("E_1", "E_2")
    assert r["E"].tolist() == [[-1.0, -1.0], [1.0, 2.0], [3.0, 4.0]]


def test_lists_of_any_length_are_padded():
    """Numbers by NaN, others by None; nested lists too; columns that come late are in their place."""
    ms = measurements(
        {"E": [1], "s": ["a"], "d": [[1], [2]], "t": 0.5}, {"E": [1, 2], "s": ["b", "c"], "d": [[3, 4], 5], "t": 1.5}
    )
    (r,) = retrieve(ms, [("E", "E"), ("s", "s"), ("d", "d"), ("t", "t")], [], on_ragged="pad")
    assert r.table_columns == ("E_1", "E_2", "s_1", "s_2", "d_1_1", "d_1_2", "d_2", "d_2_1", "t")
    assert np.array_equal(r["E"], [[1, NAN], [1, 2]], equal_nan=True)
    assert r["s"].tolist() == [["a", None], ["b", "c"]]
    assert np.array_equal(r["d_2"], [NAN, 5], equal_nan=True)
    with pytest.raises(coma.ExperimentError, match="pass on_ragged='pad'"):
        retrieve(ms, [("E", "E")], [])
    with pytest.raises(coma.ExperimentError, match="on_ragged is 'cut'; choose 'error' or 'pad'"):
        retrieve(ms, [("E", "E")], [], on_ragged="cut")


def test_a_condition_chooses_measurements():
    """By the names of columns, by paths, by names in parameters; whoever lacks the path is left out and named."""
    ms = measurements(
        *({"parameters": {"A": a, "T": 10 - a}, "results": {"E": {"mean": a**2}}} for a in range(6)), {"results": {}}
    )
    for where in ("3 <= energy < 20", "3 <= results/E/mean < 20", "A > 1.5 and T > 5", "parameters/A in [2, 3, 4]"):
        rs = retrieve(ms, [("energy", "results/E/mean")], [], where=where)
        assert rs[0].measurement_ids == (3, 4, 5)
        assert 7 in {missing.measurement_id for missing in rs.missing}
    (r,) = retrieve(ms, [("A", "parameters/A")], [], where=lambda m: m.id in (2, 4))
    assert r.measurement_ids == (2, 4)
    with pytest.raises(coma.ExperimentError, match="is no condition"):
        retrieve(ms, [], [], where="A >")
    with pytest.raises(coma.ExperimentError, match=r"where is 3; write 'A > 3 and T < 5', or a function"):
        retrieve(ms, [], [], where=3)


def test_a_condition_knows_the_experiments_own_names(directory):
    """Those of define_parameter_set, wherever their paths lead."""
    e = coma.Experiment(directory)
    e.define_parameter_set(("T", "setup/heat/T"))
    e.add_parameter_grid(T=[1.0, 2.0, 3.0])
    e.run(lambda p: {"setup": {"heat": {"T": p.T}}, "results": {"E": p.T}})
    assert e.retrieve_results([("E", "results/E")], where="T > 1.5")[0].table.tolist() == [[2.0], [3.0]]


def test_a_star_collects_what_there_is():
    """From lists and dictionaries, unfolded or padded."""
    ms = measurements(
        {"layers": [{"d": 1.0}, {"d": 2.0}], "modes": {"a": 5}}, {"layers": [{"d": 3.0}], "modes": {"b": 6}}
    )
    (r,) = retrieve(ms, [("m", "modes/*")], [])
    assert (r.table_columns, r["m"].tolist()) == (("m_1",), [[5], [6]])
    (r,) = retrieve(ms, [("d", "layers/*/d")], [], on_ragged="pad")
    assert np.array_equal(r["d"], [[1.0, 2.0], [3.0, NAN]], equal_nan=True)


ZONE = datetime.timezone(datetime.timedelta(hours=2))
DAY = datetime.date(2014, 2, 25)
NOON = datetime.datetime(2014, 2, 25, 12)


@pytest.mark.parametrize(
    ("cells", "dtype"),
    [
        ([1, 2], "int64"),
        ([True, False], "bool"),
        ([1, 2.5], "float64"),
        ([2**63, 1], "uint64"),
        ([2**64, 1], "object"),
        ([1, 2.5j], "complex128"),
        (["a", "bc"], "<U2"),
        ([1, "a"], "object"),
        ([None, 1.0], "object"),
        ([b"a", b"b"], "object"),
        ([{"a": 1}, {"a": 2}], "object"),
        ([DAY, DAY], "datetime64[D]"),
        ([NOON, NOON], "datetime64[us]"),
        ([NOON, NOON.replace(tzinfo=ZONE)], "object"),
        ([np.array([1, 2]), np.array([3.5, 4])], "float64"),
        ([np.array(["a"]), np.array([3.5])], "object"),
        ([np.array([1, 2]), np.array([1])], "object"),
        ([np.array(1.5), 2], "float64"),
        ([np.array("2014-02-25T12:00:00.000000001", "datetime64[ns]")] * 2, "datetime64[ns]"),
        ([np.array(1, np.longdouble) / 3, np.array(1, np.longdouble)], np.dtype(np.longdouble).name),
    ],
    ids=str,
)
def test_each_kind_of_value_has_its_dtype(cells, dtype):
    """As the docstring of as_array says; a column of another kind beside it changes nothing."""
    ms = measurements(*({"x": cell, "label": "a"} for cell in cells))
    (r,) = retrieve(ms, [("x", "x"), ("label", "label")], [])
    assert r["x"].dtype == np.dtype(dtype)
    assert r.table.dtype == object or dtype == "<U2"
    for found, cell in zip(r["x"], cells, strict=True):
        assert np.array_equal(found, cell)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**64), 2**64),
    st.floats(),
    st.complex_numbers(),
    st.text(),
    st.dates(),
    st.datetimes(),
    st.binary(),
)


@given(st.one_of(st.lists(SCALARS), *(st.lists(kind) for kind in SCALARS.original_strategies)))
def test_a_column_keeps_every_value(cells):
    """Whatever is mixed with whatever: no digit, no character is lost."""
    for found, cell in zip(as_array(cells).tolist(), cells, strict=True):
        assert found == cell or (found != found and cell != cell)  # noqa: PLR0124


def test_rows_are_in_the_order_of_the_ids_and_results_in_that_of_appearance():
    """Whatever the values are."""
    ms = measurements(*({"A": a, "t": t} for a, t in [(9, 3), (1, 2), (9, 1)]))
    rs = retrieve(ms, [("t", "t")], [("A", "A")])
    assert [(r.parameters.A, r["t"].tolist(), r.measurement_ids) for r in rs] == [(9, [3, 1], (1, 3)), (1, [2], (2,))]


@pytest.mark.slow
def test_memory_is_that_of_the_table_and_not_of_the_trees(directory):
    """A sweep whose measurements hold much else leaves little behind, and is read once."""
    e = sweep(directory, 100)
    e.run(lambda p: {"parameters": {"x": p.x}, "results": {"y": 2 * p.x, "log": ["line"] * 20_000}})
    tracemalloc.start()
    (r,) = e.retrieve_results([("x", "parameters/x"), ("y", "results/y")])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert r.table.shape == (100, 2)
    trees = 100 * 20_000 * (sys.getsizeof("line") + 8)
    assert peak < trees / 10


def test_nothing_is_warned_of_when_all_is_there(directory):
    """A whole sweep, read in each way."""
    e = sweep(directory)
    e.run(lambda p: {"parameters": {"x": p.x}, "results": {"y": 2 * p.x}})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rs = e.retrieve_results([("y", "results/y")], [("x", "parameters/x")], where="x >= 0")
    assert (len(rs), rs.missing) == (4, ())


def test_a_default_that_is_a_list_is_one_in_a_table(directory):
    """As it is where a measurement has it."""
    e = coma.Experiment(directory)
    e.define_parameter_set(("x", "parameters/x"))
    e.add_parameter_set(1)
    e.run(lambda p: p.tree())
    e.clear_parameter_sets()
    e.define_parameter_set(("x", "parameters/x"), ("v", "parameters/v"), defaults={"v": [1, 2]})
    e.add_parameter_set(1, [1, 2])
    e.add_parameter_set(2, [3, 4])
    assert e.run(lambda p: p.tree()) == (1, 2)
    (r,) = e.retrieve_results([("v", "parameters/v")])
    assert r.table.tolist() == [[1, 2], [3, 4]]


def test_an_integer_and_a_float_beyond_the_exact_ones_are_measured_once_each(directory):
    """They are two points, of which neither is measured again."""
    e = coma.Experiment(directory)
    e.define_parameter_set(("x", "parameters/x"))
    for x in (1234567890123456768, 1234567890123456768.0):
        e.add_parameter_set(x)
    assert [e.run(lambda p: p.tree()) for _ in range(3)] == [(2, 2), (0, 2), (0, 2)]


@pytest.mark.parametrize(
    ("table", "by", "text"),
    [
        ([("t", "results/y"), ("t", "parameters/x")], [], "'t' is the name of 'results/y' and 'parameters/x'"),
        ([("x", "results/y")], [("x", "parameters/x")], "'x' is the name of 'results/y' and 'parameters/x'"),
        ([("v", "results/v"), ("v_1", "results/y")], [], "'v' is a list that unfolds to 'v_1', which has a column"),
        ([("v", "results/v")], [("v_2", "parameters/x")], "'v' is a list that unfolds to 'v_2', which has a column"),
    ],
)
def test_one_name_for_two_things_is_refused(directory, table, by, text):
    """Else some methods would take the one and some the other."""
    e = sweep(directory)
    e.run(lambda p: {**p.tree(), "results": {"y": 2 * p.x, "v": [1, 2]}})
    with pytest.raises(coma.ExperimentError, match=text):
        e.retrieve_results(table, by)
    assert len(e.retrieve_results([("x", "parameters/x")], [("x", "parameters/x")])) == 4


def odd(number, **results):
    """Return the tree of a measurement whose results have odd keys."""
    return {"info": {"measurement_id": number}, "parameters": {"p/q": 1.0 * number}, "results": results}


TREES = [odd(n, **{"v (m/s)": 2.0 * n, "T": {"a": n}, "T/a": 7 * n, "x": {"y/z": {"w": n}}}) for n in (1, 2)]


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("results/v (m/s)", [2.0, 4.0]),
        (["results", "v (m/s)"], [2.0, 4.0]),
        ("results/T/a", [7, 14]),
        (["results", "T", "a"], [1, 2]),
        (("results", "T/a"), [7, 14]),
        ("results/x/y/z/w", [1, 2]),
    ],
)
def test_a_key_with_a_slash_is_a_column(path, values):
    """By its own text, and by a sequence of keys; beside other columns and alone; in conditions, too."""
    for table in ([("v", path)], [("v", path), ("u", "results/v (m/s)"), ("w", ["results", "T", "a"])]):
        (r,) = retrieve(TREES, table, [])
        assert r.columns[0].tolist() == values
    (r,) = retrieve(TREES, [("v", path)], [], where=f"v == {values[1]}")
    assert r.measurement_ids == (2,)


def test_a_key_with_a_slash_is_a_parameter():
    """Its path is a text or a sequence; results are chosen by both."""
    for path in ("parameters/p/q", ["parameters", "p/q"]):
        rs = retrieve(TREES, [("v", "results/v (m/s)")], [("p", path)])
        assert rs["p"].tolist() == [1.0, 2.0]
        assert rs[path, 2.0][0].measurement_ids == (2,)
        assert rs.where("parameters/`p/q` > 1" if path == ["parameters", "p/q"] else "`parameters/p/q` > 1") == rs[1:]
    (r,) = retrieve(TREES, [("v", "results/v (m/s)")], [], where="results/`v (m/s)` > 2 and `p/q` == 2")
    assert r.measurement_ids == (2,)


def test_a_parameter_whose_key_has_a_slash_is_stored_and_found(directory):
    """Where a sequence says so; the experiment finds its points again, and refuses one within another."""
    e = coma.Experiment(directory)
    with pytest.raises(coma.ParameterSetError, match="lies within"):
        e.define_parameter_set(("a", ["parameters", "p/q"]), ("b", ["parameters", "p/q", "r"]))
    e.define_parameter_set(("v", ["parameters", "v (m/s)"]), ("p", "parameters/p"))
    e.add_parameter_grid(v=[1.0, 2.0], p=[3])
    assert (e.run(lambda p: p.tree()), e.run(lambda p: p.tree())) == ((2, 2), (0, 2))
    assert next(e.measurements())["parameters"] == {"v (m/s)": 1.0, "p": 3}
    assert "is measurement 2" in e.explain(2.0, 3)
    assert e.retrieve_results([("v", "parameters/v (m/s)")], where="v > 1")[0]["v"].tolist() == [2.0]


def test_no_word_suggests_what_was_asked():
    """Neither an error nor a warning."""
    with pytest.warns(
        UserWarning, match=r"no measurement has 'results/v \(m/s\)x'; did you mean 'results/v \(m/s\)'\?"
    ):
        retrieve(TREES, [("v", "results/v (m/s)x")], [])
    assert suggestion("a", ["a"]) == "; there is none"


def test_tables_are_told_apart_as_the_parameters_are():
    """By the digits of the experiment's definition, in all ways to choose."""
    trees = [{"info": {"measurement_id": n}, "parameters": {"x": x}} for n, x in enumerate([0.3, 0.1 + 0.2], 1)]
    table, by = [("x", "parameters/x")], [("y", "parameters/x")]
    for digits, ids in ((12, [(1, 2)]), (None, [(1,), (2,)])):
        known = Definition([("x", "parameters/x")], digits)
        rs = retrieve(trees, table, by, known=known)
        assert [r.measurement_ids for r in rs] == ids
        for chosen in (
            rs["y", 0.3],
            rs.where(y=0.3),
            rs.where("y == 0.3"),
            rs.where("y <= 0.3"),
            retrieve(trees, table, [], where="x == 0.3", known=known),
            retrieve(trees, table, [], where="x in [0.3]", known=known),
            retrieve(trees, table, [], where="parameters/x <= 0.3", known=known),
        ):
            assert [r.measurement_ids for r in chosen] == ids[:1]


def test_an_experiment_without_measurements_says_so(directory):
    """The directory may be another one than was meant."""
    with pytest.warns(UserWarning, match="no measurements to retrieve results from"):
        assert coma.Experiment(directory).retrieve_results([("t", "results/t")]) == []
