# SPDX-License-Identifier: BSD-2-Clause
"""The index: the last id that was given out, changed only under a lock that all languages share."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeGuard

import filelock

from coma.archives.archive import Archive
from coma.errors import ArchiveError, IndexFileError, JsonArchiveError, XMLArchiveError
from coma.storage import locks
from coma.text import cut

LARGEST_ID = 2**63 - 1  # that programs in other languages can hold, too


def is_id(value: Any) -> TypeGuard[int]:
    """Tell whether a value can be the id of a measurement, or the last one.

    Examples
    --------
    >>> is_id(7), is_id(True), is_id(7.0), is_id(-1), is_id(2**64 - 1)
    (True, False, False, False, False)
    """
    return type(value) is int and 0 <= value <= LARGEST_ID


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
    archive
        What writes it.

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
        archive: type[Archive] = Archive,
    ) -> None:
        self._open = functools.partial(archive, filename, default_format, pretty_print)
        self._archive = self._open()
        self.root = root
        self.key = key
        self._known: tuple[tuple[int, ...], int] | None = None  # what a file of that stamp says
        self._held: tuple[Path, tuple[int, int] | None] | None = None  # the lock file, and what told it from others

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
        try:
            tree = self.archive.load()
        except (JsonArchiveError, XMLArchiveError) as error:
            raise IndexFileError(f"{error}. Write there the highest id in use, under {self.root}/{self.key}") from error
        level = tree.get(self.root) if isinstance(tree, dict) else None
        last = level.get(self.key) if isinstance(level, dict) else None
        if not is_id(last):
            raise IndexFileError(
                f'Index "{self.filename}" is damaged: {self.root}/{self.key} is {cut(repr(last), 40)}, not a whole number '
                ">= 0 and < 2**63. Write there the highest id in use"
            )
        return last

    def read_if_there(self) -> int | None:
        """Return the last id in use; None where there is no index, or another process just removes it.

        A file that did not change since is not read again.
        """
        stamp = self._stamp()
        if stamp is None:
            return None
        if self._known is None or self._known[0] != stamp:
            try:
                self._known = stamp, self.read()
            except ArchiveError as error:
                if isinstance(error.__cause__, FileNotFoundError):
                    return None
                raise
        return self._known[1]

    def _stamp(self) -> tuple[int, ...] | None:
        try:
            status = os.stat(self._archive.filename)
        except OSError:
            try:
                status = os.stat(self.filename)  # perhaps another process created it in another format
            except OSError:
                return None
        return status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size

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
        self.require_lock()
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
        if first + count - 1 > LARGEST_ID:
            raise IndexFileError(f'Index "{self.filename}" is at {first - 1}: there are no ids beyond {LARGEST_ID}')
        self.write(first + count - 1)
        return first

    def is_locked(self) -> bool:
        """Tell whether the lock file exists; its owner may be dead."""
        return os.path.lexists(self._lock_file())

    def _lock_file(self) -> Path:
        return Path(self.filename + ".lock")

    @contextmanager
    def lock(self, timeout: float | None = None) -> Iterator[None]:
        """Hold the lock file beside the index.

        A lock whose owner is dead is taken over at once; one of another host, where that cannot be known, when it did
        not change for a minute: who holds it for long renews it, see `renewed_lock`. Any other is waited for.

        Parameters
        ----------
        timeout
            Seconds that one owner is waited for; by default 30 where it lives on this host, and else no limit.

        Returns
        -------
        contextlib.AbstractContextManager
            The lock is held within ``with``.

        Raises
        ------
        IndexFileError
            If it is still held then; the error names the owner and the remedy.
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
        locks.acquire(lock, path, timeout)
        self._held = path, locks.identity(path)
        try:
            yield
        finally:
            self._held = None
            locks.release(lock, path)

    @contextmanager
    def renewed_lock(self) -> Iterator[None]:
        """Hold the lock for what may take long, and show the others that this process lives."""
        with self.lock(), locks.renewed(self._lock_file()):
            yield

    def require_lock(self) -> None:
        """Refuse to write what the lock protects after another process took the lock over.

        Raises
        ------
        IndexFileError
            If this process stood still for so long that it was taken for dead.
        """
        if self._held is not None and locks.identity(self._held[0]) != self._held[1]:
            raise IndexFileError(
                f'"{self._held[0]}" was taken over by another process while this one stood still; nothing more was '
                "written. Do it again"
            )
