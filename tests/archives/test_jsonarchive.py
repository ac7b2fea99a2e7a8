# SPDX-License-Identifier: BSD-2-Clause
"""Plain trees as JSON text."""

import json
import math
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

import coma
from coma.archives.jsonarchive import dumps, loads, loads_all
from coma.trees import types
from coma.trees.equality import equal

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters())
TREES = st.recursive(
    LEAVES, lambda t: st.lists(t, max_size=4) | st.dictionaries(st.text(), t, max_size=4), max_leaves=20
)


@given(TREES, st.booleans())
def test_any_tree_comes_back(tree, pretty):
    """Bits, types, order and every character are kept, indented or not."""
    assert equal(loads(dumps(tree, pretty)), tree)


WORDS = st.text(string.printable, max_size=3) | st.sampled_from(["null", "1e5", "5e-7,", "0.00001", "\x7f", "a1e5"])
NUMBERS = (
    st.floats(-1e3, 1e3)
    | st.builds(lambda digits, exponent: float(f"{digits}e{exponent}"), st.integers(0, 10**17), st.integers(-30, 20))
    | st.integers(-(2**65), 2**65)
)
USUAL = st.recursive(
    WORDS | NUMBERS, lambda t: st.lists(t, max_size=4) | st.dictionaries(WORDS, t, max_size=4), max_leaves=20
)


@given(TREES | USUAL | st.lists(TREES | USUAL))
def test_the_text_is_what_the_standard_library_writes(tree):
    """Indent 2, ASCII, no newline at the end: byte for byte."""
    assert dumps(tree) == json.dumps(tree, indent=2).encode()


PIECES = st.sampled_from(
    [b"[1", b"2]", b"1", b"", b" ", b'{"a": 1', b'"b": 2}', b"}", b"]", b"[", b"1, 2", b'"', b"1e400"]
)


@given(st.lists(TREES.map(dumps) | USUAL.map(dumps) | PIECES, min_size=1, max_size=5))
def test_many_texts_are_read_as_each_alone_or_not_at_all(texts):
    """Also where a damaged one would make sense together with the next."""
    trees = loads_all(texts)
    if trees is not None:
        assert len(trees) == len(texts)
        assert all(equal(tree, loads(text)) for tree, text in zip(trees, texts, strict=True))


def test_many_usual_texts_are_read_at_once():
    """That is what the quick way is for."""
    assert loads_all([dumps({"x": x / 3}) for x in range(100)]) == [{"x": x / 3} for x in range(100)]


PAIR = "a\ud83d\ude00"


@pytest.mark.parametrize("tree", [PAIR, {PAIR: 1}, {"x": [1.5, PAIR]}, {"x": {"y": PAIR}}], ids=ascii)
@pytest.mark.parametrize("pretty", [True, False])
def test_two_surrogates_in_a_row_are_refused(tree, pretty):
    """They would read back as one character; the character itself, and a single one, are fine."""
    with pytest.raises(coma.JsonArchiveError, match="two surrogates in a row"):
        dumps(tree, pretty)
    assert loads(dumps(["\U0001f600", "\ud83d", "\ude00"], pretty)) == ["\U0001f600", "\ud83d", "\ude00"]


def test_infinities_and_nan_are_bare_words():
    """As Coma 2.0 wrote them."""
    assert dumps([math.nan, math.inf, -math.inf], pretty=False) == b"[NaN, Infinity, -Infinity]"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"", "is not JSON: Expecting value in line 1, column 1"),
        (b'{\n  "a": 1,\n  "b"\n}', "is not JSON: Expecting ':' delimiter in line 4, column 1"),
        (b'{"a": 1} x', "is not JSON: Extra data in line 1, column 10"),
        (b"\xff", "cannot be read: .*utf-8"),
        (b"[" * 100_000, "is nested too deeply"),
        (b'{"a": ' * 100_000, "is nested too deeply"),
        (b"1" * 5000, r"cannot be read: .*4300 digits"),
        (b'{"a": 01}', "is not JSON"),
    ],
    ids=lambda value: f"{value[:20]!r}{len(value)}",
)
def test_malformed_text_is_an_error_with_its_place(text, complaint):
    """The error names the file, the line and the column."""
    with pytest.raises(coma.JsonArchiveError, match=f'"a.json" {complaint}'):
        loads(text, "a.json")


@pytest.mark.parametrize(
    "text",
    [
        "18446744073709551616",
        "-9223372036854775809",
        "123456789012345678901234567890",
        "18446744073709551615",
        "0.1234567890123456789012345",
        "1e400",
        "-0",
        "-0.0",
        "NaN",
        '"\\ud800"',
        '{"a": 1, "a": 2}',
        '[[{"__type__": "complex", "real": 1, "imag": 2.5}]]',
        '{"__type__": "numpy.ndarray", "shape": [1], "dtype": "object", "list": [{"__type__": "bytes", "base64": "YQ=="}]}',
        '{"__type__": "numpy.ndarray", "shape": [1], "dtype": "object", "list": [123456789012345678901]}',
        '{"__type__": "numpy.ndarray", "shape": [1], "dtype": "uint64", "list": [18446744073709551615]}',
        '{"__type__": "numpy.ndarray", "shape": [1], "dtype": "float64", "list": [123456789012345678901]}',
        '{"__type__": "numpy.ndarray", "shape": [2], "dtype": "float64", "list": [0.00123456789012345678, NaN]}',
        '{"z": {"__type__": "complex", "real": 1, "imag": 2.5}, "n": [[-123456789012345678901], 1e300]}',
    ],
)
def test_the_quick_parser_changes_no_value(text):
    """What it reads is what the standard library reads, to the last bit."""
    wanted = json.loads(text, object_hook=lambda state: types.restore(state) if types.TYPE in state else state)
    assert equal(loads(text.encode()), wanted)
