# SPDX-License-Identifier: BSD-2-Clause
"""The index: the last id that was given out, changed only under a lock that all languages share."""

from __future__ import annotations

import functools
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import filelock

from coma.archives.archive import Archive
from coma.errors import ArchiveError, IndexFileError, warn

LOCK_TIMEOUT_SECONDS = 30.0
_POLL_SECONDS = 0.01
_LEGACY_AGE_SECONDS = 2.0


class IndexFile:
    """A file with one number: the last id in use.

    Parameters
    ----------
    filename
        Path, with or without suffix; the file that exists is taken.
    root, key
        Where the number stands, ``measurements/last_measurement_id`` say.
    default_format, pretty_print
        How a new file is written, as for `Archive`.

    Raises
    ------
    ArchiveError
        If the file exists in more than one format.

    Examples
    --------
    >>> import tempfile
    >>> index = IndexFile(tempfile.mkdtemp() + '/measurement.index')
    >>> index.create()
    >>> index.next(), index.next(3), index.read()
    (1, 2, 4)
    """

    def __init__(
        self,
        filename: str | os.PathLike[str],
        root: str = "measurements",
        key: str = "last_measurement_id",
        default_format: str = "json",
        pretty_print: bool = True,
    ) -> None:
        self._open = functools.partial(Archive, filename, default_format, pretty_print)
        self._archive = self._open()
        self.root = root
        self.key = key

    @property
    def archive(self) -> Archive:
        """The file; where it does not exist, one that another process may have created in another format."""
        if not self._archive.exists():
            self._archive = self._open()
        return self._archive

    @property
    def filename(self) -> str:
        """Path of the file."""
        return self.archive.filename

    def exists(self) -> bool:
        """Tell whether the file exists."""
        return self._archive.exists() or self.archive.exists()

    def create(self, last: int = 0) -> None:
        """Write the file.

        Parameters
        ----------
        last
            The last id in use; 0 for none.

        Raises
        ------
        ArchiveError
            If it cannot be written.
        """
        self.write(last)

    def read(self) -> int:
        """Return the last id in use.

        Raises
        ------
        IndexFileError
            If the file does not hold a whole number that is at least 0.
        ArchiveError
            If it cannot be read at all.
        """
        tree = self.archive.load()
        level = tree.get(self.root) if isinstance(tree, dict) else None
        last = level.get(self.key) if isinstance(level, dict) else None
        if not isinstance(last, int) or isinstance(last, bool) or last < 0:
            raise IndexFileError(
                f'Index "{self.filename}" is damaged: {self.root}/{self.key} is {last!r}, not a whole number >= 0. '
                "Write there the highest id in use"
            )
        return last

    def write(self, last: int) -> None:
        """Write the last id in use; the caller holds the lock.

        Parameters
        ----------
        last
            The last id in use; 0 for none.

        Raises
        ------
        ArchiveError
            If the file cannot be written.
        """
        self.archive.save({self.root: {self.key: last}})

    def next(self, count: int = 1) -> int:
        """Take some ids under the lock, and return the first of them.

        Parameters
        ----------
        count
            How many ids.

        Raises
        ------
        IndexFileError
            If the file is damaged, or its lock is held by another process.
        ArchiveError
            If it cannot be read or written.
        """
        with self.lock():
            return self.next_unlocked(count)

    def next_unlocked(self, count: int) -> int:
        """Take some ids and return the first of them; the caller holds the lock.

        Parameters
        ----------
        count
            How many ids.

        Raises
        ------
        IndexFileError
            If the file is damaged.
        ArchiveError
            If it cannot be read or written.
        """
        first = self.read() + 1
        self.write(first + count - 1)
        return first

    def is_locked(self) -> bool:
        """Tell whether the lock file exists; its owner may be dead."""
        return os.path.lexists(self._lock_file())

    def _lock_file(self) -> Path:
        return Path(self.filename + ".lock")

    @contextmanager
    def lock(self, timeout: float = LOCK_TIMEOUT_SECONDS) -> Iterator[None]:
        """Hold the lock file beside the index.

        A lock whose owner is dead is taken over, any other is waited for.

        Parameters
        ----------
        timeout
            Seconds to wait.

        Returns
        -------
        contextlib.AbstractContextManager
            The lock is held within ``with``.

        Raises
        ------
        IndexFileError
            If it is still held after `timeout` seconds; the error names the owner and the remedy.
        ArchiveError
            If the lock file can be neither made nor removed.

        Examples
        --------
        >>> import tempfile
        >>> index = IndexFile(tempfile.mkdtemp() + '/measurement.index')
        >>> index.create(5)
        >>> with index.lock():
        ...     index.write(index.read() + 1)
        >>> index.read(), index.is_locked()
        (6, False)
        """
        path = self._lock_file()
        lock = filelock.SoftFileLock(path, thread_local=False)
        _acquire(lock, path, timeout)
        try:
            yield
        finally:
            _release(lock, path)


def _acquire(lock: filelock.SoftFileLock, path: Path, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while True:
        seen = _stamp(path)
        wait = min(_LEGACY_AGE_SECONDS, max(deadline - time.monotonic(), 0))
        try:
            lock.acquire(timeout=wait, poll_interval=_POLL_SECONDS)
            return
        except filelock.Timeout:
            pass
        except OSError as error:
            raise ArchiveError(f'Cannot write lock "{path}": {error.strerror}') from error
        if seen and seen == _stamp(path) and seen[0] == 0 and wait >= _LEGACY_AGE_SECONDS:
            _break_legacy(path)
        elif time.monotonic() >= deadline:
            raise IndexFileError(_complaint(path, timeout))


def _release(lock: filelock.SoftFileLock, path: Path) -> None:
    """Release the lock; once more, where the system could not remove its file, which would hold up the others."""
    try:
        lock.release()
    except OSError:
        try:
            lock.release()
        except OSError as error:
            raise ArchiveError(f'Cannot remove lock "{path}": {error.strerror}; remove the file') from error


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Return size, inode and time of the lock file, by which a change of owner shows."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_size, status.st_ino, status.st_mtime_ns


def _break_legacy(path: Path) -> None:
    """Remove an empty lock, which Coma 2.0 left behind when it died; no living owner leaves one empty."""
    warn(f'Removing the lock "{path}", left behind by a program that died')
    path.unlink(missing_ok=True)


def _complaint(path: Path, timeout: float) -> str:
    owner = _owner(path)
    return (
        f'"{path}" is still locked after {timeout:g} s by {owner}. If that process is no longer alive, remove the file'
    )


def _owner(path: Path) -> str:
    try:
        lines: list[Any] = path.read_text(errors="replace").splitlines()
    except OSError:
        return "another process"
    if len(lines) < 2:
        return "an unknown process"
    here = " (this host)" if lines[1].partition("?")[0] == socket.gethostname() else ""
    return f"process {lines[0]} on {lines[1]}{here}"
