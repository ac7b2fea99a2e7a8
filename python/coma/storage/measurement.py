# SPDX-License-Identifier: BSD-2-Clause
"""One measurement: its tree with info, parameters and results, in memory or in a file of its own."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from coma.archives import archive as archives
from coma.archives.archive import Archive, EnclosedArchive
from coma.errors import ArchiveError, PathError
from coma.storage import attachments
from coma.trees.path import TreePath
from coma.trees.view import View, plain, view

ROOT = "measurement"
_FIRST = ("measurement_id", "start_date", "end_date", "program", "version")
Tree = dict[str, Any]


def now() -> str:
    """Return the current time as files write it: UTC, whole seconds."""
    return _date(int(time.time()))


@functools.lru_cache(maxsize=1)
def _date(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def compose(tree: Tree, **info: Any) -> Tree:
    """Return `tree` with `info` set and in front, its well-known items first.

    Examples
    --------
    >>> compose({'results': {'t': 1.0}, 'info': {'host': 'a'}}, measurement_id=3)
    {'info': {'measurement_id': 3, 'host': 'a'}, 'results': {'t': 1.0}}
    """
    merged = {**tree.get("info", {}), **info}
    composed = {"info": None, **tree}
    composed["info"] = {**{key: merged[key] for key in _FIRST if key in merged}, **merged}
    return composed


class Measurement:
    """One parameter set's run: a tree with ``info``, ``parameters`` and ``results``.

    Items are reached in three ways: ``m['results']['t']``, ``m['results/t']`` and ``m.results.t``; one that is not there
    raises a `PathError`, as an attribute an `AttributeError`.

    Parameters
    ----------
    tree
        The tree, which is not copied: writing through the measurement changes it.

    Examples
    --------
    >>> m = Measurement({'info': {'measurement_id': 1}, 'results': {'t': 1.5}})
    >>> m.id, m['results/t'], m.results.t
    (1, 1.5, 1.5)
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    @property
    def tree(self) -> Tree:
        """The whole tree, as plain dictionaries."""
        return self._tree

    @property
    def id(self) -> int | None:
        """The measurement's id."""
        found: int | None = self._info("measurement_id")
        return found

    @property
    def start_date(self) -> str | None:
        """When its calculation began (UTC), as ``2014-02-25T22:50:11Z``."""
        found: str | None = self._info("start_date")
        return found

    @property
    def end_date(self) -> str | None:
        """When its calculation ended."""
        found: str | None = self._info("end_date")
        return found

    def _info(self, name: str) -> Any:
        return self.tree.get("info", {}).get(name)

    def start(self) -> None:
        """Set the start date to now."""
        self["info/start_date"] = now()

    def end(self) -> None:
        """Set the end date to now."""
        self["info/end_date"] = now()

    def has(self, path: TreePath) -> bool:
        """Tell whether `path` leads anywhere.

        Parameters
        ----------
        path
            Such as ``'results/t'``, ``'results/energies/0'``, ``'layers/*/thickness'`` or ``['results', 't']``.
        """
        return path in View(self.tree)

    def get(self, path: TreePath, default: Any = None) -> Any:
        """Return the item at `path`, or `default` where there is none.

        Parameters
        ----------
        path
            As for `has`; one with ``*`` returns the list of all items that it leads to.
        default
            What stands in for an item that is not there.

        Examples
        --------
        >>> m = Measurement({'results': {'energies': [0.5, 1.5]}})
        >>> m.get('results/energies/1'), m.get('results/t', 0.0), m.has('results/t')
        (1.5, 0.0, False)
        """
        return View(self.tree).get(path, default)  # type: ignore[arg-type]

    def verify(self) -> None:
        """Compare each attached file with the checksum that was stored of it.

        Raises
        ------
        ArchiveError
            If one is missing or was changed.
        """
        for attachment in attachments.within(self.tree):
            attachment.verify()

    def keys(self) -> list[str]:
        """Return the names of the tree's branches."""
        return list(self.tree)

    def __getitem__(self, path: TreePath) -> Any:
        return View(self.tree)[path]

    def __setitem__(self, path: TreePath, value: Any) -> None:
        View(self.tree)[path] = value

    def __delitem__(self, path: TreePath) -> None:
        del View(self.tree)[path]

    def __contains__(self, path: object) -> bool:
        return path in View(self.tree)

    def __iter__(self) -> Iterator[str]:
        return iter(self.tree)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return view(self[name])
        except PathError as error:
            raise AttributeError(str(error)) from None

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") or hasattr(type(self), name):
            object.__setattr__(self, name, value)
        else:
            self[name] = value

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(key for key in self.tree if key.isidentifier())})

    def __str__(self) -> str:
        program = "".join(f"  {name}: {self._info(name)}\n" for name in ("program", "version") if self._info(name))
        return (
            f"Measurement {self.id}\n{program}  start_date: {self.start_date}\n  end_date: {self.end_date}\n"
            f"  Fields: {self.keys()}\n"
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}: {', '.join(self.keys())}>"


