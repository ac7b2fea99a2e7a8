# SPDX-License-Identifier: BSD-2-Clause
"""Results chosen by expressions: numpy masks on a list, conditions as text, rows of a table."""

import contextlib
import copy
import math
import operator
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coma
from coma.results.expressions import Condition
from coma.results.retrieval import retrieve
from coma.trees import identity

BY = [("A", "parameters/A"), ("B", "parameters/B")]
TABLE = [("t", "results/t"), ("E", "results/E"), ("label", "results/label")]


def measurement(number, A, B, t):
    """Return the tree of a measurement with two parameters and three results."""
    results = {"t": t, "E": [t, 2 * t], "label": f"run {number}", "matrix": np.full((2, 2), t)}
    return {"info": {"measurement_id": number}, "parameters": {"A": A, "B": B}, "results": results}


@pytest.fixture
def rs():
    """Return results for A = 5 to 1, B funky or plain, with two rows each."""
    points = [(A, "funky" if A % 2 else "plain", t) for A in (5, 4, 3, 2, 1) for t in (-0.5, 1.5)]
    return retrieve([measurement(i, *point) for i, point in enumerate(points, 1)], TABLE, BY)


def chosen(results):
    """Return the parameter A of each result."""
    assert isinstance(results, coma.ResultList)
    return [r.parameters.A for r in results]


def test_a_parameter_of_all_results_is_an_array(rs):
    """By name, by path and as an attribute; numbers as numbers, strings as strings."""
    for values in (rs["A"], rs.A, rs["parameters/A"]):
        assert (values.tolist(), values.dtype) == ([5, 4, 3, 2, 1], np.int64)
    assert rs.B.tolist() == ["funky", "plain", "funky", "plain", "funky"]
    assert "A" in dir(rs)


def test_masks_positions_and_slices_filter_and_chain(rs):
    """What the introduction of 2014 wished for: rs[(A > 3) & (A < 5)]."""
    assert chosen(rs[(rs.A > 3) & (rs.A < 5)]) == [4]
    assert chosen(rs[rs.B == "funky"]) == [5, 3, 1]
    assert chosen(rs[rs["B"] == "funky"]["A", 3]) == [3]
    assert chosen(rs[[2, 0]]) == chosen(rs[np.array([2, 0])]) == [3, 5]
    assert chosen(rs[[True, False, False, False, True]]) == [5, 1]
    assert chosen(rs[1:3]["B", "plain"]) == [4]
    assert chosen(rs[rs.A > 99]) == chosen(rs[[]]) == chosen(rs[rs.A > 99][rs[rs.A > 99].B == "funky"]) == []
    assert rs[-1] is rs[np.int64(4)]


def test_equality_by_tuple_ignores_rounding_noise(rs):
    """And an unknown name is an error, as it is in ``where``."""
    (r,) = retrieve([measurement(1, 0.1 + 0.2, "a", 1.0)], TABLE, BY)["A", 0.3]
    assert r.measurement_ids == (1,)
    for ask in (lambda: rs["a", 1], lambda: rs["parameters/a", 1], lambda: rs.where(a=1), lambda: rs.where("a == 1")):
        with pytest.raises(coma.PathError, match=r"no parameter '(parameters/)?a'; did you mean '(parameters/)?A'"):
            ask()
    with pytest.raises(coma.ExperimentError, match=r"cannot filter by \(1, 1\); write rs\['theta_0', -5.0\]"):
        rs[1, 1]


def test_none_has_no_order():
    """It comes last where results are sorted, behind NaN, and is neither less nor greater in a condition."""
    values = [2.0, None, float("nan"), 1.0]
    mixed = retrieve([measurement(i, A, "a", 0.0) for i, A in enumerate(values)], TABLE, BY)
    for reverse, order in ((False, [1.0, 2.0]), (True, [2.0, 1.0])):
        first, second, nan, none = chosen(mixed.sorted("A", reverse=reverse))
        assert ([first, second], math.isnan(nan), none) == (order, True, None)
    assert chosen(mixed.where("A > 1")) == chosen(mixed.where("A >= 2")) == [2.0]
    assert chosen(mixed.where("A < 2 or A <= 1")) == [1.0]
    assert chosen(mixed.where("A == None")) == chosen(mixed.where("A >= None")) == [None]
    assert len(mixed.where("not A > 1")) == 3


