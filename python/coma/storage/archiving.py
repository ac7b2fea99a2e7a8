# SPDX-License-Identifier: BSD-2-Clause
"""All measurements into the experiment file, and out again; each can be killed anywhere and repeated."""

from __future__ import annotations

import os
from collections.abc import Set as AbstractSet

from coma.errors import ArchiveError, ExperimentError, warn
from coma.files import read, remove, rename_over
from coma.storage.experimentfile import LAST_ID, MEASUREMENTS, ExperimentFile, id_of
from coma.storage.filetrees import tree_of_files, trees_of_files
from coma.storage.flusher import Flusher
from coma.storage.housekeeping import remove_leftovers
from coma.storage.indexfile import is_id
from coma.storage.listing import Listing
from coma.storage.measurement import Tree
from coma.storage.measurementfiles import MeasurementFiles
from coma.text import few
from coma.trees import identity
from coma.trees.equality import equal

LOST = "lost-in-a-power-cut"


def archived(file: ExperimentFile, files: MeasurementFiles, listing: Listing) -> list[Tree]:
    """Return the measurements of an inactive experiment, with files that lie beside it and count.

    Such files were left behind by an archiving that was interrupted, or published while it went on.

    Parameters
    ----------
    file, files
        Where they are, and where they were.
    listing
        All files that there are.
    """
    if not len(listing):
        return file.measurements
    lying = dict(listing.up_to(last_in_use(file, files, listing)).items())
    if not lying:
        return file.measurements
    warn(
        f'"{files.directory}" was archived, but {len(lying)} measurement file(s) are still there; '
        "deactivate() completes that, activate() undoes it"
    )
    merged = _merged(file, _read_present(lying))
    return [merged[number] for number in sorted(merged)]


def last_in_use(file: ExperimentFile, files: MeasurementFiles, listing: Listing) -> int:
    """Return the last id in use: what the index says, or said when all were archived; files above it are stale."""
    if file.is_active:
        return files.ids.last(listing)
    said = file.info.get(LAST_ID)
    return max([*by_id(file), said if is_id(said) else 0, files.index.read_if_there() or 0])


def deactivate(file: ExperimentFile, files: MeasurementFiles) -> None:
    """Move every measurement into the experiment file; the files go once the archive was read back and compared.

    Raises
    ------
    ExperimentError
        If the experiment is inactive already, or the archive does not read back as it was written.
    ArchiveError
        If a measurement cannot be read, or the experiment file's format cannot hold it. Nothing is removed then.
    """
    with files.index.renewed_lock():
        remove_leftovers(files.directory)
        file.refresh()
        was_active = file.is_active
        if not (take_in(file, files) or was_active or files.index.exists()):
            raise ExperimentError("Experiment already is inactive")
        remove(files.index.filename)


def take_in(file: ExperimentFile, files: MeasurementFiles) -> bool:
    """Move the files that count into the experiment file; tell whether there were any. The caller holds the lock."""
    listing = files.ids.listing_with_stale()
    last = last_in_use(file, files, listing)
    lying, trees = _counting(file, files, listing, last)
    if lying or file.is_active:
        _archive(file, files, _merged(file, trees), last)
    files.index.require_lock()
    for paths in lying.values():
        for path in paths:
            remove(path)
    return len(listing.up_to(last)) > 0


def activate(file: ExperimentFile, files: MeasurementFiles) -> None:
    """Give every archived measurement a file of its own again; the archive goes once all were read back and compared.

    Raises
    ------
    ExperimentError
        If the experiment is active already, or a file is in the way.
    """
    with files.index.renewed_lock():
        remove_leftovers(files.directory)
        file.refresh()
        if file.is_active:
            raise ExperimentError("Experiment already is active")
        listing = files.ids.listing_with_stale()
        last = last_in_use(file, files, listing)
        lying, present = _counting(file, files, listing, last)
        trees = _merged(file, present)
        _refuse_in_the_way(files, trees.keys() - lying.keys())
        files.index.require_lock()
        flusher = Flusher()
        for number, tree in trees.items():
            if number not in lying:
                _restore(files, number, tree, flusher)
        flusher.flush()
        files.index.write(last)
        del file.tree[MEASUREMENTS]
        file.info.pop(LAST_ID, None)
        file.save()


