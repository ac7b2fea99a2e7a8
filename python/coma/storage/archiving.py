# SPDX-License-Identifier: BSD-2-Clause
"""All measurements into the experiment file, and out again; each can be killed anywhere and repeated."""

from __future__ import annotations

import os
from collections.abc import Set as AbstractSet

from coma.errors import ArchiveError, ExperimentError, warn
from coma.files import Flusher, remove
from coma.storage.experimentfile import MEASUREMENTS, ExperimentFile
from coma.storage.filetrees import tree_of_files, trees_of_files
from coma.storage.housekeeping import remove_leftovers
from coma.storage.listing import Listing
from coma.storage.measurement import Tree
from coma.storage.measurementfiles import MeasurementFiles
from coma.trees import identity
from coma.trees.equality import equal


def archived(file: ExperimentFile, files: MeasurementFiles, listing: Listing) -> list[Tree]:
    """Return the measurements of an inactive experiment, with files that an interrupted archiving left behind.

    Parameters
    ----------
    file, files
        Where they are, and where they were.
    listing
        All files that there are.
    """
    lying = _left_behind(file, files, listing)
    if not lying:
        return file.measurements
    warn(
        f'"{files.directory}" was archived, but {len(lying)} measurement file(s) are still there; '
        "deactivate() completes that, activate() undoes it"
    )
    merged = _merged(file, _read_present(lying))
    return [merged[number] for number in sorted(merged)]


def deactivate(file: ExperimentFile, files: MeasurementFiles) -> None:
    """Move every measurement into the experiment file; the files go once the archive was read back and compared.

    Raises
    ------
    ExperimentError
        If the experiment is inactive already, or the archive does not read back as it was written.
    ArchiveError
        If a measurement cannot be read, or the experiment file's format cannot hold it. Nothing is removed then.
    """
    with files.index.lock():
        remove_leftovers(files.directory)
        file.refresh()
        lying = _files(file, files)
        if not (file.is_active or lying or files.index.exists()):
            raise ExperimentError("Experiment already is inactive")
        _archive(file, _merged(file, dict(trees_of_files(lying.items()))))
        for paths in lying.values():
            for path in paths:
                remove(path)
        remove(files.index.filename)


def activate(file: ExperimentFile, files: MeasurementFiles) -> None:
    """Give every archived measurement a file of its own again; the archive goes once all were read back and compared.

    Raises
    ------
    ExperimentError
        If the experiment is active already, or a file is in the way.
    """
    with files.index.lock():
        remove_leftovers(files.directory)
        file.refresh()
        if file.is_active:
            raise ExperimentError("Experiment already is active")
        lying = _files(file, files)
        trees = _merged(file, dict(trees_of_files(lying.items())))
        _refuse_in_the_way(files, trees.keys() - lying.keys())
        flusher = Flusher(interval=None)
        for number, tree in trees.items():
            if number not in lying:
                _restore(files, number, tree, flusher)
        flusher.flush()
        files.index.write(max([*trees, files.index.read() if files.index.exists() else 0]))
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


def _files(file: ExperimentFile, files: MeasurementFiles) -> dict[int, list[str]]:
    """Return the measurement files of an active experiment, or those that an interrupted archiving left behind."""
    if file.is_active:
        return dict(files.ids.listing().items())
    return _left_behind(file, files, files.ids.listing_with_stale())


def _left_behind(file: ExperimentFile, files: MeasurementFiles, listing: Listing) -> dict[int, list[str]]:
    if files.index.exists():
        return dict(listing.up_to(files.index.read()).items())
    archived = by_id(file) if len(listing) else {}
    return {number: paths for number, paths in listing.items() if number in archived}


def _merged(file: ExperimentFile, present: dict[int, Tree]) -> dict[int, Tree]:
    """Return what is archived already and what lies in files, which are the more exact: Coma 2.0 cut digits."""
    archived = {} if file.is_active else by_id(file)
    for number in archived.keys() & present.keys():
        if identity.key(archived[number]) != identity.key(present[number]):
            raise ExperimentError(
                f"measurement {number} lies in a file and, different, in the experiment file; remove one of the two"
            )
    return {**archived, **present}


def by_id(file: ExperimentFile) -> dict[int, Tree]:
    """Return the archived measurements by id.

    Raises
    ------
    ExperimentError
        If one has no id of its own.
    """
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


def _refuse_in_the_way(files: MeasurementFiles, numbers: AbstractSet[int]) -> None:
    for number, paths in files.ids.listing_with_stale().items():
        if number in numbers:
            raise ExperimentError(f"{paths} is in the way of measurement {number}; move it elsewhere")


def _restore(files: MeasurementFiles, number: int, tree: Tree, flusher: Flusher) -> None:
    path = files.publish_as(files.serializer.encode(tree), number, durable=False)
    flusher.add(path)
    if not equal(tree_of_files(number, [path]), tree):
        raise ExperimentError(f'"{path}" does not read back as measurement {number}, which stays archived')
