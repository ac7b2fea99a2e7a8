# SPDX-License-Identifier: BSD-2-Clause
"""Trees seen three ways: ``v['a']['b']``, ``v['a/b']`` and ``v.a.b``."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from coma.errors import PathError
from coma.text import identifier
from coma.trees import path as paths
from coma.trees import types
from coma.trees.equality import equal
from coma.trees.path import TreePath


class View(MutableMapping[str, Any]):
    """A dictionary of a tree, with items as keys, paths and attributes; writing through it changes the tree.

    Examples
    --------
    >>> v = View({'results': {'t': 1.5}})
    >>> v['results']['t'], v['results/t'], v.results.t
    (1.5, 1.5, 1.5)
    >>> v.results.t = 2.0
    >>> v
    {'results': {'t': 2.0}}
    """

    __slots__ = ("_tree",)
    _tree: dict[str, Any]

    def __init__(self, tree: dict[str, Any]) -> None:
        object.__setattr__(self, "_tree", tree)

    def __getitem__(self, path: TreePath) -> Any:
        return view(paths.get(self._tree, path))

    def __setitem__(self, path: TreePath, value: Any) -> None:
        paths.set_(self._tree, path, plain(value))

    def __delitem__(self, path: TreePath) -> None:
        place = paths.locate(self._tree, path)
        parent = paths.get(self._tree, place[:-1]) if place else None
        if not place or not isinstance(parent, dict):
            raise PathError(f"cannot delete {path!r}: not found")
        del parent[place[-1]]

    def __getattr__(self, name: str) -> Any:
        try:
            return self[self._key(name)]
        except PathError as error:
            raise AttributeError(str(error)) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[self._key(name)] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[self._key(name)]
        except PathError as error:
            raise AttributeError(str(error)) from None

    def _key(self, name: str) -> str:
        """Return the key that an attribute means: Python writes some letters in another form than the tree may have."""
        if name in self._tree:
            return name
        return next((key for key in self._tree if identifier(key) == name), name)

    def __contains__(self, path: object) -> bool:
        return paths.has(self._tree, path)  # type: ignore[arg-type]  # what is no path leads nowhere

    def __iter__(self) -> Iterator[str]:
        return iter(self._tree)

    def __len__(self) -> int:
        return len(self._tree)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(key for key in self._tree if key.isidentifier())})

    def __repr__(self) -> str:
        return repr(self._tree)

    def __eq__(self, other: object) -> bool:
        return equal(self._tree, plain(other))

    __hash__ = None  # type: ignore[assignment]  # mutable, as a dictionary is

    def __reduce__(self) -> tuple[type[View], tuple[dict[str, Any]]]:
        return View, (self._tree,)


def view(node: Any) -> Any:
    """Return a dictionary as a `View`, anything else, and an object of a registered type, as it is."""
    return View(node) if isinstance(node, dict) and not types.of_user(node) else node


def plain(node: Any) -> Any:
    """Return a `View` as its dictionary, anything else as it is."""
    return node._tree if isinstance(node, View) else node
