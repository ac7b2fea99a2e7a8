# SPDX-License-Identifier: BSD-2-Clause
"""Places in a tree: ``results/energies/0``, ``layers/*/thickness``."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from coma.errors import PathError
from coma.text import suggestion

TreePath = str | Sequence[str | int]
WILDCARD = "*"


def parts(path: TreePath) -> list[str | int]:
    """Split `path` at its slashes; a sequence is split already.

    Examples
    --------
    >>> parts('results/energies/0')
    ['results', 'energies', '0']
    >>> parts(['results', 'energies', -1])
    ['results', 'energies', -1]
    """
    if isinstance(path, str):
        split = path.split("/")
        return list(split[:-1] if split[-1] == "" else split)
    given: Any = path
    if not isinstance(given, Sequence) or not all(isinstance(part, str | int) for part in given):
        raise PathError(f"{path!r} is no path; write 'results/t' or ['results', 't']")
    return list(given)


def get(tree: Any, path: TreePath) -> Any:
    """Return what `path` leads to; a path with ``*`` returns the list of all that it leads to.

    Raises
    ------
    PathError
        If it leads nowhere; the error names the part that is missing, and the nearest key.

    Examples
    --------
    >>> tree = {'layers': [{'d': 1.5}, {'d': 2.5}]}
    >>> get(tree, 'layers/0/d')
    1.5
    >>> get(tree, 'layers/*/d')
    [1.5, 2.5]
    """
    steps = parts(path)
    if WILDCARD not in steps:
        return _follow(tree, steps, path)
    found = list(_find(tree, steps))
    if not found:
        raise PathError(f"no item matches path {path!r}")
    return found


@functools.lru_cache(maxsize=1024)
def getter(path: str) -> Callable[[Any], Any]:
    """Return a function that does as `get` with this path does, quickly where it leads through dictionaries alone.

    Examples
    --------
    >>> getter('results/t')({'results': {'t': 1.5}})
    1.5
    """
    steps = parts(path)
    if not steps or WILDCARD in steps:
        return functools.partial(get, path=path)
    *branches, leaf = steps

    def follow(tree: Any) -> Any:
        node = tree
        for branch in branches:
            if type(node) is not dict or branch not in node:
                return get(tree, path)
            node = node[branch]
        return node[leaf] if type(node) is dict and leaf in node else get(tree, path)

    return follow


@functools.lru_cache(maxsize=64)
def reader(given: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """Return a function that returns what stands at each of some paths, as `getter` does for one.

    Examples
    --------
    >>> reader(('results/t', 'results/x'))({'results': {'t': 1.5, 'x': 2.5}})
    (1.5, 2.5)
    """
    getters = [getter(path) for path in given]
    split = list(map(parts, given))
    branches = {tuple(steps[:-1]) for steps in split}

    def read(tree: Any) -> tuple[Any, ...]:
        return tuple([follow(tree) for follow in getters])

    if len(given) == 1 or len(branches) != 1 or any(not steps or WILDCARD in steps for steps in split):
        return read
    return _branch_reader(branches.pop(), [steps[-1] for steps in split], read)


def _branch_reader(
    branch: tuple[str | int, ...], leaves: Sequence[str | int], otherwise: Callable[[Any], tuple[Any, ...]]
) -> Callable[[Any], tuple[Any, ...]]:
    """Return a function that picks several leaves of one branch at once, where that leads through dictionaries alone."""
    pick = operator.itemgetter(*leaves)

    def read(tree: Any) -> tuple[Any, ...]:
        node = tree
        for step in branch:
            node = node.get(step) if type(node) is dict else None
        if type(node) is not dict:
            return otherwise(tree)
        try:
            return pick(node)  # type: ignore[no-any-return]
        except KeyError:
            return otherwise(tree)

    return read


def has(tree: Any, path: TreePath) -> bool:
    """Tell whether `path` leads anywhere in `tree`.

    Examples
    --------
    >>> has({'results': {'t': 1.0}}, 'results/x')
    False
    """
    try:
        steps = parts(path)
    except PathError:
        return False
    return any(True for _ in _find(tree, steps))


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield path and value of everything in a tree that is no dictionary; `path` is that of the tree itself.

    Examples
    --------
    >>> list(leaves({'results': {'t': 1.5, 'n': [1, 2]}, 'done': True}))
    [('results/t', 1.5), ('results/n', [1, 2]), ('done', True)]
    """
    if not isinstance(tree, Mapping):
        yield path, tree
        return
    for key, item in tree.items():
        yield from leaves(item, f"{path}/{key}" if path else key)


