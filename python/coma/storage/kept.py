# SPDX-License-Identifier: BSD-2-Clause
"""Files that a program wrote and that stay beside its measurement: ``measurement.000007.stdout.txt``."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coma import files
from coma.errors import ArchiveError
from coma.storage.names import Names


class KeptFiles:
    """The files beside the measurements, or beside the failure records, of one directory.

    Parameters
    ----------
    directory
        The experiment's directory.
    names
        The names of the files that they lie beside.

    Examples
    --------
    >>> kept = KeptFiles(Path('springs'), Names('measurement.${measurement_id}'))
    >>> kept.paths(7, ['stdout.txt'])
    ['springs/measurement.000007.stdout.txt']
    """

    def __init__(self, directory: Path, names: Names) -> None:
        self.directory = directory
        self.names = names

    def paths(self, number: int | None, names: Any) -> list[str]:
        """Return the paths of the files of these names that belong to an id; none for what is no list of names."""
        if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
            return []
        return [str(self.directory / f"{self.names.name(number)}.{name}") for name in names]

    def add(self, number: int, source: Path) -> None:
        """Copy a file to the one of its name that belongs to an id.

        Raises
        ------
        ArchiveError
            If that file exists or cannot be written, or the name looks like that of a measurement or cannot be shown.
        """
        (path,) = self.paths(number, [source.name])
        if self.names.owner(os.path.basename(path)) != number or not source.name.isprintable():
            raise ArchiveError(f"Cannot keep {source.name!r}: name it otherwise, {path!r} would be no name of its own")
        try:
            files.publish_copy(path, source)
        except FileExistsError as error:
            raise ArchiveError(f'Cannot keep "{source.name}" as "{path}": {error.strerror}') from error

    def move(self, number: int, names: Sequence[str], new: int) -> None:
        """Give files to another id."""
        if number != new:
            for path, target in zip(self.paths(number, names), self.paths(new, names), strict=True):
                files.rename(path, target)

    def remove_all(self, last: float = math.inf) -> None:
        """Remove every file that belongs to an id up to `last`."""
        for name in files.names(self.directory):
            number = self.names.owner(name)
            if number is not None and number <= last:
                files.remove(self.directory / name)