def test_where_takes_values_and_conditions(rs):
    """Both may be given; the list of what was missing stays."""
    assert chosen(rs.where(A=3, B="funky")) == [3]
    assert chosen(rs.where("2 <= A < 5 and B != 'plain'")) == [3]
    assert chosen(rs.where("A > 2", B="plain")) == [4]
    assert rs.where(A=3).missing == rs.missing


def test_where_takes_a_function(rs):
    """Of the result; values may stand beside it."""
    assert rs.where(lambda r: len(r) == 2 and r.parameters.A > 3, B="plain") == rs[(rs.A > 3) & (rs.B == "plain")]


def test_sorting_by_parameters(rs):
    """Several names sort one after the other; NaN comes last; the list itself stays."""
    assert chosen(rs.sorted("A")) == [1, 2, 3, 4, 5]
    assert chosen(rs.sorted("B", "A")) == [1, 3, 5, 2, 4]
    assert chosen(rs.sorted("B", reverse=True)) == [4, 2, 5, 3, 1]
    assert chosen(rs) == [5, 4, 3, 2, 1]
    odd = retrieve([measurement(i, A, "a", 0.0) for i, A in enumerate([float("nan"), 2.0, 1.0])], TABLE, BY)
    assert chosen(odd.sorted("A"))[:2] == [1.0, 2.0]
    assert chosen(odd.sorted("A", reverse=True))[:2] == [2.0, 1.0]
    mixed = retrieve([measurement(i, A, "a", 0.0) for i, A in enumerate([1, "x"])], TABLE, BY)
    with pytest.raises(coma.ExperimentError, match="cannot sort by A: '<' not supported"):
        mixed.sorted("A")


@pytest.mark.parametrize(
    ("action", "error", "text"),
    [
        (lambda rs: rs["a"], coma.PathError, r"no parameter 'a'; did you mean 'A'\?"),
        (lambda rs: rs["x"], coma.PathError, "no parameter 'x'; there is 'A', 'B', 'parameters/A', 'parameters/B'"),
        (lambda rs: rs["parameters/a"], KeyError, "did you mean 'parameters/A'"),
        (lambda rs: rs.Bb, AttributeError, "no parameter 'Bb'; did you mean 'B'"),
        (lambda rs: rs.where(Aa=1), coma.PathError, "no parameter 'Aa'; did you mean 'A'"),
        (lambda rs: rs.where("Ab > 1"), coma.PathError, "no parameter 'Ab'"),
        (
            lambda rs: rs.where("t > 1"),
            coma.PathError,
            r"no parameter 't'; .*; a column chooses rows, r\[r\['t'\]",
        ),
        (lambda rs: rs.where("B > 1"), coma.ExperimentError, "'B > 1' cannot be decided: '>' not supported"),
        (lambda rs: rs.sorted("Ac"), coma.PathError, "no parameter 'Ac'"),
        (
            lambda rs: rs.where(3),
            coma.ExperimentError,
            r"where\(3\): write where\('A > 3'\), where\(A=3\) or a function",
        ),
        (
            lambda rs: rs[[True]],
            coma.ExperimentError,
            r"the mask has the shape \(1,\); it must have one value for each of 5",
        ),
        (lambda rs: rs[[0.5]], coma.ExperimentError, r"cannot choose by \[0.5\]; write a name, a slice, a mask"),
        (lambda rs: rs[[7]], IndexError, "7 is out of bounds"),
        (lambda rs: rs[0]["tt"], coma.PathError, "no column 'tt'; did you mean 't'"),
        (lambda rs: rs[0][0], coma.ExperimentError, "cannot choose by 0"),
    ],
)
def test_what_is_unknown_is_an_error_that_suggests(rs, action, error, text):
    """The nearest name, or all there are."""
    with pytest.raises(error, match=text):
        action(rs)


def test_a_column_is_reached_by_name(rs):
    """With its own type, also beside columns of other types; an unfolded list is a block."""
    r = rs[0]
    assert r["t"].tolist() == [-0.5, 1.5]
    assert (r["t"].dtype, r.table.dtype) == (np.float64, object)
    assert r["E_2"].tolist() == [-1.0, 3.0]
    assert r["E"].tolist() == [[-0.5, -1.0], [1.5, 3.0]]
    assert r["label"].tolist() == ["run 1", "run 2"]


