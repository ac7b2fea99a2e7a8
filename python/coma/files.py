# SPDX-License-Identifier: BSD-2-Clause
"""Whole files: replaced at once, or published under a name without ever overwriting another.

What the system refuses is an `ArchiveError` that names the file; only a name that is taken is a `FileExistsError`.
"""

from __future__ import annotations

import ctypes
import errno
import math
import os
import re
import secrets
import shutil
import socket
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from coma.errors import ArchiveError

_NO_UNNAMED_FILES = {errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL, errno.EPERM, errno.ENOSYS}
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES}
_MODE = 0o666
_FEW = 16
_HOST = re.sub(r"[^\w.]", "_", socket.gethostname())
_BREAK = ".lock.break."
_TEMPORARY = re.compile(rf"\..+~{re.escape(_HOST)}~(\d+)~[0-9a-f]+\.tmp|.+{re.escape(_BREAK)}(\d+)\.[0-9a-f]+")

PathLike = str | os.PathLike[str]


@contextmanager
def reported(what: str) -> Iterator[None]:
    """Turn what the system says against `what` into an error that says so, ``Cannot write "a.json": ...``.

    Raises
    ------
    ArchiveError
        For every `OSError` but a `FileExistsError`.
    """
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        raise ArchiveError(f"Cannot {what}: {error.strerror}") from error


def read(path: PathLike) -> bytes:
    """Return what a file holds."""
    with reported(f'read "{path}"'), open(_open_file(path), "rb") as file:
        return file.read()


def _open_file(path: PathLike) -> int:
    """Open a file, and nothing that would be waited for, or that never ends: a pipe, a device."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(kind):
            raise OSError(errno.EINVAL, "it is no file, but a pipe, a socket or a device")
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def replace(path: PathLike, data: bytes) -> None:
    """Write `data` to `path` so that a reader sees the old file or the new one, never a part."""
    target = Path(path)
    temporary = _temporary_name(target)
    with reported(f'write "{path}"'):
        try:
            if not _link_unnamed(str(temporary), data, durable=True):
                _create(temporary, data, durable=True)
            os.replace(temporary, target)
        finally:
            _discard(temporary)
        _sync_directory(target.parent)


def publish(path: PathLike, data: bytes, durable: bool = True) -> None:
    """Write `data` to the new file `path`, whole or not at all.

    Parameters
    ----------
    path, data
        The file and its content.
    durable
        Make it outlast a power cut before returning; else the caller does so, see `Flusher`.

    Raises
    ------
    FileExistsError
        If `path` exists; it is left as it is.
    """
    target = os.fspath(path)
    with reported(f'write "{target}"'):
        if not _link_unnamed(target, data, durable):
            _link_named(Path(target), data, durable)
        if durable:
            _sync_directory(Path(target).parent)


def create(path: PathLike, data: bytes) -> None:
    """Write `data` to the new file `path`, under that name from the beginning.

    Raises
    ------
    FileExistsError
        If `path` exists; it is left as it is.
    """
    with reported(f'write "{path}"'):
        _create(path, data, durable=False)


def publish_copy(path: PathLike, source: PathLike) -> None:
    """Copy the file `source` to the new file `path`, whole or not at all.

    Raises
    ------
    FileExistsError
        If `path` exists; it is left as it is.
    """
    temporary = _temporary_name(Path(path))
    with reported(f'copy "{source}" to "{path}"'):
        try:
            shutil.copyfile(source, temporary)
            rename(temporary, path)
        finally:
            _discard(temporary)


def rename(path: PathLike, new: PathLike) -> None:
    """Give a file another name in its directory.

    Raises
    ------
    FileExistsError
        If that name exists; it is left as it is.
    """
    with reported(f'rename "{path}" to "{new}"'):
        try:
            os.link(path, new)
            os.unlink(path)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE))
            os.replace(path, new)


def rename_over(path: PathLike, new: PathLike) -> None:
    """Give a file another name in its directory, in place of the file that may have it."""
    with reported(f'rename "{path}" to "{new}"'):
        os.replace(path, new)


def remove(path: PathLike) -> None:
    """Remove `path`; it is no error if another process did so first."""
    with reported(f'remove "{path}"'), suppress(FileNotFoundError):
        os.unlink(path)


def names(directory: PathLike) -> Iterator[str]:
    """Yield the names in a directory, which may be millions, in no order."""
    with reported(f'list "{directory}"'), os.scandir(directory) as entries:
        for entry in entries:
            yield entry.name


def looks_temporary(name: str) -> bool:
    """Tell, quickly, whether a file's name could be that of a temporary file or of a lock that is being broken."""
    return name[0] == "." or _BREAK in name


