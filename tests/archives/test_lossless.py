# SPDX-License-Identifier: BSD-2-Clause
"""Every value comes back bit for bit from both formats, or is refused before anything is written."""

import datetime
import math
import string
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import coma
from coma.archives import jsonarchive, xmlarchive
from coma.trees.equality import equal
from coma.trees.serializer import RecursiveSerializer

SERIALIZER = RecursiveSerializer()
FORMS = {
    "json": lambda tree: jsonarchive.loads(jsonarchive.dumps(tree)),
    "compact json": lambda tree: jsonarchive.loads(jsonarchive.dumps(tree, pretty=False)),
    "xml": lambda tree: xmlarchive.loads(xmlarchive.dumps(tree)),
    "compact xml": lambda tree: xmlarchive.loads(xmlarchive.dumps(tree, pretty=False)),
    "boost xml": lambda tree: xmlarchive.loads(xmlarchive.dumps(tree, boost=True)),
}
VALUES = {
    "smallest": 5e-324,
    "largest": 1.7976931348623157e308,
    "minus zero": -0.0,
    "third": 1 / 3,
    "nan": math.nan,
    "inf": math.inf,
    "minus inf": -math.inf,
    "integral float": 1e22,
    "huge int": 10**4000,
    "negative int": -(2**63) - 1,
    "true": True,
    "false": False,
    "none": None,
    "empty string": "",
    "empty list": [],
    "empty dict": {},
    "blank": "  ",
    "newline": "\n",
    "carriage return": "a\rb\r\nc",
    "tab": "\ta",
    "number": "1.0",
    "exponent": "1e5",
    "integer": " 007 ",
    "words for numbers": ["nan", "inf", "-Infinity", "NaN", "True", "False", "None", "null", "1_000", "٣"],
    "markup": "<a>&amp;</a>]]>",
    "astral": "😀",
    "like a list": {"count": 1, "item_version": 0, "item": 5},
    "like an empty list": {"count": 0, "item_version": 0},
    "like an empty list, with a bool": {"count": False, "item_version": None},
    "like an empty list, with a string": {"count": "0", "item_version": 0},
    "count alone": {"count": 5},
    "nested": [[], [[]], [1, "a", None, True, [2.5, {"x": []}]]],
    "tuple": (1, (2, 3)),
    "complex": complex(-0.0, math.nan),
    "bytes": bytes(range(256)),
    "path": Path("a/b c"),
    "date": datetime.date(2014, 2, 25),
    "datetime": datetime.datetime(2014, 2, 25, 22, 50, 11, 123456, tzinfo=datetime.UTC),
}
ARRAYS = {
    **{
        dtype: np.array([0, 1, 2], dtype)
        for dtype in ("bool", "int8", "uint16", "int32", "uint64", "float16", "float32")
    },
    "extremes": np.array([2**64 - 1, 0], np.uint64),
    "special": np.array([math.nan, math.inf, -0.0, 5e-324]),
    "complex64": np.array([1 + 2j, complex(math.nan, -0.0)], np.complex64),
    "complex128": np.array([[1 + 2j], [3 - 4j]]),
    "long double": np.array([1, 3], np.longdouble) / 3,
    "scalar array": np.array(3.5),
    "empty": np.array([]),
    "empty of ints": np.empty((0, 3), np.int8),
    "fortran order": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "every second": np.arange(10.0)[::2],
    "big endian": np.array([1.5, 2.5], ">f8"),
    "strings": np.array(["ab", "", "c"]),
    "bytes": np.array([b"ab", b"c"]),
    "times": np.array(["2014-02-25T22:50", "NaT"], "datetime64[ms]"),
    "objects": np.array([1, "a", None], object),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", VALUES)
def test_a_value_comes_back_as_it_was(name, form):
    """Type and value are the same; a tuple is a list."""
    value = VALUES[name]
    found = FORMS[form](SERIALIZER.encode({"root": {"x": value, "y": [value]}}))
    wanted = [1, [2, 3]] if name == "tuple" else value
    assert equal(found, {"root": {"x": wanted, "y": [wanted]}})


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_comes_back_as_it_was(name, form):
    """Shape, dtype with its byte order, and every element are the same."""
    found = FORMS[form](SERIALIZER.encode({"root": {"x": ARRAYS[name]}}))["root"]["x"]
    assert found.dtype == ARRAYS[name].dtype
    assert equal(found, ARRAYS[name])


@pytest.mark.parametrize("form", FORMS)
def test_numpy_scalars_become_the_numbers_that_they_are(form):
    """float32, int8 and bool_ lose nothing but their type; a long double stays one."""
    tree = {"a": np.float32(0.1), "b": np.int8(-3), "c": np.bool_(True), "d": np.longdouble(1) / 3, "e": np.str_("x")}
    found = FORMS[form](SERIALIZER.encode({"root": tree}))["root"]
    assert equal(found, {"a": float(np.float32(0.1)), "b": -3, "c": True, "d": np.array(tree["d"]), "e": "x"})


@pytest.mark.parametrize(
    "value",
    [
        {1, 2},
        object(),
        lambda: 0,
        np.zeros(2, [("a", "f8")]),
        np.ma.masked_array([1, 2], [0, 1]),
        {1: "one"},
        {"__type__": "complex"},
        10**5000,
    ],
    ids=["set", "object", "lambda", "structured array", "masked array", "int key", "reserved word", "5000 digits"],
)
def test_what_would_not_come_back_is_refused(value):
    """The error names the path."""
    with pytest.raises(coma.SerializerError, match="x"):
        SERIALIZER.encode({"root": {"x": value}})


@pytest.mark.parametrize("text", ["\x00", "\x1b[1m", "￾", "\ud800"], ids=ascii)
def test_characters_that_xml_cannot_hold_are_refused_by_it_alone(text):
    """JSON keeps them."""
    with pytest.raises(coma.XMLArchiveError, match="root/x"):
        xmlarchive.dumps({"root": {"x": text}})
    assert FORMS["json"]({"root": {"x": text}}) == {"root": {"x": text}}


FLOATS = st.floats(allow_nan=True, allow_infinity=True)
TEXTS = st.one_of(
    st.text(
        st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\n\r", exclude_characters="\ufffe\uffff")
    ),
    st.from_regex(r"\A[ \t\n]?[-+]?[0-9.]{0,4}(e[0-9])?[ \t\n]?\Z"),
    st.sampled_from(["nan", "inf", "True", "count", "item", "NaN"]),
)
NAMES = st.one_of(
    st.sampled_from(["count", "item_version", "item", "class_name", "real", "imag", "list", "dtype"]),
    st.text(string.ascii_letters + "_äß", min_size=1, max_size=4),
)
DTYPES = st.sampled_from(["?", "i1", "u2", "<i4", ">i8", "u8", "f2", "f4", ">f8", "c8", "c16"])
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), FLOATS, TEXTS, st.complex_numbers())
ARRAY_LEAVES = DTYPES.flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
)
TREES = st.dictionaries(
    NAMES,
    st.recursive(
        st.one_of(LEAVES, ARRAY_LEAVES),
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=4)),
        max_leaves=12,
    ),
    min_size=1,
    max_size=4,
)


@pytest.mark.slow
@settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))
@given(TREES)
def test_random_trees_come_back_from_every_form_and_through_both(tree):
    """JSON, XML, both compact, Boost's form, and JSON -> XML -> JSON."""
    plain = SERIALIZER.encode({"root": tree})
    wanted = SERIALIZER.decode(plain)
    assert equal(wanted, {"root": tree})
    forms = FORMS if is_struct(tree) else {name: form for name, form in FORMS.items() if name != "boost xml"}
    for form in forms.values():
        assert equal(form(plain), wanted)
    through = plain
    for form in ("json", "xml", "json"):
        through = SERIALIZER.encode(FORMS[form](through))
    assert equal(through, plain)


def is_struct(tree):
    """Tell whether Boost's form can hold a tree as its root: a dictionary that looks like no list."""
    return list(tree)[:2] != ["count", "item_version"]
