# SPDX-License-Identifier: BSD-2-Clause
"""What a program may know of the measurement that it is run for, and what it leaves besides its result."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Self

from coma.storage.kept import KeptFiles


class Attempt:
    """One attempt to measure a point, the current one while it is entered.

    Attributes
    ----------
    number : int
        The measurement's id.
    info : dict
        What is to be added to the measurement's info.
    kept : list of str
        Names of the files that stay beside the measurement.
    """

    def __init__(self, number: int, kept_files: KeptFiles) -> None:
        self.number = number
        self.info: dict[str, Any] = {}
        self.kept: list[str] = []
        self._kept_files = kept_files

    def keep(self, paths: Iterable[Path]) -> None:
        """Copy files beside the measurement.

        Raises
        ------
        ArchiveError
            If one of them exists there or cannot be written.
        """
        for path in paths:
            self._kept_files.add(self.number, path)
            self.kept.append(path.name)

    def __enter__(self) -> Self:
        self._token = _CURRENT.set(self)
        return self

    def __exit__(self, *_error: object) -> None:
        _CURRENT.reset(self._token)


_CURRENT: ContextVar[Attempt | None] = ContextVar("attempt", default=None)


def current_attempt() -> Attempt | None:
    """Return the attempt that this code is run for; None outside of a run."""
    return _CURRENT.get()
