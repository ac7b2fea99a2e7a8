# SPDX-License-Identifier: BSD-2-Clause
"""Arrays, complex numbers, dates, paths and bytes as trees."""

import datetime
import pathlib
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

import coma
from coma.archives import jsonarchive, xmlarchive
from coma.trees import types
from coma.trees.equality import equal
from coma.trees.serializer import RecursiveSerializer

FORMATS = pytest.mark.parametrize("format", [jsonarchive, xmlarchive], ids=["json", "xml"])


def through(format, value):
    """Return what comes back of a value from a text."""
    tree = RecursiveSerializer().encode({"root": {"value": value}})
    return format.loads(format.dumps(tree))["root"]["value"]


@FORMATS
@pytest.mark.parametrize(
    "array",
    [
        np.array([1.5, np.nan, np.inf, -0.0]),
        np.arange(6).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.zeros((0, 3)),
        np.array(2.5),
        np.array([1, 2], dtype="int8"),
        np.array([2**64 - 1], dtype="uint64"),
        np.array([0.1], dtype="float32"),
        np.array([0.1], dtype="float16"),
        np.array([1 + 2j, complex(np.nan, -0.0)]),
        np.array([1 + 2j], dtype="complex64"),
        np.array([True, False]),
        np.array(["ab", "", "ü"]),
        np.array([b"ab", b"\xff"]),
        np.array([1, 2], dtype=">i4"),
        np.array(["2024-01-01", "NaT"], dtype="datetime64[D]"),
        np.array([5], dtype="timedelta64[ns]"),
        np.array([1, "a", None, 2.5], dtype=object),
        np.arange(10)[::-2],
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_an_array_comes_back_with_shape_and_dtype(format, array):
    """Every bit of an array survives, whatever its type and order in memory."""
    assert equal(through(format, array), array)


@FORMATS
@given(
    array=hnp.arrays(
        hnp.scalar_dtypes().filter(lambda t: t.kind in "biufc" and t.itemsize <= 16), hnp.array_shapes(min_side=0)
    )
)
def test_any_array_of_numbers_comes_back(format, array):
    """No dtype, shape or value is lost."""
    assert equal(through(format, array), array)


@FORMATS
@pytest.mark.parametrize(
    "value",
    [
        1 + 2j,
        b"\x00\xff",
        datetime.date(2024, 2, 29),
        datetime.datetime(2024, 2, 29, 12, 30, 1, 5),
        datetime.datetime(2024, 2, 29, tzinfo=datetime.UTC),
        pathlib.Path("a/b c"),
    ],
    ids=str,
)
def test_a_registered_value_comes_back(format, value):
    """As an equal object of the same class."""
    found = through(format, value)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.ma.masked_array([1, 2], [True, False]), r"cannot store 'a/b': a masked array loses its mask"),
        (
            np.array(["a", None], np.dtypes.StringDType(na_object=None)),
            r"an array of StringDType\(na_object=None\) does not",
        ),
        (np.zeros(1, dtype=[("x", "f8")]), r"cannot store 'a/b': a structured array has no form"),
        (np.array([{1, 2}], dtype=object), r"'a/b/list/0', a builtins\.set"),
    ],
)
def test_an_array_that_would_lose_something_is_refused(value, text):
    """The error names the place and what to do."""
    with pytest.raises(coma.SerializerError, match=text):
        RecursiveSerializer().encode({"a": {"b": value}})


def test_a_date_that_would_lose_something_is_refused():
    """As nanoseconds of pandas, and its date that is none."""
    assert RecursiveSerializer().encode(pd.Timestamp("2020-01-01T00:00:00.123456"))["iso"].endswith(".123456")
    for date in (pd.Timestamp("2020-01-01T00:00:00.123456789"), pd.NaT):
        with pytest.raises(coma.SerializerError, match=r"cannot store 'a': .* is no datetime to the last digit"):
            RecursiveSerializer().encode({"a": date})


@FORMATS
@pytest.mark.parametrize(
    "state",
    [
        {"shape": [2], "dtype": "float64", "list": [1.0]},
        {"shape": [1], "dtype": "nonsense", "list": [1.0]},
        {"shape": [1], "dtype": "float64"},
        {"shape": "x", "dtype": "float64", "list": ["a"]},
    ],
)
def test_a_damaged_array_is_an_error(format, state):
    """A file whose array does not fit is not read as something else."""
    text = format.dumps({"root": {"x": {"__type__": "numpy.ndarray", **state}}})
    with pytest.raises(coma.ArchiveError, match=r'"file" cannot be read: damaged numpy\.ndarray'):
        format.loads(text, "file")


def test_a_dictionary_that_looks_like_a_stored_object_is_refused():
    """It would come back as something else."""
    with pytest.raises(coma.SerializerError, match="'results' has the key '__type__' with the value 'complex'"):
        RecursiveSerializer().encode({"results": {"__type__": "complex", "real": 1}})


def test_an_unknown_type_is_a_dictionary():
    """What nobody registered is kept as it is."""
    tree = {"__type__": "my.thing", "x": 1}
    assert types.restore(tree) == RecursiveSerializer().encode(tree) == tree


@FORMATS
def test_a_registered_class_and_its_subclasses_come_back(format, monkeypatch):
    """A user's own row of the table works like the built-in ones."""
    monkeypatch.setattr(types, "_BY_NAME", dict(types._BY_NAME))
    coma.register_type(
        Fraction, "fraction", lambda f: {"n": f.numerator, "d": f.denominator}, lambda s: Fraction(s["n"], s["d"])
    )
    assert through(format, Fraction(1, 3)) == Fraction(1, 3)
    with pytest.raises(coma.SerializerError, match="type name 'fraction' belongs to Fraction"):
        coma.register_type(set, "fraction", list, set)
