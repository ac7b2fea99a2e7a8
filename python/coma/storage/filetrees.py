# SPDX-License-Identifier: BSD-2-Clause
"""The trees that measurement files hold: many at once where they are small and plain, each alone where it is not."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from coma import files
from coma.archives import archive as archives
from coma.errors import ArchiveError, warn
from coma.storage import readahead
from coma.storage.measurement import Tree, checked
from coma.storage.readahead import Listed
from coma.trees.equality import equal


def parsed(listed: Iterable[Listed]) -> Iterator[tuple[int, list[str], bytes | None, Any]]:
    """Yield id, paths, the text of the first file, and its tree for each measurement.

    The text is None if it cannot be read. The tree is None unless many files could be parsed at once; `read_tree` then
    parses the text.
    """
    for batch in readahead.read(listed):
        texts = [text for _, paths, text in batch if text is not None and len(paths) == 1]
        trees = archives.loads_all(texts, [paths[0] for _, paths, _ in batch]) if len(texts) == len(batch) else None
        for (number, paths, text), tree in zip(batch, trees or itertools.repeat(None), strict=False):
            yield number, paths, text, tree


def read_tree(number: int, paths: list[str], text: bytes | None) -> Tree:
    """Return the tree of a measurement's file(s), and warn of several; `text` is what the first holds."""
    if text is None:
        raise ArchiveError(f'"{paths[0]}" could not be read')
    tree = tree_of_files(number, paths, text)
    if len(paths) > 1:
        warn(f"Found the same measurement twice: {paths}; remove one")
    return tree


def tree_of_files(number: int, paths: list[str], text: bytes | None = None) -> Tree:
    """Return the tree of a measurement's file(s); `text` is what the first holds, if that is known.

    Raises
    ------
    ArchiveError
        If a file cannot be read or holds no measurement, or they differ.
    """
    text = files.read(paths[0]) if text is None else text
    tree = checked(archives.loads(text, paths[0], is_measurement=True), paths[0], number)
    if any(not equal(tree, tree_of_files(number, [path])) for path in paths[1:]):
        raise ArchiveError(f"Found multiple files for one measurement, which differ: {paths}; remove all but one")
    return tree


def trees_of_files(listed: Iterable[Listed]) -> Iterator[tuple[int, Tree]]:
    """Yield id and tree of many measurements.

    Raises
    ------
    ArchiveError
        As `tree_of_files` does.
    """
    for number, paths, _, tree in parsed(listed):
        yield number, tree_of_files(number, paths) if tree is None else checked(tree, paths[0], number)
