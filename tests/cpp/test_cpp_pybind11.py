# SPDX-License-Identifier: BSD-2-Clause
"""Trees and objects with serialize() in a Python extension."""

import datetime
import importlib.util
import json
import pathlib
import pickle
import re
import sys
import sysconfig

import cppbuild
import numpy as np
import pytest

from coma.errors import SerializerError
from coma.trees.serializer import RecursiveSerializer

pytestmark = pytest.mark.cpp

pybind11 = pytest.importorskip("pybind11", reason="pybind11 is not installed")


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    """Compile and import the extension."""
    file = tmp_path_factory.mktemp("pybind11") / f"pybind11_module{sysconfig.get_config_var('EXT_SUFFIX')}"
    includes = ["-isystem", pybind11.get_include(), "-isystem", sysconfig.get_paths()["include"]]
    flags = [*includes, "-shared", "-fPIC", "-fvisibility=hidden"]
    cppbuild.compile_cpp(file, [cppbuild.ROOT / "tests" / "cpp" / "pybind11_module.cpp"], *flags)
    spec = importlib.util.spec_from_file_location("pybind11_module", file)
    loaded = importlib.util.module_from_spec(spec)
    sys.modules["pybind11_module"] = loaded
    spec.loader.exec_module(loaded)
    yield loaded
    del sys.modules["pybind11_module"]


@pytest.mark.parametrize(
    "value",
    [
        None, True, False, 0, -1, 2**63 - 1, -(2**63), 2**64, -(10**30), 1.5, float("inf"), "", "ä€😀", "a\0b",
        [], [1, [2.0, "x"]], {}, {"b": 1, "a": {"c": None}}, 0.5 - 0.25j,
    ],
)  # fmt: skip
def test_values_come_back(module, value):
    """A Python value becomes a tree and the same value of the same type again."""
    back = module.echo(value)
    assert back == value
    assert type(back) is type(value)


def test_order_of_keys(module):
    """Dictionaries keep their order."""
    assert list(module.echo({"z": 1, "a": 2, "m": 3})) == ["z", "a", "m"]


UNITS = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as", "10s"]
KEPT = [
    "?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "longdouble", "c8", "c16", "clongdouble",
    "U3", "S3", "O", ">i2", ">u8", ">f4", ">f8", ">c16", ">U3", ">M8[s]", "longlong", "ulonglong",
    *[f"M8[{unit}]" for unit in UNITS], *[f"m8[{unit}]" for unit in UNITS], "m8",
]  # fmt: skip


def numbers(dtype):
    """Return six items of a type, which fill its digits and reach its ends."""
    dtype = np.dtype(dtype)
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return np.array([0, 1, 7, limits.max - 1, limits.max, limits.min], dtype)
    if dtype.kind in "fc":
        limits = np.finfo(dtype)
        parts = np.array([0, 1, 3, 7, 11, np.inf], limits.dtype) / np.array(3, limits.dtype)
        parts[3:5] = limits.max / 4, 4 * limits.tiny
        return parts.astype(dtype) * (1 if dtype.kind == "f" else np.array(1 - 0.5j, dtype))
    if dtype.kind in "mM":
        return np.array([0, 1, -7, 123456789, 5, -(2**63)], "i8").astype(dtype)
    if dtype.kind == "S":
        return np.array([b"", b"a", b"\xff", b"abc", b"a\x00b", b"12"], dtype)
    if dtype.kind == "O":
        array = np.empty(6, dtype)
        array[:] = [None, "a", 10**30, 0.5, np.datetime64("2024-01-02", "ns"), [1, (2, 3)]]
        return array
    return np.array([0, 1, 0, 12, 123, 7]).astype(dtype)


def same(a, b):
    """Tell whether two arrays are the same to the last bit."""
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    return repr(a.tolist()) == repr(b.tolist()) if a.dtype.kind in "OTcf" else a.tobytes() == b.tobytes()


@pytest.mark.parametrize("dtype", KEPT)
def test_arrays_are_kept_as_by_python(module, dtype):
    """An array of each type has the tree that Python's own serializer makes of it, and comes back the same."""
    array = numbers(dtype).reshape(2, 3)
    serializer = RecursiveSerializer()
    for given in (array, array.T, array[:, ::2], array[:0], array[0], array[1, 2]):
        expected = serializer.encode({"a": given})
        assert repr(json.loads(module.as_json({"a": given}))["tree"]) == repr(expected)
        back = module.echo({"a": given})["a"]
        known = serializer.decode(expected)["a"]
        assert type(back) is type(known)
        if isinstance(given, np.ndarray):
            assert same(back, known)
            assert given.dtype.kind == "O" or same(back, given)
        else:
            assert repr(back) == repr(known)