def set_(tree: dict[str, Any], path: TreePath, value: Any) -> None:
    """Put `value` at `path`, and make the dictionaries on the way.

    Raises
    ------
    PathError
        If the path is empty, has a ``*``, or leads through something that is neither a dictionary nor a list.

    Examples
    --------
    >>> tree = {}
    >>> set_(tree, 'results/t', 1.0)
    >>> tree
    {'results': {'t': 1.0}}
    """
    steps = parts(path)
    if not steps or WILDCARD in steps:
        raise PathError(f"cannot assign to path {path!r}; name one place, such as 'results/t'")
    node: Any = tree
    for step in steps[:-1]:
        if isinstance(node, dict):
            node.setdefault(step, {})
        node = _follow(node, [step], path)
    _assign(node, steps[-1], value, path)


def _assign(node: Any, step: str | int, value: Any, path: TreePath) -> None:
    if isinstance(node, dict) and isinstance(step, str):
        node[step] = value
    elif isinstance(node, list | np.ndarray) and _is_position(step) and int(step) in range(-len(node), len(node)):
        node[int(step)] = value
    else:
        raise PathError(f"cannot assign to path {path!r}: {step!r} is no place in a {type(node).__name__}")


def _follow(node: Any, steps: Sequence[str | int], path: TreePath) -> Any:
    for depth, step in enumerate(steps):
        try:
            node = _step(node, step)
        except (KeyError, IndexError):
            raise PathError(_complaint(node, steps, depth, path)) from None
    return node


def _step(node: Any, step: str | int) -> Any:
    if isinstance(node, Mapping):
        if step in node:
            return node[step]
        if isinstance(step, str) and "/" in step:
            return _follow(node, parts(step), step)
    elif isinstance(node, list | tuple | str | np.ndarray) and _is_position(step):
        return _element(node, int(step))
    raise KeyError(step)


def _element(node: Any, position: int) -> Any:
    if isinstance(node, np.ndarray):
        if node.ndim == 0:
            raise KeyError(position)
        return node[position].item() if node.ndim == 1 else node[position]
    return node[position]


def _is_position(step: str | int) -> bool:
    return isinstance(step, int) or (step.isascii() and step.isdigit())


def _find(node: Any, steps: Sequence[str | int]) -> Iterator[Any]:
    if not steps:
        yield node
    elif steps[0] == WILDCARD:
        for child in _children(node):
            yield from _find(child, steps[1:])
    else:
        try:
            child = _step(node, steps[0])
        except (KeyError, IndexError):
            return
        yield from _find(child, steps[1:])


def _children(node: Any) -> Iterator[Any]:
    if isinstance(node, Mapping):
        yield from node.values()
    elif isinstance(node, np.ndarray) and node.ndim == 1:
        yield from node.tolist()
    elif isinstance(node, list | tuple) or (isinstance(node, np.ndarray) and node.ndim > 1):
        yield from node


def _complaint(node: Any, steps: Sequence[str | int], depth: int, path: TreePath) -> str:
    place = "/".join(str(step) for step in steps[:depth]) or "the tree"
    hint = suggestion(steps[depth], map(str, node)) if isinstance(node, Mapping) else ""
    return f"path {path!r} not found: {place} has no item {steps[depth]!r}{hint}"