class MemoryMeasurement(Measurement):
    """A measurement whose tree is in memory alone: one of an inactive experiment.

    Parameters
    ----------
    tree
        As for `Measurement`.
    """


class Keeper(Protocol):
    """What owns the files of measurements."""

    def changing(self) -> AbstractContextManager[None]:
        """Let nobody else change the experiment meanwhile, and refuse while it is inactive."""

    def add(self, tree: Tree, number: int) -> tuple[int, str]:
        """Write a plain tree to a new file; return its id, another one where `number` is taken, and its path."""


class FileMeasurement(Measurement):
    """A measurement in a file of its own, read when it is first needed.

    Experiments make them: see `Experiment.new_measurement` and `Experiment.measurements`.

    Parameters
    ----------
    archive
        The file, or a function that returns it when it is first needed.
    tree
        What the file holds; it is read when that is None.
    keeper
        The experiment to which it belongs, if any: it knows whether anything can be saved.
    """

    def __init__(
        self, archive: Archive | Callable[[], Archive], tree: Tree | None = None, keeper: Keeper | None = None
    ) -> None:
        self._keeper = keeper
        self._opened = archive if isinstance(archive, Archive) else None
        self._open = archive
        self._loaded = tree
        self._has_file = self._opened is None or self._opened.exists()

    @property
    def archive(self) -> Archive:
        """The file; ``m.archive.filename`` is its path."""
        if self._opened is None:
            self._opened = self._open() if callable(self._open) else self._open
        return self._opened

    @property
    def tree(self) -> Tree:
        """The whole tree, as plain dictionaries."""
        if self._loaded is None:
            self.load()
        assert self._loaded is not None
        return self._loaded

    def load(self) -> None:
        """Read the file again, and forget changes that were not saved.

        Raises
        ------
        ArchiveError
            If it is unreadable, or holds no measurement.
        """
        number = None if self._loaded is None else self.id
        path = self.archive.filename
        self._loaded = checked(archives.read(path, is_measurement=True), path, number)

    def save(self) -> None:
        """Write the tree as it is now: in place of what the file holds, or to a new file.

        A new measurement gets another id if its own was taken meanwhile.

        Raises
        ------
        ExperimentError
            If the experiment is being archived.
        ArchiveError
            If the experiment was archived or reset, so that the file is gone or there is no room for a new one; or the
            file cannot be written.
        SerializerError
            If a value has no lossless form.
        """
        if not self._has_file and self._keeper is not None:
            self._publish(self._keeper)
            return
        self._refuse_if_gone()
        with self._keeper.changing() if self._keeper is not None else nullcontext():
            self._refuse_if_gone()
            directory, name = os.path.split(self.archive.filename)
            tree, contents = attachments.put_aside(plain(self.tree), directory, os.path.splitext(name)[0])
            with attachments.published(directory, contents):
                self.archive.save({ROOT: tree})
        if contents:
            self._loaded = tree
        self._has_file = True

    def _refuse_if_gone(self) -> None:
        if self._has_file and not self.archive.exists():
            raise ArchiveError(
                f'"{self.archive.filename}" is gone; if the experiment was archived, activate() it and read the '
                "measurement again"
            )

    def _publish(self, keeper: Keeper) -> None:
        number, path = keeper.add(self.archive.serializer.encode(plain(self.tree)), self.id or 0)
        self._opened = EnclosedArchive(path, pretty_print=self.archive.pretty_print, serializer=self.archive.serializer)
        self._has_file = True
        if attachments.are_pending(self.tree):
            self._loaded = None
        else:
            self["info/measurement_id"] = number


def checked(tree: Any, name: str, number: int | None = None) -> Tree:
    """Return the measurement that a file's tree holds; where the file's name says `number`, that is its id.

    Raises
    ------
    ArchiveError
        If it holds none.
    """
    content = tree.get(ROOT) if isinstance(tree, dict) else None
    if not isinstance(content, dict):
        found = list(tree) if isinstance(tree, dict) else type(tree).__name__
        raise ArchiveError(f'"{name}" is no measurement file: its root must be {ROOT!r}, found {found}')
    info = content.get("info")
    if isinstance(info, dict):
        if number is not None:  # a file may have been renamed, or written by another program
            info["measurement_id"] = number
        if isinstance(info.get("measurement_id"), int):
            return content
    raise ArchiveError(f'"{name}" is no measurement file: it has no "info" with a "measurement_id"')