@pytest.mark.skipif(not hasattr(np.dtypes, "StringDType"), reason="this numpy has no such type")
def test_strings_of_any_length(module):
    """Numpy's newest strings come back; those with another idea of what is missing are refused, as in Python."""
    array = np.array(["", "abc", "\u00e9"], np.dtypes.StringDType())
    assert same(module.echo(array), array)
    with pytest.raises(TypeError, match="does not come back as such"):
        module.echo(np.array(["a"], np.dtypes.StringDType(na_object=None)))


@pytest.mark.parametrize(
    "value",
    [
        np.ma.array([1.0, 2.0], mask=[True, False]), np.zeros(2, [("a", "f8"), ("b", "i4")]), np.zeros(1, "V2"),
        np.zeros(1, [("a", "f8")])[0], np.void(b"ab"), np.recarray(1, [("a", "f8")]), object(), {1: 2}, {2}, 1j.__class__,
        {"__type__": "complex", "real": 1}, {"a": {"__type__": "numpy.ndarray"}}, {"__type__": "date"},
        np.array([{1: 2}], object),
    ],
)  # fmt: skip
def test_what_python_refuses_is_refused(module, value):
    """What has no lossless form for Python's own serializer has none here."""
    with pytest.raises(SerializerError):
        RecursiveSerializer().encode(value)
    with pytest.raises(TypeError):
        module.echo(value)


@pytest.mark.parametrize(
    "value",
    [
        b"", b"\xff\x00", datetime.date(2024, 1, 2), datetime.datetime(2024, 1, 2, 3, 4, 5, 678901),
        datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC), pathlib.Path("a/b"), {"__type__": "mine"},
        {"__type__": 7}, np.longdouble(1) / 3, np.clongdouble(1j), np.datetime64("2024-01-01T00:00:00.123456789"),
        np.timedelta64(3, "s"), np.bytes_(b"y"), np.str_("x"), np.float16(0.1), np.complex64(0.1j), np.uint64(2**64 - 1),
    ],
)  # fmt: skip
def test_other_values_are_kept_as_by_python(module, value):
    """Registered types and the scalars of numpy have the tree that Python's own serializer makes of them."""
    serializer = RecursiveSerializer()
    expected = serializer.encode(value)
    assert json.loads(module.as_json(value))["tree"] == expected
    back = module.echo(value)
    assert type(back) is type(serializer.decode(expected))
    assert back == serializer.decode(expected)


def test_what_contains_itself(module):
    """A list or dictionary within itself is refused, and does not end the interpreter."""
    endless, ring, array = [], {}, np.empty(1, object)
    endless.append(endless)
    ring["a"] = [ring]
    array[0] = array
    for value in (endless, ring, array):
        with pytest.raises(ValueError, match="does it contain itself"):
            module.echo(value)


def test_tuples_and_scalars_of_numpy(module):
    """A tuple becomes a list, a number of numpy a plain number."""
    assert module.echo((1, 2)) == [1, 2]
    assert type(module.echo(np.float64(1.5))) is float
    assert type(module.echo(np.int32(3))) is int
    assert type(module.echo(np.bool_(True))) is bool


@pytest.mark.parametrize(
    ("value", "words"), [({1: 2}, "keys of type str, not 1"), (object, "a tree cannot hold"), ({3}, "cannot hold {3}")]
)
def test_what_a_tree_cannot_hold(module, value, words):
    """Other values are refused with a reason."""
    with pytest.raises(TypeError, match=re.escape(words)):
        module.echo(value)


def test_state_of_an_object(module):
    """The state is a tree, with complex numbers and lists; it can be set, pickled and shown."""
    s = module.Sample()
    s.add(1.5)
    state = s.coma_getstate()
    assert state == {
        "layers": [{"thickness": 1.5, "material": "Ge"}], "index": 1.5 - 0.25j, "counts": [{"first": "a", "second": 1}],
        "label": "12\x01", "flag": True,
    }  # fmt: skip
    other = module.Sample()
    other.coma_setstate(state)
    assert other.coma_getstate() == state
    assert pickle.loads(pickle.dumps(s)).coma_getstate() == state
    assert repr(s).startswith("Sample(layers=[{'thickness': 1.5, 'material': 'Ge'}], index=(1.5-0.25j)")


def test_wrong_state(module):
    """A state without a member is refused with the member named."""
    with pytest.raises(RuntimeError, match="there is no 'index': the tree has the keys layers"):
        module.Sample().coma_setstate({"layers": []})
