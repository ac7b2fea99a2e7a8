# SPDX-License-Identifier: BSD-2-Clause
"""Files that a program wrote and that stay beside its measurement: ``measurement.000007.stdout.txt``."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from coma import files
from coma.errors import ArchiveError, warn
from coma.storage import attachments
from coma.storage.names import Names
from coma.text import cut

_SHOWN = 40  # characters of a name


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

    def paths(self, number: int | None, names: Iterable[str]) -> list[str]:
        """Return the paths of the files of these names, which Coma gave them, that belong to an id."""
        return [str(self.directory / f"{self.names.name(number)}.{name}") for name in names]

    def named_in(self, tree: dict[str, Any], number: int | None, path: str) -> list[str]:
        """Return the paths of the files that a tree says lie beside it: those that programs left, and attachments.

        Parameters
        ----------
        tree
            Measurement or failure record.
        number
            The id in the name of its file.
        path
            Its file.
        """
        info = tree.get("info")
        said = info.get("kept_files", []) if isinstance(info, dict) else []
        kept = [f"{self.names.name(number)}.{name}" for name in (said if isinstance(said, list) else [said])]
        return self.own(number, [*kept, *(attachment.file for attachment in attachments.within(tree))], path)

    def own(self, number: int | None, names: Iterable[str], path: str) -> list[str]:
        """Return the paths of those files that are there, beside an id, of all that the file at `path` names as such.

        Any other name leads to what belongs to somebody else: it is left out, with a warning.
        """
        found = {name: str(self.directory / name) for name in names}
        others = [name for name in found if number is None or not self._is_own(name, number)]
        if others:
            shown = ", ".join(cut(repr(name), _SHOWN) for name in others)
            warn(f'"{path}" names files that are none of those beside it; they are left alone: {shown}')
        return [path for name, path in found.items() if name not in others and os.path.lexists(path)]

    def _is_own(self, name: str, number: int) -> bool:
        path = self.directory / name
        return self.names.owner(name) == number and (os.path.islink(path) or not os.path.isdir(path))

    def add(self, number: int, source: Path) -> None:
        """Copy a file to the one of its name that belongs to an id.

        Raises
        ------
        ArchiveError
            If that file exists or cannot be written, or the name looks like that of a measurement or cannot be shown.
        """
        (path,) = self.paths(number, [source.name])
        if self.names.owner(os.path.basename(path)) != number:
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