def leftovers(directory: Path, among: Iterable[str]) -> list[Path]:
    """Return the temporary files, among some names, of processes of this host that died while they wrote or locked."""
    matches = map(_TEMPORARY.fullmatch, filter(looks_temporary, among))
    return [directory / match[0] for match in matches if match and not is_alive(int(match[1] or match[2]))]


def is_alive(pid: int) -> bool:
    """Tell whether a process of this host runs."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):  # a number that no process has
        return False
    except PermissionError:
        return True
    return True


def _sync_directory(directory: Path) -> None:
    """Make the names in `directory` durable, where the system can."""
    with suppress(PermissionError):  # a directory may be writable without being readable
        _sync(directory)


class Flusher:
    """Makes published files durable: at once when they are rare, once in a while when they are many.

    Parameters
    ----------
    interval
        Seconds that a file may wait; None waits for `flush`.
    """

    def __init__(self, interval: float | None = 1.0) -> None:
        self.interval = interval
        self._waiting: list[str] = []
        self._last = -math.inf

    def add(self, path: PathLike) -> None:
        """Take a file to be made durable."""
        self._waiting.append(os.fspath(path))
        if self.interval is not None and time.monotonic() - self._last >= self.interval:
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
        with reported(f'make "{waiting[0]}" and what followed it outlast a power cut'):
            if len(waiting) > _FEW and all(map(_sync_file_system, directories)):
                return
            for path in waiting:
                with suppress(FileNotFoundError):
                    _sync(path)
            for directory in directories:
                _sync_directory(directory)


def _sync(path: PathLike) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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


def _create(path: PathLike, data: bytes, durable: bool) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    try:
        _write_all(descriptor, data, durable)
    except BaseException:
        _discard(path)
        raise
    finally:
        os.close(descriptor)


def _link_unnamed(target: str, data: bytes, durable: bool) -> bool:
    """Publish through a file that has no name until it is whole; False where the system has none."""
    flag = getattr(os, "O_TMPFILE", 0)
    if not flag:
        return False
    directory = os.path.dirname(target) or "."
    try:
        descriptor = os.open(directory, flag | os.O_WRONLY, _MODE)
    except OSError as error:
        if error.errno in _NO_UNNAMED_FILES and os.path.isdir(directory):
            return False
        raise
    try:
        _write_all(descriptor, data, durable)
        return _link_descriptor(descriptor, target)
    finally:
        os.close(descriptor)


def _link_descriptor(descriptor: int, target: str) -> bool:
    try:  # src_dir_fd is ignored for an absolute path, but makes Python call linkat(), which follows the link in /proc
        os.link(f"/proc/self/fd/{descriptor}", target, src_dir_fd=0, follow_symlinks=True)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno in _NO_LINKS | _NO_UNNAMED_FILES | {errno.EXDEV}:
            return False
        raise
    return True


def _link_named(target: Path, data: bytes, durable: bool) -> None:
    temporary = _temporary_name(target)
    try:
        _create(temporary, data, durable)
        os.link(temporary, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _create(target, data, durable)
    finally:
        _discard(temporary)


def _discard(temporary: PathLike) -> None:
    """Remove a temporary file; one that stays is removed with those of dead processes, and hides no other error."""
    with suppress(OSError):
        os.unlink(temporary)


def _temporary_name(target: Path) -> Path:
    return target.with_name(f".{target.name[:100]}~{_HOST}~{os.getpid()}~{secrets.token_hex(4)}.tmp")


def _write_all(descriptor: int, data: bytes, durable: bool) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    if durable:
        os.fsync(descriptor)
