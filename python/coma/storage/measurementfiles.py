# SPDX-License-Identifier: BSD-2-Clause
"""The measurements of an active experiment, one file each: listed, read and published."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from coma import files
from coma.archives import archive as archives
from coma.config import Config
from coma.errors import ArchiveError, warn
from coma.storage import attachments, filetrees
from coma.storage.flusher import Flusher
from coma.storage.ids import Ids
from coma.storage.indexfile import IndexFile
from coma.storage.kept import KeptFiles
from coma.storage.measurement import ROOT, Tree, checked, compose
from coma.storage.names import Names
from coma.storage.readahead import Listed
from coma.text import few
from coma.trees.serializer import Serializer

_TRIES = 100  # ids for one measurement, whose files are all there before it: no run of bad luck


class MeasurementFiles:
    """The files of an experiment's measurements.

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
    index : IndexFile
        The last id in use.
    ids : Ids
        The ids in use, and those that come next.
    kept : KeptFiles
        What programs left beside the measurements.
    """

    def __init__(self, directory: Path, config: Config, serializer: Serializer) -> None:
        self.directory = directory
        self.config = config
        self.serializer = serializer
        self.names = Names(config["measurement_file"])
        self.kept = KeptFiles(directory, self.names)
        self.index = IndexFile(
            directory / config["measurement_index"],
            default_format=config["archive_default_format"],
            pretty_print=config["archive_pretty_print"],
            archive=archives.EnclosedArchive,
        )
        self.ids = Ids(self.index, str(directory), self.names)
        self._path_of_id = self.names.path_format(str(directory), config["archive_default_format"])

    def read(self, listed: Iterable[Listed], gone: list[int]) -> Iterator[tuple[str, Tree]]:
        """Yield path and tree of each measurement that was listed; ids whose files went since then are noted.

        Raises
        ------
        ArchiveError
            If a file is there and cannot be read. One that holds no measurement is left out, with a warning.
        """
        damaged: list[str] = []
        for number, paths, text, tree in filetrees.parsed(listed):
            try:
                found = filetrees.read_tree(number, paths, text) if tree is None else checked(tree, paths[0], number)
                yield paths[0], found
            except ArchiveError:
                try:
                    yield from self._read_again(number, paths, gone)
                except ArchiveError as error:
                    if isinstance(error.__cause__, OSError):
                        raise
                    damaged.append(str(error))
        if damaged:
            warn(f"{len(damaged)} damaged measurement file(s) left out: {few(damaged, '; ')}")

    def _read_again(self, number: int, paths: list[str], gone: list[int]) -> Iterator[tuple[str, Tree]]:
        """Yield a measurement whose file went, or changed, while others were read."""
        present = paths if all(map(os.path.lexists, paths)) else self.find(number)
        for path in present:
            if not os.path.isfile(path):
                raise ArchiveError(f'"{path}" is no file')
        if present:
            yield present[0], filetrees.read_tree(number, present, files.read(present[0]))
        else:
            gone.append(number)

    def find(self, number: int) -> list[str]:
        """Return the files of a measurement."""
        return archives.find(self.directory / self.names.name(number))

    def publish(self, tree: Tree, number: int, flusher: Flusher | None = None) -> tuple[int, str]:
        """Write a plain tree to a new file; return its id, another one where `number` is taken, and its path."""
        for _ in range(_TRIES):
            try:
                return number, self.publish_as(compose(tree, measurement_id=number), number, flusher, is_new=True)
            except FileExistsError as error:
                taken, number = error, self.ids.next_free()
        raise ArchiveError(
            f'Cannot write measurement {number}: under each of {_TRIES} ids, "{taken.filename2 or taken.filename}" was '
            "there; do others write to this directory without its index?"
        ) from taken

    def remove(self, number: int, path: str) -> None:
        """Remove a measurement's file, and what was attached to it."""
        attached = attachments.within(filetrees.tree_of_files(number, [path]))
        for file in (path, *self.kept.own(number, (attachment.file for attachment in attached), path)):
            files.remove(file)

    def publish_as(self, tree: Tree, number: int, flusher: Flusher | None = None, is_new: bool = False) -> str:
        """Write a plain tree to the file that belongs to an id, and return its path; see `attachments.put_aside`.

        The file, and those of what is attached, outlast a power cut when this returns, or are left to a `flusher`.

        Raises
        ------
        FileExistsError
            If that file exists.
        ArchiveError
            If the format cannot hold the tree, or the file cannot be written.
        """
        path = self._path_of_id % number
        stem = self.names.name(number)
        tree, contents = attachments.put_aside(tree, str(self.directory), stem, is_plain=True, is_new=is_new)
        text = archives.dumps({ROOT: tree}, self.config["archive_default_format"], self.config["archive_pretty_print"])
        at_once = flusher is None
        with attachments.published(self.directory, contents, at_once):
            files.publish(path, text, at_once)
        if flusher is not None:
            flusher.add(*(self.directory / name for name in contents), path)
        return path
