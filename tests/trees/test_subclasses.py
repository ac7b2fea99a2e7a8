# SPDX-License-Identifier: BSD-2-Clause
"""What is derived from a plain class and is more than its value is refused, unless it is registered."""

import collections
import datetime
import enum
import http
import pathlib
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

import coma
from coma.archives import jsonarchive, xmlarchive
from coma.trees import types
from coma.trees.equality import equal

ENCODE = coma.RecursiveSerializer().encode
DECODE = coma.RecursiveSerializer().decode
PLAIN = {
    str: "a",
    int: 3,
    float: 1.5,
    complex: 1j,
    bytes: b"a",
    list: [1],
    tuple: (1,),
    dict: {"a": 1},
    datetime.date: (2024, 1, 2),
    datetime.datetime: (2024, 1, 2),
    datetime.timedelta: (1,),
    type(pathlib.Path()): "a",
    np.float64: 1.5,
    np.str_: "a",
}


def made(cls, base):
    """Return an object of a class that is derived from a base."""
    value = PLAIN[base]
    return cls(*value) if base in (datetime.date, datetime.datetime, datetime.timedelta) else cls(value)


def bare(base):
    """Return an object that is of another class, and no more than its value."""
    return made(type("Bare", (base,), {}), base)


def more(base):
    """Return an object that has an attribute."""
    value = bare(base)
    value.unit = "m"
    return value


@pytest.mark.parametrize("base", PLAIN)
def test_a_class_that_adds_nothing_is_its_value(base):
    """As each class that is derived from a number, a string or a collection."""
    assert equal(ENCODE({"a": bare(base)}), ENCODE({"a": made(base, base)}))


@pytest.mark.parametrize("base", PLAIN)
def test_an_attribute_is_never_lost(base):
    """The error names the place, the class, the attribute and what to do: as a result, and as a parameter."""
    with pytest.raises(
        coma.SerializerError, match=r"cannot store 'r/E': a Bare is more than a \w+: it has 'unit', .*regis"
    ):
        ENCODE({"r": {"E": more(base)}})
    with pytest.raises(coma.SerializerError, match="cannot store 'r/0': a Bare is more than"):
        ENCODE({"r": (more(base),)})


@pytest.mark.parametrize("base", [base for base in PLAIN if base not in (list, tuple, dict, np.str_, np.float64)])
def test_a_parameter_loses_nothing_either(base, directory):
    """The point is refused when it is added."""
    e = coma.Experiment(directory)
    e.define_parameter_set(("x", "parameters/x"))
    with pytest.raises(coma.ParameterSetError, match=r"'x' is a Bare, which cannot be stored .* is more than"):
        e.add_parameter_set(more(base))


class Slotted(float):
    """A float with a unit in a slot."""

    __slots__ = ("__hidden", "unit")


class Own(dict):
    """A dictionary whose items are its attributes."""

    def __init__(self, *items):
        super().__init__(*items)
        self.__dict__ = self


class Planet(enum.IntEnum):
    """A number with a name, and more."""

    EARTH = 3

    @property
    def mass(self):
        """Return what is no part of the value."""
        return 5.97e24


class Pair(NamedTuple):
    """A named tuple."""

    x: int
    y: int


class Point(Pair):
    """A class that is derived from one."""


@pytest.mark.parametrize(
    ("value", "tree"),
    [
        (Planet.EARTH, 3),
        (http.HTTPStatus.OK, 200),
        (Point(1, 2), [1, 2]),
        (Own({"a": 1}), {"a": 1}),
        (collections.defaultdict(int, a=1), {"a": 1}),
        (collections.OrderedDict(a=1), {"a": 1}),
        (collections.Counter("a"), {"a": 1}),
        (Slotted(1.5), 1.5),
        (pd.Timestamp("2024-01-02T00:00:00.5"), {"__type__": "datetime", "iso": "2024-01-02T00:00:00.500000"}),
        (pd.Timedelta(1.5, "s"), {"__type__": "timedelta", "days": 0, "seconds": 1, "microseconds": 500000}),
    ],
    ids=repr,
)
def test_what_everybody_knows_is_stored_as_it_was(value, tree):
    """Enumerations, named tuples, the dictionaries of the standard library, times of pandas."""
    assert equal(ENCODE(value), tree)


