# SPDX-License-Identifier: BSD-2-Clause
"""The one owner of an experiment's directory: experiment file, measurements, failures, and whether it is active."""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol, Self

from coma.archives.archive import EnclosedArchive
from coma.config import Config
from coma.errors import ArchiveError, ExperimentError, IndexFileError
from coma.storage import archiving, experimentfile, housekeeping
from coma.storage.experimentfile import ExperimentFile
from coma.storage.failures import Failures
from coma.storage.flusher import Flusher
from coma.storage.listing import Listing
from coma.storage.measurement import FileMeasurement, Measurement, MemoryMeasurement, Tree, compose
from coma.storage.measurementfiles import MeasurementFiles
from coma.trees.serializer import RecursiveSerializer


class Measurements(Protocol):
    """All measurements of an experiment."""

    listing: Listing

    def __iter__(self) -> Iterator[Measurement]:
        """Yield the measurements in the order of their ids."""

    def trees(self, are_lent: bool = False) -> Iterable[Tree]:
        """Return their trees in this order, which is quicker; unless they are lent, they are not to be changed."""

    def __len__(self) -> int:
        """Return how many there are."""


class ActiveMeasurements(Measurements):
    """The measurements of an active experiment, which another process may archive while they are read.

    Parameters
    ----------
    store
        Where they are.
    """

    def __init__(self, store: Store) -> None:
        self.listing = store.files.ids.listing(store.is_active)
        self._store = store

    def __iter__(self) -> Iterator[Measurement]:
        for path, tree in self._read():
            yield MemoryMeasurement(tree) if path is None else self._store.measurement_at(path, tree)

    def trees(self, are_lent: bool = False) -> Iterator[Tree]:  # noqa: ARG002 - nobody else has them
        """Yield their trees in the order of their ids."""
        return (tree for _, tree in self._read())

    def _read(self) -> Iterator[tuple[str | None, Tree]]:
        """Yield path and tree of each; those that another process archived meanwhile come last, without a path."""
        files, gone = self._store.files, list[int]()
        yield from files.read(self.listing.items(), gone)
        while self._store.is_active() and gone:  # they were deleted; or archived, and taken out again
            again, gone = [(number, paths) for number in gone if (paths := files.find(number))], []
            yield from files.read(again, gone)
        if not self._store.file.is_active:
            self._store.file.lend()
            late, trees = set(gone), archiving.by_id(self._store.file).items()
            yield from ((None, tree) for number, tree in trees if number in late or number not in self.listing)

    def __len__(self) -> int:
        return len(self.listing)


class ArchivedMeasurements(Measurements):
    """The measurements of an inactive experiment, with files that lie beside the archive and count.

    Parameters
    ----------
    store
        Where they are.
    """

    def __init__(self, store: Store) -> None:
        self.listing = store.files.ids.listing_with_stale()
        self._file = store.file
        self._trees = archiving.archived(store.file, store.files, self.listing)

    def __iter__(self) -> Iterator[Measurement]:
        return map(MemoryMeasurement, self.trees(are_lent=True))

    def trees(self, are_lent: bool = False) -> list[Tree]:
        """Return their trees, which belong to the experiment file."""
        if are_lent:
            self._file.lend()
        return self._trees

    def __len__(self) -> int:
        return len(self._trees)


