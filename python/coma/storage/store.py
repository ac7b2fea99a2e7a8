# SPDX-License-Identifier: BSD-2-Clause
"""The one owner of an experiment's directory: experiment file, measurements, failures, and whether it is active."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, Self

from coma.config import Config
from coma.errors import ExperimentError
from coma.storage import archiving, experimentfile, housekeeping
from coma.storage.experimentfile import ExperimentFile
from coma.storage.failures import Failures
from coma.storage.listing import Listing
from coma.storage.measurement import FileMeasurement, Measurement, MemoryMeasurement, Tree
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
    file, files
        Where they go, and where they are.
    """

    def __init__(self, file: ExperimentFile, files: MeasurementFiles) -> None:
        self.listing = files.ids.listing()
        self._file = file
        self._files = files

    def __iter__(self) -> Iterator[Measurement]:
        for path, tree in self._read():
            yield MemoryMeasurement(tree) if path is None else self._files.at(path, tree)

    def trees(self, are_lent: bool = False) -> Iterator[Tree]:  # noqa: ARG002 - nobody else has them
        """Yield their trees in the order of their ids."""
        return (tree for _, tree in self._read())

    def _read(self) -> Iterator[tuple[str | None, Tree]]:
        """Yield path and tree of each; those that another process archived meanwhile come last, without a path."""
        file, files, gone = self._file, self._files, list[int]()
        yield from files.read(self.listing.items(), gone)
        file.refresh()
        if file.is_active:  # they were deleted; or archived, and taken out again
            yield from files.read(((number, paths) for number in gone if (paths := files.find(number))), [])
        else:
            file.lend()
            late, trees = set(gone), archiving.by_id(file).items()
            yield from ((None, tree) for number, tree in trees if number in late or number not in self.listing)

    def __len__(self) -> int:
        return len(self.listing)


class ArchivedMeasurements(Measurements):
    """The measurements of an inactive experiment, with files that an interrupted archiving left behind.

    Parameters
    ----------
    file, files
        Where they are, and where they were.
    """

    def __init__(self, file: ExperimentFile, files: MeasurementFiles) -> None:
        self.listing = files.ids.listing_with_stale()
        self._file = file
        self._trees = archiving.archived(file, files, self.listing)

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
        """Return all measurements."""
        if self.is_active():
            return ActiveMeasurements(self.file, self.files)
        return ArchivedMeasurements(self.file, self.files)

    def new_measurement(self) -> FileMeasurement:
        """Return a measurement with the next id, to be filled and saved.

        Raises
        ------
        ExperimentError
            If the experiment is inactive.
        """
        self.require_active("Cannot create a new measurement")
        return self.files.new()

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
        if self.is_active():
            self.files.remove_all()
        else:
            self.files.kept.remove_all()
            self.file.measurements.clear()
        self.failures.remove_all()
        self.file.info.update(start_date=None, end_date=None)
        self.file.save()
