# SPDX-License-Identifier: BSD-2-Clause
"""Objects to plain trees and back."""

import enum
import json
from collections import OrderedDict
from types import MappingProxyType

import numpy as np
import pytest
from helpers import run

import coma
from coma import RecursiveSerializer
from coma.trees.equality import equal
from coma.trees.view import View


class Point:
    """An object with both methods of the protocol."""

    def __init__(self, x=0, children=()):
        self.x = x
        self.children = list(children)
        self.state = {"x": x, "children": self.children}

    def coma_getstate(self):
        """Return one and the same dictionary each time."""
        return self.state

    def coma_setstate(self, state):
        """Take the state over."""
        self.__init__(**state)


class Bare:
    """An object with a state but without coma_setstate."""

    def coma_getstate(self):
        """Return the attributes themselves."""
        return vars(self)


class Colour(enum.IntEnum):
    """A number with a name."""

    RED = 3


encode = RecursiveSerializer().encode


@pytest.mark.parametrize(
    ("value", "tree"),
    [
        ((1, [2, (3,)]), [1, [2, [3]]]),
        (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
        (MappingProxyType({"a": 1}), {"a": 1}),
        (View({"a": 1}), {"a": 1}),
        (np.float32(0.5), 0.5),
        (np.int64(2**40), 2**40),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (Colour.RED, 3),
        (None, None),
        (10**100, 10**100),
        ({}, {}),
    ],
)
def test_values_become_plain(value, tree):
    """Only dict, list, str, int, float, bool and None are left."""
    assert equal(encode(value), tree)


def test_a_hierarchy_of_objects_is_stored_with_the_class_last():
    """Each object is its state, and then its class."""
    tree = encode({"p": Point(1, [Point(2)])})
    name = f"{__name__}.Point"
    child = {"x": 2, "children": [], "__class__": name}
    assert tree == {"p": {"x": 1, "children": [child], "__class__": name}}
    assert list(tree["p"]) == ["x", "children", "__class__"]


def test_the_state_that_an_object_returned_is_not_changed():
    """Neither its own dictionary nor its attributes get a ``__class__``."""
    point, bare = Point(1), Bare()
    bare.x = 1
    encode([point, bare])
    assert list(point.state) == ["x", "children"]
    assert vars(bare) == {"x": 1}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": {"b": {1, 2}}}, r"cannot store 'a/b', a builtins\.set: convert it .*coma_getstate\(\)"),
        ({"a": [1, lambda: 0]}, r"cannot store 'a/1', a builtins\.function"),
        ({"a": (i for i in [1])}, r"cannot store 'a', a builtins\.generator"),
        ({"a": object()}, r"cannot store 'a', a builtins\.object"),
        ({"a": Point}, r"cannot store 'a', a builtins\.type"),
        ({"a": {1: 2}}, r"key 1 in 'a' is a int; keys must be strings"),
        ({"a": 10**5000}, r"'a' is an integer of more than \d+ digits"),
    ],
)
def test_what_has_no_lossless_form_is_named_with_its_place(value, text):
    """The error says where it is and what to do."""
    with pytest.raises(coma.SerializerError, match=text) as caught:
        encode(value)
    assert isinstance(caught.value, TypeError)


def test_what_contains_itself_is_an_error():
    """There is no endless recursion."""
    tree = {}
    tree["self"] = [tree]
    with pytest.raises(coma.SerializerError, match="does it contain itself"):
        encode(tree)
    point = Point(1)
    point.children.append(point)
    with pytest.raises(coma.SerializerError, match="does it contain itself"):
        encode(point)


def test_a_state_must_be_a_dictionary():
    """The error names the method and what it returned."""

    class Wrong:
        def coma_getstate(self):
            return [1]

    with pytest.raises(coma.SerializerError, match=r"coma_getstate\(\) of 'a'.*returned list; it must return a dict"):
        encode({"a": Wrong()})


def test_an_object_that_has_every_attribute_is_refused():
    """One whose ``__getattr__`` answers to any name returns no state."""

    class Anything:
        def __getattr__(self, name):
            return lambda *_: name

    class Raising:
        def __getattr__(self, name):
            raise RuntimeError(name)

    with pytest.raises(coma.SerializerError, match="returned str; it must return a dictionary"):
        encode({"a": Anything()})
    with pytest.raises(RuntimeError, match="coma_getstate"):
        encode({"a": Raising()})


def test_the_methods_can_have_other_names():
    """The pickle protocol, say; what Python itself returns from it is not changed."""

    class Plain:
        def __init__(self):
            self.x = 1

    value = Plain()
    tree = RecursiveSerializer(getstate="__getstate__").encode(value)
    assert tree == {"x": 1, "__class__": f"{__name__}.{Plain.__qualname__}"}
    assert vars(value) == {"x": 1}
    with pytest.raises(coma.SerializerError, match="returned NoneType"):
        RecursiveSerializer(getstate="__getstate__").encode({"a": {1}})


def test_decode_creates_objects_of_allowed_modules_only():
    """Without a module that the caller names, an object stays a dictionary."""
    tree = json.loads(json.dumps(encode(Point(1, [Point(2)]))))
    assert RecursiveSerializer().decode(tree) == tree
    assert RecursiveSerializer(modules=["os"]).decode(tree) == tree
    point = RecursiveSerializer(modules=[__name__]).decode(tree)
    assert (type(point), point.x, point.children[0].x) == (Point, 1, 2)


def test_decode_fills_attributes_where_there_is_no_setstate():
    """As pickle does."""
    bare = RecursiveSerializer(modules=[__name__]).decode({"x": 1, "__class__": f"{__name__}.Bare"})
    assert (type(bare), vars(bare)) == (Bare, {"x": 1})


@pytest.mark.parametrize("name", ["os.system", "os.path.join", "os.Nothing", "os.PathLike.register"])
def test_decode_refuses_what_is_no_class_of_the_module(name):
    """A function or a class that was imported there is never called."""
    with pytest.raises(coma.SerializerError, match="module 'os' has no class"):
        RecursiveSerializer(modules=["os"]).decode({"__class__": name})


def test_reading_never_imports_a_module(script, tmp_path):
    """A file that names a class of some module does not load it."""
    (tmp_path / "evil.py").write_text("print('evil')\nclass E: pass\n")
    (tmp_path / "a.json").write_text('{"a": {"__class__": "evil.E"}}')
    code = script(
        """
        import coma, sys
        print(coma.Archive(sys.argv[1]).load())
        """
    )
    assert run(code, tmp_path / "a.json") == "{'a': {'__class__': 'evil.E'}}\n"
