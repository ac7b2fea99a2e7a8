# SPDX-License-Identifier: BSD-2-Clause
"""When published files are made durable: measurements, and what lies beside them, by one rule."""

from __future__ import annotations

import ctypes
import math
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from coma import files

_FEW = 16


class Flusher:
    """Makes published files durable: at once when they are rare, once in a while when they are many.

    Parameters
    ----------
    interval
        Seconds that a file may wait.
    """

    def __init__(self, interval: float = 1.0) -> None:
        self.interval = interval
        self._waiting: list[str] = []
        self._last = -math.inf

    def add(self, *paths: files.PathLike) -> None:
        """Take files to be made durable."""
        self._waiting += [os.fspath(path) for path in paths]

    def flush_if_due(self) -> None:
        """Make them durable if that was not done for a while."""
        if time.monotonic() - self._last >= self.interval:
            self.flush()

    def flush(self) -> None:
        """Make all files durable that wait for it.

        Raises
        ------
        ArchiveError
            If the disk says that it cannot; the files are there, but may not outlast a power cut.
        """
        waiting, self._waiting = self._waiting, []
        self._last = time.monotonic()
        if not waiting:
            return
        directories = {Path(directory) for directory in set(map(os.path.dirname, waiting))}
        with files.reported(f'make "{waiting[0]}" and what followed it outlast a power cut'):
            if len(waiting) > _FEW and all(map(_sync_file_system, directories)):
                return
            for path in waiting:
                with suppress(FileNotFoundError):
                    files.sync(path)
            for directory in directories:
                files.sync_directory(directory)


def _sync_file_system(directory: Path) -> bool:
    """Flush a whole file system, which is faster than many files; False where the system has no call for it."""
    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None) if sys.platform == "linux" else None
    if syncfs is None:
        return False
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        return bool(syncfs(descriptor) == 0)
    finally:
        os.close(descriptor)
