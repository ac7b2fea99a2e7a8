# SPDX-License-Identifier: BSD-2-Clause
"""Places in a tree: ``results/energies/0``, ``layers/*/thickness``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from coma.errors import PathError
from coma.text import suggestion
from coma.trees import types

TreePath = str | Sequence[str | int]
Place = tuple[str | int, ...]
Fixed = str | Place  # a path that can be the key of a dictionary
WILDCARD = "*"
_MOST_SLASHES = 64  # in a text that is tried whether it leads back: each might be part of a key


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
    if not is_path(path):
        raise PathError(f"{path!r} is no path; write 'results/t' or ['results', 't']")
    return list(path)


def is_path(given: Any) -> bool:
    """Tell whether something is a text, or a sequence of keys and positions."""
    return isinstance(given, Sequence) and all(isinstance(part, str | int) for part in given)


def fixed(path: TreePath) -> Fixed:
    """Return a text as it is, and a sequence as a tuple."""
    return path if isinstance(path, str) else tuple(parts(path))


def get(tree: Any, path: TreePath) -> Any:
    """Return what `path` leads to; a path with ``*`` returns the list of all that it leads to.

    At each level, a key that is all that is left of a text goes before the keys between its slashes. A sequence has one
    key, or position, for each level, whatever is in it; there, a key ``*`` goes before all items.

    Raises
    ------
    PathError
        If it leads nowhere; the error names the part that is missing, and the nearest key.

    Examples
    --------
    >>> tree = {'layers': [{'d': 1.5}, {'d': 2.5}], 'v (m/s)': 3.0}
    >>> get(tree, 'layers/0/d'), get(tree, 'v (m/s)')
    (1.5, 3.0)
    >>> get(tree, 'layers/*/d')
    [1.5, 2.5]
    """
    for _, node in _literally(tree, path):
        return node
    if WILDCARD not in parts(path):
        raise PathError(_complaint(tree, path))
    found = [node for _, node in _find(tree, _steps(path), wild=True)]
    if not found:
        raise PathError(f"no item matches path {path!r}")
    return found


def locate(tree: Any, path: TreePath) -> tuple[str | int, ...] | None:
    """Return the keys and positions through which a path leads to one place; None where it leads nowhere.

    Examples
    --------
    >>> locate({'results': {'v (m/s)': 3.0}}, 'results/v (m/s)')
    ('results', 'v (m/s)')
    """
    return next((place for place, _ in _literally(tree, path)), None)


def has(tree: Any, path: TreePath) -> bool:
    """Tell whether `path` leads anywhere in `tree`.

    Examples
    --------
    >>> has({'results': {'t': 1.0}}, 'results/x')
    False
    """
    try:
        get(tree, path)
    except PathError:
        return False
    return True


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str | tuple[str, ...], Any]]:
    """Yield path and value of all that is no plain dictionary; `path` is that of the tree itself.

    A path is the sequence of its keys where its text would lead elsewhere.

    Examples
    --------
    >>> list(leaves({'results': {'t': 1.5, 'n': [1, 2]}, 'T': {'a': 1}, 'T/a': 2}))
    [('results/t', 1.5), ('results/n', [1, 2]), (('T', 'a'), 1), ('T/a', 2)]
    """
    found = list(_leaves(tree, ()))
    is_odd = any(key in ("", WILDCARD) or "/" in key for keys, _ in found for key in keys)
    for keys, leaf in found:
        text = "/".join(keys)
        if is_odd and (text.count("/") > _MOST_SLASHES or locate(tree, text) != keys):
            yield (*(path.split("/") if path else ()), *keys), leaf
        else:
            yield f"{path}/{text}" if path and keys else path or text, leaf


def _leaves(node: Any, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not isinstance(node, Mapping) or types.of_user(node):
        yield keys, node
        return
    for key, item in node.items():
        yield from _leaves(item, (*keys, key))


def as_text(path: TreePath) -> str:
    """Return a path as a text, to be shown."""
    return path if isinstance(path, str) else "/".join(map(str, path))


def set_(tree: dict[str, Any], path: TreePath, value: Any) -> None:
    """Put `value` at `path`, and make the dictionaries on the way.

    A text that leads somewhere already is that place; else the keys between its slashes are made. A sequence makes its
    keys as they are.

    Raises
    ------
    PathError
        If the path is empty, has a ``*``, or leads through something that is neither a dictionary nor a list.

    Examples
    --------
    >>> tree = {}
    >>> set_(tree, 'results/t', 1.0)
    >>> set_(tree, ['results', 'v (m/s)'], 2.0)
    >>> tree
    {'results': {'t': 1.0, 'v (m/s)': 2.0}}
    """
    found = locate(tree, path)
    steps: Sequence[str | int] = parts(path)
    if isinstance(path, str):
        steps = found or _place(tree, path.removesuffix("/"))
    if not steps or (WILDCARD in steps and found is None):
        raise PathError(f"cannot assign to path {path!r}; name one place, such as 'results/t'")
    node: Any = tree
    for step in steps[:-1]:
        if isinstance(node, dict):
            node.setdefault(step, {})
        node = get(node, [step])
    _assign(node, steps[-1], value, path)


def _place(tree: Any, text: str) -> Sequence[str | int]:
    """Return the keys to which a text leads, or will lead once those that are missing were made."""
    found = locate(tree, text)
    if found is not None and as_text(found) == text:
        return found
    before, slash, last = text.rpartition("/")
    return [*(_place(tree, before) or [""]), last] if slash else [last]


def _assign(node: Any, step: str | int, value: Any, path: TreePath) -> None:
    if isinstance(node, dict) and isinstance(step, str):
        node[step] = value
    elif isinstance(node, list | np.ndarray) and _is_position(step) and int(step) in range(-len(node), len(node)):
        node[int(step)] = value
    else:
        raise PathError(f"cannot assign to path {path!r}: {step!r} is no place in a {type(node).__name__}")


def _steps(path: TreePath) -> list[str | int]:
    """Return the path in parts, of which a text is the only one: it may be a key, or several."""
    return parts(path) if not isinstance(path, str) else [path] if path else []


def _literally(tree: Any, path: TreePath) -> Iterator[tuple[Place, Any]]:
    """Yield where a path leads if it has no ``*``, or has it as a key in a sequence."""
    if not isinstance(path, str) or WILDCARD not in parts(path):
        yield from _find(tree, _steps(path))


def _find(node: Any, steps: Sequence[str | int], wild: bool = False, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yield each place to which the steps lead, and what stands there."""
    if not steps:
        yield place, node
        return
    for key, child in _through(node, steps[0], wild):
        yield from _find(child, steps[1:], wild, (*place, *key))


