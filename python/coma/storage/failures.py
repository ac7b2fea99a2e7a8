# SPDX-License-Identifier: BSD-2-Clause
"""Failures as data: one file for each point whose measurement failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from coma import files
from coma.archives import archive as archives
from coma.config import FAILURE_FILE
from coma.errors import ArchiveError, warn
from coma.storage.indexfile import is_id
from coma.storage.kept import KeptFiles
from coma.storage.measurement import Measurement, Tree
from coma.storage.names import Names

ROOT = "failure"
_FORMAT = "json"  # a program's last words may hold characters that XML cannot


class FailureRecord(Measurement):
    """What is known of a point that failed: info, the parameters at their paths, and the error.

    ``record['error/type']`` and ``record['error/message']`` say what happened; ``error/traceback`` is a list of lines, and
    a failed program's record has its command, exit status or signal, and last lines, too.

    Parameters
    ----------
    tree
        As for `Measurement`.
    path
        The record's file.
    """

    def __init__(self, tree: Tree, path: str) -> None:
        super().__init__(tree)
        self._path = path

    @property
    def path(self) -> str:
        """The record's file."""
        return self._path

    def __str__(self) -> str:
        error = self.tree.get("error", {})
        return f"Failure {self.id}\n  {error.get('type')}: {error.get('message')}\n  end_date: {self.end_date}\n"


class Failures:
    """The failure records in an experiment's directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.names = Names(FAILURE_FILE)
        self.kept = KeptFiles(directory, self.names)

    def __iter__(self) -> Iterator[FailureRecord]:
        for name in sorted(filter(self.names.matches, files.names(self.directory))):
            path = str(self.directory / name)
            try:
                yield FailureRecord(_checked(archives.read(path), path, self.names.id(name)), path)
            except ArchiveError as error:
                warn(f'Damaged failure record "{path}" left out: {error}')

    def add(self, tree: Tree, number: int) -> str:
        """Write a plain tree as the record of the attempt with this id, and return its path."""
        path = str(self.directory / f"{self.names.name(number)}.{_FORMAT}")
        files.replace(path, archives.dumps({ROOT: tree}, _FORMAT), through_link=False)
        return path

    def keep(self, number: int, paths: Sequence[str], names: Sequence[str]) -> list[str]:
        """Move files of these names beside the record with this id, and return their paths."""
        targets = self.kept.paths(number, names)
        for path, target in zip(paths, targets, strict=True):
            files.rename_over(path, target)
        return targets

    def remove_all(self) -> None:
        """Remove every record, and the files beside it."""
        for record in self:
            files.remove(record.path)
        self.kept.remove_all()


def _checked(tree: Any, name: str, number: int | None) -> Tree:
    """Return the failure that a file's tree holds, with the id that its name says: files beside it are found by that.

    Raises
    ------
    ArchiveError
        If it holds none.
    """
    content = tree.get(ROOT) if isinstance(tree, dict) else None
    parts = [content.get("info"), content.get("error", {})] if isinstance(content, dict) else []
    if not isinstance(content, dict) or not all(isinstance(part, dict) for part in parts):
        raise ArchiveError(f'"{name}" is no failure record: it has no {ROOT!r} with "info" and "error"')
    info: Tree = content["info"]
    if number is not None:
        info["measurement_id"] = number
    if not is_id(info.get("measurement_id")):
        raise ArchiveError(f'"{name}" is no failure record: its "info" has no "measurement_id"')
    kept = info.get("kept_files", [])
    if not isinstance(kept, list) or not all(isinstance(file, str) for file in kept):
        raise ArchiveError(f'"{name}" is damaged: info/kept_files is no list of names')
    return content
