# SPDX-License-Identifier: BSD-2-Clause
"""Attached results become files beside their measurement: ``measurement.000001.results.psi.npy``."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from coma import files
from coma.archives.archive import FORMATS
from coma.errors import SerializerError
from coma.trees import attachment, types
from coma.trees.attachment import Attached, Attachment
from coma.trees.serializer import RecursiveSerializer

_SERIALIZER = RecursiveSerializer()
_LEAVES = frozenset({float, int, str, bool, type(None)})
_ODD = re.compile(r"[^\w.-]")
_OWN = re.compile("|".join(rf"{suffix}\b" for suffix in FORMATS), re.IGNORECASE)


def put_aside(
    tree: Any, directory: str | Path, stem: str, is_plain: bool = False, is_new: bool = False
) -> tuple[Any, dict[str, bytes]]:
    """Return a tree that refers to what was attached to it, and the files that this needs, by name.

    Parameters
    ----------
    tree
        Objects, or a plain tree.
    directory
        Where the files will lie.
    stem
        How their names begin; the path in the tree follows, with dots.
    is_plain
        Whether a serializer encoded the tree; what was attached is a tuple in there.
    is_new
        Whether such a tree is of a new measurement, which has no files yet to which it could refer.

    Raises
    ------
    SerializerError
        If the tree refers, anew, to what is attached to another measurement, and would go with that.
    """
    aside = _Aside(directory, stem, is_plain, is_new)
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


def mapped(tree: Any, change: Callable[[Attachment], Attachment]) -> Any:
    """Return a tree with each attachment changed."""
    if isinstance(tree, Attachment):
        return change(tree)
    if isinstance(tree, dict):
        return {key: mapped(item, change) for key, item in tree.items()}
    if isinstance(tree, list) and not _LEAVES.issuperset(map(type, tree)):
        return [mapped(item, change) for item in tree]
    return tree


def are_pending(tree: Any) -> bool:
    """Tell whether a tree of objects has something attached that has no file yet."""
    if isinstance(tree, dict | list):
        return any(map(are_pending, tree.values() if isinstance(tree, dict) else tree))
    return isinstance(tree, Attached)


class _Aside:
    """Takes what was attached out of a tree."""

    def __init__(self, directory: str | Path, stem: str, is_plain: bool, is_new: bool) -> None:
        self.directory = directory
        self.stem = stem
        self.start = len(stem) + 1
        self.is_plain = is_plain
        self.is_new = is_new
        self.contents: dict[str, bytes] = {}
        self._taken: set[str] = set()

    def without(self, node: Any, path: str) -> Any:
        """Return a node with references in place of contents; `path` is how the names of files begin."""
        if isinstance(node, Attached):
            return self._reference(node, path)
        if self.is_plain and isinstance(node, tuple):
            return _SERIALIZER.encode(self._reference(Attached(*node), path))
        if isinstance(node, Attachment) and not node.is_foreign and node.beside(self.stem).is_foreign:
            raise _of_another(path, node.file)
        if isinstance(node, dict):
            if self.is_new and node.get(types.TYPE) == attachment.TYPE:
                raise _of_another(path, node.get("file"))
            return {
                key: item if type(item) in _LEAVES else self.without(item, f"{path}.{key}")
                for key, item in node.items()
            }
        if isinstance(node, list) and not _LEAVES.issuperset(map(type, node)):
            return [self.without(item, f"{path}.{i}") for i, item in enumerate(node)]
        return node

    def _reference(self, attached: Attached, path: str) -> Attachment:
        content = attached.content
        stem, suffix = _ODD.sub("_", path), _ODD.sub("_", attached.suffix)
        if _OWN.match(stem + suffix, self.start):  # the name would be that of the measurement's own file
            stem = f"{stem[: self.start]}_{stem[self.start :]}"
        name = self._free(stem, suffix)
        self.contents[name] = content
        return Attachment(name, len(content), hashlib.sha256(content).hexdigest(), str(self.directory))

    def _free(self, stem: str, suffix: str) -> str:
        """Return a name that is not taken, of a file that does not exist."""
        name, number = stem + suffix, 1
        while _folded(name) in self._taken or os.path.lexists(Path(self.directory, name)):
            number += 1
            name = f"{stem}-{number}{suffix}"
        self._taken.add(_folded(name))
        return name


def _of_another(path: str, file: Any) -> SerializerError:
    return SerializerError(
        f"{path!r} refers to {file!r}, which is attached to another measurement, if it is there, and would go with that; "
        "attach a copy, by coma.attach(attachment.path)"
    )


def _folded(name: str) -> str:
    """Return the form in which names meet that some file system takes for one: case and accents may not count."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())