def reset(file: ExperimentFile, files: MeasurementFiles) -> None:
    """Remove all measurements, and set the index back; whoever publishes meanwhile sees that and takes a new id."""
    with files.index.renewed_lock():
        remove_leftovers(files.directory)
        file.refresh()
        listing = files.ids.listing_with_stale()
        last = last_in_use(file, files, listing)
        files.index.require_lock()
        _remove_up_to(last, files, listing)
        if file.is_active:
            files.index.write(0)
        else:
            remove(files.index.filename)
            file.measurements.clear()
        file.info.pop(LAST_ID, None)
        file.info.update(start_date=None, end_date=None)
        file.save()
        _remove_up_to(last, files, files.ids.listing_with_stale())  # what was published just before


def _remove_up_to(last: int, files: MeasurementFiles, listing: Listing) -> None:
    for paths in listing.up_to(last).values():
        for path in paths:
            remove(path)
    files.kept.remove_all(last)


def _archive(file: ExperimentFile, files: MeasurementFiles, trees: dict[int, Tree], last: int) -> None:
    before = dict(file.tree)
    file.tree[MEASUREMENTS] = [trees[number] for number in sorted(trees)]
    if last > max(trees, default=0):  # ids that somebody took, and under which files may be published yet
        file.info[LAST_ID] = last
    written = file.tree
    files.index.require_lock()
    file.save()
    file.load()
    if not equal(file.tree, written):
        file.tree = before
        file.save()
        raise ExperimentError(
            f'"{file.archive.filename}" does not read back as it was written; the experiment stays active, '
            "and nothing was removed"
        )


def _counting(
    file: ExperimentFile, files: MeasurementFiles, listing: Listing, last: int
) -> tuple[dict[int, list[str]], dict[int, Tree]]:
    """Return the files that count, and their trees; those that hold nothing go. The caller holds the lock."""
    lying = dict(listing.up_to(last).items())
    try:
        return lying, dict(trees_of_files(lying.items()))
    except ArchiveError:
        empty = {path: number for number, paths in lying.items() for path in paths if _holds_nothing(path)}
        if not empty:
            raise
    _put_away(file, files, empty)
    left = {number: [path for path in paths if path not in empty] for number, paths in lying.items()}
    lying = {number: paths for number, paths in left.items() if paths}
    return lying, dict(trees_of_files(lying.items()))


def _holds_nothing(path: str) -> bool:
    """Tell whether a file is one whose content a power cut took."""
    try:
        return not read(path).strip(b"\0")
    except ArchiveError:
        return False


def _put_away(file: ExperimentFile, files: MeasurementFiles, empty: dict[str, int]) -> None:
    """Rename files that hold nothing; those of archived measurements were to be written anew, and are removed."""
    archived = set() if file.is_active else set(by_id(file))
    lost = [path for path, number in empty.items() if number not in archived]
    for path in lost:
        rename_over(path, files.directory / f"{files.names.name(empty[path])}.{LOST}")
    for path in empty.keys() - lost:
        remove(path)
    if lost:
        warn(
            f"{len(lost)} measurement file(s) held nothing, as after a power cut, and are now named *.{LOST}: "
            f"{few(lost)}. The next run measures their points again"
        )


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
        number = id_of(tree)
        if not is_id(number) or number in trees:
            raise ExperimentError(
                f'"{file.archive.filename}" is damaged: measurement id {number!r} is no id of its own'
            )
        trees[number] = tree
    return trees


def _read_present(lying: dict[int, list[str]]) -> dict[int, Tree]:
    """Read files that another process, which archives them, may remove meanwhile: it archived them before.

    Those that hold nothing are left out; whoever archives or activates puts them away.
    """
    found: dict[int, Tree] = {}
    for number, paths in lying.items():
        try:
            found[number] = tree_of_files(number, paths)
        except ArchiveError:
            if all(os.path.exists(path) and not _holds_nothing(path) for path in paths):
                raise
    return found


def _refuse_in_the_way(files: MeasurementFiles, numbers: AbstractSet[int]) -> None:
    for number, paths in files.ids.listing_with_stale().items():
        if number in numbers:
            raise ExperimentError(f"{paths} is in the way of measurement {number}; move it elsewhere")


def _restore(files: MeasurementFiles, number: int, tree: Tree, flusher: Flusher) -> None:
    path = files.publish_as(files.serializer.encode(tree), number, flusher)
    if not equal(tree_of_files(number, [path]), tree):
        raise ExperimentError(f'"{path}" does not read back as measurement {number}, which stays archived')