def test_a_block_does_not_take_columns_that_only_look_like_its_own():
    """E unfolds to E_1 and E_2; a column that was called E_3, or E_x, is another."""
    tree = {"info": {"measurement_id": 1}, "E": [1, 2], "other": 3}
    (r,) = retrieve([tree], [("E", "E"), ("E_3", "other"), ("E_x", "other")], [])
    assert r["E"].tolist() == [[1, 2]]


def test_rows_are_chosen_by_masks(rs):
    """Ids and columns follow, the parameters stay."""
    r = rs[0][rs[0]["t"] > 0]
    assert (r.measurement_ids, r["label"].tolist(), r.table[0, 0], len(r)) == ((2,), ["run 2"], 1.5, 1)
    assert r.parameters == rs[0].parameters
    assert rs[0][[1, 0]].measurement_ids == (2, 1)
    assert rs[0][1:].measurement_ids == (2,)
    assert rs[0][rs[0]["t"] > 9].table.shape == (0, 4)


def test_result_lists_copy_and_pickle(rs):
    """An attribute that is no parameter does not disturb."""
    for again in (copy.copy(rs), pickle.loads(pickle.dumps(rs))):
        assert chosen(again[again.A > 4]) == [5]
        assert again.missing == ()


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("A > 3 and T < 5", True),
        ("A > 3 and not T < 5", False),
        ("A > 9 or kind == 'a'", True),
        ("3 < A <= 4", True),
        ("kind in ['a', 'b'] and kind not in ('c',)", True),
        ("'b' in kind", False),
        ("T == 0.3 and T != 0.4", True),
        ("T <= 0.3 and T >= 0.3 and 0.2 < T <= 0.3", True),
        ("T > 0.3 or T < 0.3", False),
        ("A <= 4 and A >= 4 and not A < 4 and not A > 4", True),
        ("flag", True),
        ("flag == 1", False),
        ("nothing == None", True),
        ("A > -2.5e3", True),
        ("results/energies/1 == 2.5", True),
        ("`lambda` == 7 and `odd name/x-y` == 8", True),
        ("[A, T] == [4, 0.3]", True),
        ("kind != 'a`b' and `odd name/x-y` == 8", True),
        ("'`lambda`' in ['`lambda`', \"it's\"]", True),
        ("kind in '''a`b''' and 'A # 3' == 'A # 3'", True),
        ("`it's` == 9 and kind != 'b\\'`'", True),
        ("__0 == 10 and `lambda` == 7", True),
        ("nothing < 1 or nothing >= 1 or 1 in [nothing]", False),
    ],
)
def test_conditions_hold_or_not(text, holds):
    """Comparisons, chains, and, or, not, in; names, paths, numbers, strings, lists."""
    values = {"A": 4, "T": 0.1 + 0.2, "kind": "a", "flag": True, "nothing": None, "results/energies/1": 2.5}
    assert Condition(text)({**values, "lambda": 7, "odd name/x-y": 8, "it's": 9, "__0": 10}.__getitem__) is holds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A >",
        "A = 3",
        "__import__('os').system('true')",
        "A.real > 3",
        "A[0] > 3",
        "(lambda: 1)() == 1",
        "A + 1 > 3",
        "[x for x in A]",
        "A is None",
        "f'{A}' == 'a'",
        "(A := 3) > 2",
        "A > 3; B",
        "A/2.5 > 1",
        "A\0",
        "A == 3 # and B == 4",
        "A == 'x`y` and `z",
        "(" * 500 + "A" + ")" * 500,
    ],
)
def test_anything_else_is_refused_before_it_is_looked_at(text):
    """No call, no attribute, no arithmetic: a condition is never evaluated as code."""
    with pytest.raises(coma.ExperimentError, match=r"is no condition.*write 'A > 3 and T < 5'"):
        Condition(text)


WORDS = st.sampled_from(
    ["A", "B", "A/B", "`x y`", "3", "2.5", "'a'", "True", "None", "[1, 2]", "(", ")", "-", ".", ","]
)
LINKS = st.sampled_from(["<", ">=", "==", "!=", "in", "not in", "is", "and", "or", "not", "+", "if", "else", "for", ""])


@given(st.one_of(st.text(), st.lists(st.one_of(WORDS, LINKS)).map(" ".join)))
def test_any_text_is_a_condition_or_refused(text):
    """And a condition is decided or refused; there is no other error, and nothing is called."""
    values = {"A": 4, "B": "a", "A/B": None, "x y": [1]}
    with contextlib.suppress(coma.ExperimentError, KeyError):
        assert Condition(text)(values.__getitem__) in (True, False)


