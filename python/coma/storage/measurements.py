# SPDX-License-Identifier: BSD-2-Clause
"""All measurements of an experiment: in files while it is active, in memory when it is not."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from coma import files
from coma.archives import archive as archives
from coma.archives.archive import Archive
from coma.config import Config
from coma.errors import ArchiveError
from coma.storage.indexfile import IndexFile
from coma.storage.measurement import ROOT, FileMeasurement, MemoryMeasurement, Tree, checked, compose
from coma.storage.names import Names
from coma.trees.serializer import Serializer
from coma.trees.tree import equal


class Measurements(Protocol):
    """What an experiment asks of the home of its measurements."""

    def __iter__(self) -> Iterator[MemoryMeasurement]:
        """Yield the measurements in the order of their ids."""

    def __len__(self) -> int:
        """Return how many there are."""


class MemoryMeasurements:
    """The measurements of an inactive experiment."""

    def __init__(self, trees: list[Tree]) -> None:
        self.trees = trees

    def __iter__(self) -> Iterator[MemoryMeasurement]:
        return map(MemoryMeasurement, self.trees)

    def __len__(self) -> int:
        return len(self.trees)


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
        self.config = config
        self.serializer = serializer
        self.names = Names(config["measurement_file"])
        self.index = IndexFile(
            directory / config["measurement_index"],
            default_format=config["archive_default_format"],
            pretty_print=config["archive_pretty_print"],
        )

    def __iter__(self) -> Iterator[FileMeasurement]:
        damaged: list[str] = []
        for paths in self.files().values():
            try:
                yield self._read(paths)
            except ArchiveError as error:
                damaged.append(str(error))
        if damaged:
            warnings.warn(
                f"{len(damaged)} damaged measurement file(s) left out: " + "; ".join(damaged), UserWarning, stacklevel=2
            )

    def __len__(self) -> int:
        return len(self.files())

    def files(self) -> dict[int, list[str]]:
        """Return the paths of each measurement's file(s), by id; files above the index are stale and left out."""
        found = self.all_files()
        last = self.last(found)
        return {number: paths for number, paths in found.items() if number <= last}

    def all_files(self) -> dict[int, list[str]]:
        """Return the paths of each measurement's file(s), by id, stale ones too."""
        found: dict[int, list[str]] = {}
        for name in sorted(os.listdir(self.directory)):
            number = self.names.id(name)
            if number is not None:
                found.setdefault(number, []).append(str(self.directory / name))
        return dict(sorted(found.items()))

    def warn_of_stale(self) -> None:
        """Warn, naming the remedy, of files that the index leaves out."""
        found = self.all_files()
        last = self.last(found)
        stale = [paths[0] for number, paths in found.items() if number > last]
        if stale:
            warnings.warn(
                f"{len(stale)} measurement file(s), such as {stale[0]}, lie above the index, {last}; they are never "
                f'read. To take them in, set {self.index.key} in "{self.index.filename}" to the highest id',
                UserWarning,
                stacklevel=5,
            )

    def create_index(self) -> None:
        """Write the index where there is none; the caller holds the lock."""
        if not self.index.exists():
            self.index.create(self.last(self.all_files()))

    def last(self, found: Iterable[int] = ()) -> int:
        """Return the index; a lost one is taken for the highest id in `found`."""
        if self.index.exists():
            return self.index.read()
        highest = max(found, default=0)
        if highest:
            warnings.warn(
                f'"{self.index.filename}" is missing; taking measurement {highest}, the highest, for the last',
                UserWarning,
                stacklevel=2,
            )
        return highest

    def new(self) -> FileMeasurement:
        """Return a measurement with an id of its own, which has no file until it is saved."""
        number = self.take_id()
        archive = self._archive(str(self.directory / self.names.name(number)))
        return FileMeasurement(archive, compose({}, measurement_id=number))

    def take_id(self) -> int:
        """Return the next id whose file name is free."""
        while True:
            number = self._next()
            if not archives.archive_exists(self.directory / self.names.name(number)):
                return number

    def add(self, tree: Tree, number: int | None = None) -> str:
        """Publish a plain tree as a new measurement and return its path; where `number` is taken, under the next id."""
        while True:
            number = self.take_id() if number is None else number
            try:
                return self.publish(compose(tree, measurement_id=number), number)
            except FileExistsError:
                number = None

    def publish(self, tree: Tree, number: int) -> str:
        """Write a plain tree to the file that belongs to an id, and return its path.

        Raises
        ------
        FileExistsError
            If that file exists.
        ArchiveError
            If the format cannot hold the tree, or the file cannot be written.
        """
        path = str(self.directory / f"{self.names.name(number)}.{self.config['archive_default_format']}")
        text = archives.dumps({ROOT: tree}, archives.format_of(path), self.config["archive_pretty_print"])
        try:
            files.publish(path, text)
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
            self.index.write(0)

    def _next(self) -> int:
        if not self.index.exists():
            with self.index.lock():
                self.create_index()
        return self.index.next()

    def _read(self, paths: list[str]) -> FileMeasurement:
        measurement = self._load(paths[0])
        if any(not equal(measurement.tree, self._load(path).tree) for path in paths[1:]):
            raise ArchiveError(f"Found multiple files for one measurement, which differ: {paths}; remove all but one")
        if len(paths) > 1:
            warnings.warn(f"Found the same measurement twice: {paths}; remove one", UserWarning, stacklevel=3)
        return measurement

    def _load(self, path: str) -> FileMeasurement:
        return FileMeasurement(
            self._archive(path), checked(archives.read(path), path, self.names.id(os.path.basename(path)))
        )

    def _archive(self, path: str) -> Archive:
        return Archive(
            path, self.config["archive_default_format"], self.config["archive_pretty_print"], self.serializer
        )
