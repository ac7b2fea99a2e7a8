# SPDX-License-Identifier: BSD-2-Clause
"""Trees seen three ways, and compared."""

import copy
import pickle

import numpy as np
import pytest

import coma
from coma.trees.equality import equal
from coma.trees.view import View


@pytest.fixture
def tree():
    """Return a small tree."""
    return {"parameters": {"layout": {"cells": 3}}, "results": {"E": [1, 2], "a/b": 5}}


def test_three_ways_lead_to_one_item(tree):
    """Items, paths and attributes agree."""
    v = View(tree)
    assert v["parameters"]["layout"]["cells"] == v["parameters/layout/cells"] == v.parameters.layout.cells == 3
    assert v.results["a/b"] == v["results"]["a/b"] == 5
    assert v.results.E is tree["results"]["E"]


def test_writing_through_a_view_changes_the_tree(tree):
    """In each of the three ways; views that are assigned become dictionaries."""
    v = View(tree)
    v.parameters.layout.boas = 1
    v["parameters/layout/depth"] = 2
    v["results"]["copy"] = v.parameters.layout
    v.results.E[0] = 7
    v.results["a/b"] = 6
    assert tree["results"]["a/b"] == 6
    del v.results["a/b"], v.parameters.layout.cells
    assert tree["parameters"]["layout"] == {"boas": 1, "depth": 2}
    assert type(tree["results"]["copy"]) is dict
    assert tree["results"]["E"] == [7, 2]
    assert list(tree["results"]) == ["E", "copy"]


def test_what_is_not_there_is_an_error_of_the_kind_python_expects(tree):
    """KeyError for items, AttributeError for attributes, both with the name that is near."""
    v = View(tree)
    with pytest.raises(coma.PathError, match="did you mean 'results'"):
        v["result"]
    with pytest.raises(AttributeError, match="did you mean 'results'"):
        _ = v.result
    with pytest.raises(coma.PathError, match="cannot delete 'x'"):
        del v["x"]
    with pytest.raises(coma.PathError, match="cannot delete ''"):
        del v[""]
    with pytest.raises(AttributeError):
        del v.x
    assert v.get("results/x", 3) == 3
    assert not hasattr(v, "x")


def test_a_view_is_a_dictionary_to_everyone_else(tree):
    """Iteration, length, membership, equality, repr, dir, copies and pickles."""
    v = View(tree)
    assert (list(v), len(v), repr(v)) == (list(tree), 2, repr(tree))
    assert v == tree
    assert "results/E" in v
    assert "results/F" not in v
    assert "parameters" in dir(v)
    assert {**v.results} == tree["results"]
    assert pickle.loads(pickle.dumps(v)) == v
    copied = copy.deepcopy(v)
    copied.results.E[0] = 9
    assert tree["results"]["E"] == [1, 2]


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (1, 1, True),
        (1, 1.0, False),
        (1, True, False),
        (0.0, -0.0, False),
        (float("nan"), float("nan"), True),
        ("a", "a", True),
        ([1], (1,), False),
        ([1, 2], [1], False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, False),
        (None, {}, False),
        (np.array([1.0, np.nan]), np.array([1.0, np.nan]), True),
        (np.array([0.0]), np.array([-0.0]), False),
        (np.array([1]), np.array([1.0]), False),
        (np.zeros((0, 2)), np.zeros((2, 0)), False),
        (np.array([1 + 2j, np.nan]), np.array([1 + 2j, np.nan]), True),
        (np.array(["a", None], dtype=object), np.array(["a", None], dtype=object), True),
        (np.array(["a"]), np.array(["b"]), False),
        (np.array([True]), np.array([True]), True),
    ],
)
def test_equal_is_equal_to_the_last_bit(a, b, same):
    """Types, order, signs and dtypes count; NaN is NaN; also deep inside a tree."""
    assert equal(a, b) is same
    assert equal({"x": [a]}, {"x": [b]}) is same