def test_a_slot_is_an_attribute():
    """Also one whose name Python hides."""
    value = Slotted(1.5)
    value._Slotted__hidden = 1
    with pytest.raises(coma.SerializerError, match="has '_Slotted__hidden'"):
        ENCODE(value)


class Quantity(np.ndarray):
    """An array with a unit."""


@pytest.mark.parametrize(
    "array",
    [
        np.array([1.0, 2.0]).view(Quantity),
        np.array(1.0).view(Quantity),
        np.array([[1, 2]]).view(np.matrix),
        np.array([1.0]).view(np.recarray),
        np.array(["a"]).view(np.char.chararray),
        np.rec.array([(1, 2.0)], dtype=[("a", int), ("b", float)]),
        np.ma.masked_array([1, 2], [True, False]),
        np.ma.masked,
    ],
    ids=lambda array: f"{type(array).__name__}{array.shape}{array.dtype}",
)
def test_an_array_of_another_class_is_refused(array, directory):
    """As a result, within an array of objects, and as a parameter."""
    text = (
        r"a masked array loses|is more than the numbers in it; store numpy\.asarray\(\)|a structured array has no form"
    )
    for value in (array, [array], {"a": array}):
        with pytest.raises(coma.SerializerError, match=rf"cannot store 'r.*{text}"):
            ENCODE({"r": value})
    e = coma.Experiment(directory)
    e.define_parameter_set(("x", "parameters/x"))
    for value in (array, [array], {"a": array}):
        with pytest.raises(coma.ParameterSetError, match=f"cannot be stored .*({text})"):
            e.add_parameter_set(value)


def test_an_array_in_a_file_is_an_array(tmp_path):
    """As those of attachments are."""
    np.save(tmp_path / "a.npy", np.arange(3))
    array = np.load(tmp_path / "a.npy", mmap_mode="r")
    assert type(array) is np.memmap
    assert ENCODE(array) == ENCODE(np.arange(3))


@pytest.mark.parametrize("format", [jsonarchive, xmlarchive], ids=["json", "xml"])
@pytest.mark.parametrize(
    "time",
    [
        datetime.timedelta(0),
        datetime.timedelta(-1, 5, 7),
        datetime.timedelta(microseconds=-1),
        datetime.timedelta.min,
        datetime.timedelta.max,
        datetime.timedelta(days=365, microseconds=999999),
    ],
    ids=str,
)
def test_a_time_between_dates_comes_back(format, time):
    """To the microsecond."""
    found = DECODE(format.loads(format.dumps({"root": ENCODE({"x": time})}), "file"))["root"]["x"]
    assert (type(found), found) == (datetime.timedelta, time)


def test_nanoseconds_of_pandas_are_refused():
    """With the type that has them."""
    for time, remedy in ((pd.Timedelta(1, "ns"), "timedelta64"), (pd.Timestamp(1, unit="ns"), "datetime64")):
        with pytest.raises(coma.SerializerError, match=rf"cannot store 'a': .* to the last digit; .* numpy\.{remedy}"):
            ENCODE({"a": time})
        assert DECODE(ENCODE(time.to_numpy())) == time.to_numpy()


@pytest.mark.parametrize("base", [*PLAIN, np.ndarray])
def test_any_class_can_be_registered(base, monkeypatch):
    """It goes before all that the object is besides, wherever it stands."""
    monkeypatch.setattr(types, "_BY_NAME", dict(types._BY_NAME))
    monkeypatch.setattr(types, "_OF_USERS", {})
    value = np.array(1.5).view(Quantity) if base is np.ndarray else more(base)
    cls = type(value)
    coma.register_type(cls, "mine", lambda v: {"kind": type(v).__name__}, lambda state: ("mine", state["kind"]))
    place = {"a": value, "b": [value, (value,)], "c": {"d": value}}
    if base is not np.ndarray:
        place["e"] = np.array([None, None], object)
        place["e"][:] = [{"f": value}, None]
    mine = {"__type__": "mine", "kind": cls.__name__}
    tree = ENCODE(place)
    assert (tree["a"], tree["b"], tree["c"]) == (mine, [mine, [mine]], {"d": mine})
    assert DECODE(tree)["b"] == [("mine", cls.__name__), [("mine", cls.__name__)]]
