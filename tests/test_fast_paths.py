# SPDX-License-Identifier: BSD-2-Clause
"""The law of fast paths: each gives what the plain way gives, whatever it is given."""

import itertools
import json
import math

import numpy as np
import pytest
from helpers import sweep
from hypothesis import given, settings
from hypothesis import strategies as st

import coma
from coma import files
from coma.archives import archive as archives
from coma.archives import jsonarchive, xmlarchive, xmlnumbers
from coma.parameters.sweep import Sweep
from coma.results.cells import Cells
from coma.results.tables import as_array
from coma.storage import filetrees, readahead
from coma.storage.names import Names
from coma.trees import identity, readers
from coma.trees import path as paths
from coma.trees.equality import equal

KEYS = st.sampled_from(["a", "b", "a/b", "0", "", "*"])
NUMBERS = st.integers() | st.floats() | st.sampled_from([0.1 + 0.2, 2.0**53, 1e-5, 123456789012.5, 2**64])
SCALARS = NUMBERS | st.booleans() | st.none() | st.text(max_size=4)
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
PATHS = st.lists(KEYS, max_size=4).map("/".join) | st.lists(KEYS, max_size=3).map(tuple)
DIGITS = st.sampled_from([None, 3, 12])


def outcome(function, *arguments):
    """Return what a function returns, or the type and text of its error."""
    try:
        return function(*arguments)
    except coma.ComaError as error:
        return type(error), str(error)


@given(TREES, PATHS)
def test_a_path_that_was_split_before_leads_where_the_path_leads(tree, path):
    """`getter` against `get`."""
    assert equal(outcome(readers.getter(path), tree), outcome(paths.get, tree, path))


@given(TREES, st.lists(PATHS, min_size=1, max_size=3).map(tuple))
def test_several_paths_at_once_lead_where_each_leads(tree, several):
    """`reader` against `get`."""
    plain = [outcome(paths.get, tree, path) for path in several]
    found = outcome(readers.reader(several), tree)
    failed = [one for one in plain if isinstance(one, tuple) and one[0] is coma.PathError]
    assert equal(found, failed[0] if failed else tuple(plain))


@given(st.lists(st.tuples(SCALARS, DIGITS), max_size=3))
def test_a_key_without_neighbours_is_the_only_candidate(pairs):
    """`firm_key` against `key` and `neighbours`."""
    values, digits = [value for value, _ in pairs], [number for _, number in pairs]
    firm = identity.firm_key(values, digits)
    if firm is not None:
        assert firm == tuple(map(identity.key, values, digits))
        assert [firm] == list(itertools.product(*map(identity.neighbours, values, digits)))
    assert identity.candidates(values, digits)[0] == tuple(map(identity.key, values, digits))


@given(st.lists(SCALARS, max_size=3), st.lists(SCALARS, max_size=3))
def test_values_that_are_exactly_alike_are_the_same(a, b):
    """`exact` against `key`."""
    exact = identity.exact(tuple(a))
    assert exact == identity.exact(tuple(a))
    if exact is not None and exact == identity.exact(tuple(b)):
        assert [*map(identity.key, a)] == [*map(identity.key, b)]


@given(st.lists(st.tuples(NUMBERS, SCALARS), max_size=6), DIGITS)
def test_points_that_are_added_quickly_are_those_that_are_added_with_patience(points, digits):
    """`Sweep.add` against its patient way alone."""
    quick, patient = Sweep(), Sweep()
    for one in (quick, patient):
        one.define([("x", "parameters/x"), ("y", "parameters/y")], digits)
    for point in points:
        found = outcome(quick.add, point, {})
        assert found == outcome(patient._add_patiently, patient.defined().plain(point), patient.defined())
    assert equal([tuple(p) for p in quick], [tuple(p) for p in patient])


@given(TREES)
def test_json_is_what_the_standard_library_writes(tree):
    """Orjson's text, where it is taken, against that of `json`; and the way back."""
    plain = json.dumps(tree, indent=2).encode()
    text = outcome(jsonarchive.dumps, tree)
    if isinstance(text, bytes):
        assert text == plain
    assert equal(outcome(jsonarchive.loads, plain), json.loads(plain))


@given(st.lists(TREES.map(lambda tree: json.dumps(tree, indent=2).encode()) | st.binary(max_size=6), max_size=4))
def test_files_that_are_parsed_at_once_are_those_that_are_parsed_one_by_one(texts):
    """`jsonarchive.loads_all` against `loads`."""
    trees = jsonarchive.loads_all(texts)
    if trees is not None:
        assert equal(trees, [jsonarchive.loads(text) for text in texts])


@settings(max_examples=25)
@given(st.lists(st.floats(), max_size=400), st.booleans(), st.booleans())
def test_a_long_array_in_xml_is_read_as_its_items_are(numbers, boost, damaged):
    """`xmlnumbers` against an element for each number."""
    tree = {"m": {"a": coma.RecursiveSerializer().encode(np.array(numbers)), "b": "x" * xmlnumbers._LONG}}
    text = xmlarchive.dumps(tree, boost=boost)
    if damaged:
        text = text.replace(b"</item>", b"x</item>", 1)
    found = outcome(xmlarchive.loads, text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xmlnumbers, "_LONG", math.inf)
        assert equal(found, outcome(xmlarchive.loads, text))


@given(st.integers(0, 10**9), st.sampled_from(["m.${measurement_id}", "%d.${measurement_id}.%s"]))
def test_a_path_by_format_is_the_path_by_name(number, template):
    """`Names.path_format` against `name`."""
    names = Names(template)
    assert names.path_format("dir%s", "json") % number == f"dir%s/{names.name(number)}.json"


@given(st.lists(st.lists(st.floats(), max_size=3) | st.lists(SCALARS, max_size=3), max_size=3))
def test_a_column_that_was_packed_is_the_column_at_once(parts):
    """`Cells` against `as_array`."""
    cells = Cells()
    for part in parts:
        cells.extend(part)
    values = [value for part in parts for value in part]
    assert equal(list(cells), values)
    assert equal(cells.array(), as_array(values))


def test_files_that_are_read_ahead_are_those_that_are_read(directory):
    """`readahead`, `filetrees` and the trees of an experiment against one file after the other."""
    e = sweep(directory, 30)
    e.run(lambda p: {**p.tree(), "results": {"a": [p.x] * int(p.x), "b": np.arange(p.x) if p.x % 7 == 0 else None}})
    (directory / "measurement.000004.json").write_text("damaged")
    (directory / "measurement.000009.json").unlink()
    listed = [(number, [str(directory / f"measurement.{number:06d}.json")]) for number in range(1, 31)]
    ahead = [item for batch in readahead.read(listed) for item in batch]
    assert ahead == [(n, p, None if n == 9 else files.read(p[0])) for n, p in listed]
    for number, paths_, text, tree in filetrees.parsed(listed):
        if tree is not None:
            assert equal(tree, archives.loads(text, paths_[0])), number
    with pytest.warns(UserWarning, match="1 damaged measurement file"):
        one_by_one = [m.tree for m in e.measurements()]
    with pytest.warns(UserWarning, match="1 damaged measurement file"):
        assert equal(list(e._store.measurements().trees()), one_by_one)
    assert len(one_by_one) == 28