NAMES = {
    "A": 4,
    "T": 0.1 + 0.2,
    "flag": True,
    "nothing": None,
    "kind": "a",
    "x y": -1.5,
    "it's": "b`c",
    "r/0": 7,
    "µ": 0,
}
CONSTANTS = [4, -1.5, 0.3, True, False, None, "a", "b`c", "`A`", "#", "", "it's", 'say "x"', "\\", "a\nb", "0.3"]
COMPARISONS = {
    "<": lambda a, b: before(operator.lt, a, b) and not identity.same(a, b),
    ">": lambda a, b: before(operator.gt, a, b) and not identity.same(a, b),
    "<=": lambda a, b: identity.same(a, b) or before(operator.le, a, b),
    ">=": lambda a, b: identity.same(a, b) or before(operator.ge, a, b),
    "==": identity.same,
    "!=": lambda a, b: not identity.same(a, b),
    "in": lambda a, b: a in b if isinstance(b, str) else any(identity.same(a, item) for item in b),
    "not in": lambda a, b: not COMPARISONS["in"](a, b),
}


def before(compare, a, b):
    """Tell whether two values have an order, and that one; None has none."""
    return a is not None and b is not None and compare(a, b)


def written(name):
    """Return a name as a condition has it."""
    return f"`{name}`" if name.startswith(("x", "it")) else name


names = st.sampled_from(list(NAMES)).map(lambda name: (written(name), lambda: NAMES[name]))
constants = st.sampled_from(CONSTANTS).map(lambda value: (repr(value), lambda: value))
lists = st.lists(names | constants, max_size=3).map(
    lambda items: (f"[{', '.join(text for text, _ in items)}]", lambda: [value() for _, value in items])
)
operands = st.one_of(names, constants, lists)


@st.composite
def comparisons(draw):
    """Return a comparison of two to four operands, and what it means in Python."""
    values, signs = [draw(operands)], []
    for _ in range(draw(st.integers(1, 3))):
        signs.append(draw(st.sampled_from(list(COMPARISONS))))
        values.append(draw(operands))
    links = list(zip(values, signs, values[1:], strict=False))
    text = values[0][0] + "".join(f" {sign} {right}" for _, sign, (right, _) in links)
    return text, lambda: all(COMPARISONS[sign](left(), right()) for (_, left), sign, (_, right) in links)


def joined(inner):
    """Return conditions that are made of others."""
    pairs = st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
        lambda pair: (
            f"({pair[0][0]}) {pair[1]} ({pair[2][0]})",
            lambda: pair[0][1]() and pair[2][1]() if pair[1] == "and" else pair[0][1]() or pair[2][1](),
        )
    )
    return pairs | inner.map(lambda one: (f"not ({one[0]})", lambda: not one[1]()))


@settings(max_examples=300)
@given(st.recursive(comparisons() | names, joined, max_leaves=4))
def test_a_condition_means_what_it_says(condition):
    """Texts that follow the grammar, against Python's own `and`, `or`, `not` and chains."""
    text, meaning = condition
    try:
        expected = bool(meaning())
    except TypeError:
        with pytest.raises(coma.ExperimentError, match="cannot be decided"):
            Condition(text)(NAMES.__getitem__)
    else:
        assert Condition(text)(NAMES.__getitem__) is expected, text


@given(st.text(min_size=1).filter(lambda name: "`" not in name), st.text())
def test_any_name_and_any_text_can_be_quoted(name, text):
    """A name between backticks, a text as Python quotes it; neither disturbs the other."""
    for sign, holds in (("==", True), ("!=", False)):
        assert Condition(f"`{name}` {sign} {text!r}")({name: text}.__getitem__) is holds
        assert Condition(f"{text!r} {sign} `{name}`")({name: text}.__getitem__) is holds


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("results/T/a", "results/T/a"),
        ("`results/T/a`", "results/T/a"),
        ("results/`T`/a", ("results", "T", "a")),
        ("results/`v (m/s)`/0", ("results", "v (m/s)", "0")),
        ("results/0x10/1_0", "results/0x10/1_0"),
        ("µ/ﬁ", "µ/ﬁ"),
    ],
)
def test_a_path_is_looked_up_as_it_is_written(text, path):
    """A text whose keys are not quoted, and else the sequence of its keys; no letter is read as another."""
    asked = []
    Condition(f"{text} == 1")(lambda name: asked.append(name))
    assert asked == [path]
