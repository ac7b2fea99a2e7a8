# SPDX-License-Identifier: BSD-2-Clause
"""All measurements of an experiment: in files while it is active, in memory when it is not."""

from __future__ import annotations

import functools
import os
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from coma import files
from coma.archives import archive as archives
from coma.archives.archive import Archive
from coma.config import Config
from coma.errors import ArchiveError, ExperimentError, IndexFileError
from coma.storage import attachments, filetrees
from coma.storage.indexfile import IndexFile
from coma.storage.kept import KeptFiles
from coma.storage.listing import Listing
from coma.storage.measurement import ROOT, FileMeasurement, MemoryMeasurement, Tree, checked, compose
from coma.storage.names import Names
from coma.trees.serializer import Serializer

_FAST = 1.0  # seconds in which a block of ids is used up by fast points
_LARGEST_BLOCK = 1024
_PATIENCE = 3.0  # seconds that tidying waits for a lock; one without an owner is judged after two


class Measurements(Protocol):
    """What an experiment asks of the home of its measurements."""

    def __iter__(self) -> Iterator[MemoryMeasurement]:
        """Yield the measurements in the order of their ids."""

    def trees(self) -> Iterable[Tree]:
        """Return their trees in this order, which is quicker; they are not to be changed."""

    def __len__(self) -> int:
        """Return how many there are."""


class MemoryMeasurements:
    """The measurements of an inactive experiment.

    Parameters
    ----------
    trees
        Their trees.
    lend
        Called before these are given to somebody who may change them.
    """

    def __init__(self, trees: list[Tree], lend: Callable[[], None]) -> None:
        self._trees = trees
        self._lend = lend

    def __iter__(self) -> Iterator[MemoryMeasurement]:
        self._lend()
        return map(MemoryMeasurement, self._trees)

    def trees(self) -> Iterable[Tree]:
        """Return their trees."""
        return self._trees

    def __len__(self) -> int:
        return len(self._trees)


class Ids:
    """Ids taken from the index in blocks, small ones while points are slow and larger ones while they are fast.

    Parameters
    ----------
    home
        The measurements.
    check
        Called before each block, under the index's lock; raises where no measurement can be added any more.
    """

    def __init__(self, home: FileMeasurements, check: Callable[[], None]) -> None:
        self.home = home
        self.check = check
        self._next = 1
        self._last = 0
        self._size = 1
        self._taken = 0.0

    def next(self) -> int:
        """Return an id that nobody else gets, and whose file name is free."""
        while True:
            if self._next > self._last:
                self._take_block()
            self._next += 1
            if self.home.is_free(self._next - 1):
                return self._next - 1

    def give_back(self) -> None:
        """Return the ids that were not used, if nobody took any since."""
        index = self.home.index
        if self._next <= self._last and index.exists():
            with index.lock():
                if index.exists() and index.read() == self._last:
                    index.write(self._next - 1)
        self._next, self._last, self._size = 1, 0, 1

    def _take_block(self) -> None:
        fast = time.monotonic() - self._taken < _FAST
        self._size = min(2 * self._size, _LARGEST_BLOCK) if fast else 1
        self._next = self.home.take_ids(self._size, self.check)
        self._last = self._next + self._size - 1
        self._taken = time.monotonic()


