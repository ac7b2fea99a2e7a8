# SPDX-License-Identifier: BSD-2-Clause
"""Attached results become files beside their measurement: ``measurement.000001.results.psi.npy``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from coma import files
from coma.trees import attachment, types
from coma.trees.attachment import Attached, Attachment
from coma.trees.serializer import RecursiveSerializer

_SERIALIZER = RecursiveSerializer()
_LEAVES = frozenset({float, int, str, bool, type(None)})
_ODD = re.compile(r"[^\w.-]")


def put_aside(tree: Any, directory: str | Path, stem: str) -> tuple[Any, dict[str, bytes]]:
    """Return a tree that refers to what was attached to it, and the files that this needs, by name.

    Parameters
    ----------
    tree
        Objects, or a plain tree.
    directory
        Where the files will lie.
    stem
        How their names begin; the path in the tree follows, with dots.
    """
    aside = _Aside(directory)
    return aside.without(tree, stem), aside.contents


def published(
    directory: str | Path, contents: Mapping[str, bytes], durable: bool = True
) -> AbstractContextManager[None]:
    """Publish files before their measurement, and remove them again if that fails.

    Parameters
    ----------
    directory, contents
        Where they lie, and what they hold, by name.
    durable
        Make them outlast a power cut before the measurement is published.

    Raises
    ------
    FileExistsError
        If one of them exists; it is left as it is.
    """
    return _published(directory, contents, durable) if contents else nullcontext()


@contextmanager
def _published(directory: str | Path, contents: Mapping[str, bytes], durable: bool) -> Iterator[None]:
    done: list[Path] = []
    try:
        for name, content in contents.items():
            files.publish(Path(directory, name), content, durable)
            done.append(Path(directory, name))
        yield
    except BaseException:
        for path in done:
            files.remove(path)
        raise


def within(tree: Any) -> Iterator[Attachment]:
    """Yield the attachments to which a tree refers."""
    if isinstance(tree, Attachment):
        yield tree
    elif isinstance(tree, dict | list):
        for node in tree.values() if isinstance(tree, dict) else tree:
            yield from within(node)


def are_pending(tree: Any) -> bool:
    """Tell whether a tree of objects has something attached that has no file yet."""
    if isinstance(tree, dict | list):
        return any(map(are_pending, tree.values() if isinstance(tree, dict) else tree))
    return isinstance(tree, Attached)


class _Aside:
    """Takes what was attached out of a tree."""

    def __init__(self, directory: str | Path) -> None:
        self.directory = directory
        self.contents: dict[str, bytes] = {}

    def without(self, node: Any, path: str) -> Any:
        """Return a node with references in place of contents; `path` is how the names of files begin."""
        if isinstance(node, Attached):
            return self._reference(node, path)
        if isinstance(node, dict):
            if node.get(types.TYPE) == attachment.PENDING:
                return _SERIALIZER.encode(self._reference(_SERIALIZER.decode(node), path))
            return {
                key: item if type(item) in _LEAVES else self.without(item, f"{path}.{key}")
                for key, item in node.items()
            }
        if isinstance(node, list) and not _LEAVES.issuperset(map(type, node)):
            return [self.without(item, f"{path}.{i}") for i, item in enumerate(node)]
        return node

    def _reference(self, attached: Attached, path: str) -> Attachment:
        content = attached.content
        name = self._free(_ODD.sub("_", path), attached.suffix)
        self.contents[name] = content
        return Attachment(name, len(content), hashlib.sha256(content).hexdigest(), str(self.directory))

    def _free(self, stem: str, suffix: str) -> str:
        """Return a name that is not taken, of a file that does not exist."""
        name, number = stem + suffix, 1
        while name in self.contents or Path(self.directory, name).exists():
            number += 1
            name = f"{stem}-{number}{suffix}"
        return name