class Store:
    """What an experiment keeps in its directory.

    Parameters
    ----------
    directory
        The experiment's directory.
    config
        The options; they name the files.
    serializer
        Turns results into plain trees.

    Attributes
    ----------
    files : MeasurementFiles
        Measurements in files of their own, with their index.
    failures : Failures
        The records of points that failed.
    file : ExperimentFile
        What the experiment says of itself and, while it is inactive, its measurements; once it was opened.
    """

    file: ExperimentFile

    def __init__(self, directory: Path, config: Config, serializer: RecursiveSerializer) -> None:
        self.directory = directory
        self.config = config
        self.files = MeasurementFiles(directory, config, serializer)
        self.failures = Failures(directory)

    def open(self, id: int | None, description: str | None, tags: Sequence[str]) -> Self:
        """Open the experiment in the directory, or create one, and return the store.

        Raises
        ------
        ExperimentError
            If the directory is a file, cannot be written, or holds another experiment than `id`; or an argument does
            not fit.
        ArchiveError
            If the experiment file cannot be read.
        """
        experimentfile.check(id, description, tags)
        found = experimentfile.find(self.directory, self.config, id)
        if found is None:
            experimentfile.make_directory(self.directory)
            with self.files.index.lock():  # another process may create the same experiment
                found = experimentfile.find(self.directory, self.config, id)
                if found is None:
                    self.file = experimentfile.create(self.directory, self.config, id, description, tags)
                    self.files.ids.create_index()
                    return self
        self.file = found
        if found.is_active:
            self.files.ids.warn_of_stale()
        given = {"description": description, "tags": list(tags) or None}
        found.info.update({name: value for name, value in given.items() if value is not None})
        return self

    def save(self) -> None:
        """Write what the experiment says of itself to its file."""
        with self.files.index.lock():
            self.file.refresh()
            self.file.save()

    def recorded(self, environment: Mapping[str, Any] | None) -> AbstractContextManager[None]:
        """Record in the experiment file that a run takes place meanwhile."""
        return self.file.recorded(environment, self.files.index.lock)

    def is_active(self) -> bool:
        """Tell whether the measurements lie in files of their own."""
        self.file.refresh()
        return self.file.is_active

    def require_active(self, what: str) -> None:
        """Refuse to do what needs an active experiment.

        Raises
        ------
        ExperimentError
            If it is inactive.
        """
        if not self.is_active():
            raise ExperimentError(f'{what}: experiment "{self.directory}" is inactive. Call activate() first')

    def require_still_active(self) -> None:
        """Do the same for a run, quickly: another process may have archived the experiment, or taken it out again.

        Raises
        ------
        ExperimentError
            If it is inactive.
        """
        if not self.files.index.exists():
            self.require_active("Cannot run a new measurement")

    def measurements(self) -> Measurements:
        """Return all measurements, as they were at one moment."""
        while True:
            kind = ActiveMeasurements if self.is_active() else ArchivedMeasurements
            before = self.file.version
            try:
                found: Measurements = kind(self)
            except (ArchiveError, ExperimentError, IndexFileError):
                if not self._was_changed_since(before):
                    raise
            else:
                if not self._was_changed_since(before):
                    return found

    def _was_changed_since(self, version: int) -> bool:
        """Tell whether another process archived, or took out, meanwhile."""
        self.file.refresh()
        return self.file.version != version

    def measurement_at(self, path: str, tree: Tree) -> FileMeasurement:
        """Return the measurement in a file, which holds this tree."""
        return FileMeasurement(functools.partial(self._archive, path), tree, self)

    def new_measurement(self) -> FileMeasurement:
        """Return a measurement with the next id, which has no file until it is saved.

        Raises
        ------
        ExperimentError
            If the experiment is inactive.
        """
        self.require_active("Cannot create a new measurement")
        self.files.ids.refuse_stale_once()
        number = self.files.ids.next_free()
        archive = self._archive(str(self.directory / self.files.names.name(number)))
        return FileMeasurement(archive, compose({}, measurement_id=number), self)

    def _archive(self, path: str) -> EnclosedArchive:
        config = self.config
        return EnclosedArchive(
            path, config["archive_default_format"], config["archive_pretty_print"], self.files.serializer
        )

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Let nobody else change the experiment meanwhile.

        Raises
        ------
        ExperimentError
            If it is inactive.
        """
        with self.files.index.lock():
            self.require_active("Cannot save a measurement")
            yield

    def add(self, tree: Tree, number: int) -> tuple[int, str]:
        """Publish a new measurement of an active experiment, as `publish` does.

        Raises
        ------
        ArchiveError
            If the experiment was archived.
        """
        if not self.is_active():
            raise ArchiveError(
                f'Cannot add measurement {number} to "{self.directory}": the experiment was archived; activate() it, then '
                "save() again"
            )
        return self.publish(tree, number)

    def publish(self, tree: Tree, number: int, flusher: Flusher | None = None) -> tuple[int, str]:
        """Write a plain tree to a new file, and make sure that it counts.

        Parameters
        ----------
        tree
            The measurement.
        number
            An id that was taken from the index.
        flusher
            Makes it outlast a power cut later; without one, that is done before returning.

        Returns
        -------
        tuple of (int, str)
            The id, another one where `number` was taken, and the path of the file. Who archives meanwhile remembers
            the index, and the file counts; who resets does not, and the measurement gets an id anew.

        Raises
        ------
        ArchiveError
            If the format cannot hold the tree, or the file cannot be written.
        """
        number, path = self.files.publish(tree, number, flusher)
        last = self.files.index.read_if_there()
        if last is None or last < number:
            return self._publish_again(tree, number, path)
        return number, path

    def _publish_again(self, tree: Tree, number: int, path: str) -> tuple[int, str]:
        """Give a measurement an id that counts, unless its own does, or its file was removed by who came later."""
        with self.files.index.lock():
            self.file.refresh()
            last = archiving.last_in_use(self.file, self.files, self.files.ids.listing_with_stale())
            if last < number and os.path.exists(path):
                again = next(candidate for candidate in itertools.count(last + 1) if self.files.ids.is_free(candidate))
                if self.file.is_active:
                    self.files.index.write(again)
                else:
                    self.file.info[experimentfile.LAST_ID] = again
                    self.file.save()
                replaced = number, path
                number, path = again, self.files.publish_as(compose(tree, measurement_id=again), again)
                self.files.remove(*replaced)
            if not self.file.is_active and os.path.exists(path):
                archiving.take_in(self.file, self.files)
        return number, path

    def tidy(self, listing: Listing) -> None:
        """Remove what dead processes left, if a listing of the directory saw anything."""
        housekeeping.tidy(self.files.index, self.directory, listing)

    def deactivate(self) -> None:
        """Move all measurements into the experiment file."""
        archiving.deactivate(self.file, self.files)

    def activate(self) -> None:
        """Give each archived measurement a file of its own again."""
        archiving.activate(self.file, self.files)

    def reset(self) -> None:
        """Delete all measurements and failures, and start again with id 1."""
        archiving.reset(self.file, self.files)
        self.failures.remove_all()