class FileMeasurements:
    """The measurements of an active experiment, one file each.

    Parameters
    ----------
    directory
        The experiment's directory.
    config
        The options; they name the files.
    serializer
        Turns results into plain trees.
    """

    def __init__(self, directory: Path, config: Config, serializer: Serializer) -> None:
        self.directory = directory
        self._place = str(directory)
        self.config = config
        self.serializer = serializer
        self.names = Names(config["measurement_file"])
        self.kept = KeptFiles(directory, self.names)
        self._paths = {suffix: self.names.path_format(self._place, suffix) for suffix in archives.FORMATS}
        self._has_no_stale = False
        self._temporary: list[str] = []
        self.index = IndexFile(
            directory / config["measurement_index"],
            default_format=config["archive_default_format"],
            pretty_print=config["archive_pretty_print"],
        )

    def read(self, listed: Iterable[tuple[int, list[str]]], gone: list[int]) -> Iterator[tuple[str, Tree]]:
        """Yield path and tree of each measurement that was listed; ids whose files went since then are noted.

        Raises
        ------
        ArchiveError
            If a file is there and cannot be read. One that holds no measurement is left out, with a warning.
        """
        damaged: list[str] = []
        for number, paths, text, tree in filetrees.parsed(listed):
            try:
                yield (
                    paths[0],
                    filetrees.read_tree(number, paths, text) if tree is None else checked(tree, paths[0], number),
                )
            except ArchiveError:
                try:
                    yield from self._read_again(number, paths, gone)
                except ArchiveError as error:
                    if isinstance(error.__cause__, OSError):
                        raise
                    damaged.append(str(error))
        if damaged:
            warnings.warn(
                f"{len(damaged)} damaged measurement file(s) left out: " + "; ".join(damaged), UserWarning, stacklevel=2
            )

    def _read_again(self, number: int, paths: list[str], gone: list[int]) -> Iterator[tuple[str, Tree]]:
        """Yield a measurement whose file went, or changed, while others were read."""
        present = paths if all(map(os.path.lexists, paths)) else self.find(number)
        if not present:
            gone.append(number)
        for path in present:
            if not os.path.isfile(path):
                raise ArchiveError(f'"{path}" is no file')
        yield from ([(present[0], filetrees.read_tree(number, present, files.read(present[0])))] if present else [])

    def find(self, number: int) -> list[str]:
        """Return the files of a measurement."""
        return archives.find(os.path.join(self._place, self.names.name(number)))

    def at(self, path: str, tree: Tree) -> FileMeasurement:
        """Return the measurement in a file, which holds this tree."""
        return FileMeasurement(functools.partial(self._archive, path), tree)

    def __len__(self) -> int:
        return len(self.files())

    def files(self) -> Listing:
        """Return the paths of each measurement's file(s), by id; files above the index are stale and left out."""
        found = self.all_files()
        return found.up_to(self.last(found))

    def all_files(self) -> Listing:
        """Return the paths of each measurement's file(s), by id, stale ones too."""
        listing = Listing.of(self._place, self.names)
        self._temporary = listing.temporary
        return listing

    def warn_of_stale(self) -> None:
        """Warn, naming the remedy, of files that the index leaves out."""
        complaint = self._stale()
        if complaint:
            warnings.warn(complaint, UserWarning, stacklevel=5)

    def refuse_stale(self) -> None:
        """Refuse to add measurements where files lie above the index, which would pass over and so adopt them.

        Raises
        ------
        ExperimentError
            If there are any.
        """
        complaint = self._stale()
        if complaint:
            raise ExperimentError(f"Cannot add a measurement: {complaint}, or move them elsewhere")
        self._has_no_stale = True

    def _stale(self) -> str | None:
        found = self.all_files()
        last = self.last(found)
        stale = len(found) - len(found.up_to(last))
        if not stale:
            return None
        first = next(paths[0] for number, paths in found.items() if number > last)
        return (
            f"{stale} measurement file(s), such as {first}, lie above the index, {last}; they are never "
            f'read. To take them in, set {self.index.key} in "{self.index.filename}" to the highest id'
        )

    def tidy(self) -> None:
        """Remove what processes left that died while they wrote: temporary files, a lock. A living owner goes first.

        What the last listing saw decides whether there is anything to do.
        """
        with suppress(ArchiveError, IndexFileError):
            if self.index.is_locked() or files.leftovers(self.directory, self._temporary):
                with self.index.lock(_PATIENCE):
                    self.remove_leftovers()

    def remove_leftovers(self) -> None:
        """Remove temporary files of processes that died; the caller holds the lock."""
        for path in files.leftovers(self.directory, files.names(self.directory)):
            files.remove(path)

    def create_index(self) -> None:
        """Write the index where there is none; the caller holds the lock."""
        if not self.index.exists():
            self.index.create(self.last(self.all_files()))

    def last(self, found: Listing | None = None) -> int:
        """Return the index; a lost one is taken for the highest id in `found`."""
        if self.index.exists():
            return self.index.read()
        highest = found.last if found else 0
        if highest:
            warnings.warn(
                f'"{self.index.filename}" is missing; taking measurement {highest}, the highest, for the last',
                UserWarning,
                stacklevel=2,
            )
        return highest

    def new(self) -> FileMeasurement:
        """Return a measurement with an id of its own, which has no file until it is saved."""
        if not self._has_no_stale:  # once for many: it lists the directory
            self.refuse_stale()
        number = self.take_id()
        archive = self._archive(str(self.directory / self.names.name(number)))
        return FileMeasurement(archive, compose({}, measurement_id=number), self.index.archive)

    def take_id(self) -> int:
        """Return the next id whose file name is free."""
        while True:
            number = self.take_ids(1)
            if self.is_free(number):
                return number

    def take_ids(self, count: int, check: Callable[[], None] = lambda: None) -> int:
        """Take ids from the index, and return the first of them; `check` is called first, under the lock."""
        with self.index.lock():
            check()
            self.create_index()
            return self.index.next_unlocked(count)

    def id_of(self, path: str) -> int | None:
        """Return the id in a measurement file's name."""
        return self.names.id(os.path.basename(path))

    def is_free(self, number: int) -> bool:
        """Tell whether no file has the name that belongs to an id."""
        return not any(os.access(path % number, os.F_OK) for path in self._paths.values())

    def add(self, tree: Tree, number: int, durable: bool = True) -> str:
        """Publish a plain tree as a new measurement and return its path; where `number` is taken, under the next id."""
        while True:
            try:
                return self.publish(compose(tree, measurement_id=number), number, durable)
            except FileExistsError:
                number = self.take_id()

    def publish(self, tree: Tree, number: int, durable: bool = True) -> str:
        """Write a plain tree to the file that belongs to an id, and return its path.

        Raises
        ------
        FileExistsError
            If that file exists.
        ArchiveError
            If the format cannot hold the tree, or the file cannot be written.
        """
        format = self.config["archive_default_format"]
        path = self._paths[format] % number
        tree, contents = attachments.put_aside(tree, self._place, self.names.name(number))
        text = archives.dumps({ROOT: tree}, format, self.config["archive_pretty_print"])
        try:
            with attachments.published(self._place, contents):
                files.publish(path, text, durable)
        except FileExistsError:
            raise
        except OSError as error:
            raise ArchiveError(f'Cannot write "{path}": {error.strerror}') from error
        return path

    def remove_all(self) -> None:
        """Remove every measurement file up to the index, and set the index to 0."""
        with self.index.lock():
            for paths in self.files().values():
                for path in paths:
                    files.remove(path)
            self.kept.remove_all(self.last())
            self.index.write(0)

    def _archive(self, path: str) -> Archive:
        return Archive(
            path, self.config["archive_default_format"], self.config["archive_pretty_print"], self.serializer
        )
