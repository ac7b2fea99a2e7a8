# SPDX-License-Identifier: BSD-2-Clause
"""What stands at some paths, read from one tree after the other: each path is taken apart once."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

from coma.trees import path as paths
from coma.trees.path import Fixed, TreePath


@functools.lru_cache(maxsize=1024)
def getter(path: Fixed) -> Callable[[Any], Any]:
    """Return a function that does as `get` with this path does, quickly where it leads through dictionaries alone.

    Examples
    --------
    >>> getter('results/t')({'results': {'t': 1.5}})
    1.5
    """
    steps = paths.parts(path)
    if not _is_simple(path):
        return functools.partial(paths.get, path=path)
    *branches, leaf = steps
    levels = list(zip(branches, _rests(path), strict=False))

    def follow(tree: Any) -> Any:
        node = tree
        for branch, rest in levels:
            if type(node) is not dict or branch not in node or rest in node:
                return paths.get(tree, path)
            node = node[branch]
        return node[leaf] if type(node) is dict and leaf in node else paths.get(tree, path)

    return follow


@functools.lru_cache(maxsize=64)
def reader(given: tuple[Fixed, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """Return a function that returns what stands at each of some paths, as `getter` does for one.

    Examples
    --------
    >>> reader(('results/t', 'results/x'))({'results': {'t': 1.5, 'x': 2.5}})
    (1.5, 2.5)
    """
    getters = [getter(path) for path in given]
    split = list(map(paths.parts, given))
    branches = {tuple(steps[:-1]) for steps in split}

    def read(tree: Any) -> tuple[Any, ...]:
        return tuple([follow(tree) for follow in getters])

    if len(given) == 1 or len(branches) != 1 or not all(map(_is_simple, given)):
        return read
    rests = map(frozenset[Any], zip(*map(_rests, given), strict=True))
    return _branch_reader(list(zip(branches.pop(), rests, strict=False)), [steps[-1] for steps in split], read)


def _branch_reader(
    levels: Sequence[tuple[str | int, frozenset[Any]]],
    leaves: Sequence[str | int],
    otherwise: Callable[[Any], tuple[Any, ...]],
) -> Callable[[Any], tuple[Any, ...]]:
    """Return a function that picks several leaves of one branch at once, where that leads through dictionaries alone."""
    pick = operator.itemgetter(*leaves)

    def read(tree: Any) -> tuple[Any, ...]:
        node = tree
        for step, rests in levels:
            node = node.get(step) if type(node) is dict and rests.isdisjoint(node) else None
        if type(node) is not dict:
            return otherwise(tree)
        try:
            return pick(node)  # type: ignore[no-any-return]
        except KeyError:
            return otherwise(tree)

    return read


def _is_simple(path: TreePath) -> bool:
    """Tell whether a path has neither a ``*`` nor an empty part, which the quick ways leave to `get`."""
    steps = paths.parts(path)
    return (
        bool(steps)
        and paths.WILDCARD not in steps
        and "" not in steps
        and not (isinstance(path, str) and path[-1] == "/")
    )


def _rests(path: TreePath) -> list[str | None]:
    """Return what is left of a text at each level, which may be a key; None for each key of a sequence."""
    steps = paths.parts(path)
    return ["/".join(map(str, steps[i:])) if isinstance(path, str) else None for i in range(len(steps))]