def _through(node: Any, step: str | int, wild: bool) -> Iterator[tuple[Place, Any]]:
    """Yield where one step leads: to the key that it is, or else along the keys between its slashes."""
    here = list(_items(node, step, wild))
    if here or not isinstance(step, str):
        yield from here
        return
    slash = step.find("/")
    while slash >= 0:
        ahead = _beyond(node, step[:slash], step[slash + 1 :], wild)
        first = next(ahead, None)
        if first is not None:
            yield first
            yield from ahead
            return
        slash = step.find("/", slash + 1)


def _beyond(node: Any, key: str, rest: str, wild: bool) -> Iterator[tuple[Place, Any]]:
    for place, child in _items(node, key, wild):
        found = _through(child, rest, wild) if rest else [((), child)]
        yield from (((*place, *further), item) for further, item in found)


def _items(node: Any, step: str | int, wild: bool) -> Iterator[tuple[Place, Any]]:
    """Yield the item at a key or position, and for a ``*`` all items."""
    if wild and step == WILDCARD:
        yield from (((), child) for child in _children(node))
    elif isinstance(node, Mapping) and step in node:
        yield (step,), node[step]
    elif isinstance(node, list | tuple | str | np.ndarray) and _is_position(step):
        with suppress(IndexError):
            yield from (((step,), item) for item in _element(node, int(step)))


def _element(node: Any, position: int) -> list[Any]:
    if not isinstance(node, np.ndarray):
        return [node[position]]
    if node.ndim == 0:
        return []
    return [node[position].item() if node.ndim == 1 else node[position]]


def _is_position(step: str | int) -> bool:
    return isinstance(step, int) or (step.isascii() and step.isdigit())


def _children(node: Any) -> Iterator[Any]:
    if isinstance(node, Mapping):
        yield from node.values()
    elif isinstance(node, np.ndarray) and node.ndim == 1:
        yield from node.tolist()
    elif isinstance(node, list | tuple) or (isinstance(node, np.ndarray) and node.ndim > 1):
        yield from node


def _complaint(tree: Any, path: TreePath) -> str:
    """Return which part of a path is missing, and what there is in its place."""
    node: Any = tree
    done: list[str | int] = []
    for step in parts(path):
        found = next(_find(node, [step]), None)
        if found is None:
            hint = suggestion(step, map(str, node)) if isinstance(node, Mapping) else ""
            return f"path {path!r} not found: {as_text(done) or 'the tree'} has no item {step!r}{hint}"
        node = found[1]
        done.append(step)
    return f"path {path!r} not found"
