# SPDX-License-Identifier: BSD-2-Clause
"""All measurements into the experiment file, and out again; each can be killed anywhere and repeated."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from coma import files
from coma.errors import ArchiveError, ExperimentError
from coma.storage.experimentfile import MEASUREMENTS, ExperimentFile
from coma.storage.filetrees import tree_of_files, trees_of_files
from coma.storage.measurement import MemoryMeasurement, Tree
from coma.storage.measurements import FileMeasurements
from coma.trees import identity
from coma.trees.equality import equal


class ActiveMeasurements:
    """The measurements of an active experiment, which another process may archive while they are read.

    Parameters
    ----------
    file, home
        Where they go, and where they are.
    """

    def __init__(self, file: ExperimentFile, home: FileMeasurements) -> None:
        self.file = file
        self.home = home

    def __iter__(self) -> Iterator[MemoryMeasurement]:
        return (MemoryMeasurement(tree) if path is None else self.home.at(path, tree) for path, tree in self._read())

    def trees(self) -> Iterator[Tree]:
        """Yield their trees in the order of their ids."""
        return (tree for _, tree in self._read())

    def _read(self) -> Iterator[tuple[str | None, Tree]]:
        """Yield path and tree of each; those that another process archived meanwhile come last, without a path."""
        listing, gone = self.home.files(), list[int]()
        yield from self.home.read(listing.items(), gone)
        self.file.refresh()
        if self.file.is_active:  # they were deleted; or archived, and taken out again
            yield from self.home.read(((number, paths) for number in gone if (paths := self.home.find(number))), [])
        else:
            self.file.lend()
            late, trees = set(gone), _by_id(self.file).items()
            yield from ((None, tree) for number, tree in trees if number in late or number not in listing)

    def __len__(self) -> int:
        return len(self.home)


def archived(file: ExperimentFile, home: FileMeasurements) -> list[Tree]:
    """Return the measurements of an inactive experiment, with files that an interrupted archiving left behind."""
    lying = _files(file, home)
    if not lying:
        return file.measurements
    warnings.warn(
        f'"{home.directory}" was archived, but {len(lying)} measurement file(s) are still there; '
        "deactivate() completes that, activate() undoes it",
        UserWarning,
        stacklevel=4,
    )
    merged = _merged(file, _read_present(lying))
    return [merged[number] for number in sorted(merged)]


def deactivate(file: ExperimentFile, home: FileMeasurements) -> None:
    """Move every measurement into the experiment file; the files go once the archive was read back and compared.

    Raises
    ------
    ExperimentError
        If the experiment is inactive already, or the archive does not read back as it was written.
    ArchiveError
        If a measurement cannot be read, or the experiment file's format cannot hold it. Nothing is removed then.
    """
    with home.index.lock():
        home.remove_leftovers()
        file.refresh()
        lying = _files(file, home)
        if not (file.is_active or lying or home.index.exists()):
            raise ExperimentError("Experiment already is inactive")
        _archive(file, _merged(file, dict(trees_of_files(lying.items()))))
        for paths in lying.values():
            _remove(paths)
        files.remove(home.index.filename)


def activate(file: ExperimentFile, home: FileMeasurements) -> None:
    """Give every archived measurement a file of its own again; the archive goes once all were read back and compared.

    Raises
    ------
    ExperimentError
        If the experiment is active already, or a file is in the way.
    """
    with home.index.lock():
        home.remove_leftovers()
        file.refresh()
        if file.is_active:
            raise ExperimentError("Experiment already is active")
        lying = _files(file, home)
        trees = _merged(file, dict(trees_of_files(lying.items())))
        _refuse_in_the_way(home, trees.keys() - lying.keys())
        flusher = files.Flusher(interval=None)
        for number, tree in trees.items():
            if number not in lying:
                _restore(home, number, tree, flusher)
        flusher.flush()
        home.index.write(max([*trees, home.index.read() if home.index.exists() else 0]))
        del file.tree[MEASUREMENTS]
        file.save()


def _archive(file: ExperimentFile, trees: dict[int, Tree]) -> None:
    before = dict(file.tree)
    file.tree[MEASUREMENTS] = [trees[number] for number in sorted(trees)]
    written = file.tree
    file.save()
    file.load()
    if not equal(file.tree, written):
        file.tree = before
        file.save()
        raise ExperimentError(
            f'"{file.archive.filename}" does not read back as it was written; the experiment stays active, '
            "and nothing was removed"
        )


def _files(file: ExperimentFile, home: FileMeasurements) -> dict[int, list[str]]:
    """Return the measurement files; those of an inactive experiment, where archiving was interrupted."""
    if file.is_active or home.index.exists():
        return dict(home.files().items())
    lying = dict(home.all_files().items())
    archived = _by_id(file) if lying else {}
    return {number: paths for number, paths in lying.items() if number in archived}


def _merged(file: ExperimentFile, present: dict[int, Tree]) -> dict[int, Tree]:
    """Return what is archived already and what lies in files, which are the more exact: Coma 2.0 cut digits."""
    archived = {} if file.is_active else _by_id(file)
    for number in archived.keys() & present.keys():
        if identity.key(archived[number]) != identity.key(present[number]):
            raise ExperimentError(
                f"measurement {number} lies in a file and, different, in the experiment file; remove one of the two"
            )
    return {**archived, **present}


def _by_id(file: ExperimentFile) -> dict[int, Tree]:
    trees: dict[int, Tree] = {}
    for tree in file.measurements:
        number = tree.get("info", {}).get("measurement_id")
        if not isinstance(number, int) or number in trees:
            raise ExperimentError(
                f'"{file.archive.filename}" is damaged: measurement id {number!r} is no id of its own'
            )
        trees[number] = tree
    return trees


def _read_present(lying: dict[int, list[str]]) -> dict[int, Tree]:
    """Read files that another process, which archives them, may remove meanwhile: it archived them before."""
    found: dict[int, Tree] = {}
    for number, paths in lying.items():
        try:
            found[number] = tree_of_files(number, paths)
        except ArchiveError:
            if all(map(os.path.exists, paths)):
                raise
    return found


def _refuse_in_the_way(home: FileMeasurements, numbers: AbstractSet[int]) -> None:
    for number, paths in home.all_files().items():
        if number in numbers:
            raise ExperimentError(f"{paths} is in the way of measurement {number}; move it elsewhere")


def _restore(home: FileMeasurements, number: int, tree: Tree, flusher: files.Flusher) -> None:
    path = home.publish(home.serializer.encode(tree), number, durable=False)
    flusher.add(path)
    if not equal(tree_of_files(number, [path]), tree):
        raise ExperimentError(f'"{path}" does not read back as measurement {number}, which stays archived')


def _remove(paths: list[str]) -> None:
    for path in paths:
        files.remove(path)
