# SPDX-License-Identifier: BSD-2-Clause
"""Objects to trees and back: ``coma_getstate``, ``coma_setstate`` and the table of types."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from coma.errors import SerializerError
from coma.trees import types
from coma.trees.attachment import Attached
from coma.trees.view import plain

MAX_DEPTH = 200
MOST_LEVELS = 250  # that are read: those of a tree, and of the archive that holds it
_PLAIN = frozenset({float, str, bool, type(None)})
CLASS = "__class__"


def is_deeper(tree: Any, levels: int = MOST_LEVELS) -> bool:
    """Tell whether a plain tree has more levels than can be worked with.

    Examples
    --------
    >>> is_deeper({'a': [1]}, 2), is_deeper({'a': [[1]]}, 2)
    (False, True)
    """
    nodes: list[Any] = [[tree]]
    for _ in range(levels + 1):
        nodes = [
            item
            for node in nodes
            for item in (node.values() if isinstance(node, dict) else node)
            if isinstance(item, dict | list)
        ]
    return bool(nodes)


class Serializer:
    """What turns any object into a plain tree, and a plain tree into an object.

    A plain tree is made of dict (with str keys), list, str, int, float, bool and None only.
    """

    def encode(self, value: Any) -> Any:
        """Return `value` as a plain tree.

        Parameters
        ----------
        value
            An object, or a tree of objects.

        Raises
        ------
        SerializerError
            If a value has no lossless form.
        """
        raise NotImplementedError

    def decode(self, tree: Any) -> Any:
        """Return what a plain tree stands for.

        Parameters
        ----------
        tree
            What `encode` returned.
        """
        raise NotImplementedError


class RecursiveSerializer(Serializer):
    """Serialise a whole hierarchy of objects, each by the state that it returns itself.

    Parameters
    ----------
    getstate, setstate
        The methods of the protocol. `getstate` returns a dictionary; `setstate` takes it.
    modules
        Modules whose classes `decode` may create. None are by default: reading a file never runs code.
    max_depth
        How many levels deep the hierarchy may be.

    Examples
    --------
    >>> class Spring:
    ...     def __init__(self, k):
    ...         self.k = k
    ...     def coma_getstate(self):
    ...         return {'k': self.k}
    >>> RecursiveSerializer().encode({'spring': Spring(2.5), 'sizes': (1, 2)})
    {'spring': {'k': 2.5, '__class__': 'coma.trees.serializer.Spring'}, 'sizes': [1, 2]}
    """

    def __init__(
        self,
        getstate: str = "coma_getstate",
        setstate: str = "coma_setstate",
        modules: Collection[str] = (),
        max_depth: int = MAX_DEPTH,
    ) -> None:
        self.getstate = getstate
        self.setstate = setstate
        self.modules = frozenset(modules)
        self.max_depth = max_depth

    def encode(self, value: Any) -> Any:
        """Return `value` as a plain tree.

        Parameters
        ----------
        value
            Numbers, strings, None, numpy arrays, registered types, objects with the method `getstate`; and
            dictionaries with str keys, lists and tuples of these. A tuple becomes a list; what `coma.attach` returned
            becomes a tuple, which measurements take and no file can hold.

        Raises
        ------
        SerializerError
            If a value has no lossless form; the error names its path.
        """
        return self._encode(value, ())

    def decode(self, tree: Any) -> Any:
        """Return `tree` with arrays, registered types, and objects of the allowed modules in place.

        Parameters
        ----------
        tree
            A plain tree. A dictionary whose ``__class__`` is not within the allowed modules stays a dictionary.

        Raises
        ------
        SerializerError
            If an array or a registered type is damaged, or an allowed module lacks a class.

        Examples
        --------
        >>> serializer = RecursiveSerializer()
        >>> serializer.decode(serializer.encode({'z': 1 + 2j}))
        {'z': (1+2j)}
        """
        if isinstance(tree, list):
            return [self.decode(item) for item in tree]
        if not isinstance(tree, dict):
            return tree
        state = {key: self.decode(item) for key, item in tree.items()}
        if self._is_allowed(state.get(CLASS)):
            return self._restore(state)
        return types.restore(state)

    def _encode(self, value: Any, path: tuple[str, ...]) -> Any:
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind is int:
            return _checked_int(value, path)
        if len(path) > self.max_depth:
            raise SerializerError(
                f"{_place(path[:8])}/... is deeper than {self.max_depth} levels; does it contain itself?"
            )
        if kind is dict:
            return self._encode_mapping(value, path)
        entry = types.of_user(value)
        if entry:
            return self._encode_registered(entry, value, path)
        if kind is not list and kind.__module__ != "numpy":
            self._check_plain(value, path)
        if isinstance(value, np.generic):
            return self._encode(_plain_scalar(value), path)
        value = plain(value)
        if isinstance(value, Mapping):
            return self._encode_mapping(value, path)
        if isinstance(value, list | tuple):
            return [
                item if type(item) in _PLAIN else self._encode(item, (*path, str(i))) for i, item in enumerate(value)
            ]
        if isinstance(value, str | int | float):
            return self._encode_subclass(value, path)
        return self._encode_object(value, path)

    def _encode_mapping(self, mapping: Mapping[Any, Any], path: tuple[str, ...]) -> dict[str, Any]:
        if types.is_reserved(mapping.get(types.TYPE)):
            raise SerializerError(
                f"{_place(path)} has the key {types.TYPE!r} with the value {mapping[types.TYPE]!r}, "
                "which marks a stored object; rename the key"
            )
        return {
            key if type(key) is str else _checked_key(key, path): (
                item if type(item) in _PLAIN else self._encode(item, (*path, key))
            )
            for key, item in mapping.items()
        }

    def _encode_subclass(self, value: str | float, path: tuple[str, ...]) -> Any:
        """Return a str, int or float of a derived class (an IntEnum, say) as the plain value that it equals."""
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, int):
            return self._encode(int.__int__(value), path)
        return float.__float__(value)

    def _encode_object(self, value: Any, path: tuple[str, ...]) -> Any:
        if isinstance(value, Attached):
            return value.content, value.suffix
        entry = types.find(value)
        if entry:
            return self._encode_registered(entry, value, path)
        method = getattr(value, self.getstate, None)
        if not callable(method) or isinstance(value, type):
            raise SerializerError(
                f"cannot store {_place(path)}, a {_class_name(type(value))}: convert it to numbers, strings, lists, "
                f"dictionaries or numpy arrays, give its class a {self.getstate}() method, or use coma.register_type()"
            )
        state = method()
        if not isinstance(state, Mapping):
            raise SerializerError(
                f"{self.getstate}() of {_place(path)}, a {_class_name(type(value))}, returned "
                f"{type(state).__name__}; it must return a dictionary"
            )
        encoded = self._encode_mapping(state, path)
        encoded.pop(CLASS, None)
        return {**encoded, CLASS: _class_name(type(value))}

    def _encode_registered(self, entry: types.RegisteredType, value: Any, path: tuple[str, ...]) -> types.State:
        try:
            state = entry.encode(value)
        except SerializerError as error:
            raise SerializerError(f"cannot store {_place(path)}: {error}") from None
        return {types.TYPE: entry.name, **self._encode_mapping(state, path)}

    def _check_plain(self, value: Any, path: tuple[str, ...]) -> None:
        try:
            types.check_plain(value)
        except SerializerError as error:
            raise SerializerError(f"cannot store {_place(path)}: {error}") from None

    def _is_allowed(self, name: Any) -> bool:
        return isinstance(name, str) and any(name.startswith(module + ".") for module in self.modules)

    def _restore(self, state: dict[str, Any]) -> Any:
        cls = _import_class(state.pop(CLASS), self.modules)
        instance: Any = object.__new__(cls)
        method = getattr(instance, self.setstate, None)
        if callable(method):
            method(state)
        else:
            vars(instance).update(state)
        return instance


def _checked_key(key: Any, path: tuple[str, ...]) -> str:
    if not isinstance(key, str):
        raise SerializerError(f"key {key!r} in {_place(path)} is a {type(key).__name__}; keys must be strings")
    return str(key)


def _checked_int(value: int, path: tuple[str, ...]) -> int:
    limit = sys.get_int_max_str_digits()
    if limit and abs(value).bit_length() > 3 * limit and abs(value) >= 10**limit:
        raise SerializerError(
            f"{_place(path)} is an integer of more than {limit} digits, which Python refuses to print"
        )
    return value


def _plain_scalar(value: np.generic) -> Any:
    if isinstance(value, np.longdouble | np.clongdouble | np.datetime64 | np.timedelta64 | np.void | np.object_):
        return np.asarray(value)
    return value.item()


def _place(path: tuple[str, ...]) -> str:
    return repr("/".join(map(str, path))) if path else "the tree"


def _class_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _import_class(name: str, modules: Collection[str]) -> type:
    module = max((m for m in modules if name.startswith(m + ".")), key=len)
    found: Any = importlib.import_module(module)
    for part in name[len(module) + 1 :].split("."):
        found = getattr(found, part, None)
    if not isinstance(found, type) or found.__module__ != module:
        raise SerializerError(f"module {module!r} has no class {name[len(module) + 1 :]!r}")
    return found
