# SPDX-License-Identifier: BSD-2-Clause
"""Places in a tree."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coma
from coma.trees import path as paths
from coma.trees import readers

TREE = {
    "parameters": {"theta": -5.0, "names": ["a", "b"]},
    "layers": [{"d": 1.5, "m": {"x": 1}}, {"d": 2.5}],
    "array": np.array([[1, 2], [3, 4]]),
    "vector": np.array([0.5, 1.5]),
    "a/b": 7,
    "5": "five",
    "none": None,
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("parameters/theta", -5.0),
        ("parameters/names/1", "b"),
        ("parameters/theta/", -5.0),
        (["layers", 1, "d"], 2.5),
        (["layers", -1, "d"], 2.5),
        ("layers/*/d", [1.5, 2.5]),
        ("layers/*/m/x", [1]),
        ("*/theta", [-5.0]),
        ("vector/1", 1.5),
        ("vector/*", [0.5, 1.5]),
        (["a/b"], 7),
        ("5", "five"),
        ("none", None),
    ],
)
def test_a_path_leads_to_an_item(path, value):
    """Keys, positions and wildcards, as text or in parts."""
    assert paths.get(TREE, path) == value
    assert paths.has(TREE, path)


def test_an_item_of_an_array_is_a_python_number():
    """Rows stay arrays, items of a row do not."""
    assert type(paths.get(TREE, "vector/0")) is float
    assert paths.get(TREE, "array/1").tolist() == [3, 4]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("parameters/thet", r"path 'parameters/thet' not found: parameters has no item 'thet'; did you mean 'theta'\?"),
        ("results/t", r"the tree has no item 'results'; there is 'parameters', 'layers', 'array'"),
        ("parameters/theta/x", r"parameters/theta has no item 'x'"),
        ("layers/2", r"layers has no item '2'"),
        ("layers/-1", r"layers has no item '-1'"),
        ("layers/x", r"layers has no item 'x'"),
        ("none/x", r"none has no item 'x'"),
        ("/parameters", r"the tree has no item ''"),
        ("*/nothing", r"no item matches path '\*/nothing'"),
        (1.5, r"1\.5 is no path; write 'results/t'"),
        (["layers", None], r"is no path"),
    ],
)
def test_a_path_that_leads_nowhere_is_named(path, text):
    """The error names the missing part and what there is, and is a KeyError too."""
    with pytest.raises(coma.PathError, match=text) as caught:
        paths.get(TREE, path)
    assert isinstance(caught.value, KeyError)


def test_assignment_makes_the_dictionaries_on_the_way():
    """New places appear, old ones change, positions must exist."""
    tree = {"list": [1, 2]}
    paths.set_(tree, "a/b/c", 1)
    paths.set_(tree, "list/0", 5)
    assert tree == {"list": [5, 2], "a": {"b": {"c": 1}}}


@pytest.mark.parametrize("path", ["", [], "a/*", "list/7", "list/x", "number/x", "number/x/y"])
def test_assignment_to_no_place_changes_nothing(path):
    """What cannot be assigned is an error, and the tree stays as it was."""
    tree = {"list": [1, 2], "number": 3, "a": {}}
    with pytest.raises(coma.PathError, match=r"cannot assign|not found"):
        paths.set_(tree, path, 1)
    assert tree == {"list": [1, 2], "number": 3, "a": {}}


@given(st.lists(st.text(min_size=1).filter(lambda s: s != "*"), min_size=1, max_size=5), st.integers())
def test_what_was_put_somewhere_is_found_there(steps, value):
    """Any keys make a path in parts; those without a slash make one as text."""
    tree = {}
    paths.set_(tree, steps, value)
    assert paths.get(tree, steps) == value
    if not any("/" in step for step in steps):
        assert paths.get(tree, "/".join(steps)) == value


KEYS = st.text("ab/*0", max_size=3)
FLAT = st.recursive(st.integers(), lambda inner: st.dictionaries(KEYS, inner, max_size=3))
NESTED = st.recursive(
    st.integers(), lambda inner: st.dictionaries(KEYS, inner, max_size=3) | st.lists(inner, max_size=2)
)


def places(tree, keys=()):
    """Yield each leaf of a tree with the keys that lead to it."""
    if isinstance(tree, dict):
        for key, item in tree.items():
            yield from places(item, (*keys, key))
    else:
        yield keys, tree


@given(NESTED)
def test_each_leaf_is_reached_by_its_path_and_by_its_keys(tree):
    """Whatever the keys are, also beside others of the same text; no two leaves have one path."""
    found = list(paths.leaves(tree))
    assert [leaf for _, leaf in found] == [leaf for _, leaf in places(tree)]
    assert len({path for path, _ in found}) == len(found)
    for (path, leaf), (keys, _) in zip(found, places(tree), strict=True):
        assert paths.get(tree, path) is leaf
        assert paths.get(tree, keys) is leaf
        assert paths.locate(tree, path) == keys
        assert readers.getter(path)(tree) is readers.reader((path, path))(tree)[1] is leaf
        assert paths.has(tree, path)


@given(st.dictionaries(KEYS, FLAT, max_size=3), st.lists(KEYS, min_size=1, max_size=3), st.booleans())
def test_what_was_written_is_read_and_all_else_stays(tree, keys, as_text):
    """By a text or by keys: a place that is there is overwritten, and else made."""
    path = "/".join(keys) if as_text else keys
    before = dict(places(tree))
    try:
        paths.set_(tree, path, "new")
    except coma.PathError:
        return
    assert paths.get(tree, path) == "new"
    place = paths.locate(tree, path) if as_text else tuple(keys)
    kept = {keys: leaf for keys, leaf in before.items() if keys[: len(place)] != place}
    assert dict(places(tree)) == {**kept, place: "new"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("v (m/s)", 1),
        ("v (m/s)/", 1),
        ("r/v (m/s)", 2),
        ("r/v (m/s)/mean (m/s)", 3),
        ("r/T/a", 7),
        (["r", "T", "a"], 6),
        ("r/*", [2, {"a": 6}, 7, "star"]),
        (["r", "*"], "star"),
        ("*/T/a", [7]),
        ("*/v (m/s)", [2]),
    ],
)
def test_a_key_with_a_slash_is_reached_by_its_own_text(path, value):
    """At any level; a key goes before the keys between its slashes; ``*`` is one in a sequence only."""
    mean = {"mean (m/s)": 3}
    tree = {"v (m/s)": 1, "r": {"v (m/s)": 2, "T": {"a": 6}, "T/a": 7, "*": "star"}, "s": {"v (m/s)": mean}}
    if "mean" in path:
        tree["r"]["v (m/s)"] = mean
    if path == "*/v (m/s)":
        del tree["s"]
    assert paths.get(tree, path) == value
    if isinstance(value, int):
        assert readers.getter(path if isinstance(path, str) else tuple(path))(tree) == value


def test_an_empty_key_is_no_way_to_stay_where_one_is():
    """A sequence names each key."""
    for path in ([""], ["a", ""], "/a", "a//b"):
        with pytest.raises(coma.PathError, match=r"has no item ''"):
            paths.get({"a": {"b": 1}}, path)


PATHS = [
    "parameters/theta",
    "parameters/names",
    "parameters/x",
    "layers/0/d",
    "layers/0/m",
    "layers/*/d",
    "none",
    "a/b",
]


def outcome(read):
    """Return what comes of a function, which may be a path that leads nowhere."""
    try:
        return repr(read())
    except coma.PathError as error:
        return str(error)


@given(st.lists(st.sampled_from([*PATHS, "vector/0", "5", "", "parameters"]), min_size=1, max_size=4).map(tuple))
def test_several_paths_are_read_as_each_alone(given):
    """Whether they share a branch or not; the first that leads nowhere is named."""
    assert outcome(lambda: readers.reader(given)(TREE)) == outcome(
        lambda: tuple(paths.get(TREE, path) for path in given)
    )
