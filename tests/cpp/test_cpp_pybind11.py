# SPDX-License-Identifier: BSD-2-Clause
"""Trees and objects with serialize() in a Python extension."""

import importlib.util
import pickle
import re
import sys
import sysconfig

import cppbuild
import numpy as np
import pytest

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


@pytest.mark.parametrize(
    "dtype", ["float64", "float32", "int64", "int32", "uint64", "uint8", "bool", "complex128", "complex64", "<U3"]
)
def test_arrays_come_back(module, dtype):
    """An array keeps shape, type and values, whatever its memory looks like."""
    array = np.array([[0, 1, 2], [3, 4, 5]]).astype(dtype)
    for given in (array, array.T, array[:, ::2], array[:0], array[0]):
        back = module.echo({"a": given})["a"]
        assert back.dtype == given.dtype
        assert back.shape == given.shape
        assert (back == given).all()


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
