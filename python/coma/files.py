# SPDX-License-Identifier: BSD-2-Clause
"""Whole files: replaced at once, or published under a name without ever overwriting another."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_NO_UNNAMED_FILES = {errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL, errno.EPERM, errno.ENOSYS}
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES}
_MODE = 0o666


def replace(path: str | os.PathLike[str], data: bytes) -> None:
    """Write `data` to `path` so that a reader sees the old file or the new one, never a part."""
    with _temporary_file(Path(path), data) as temporary:
        os.replace(temporary, path)
    sync_directory(Path(path).parent)


def publish(path: str | os.PathLike[str], data: bytes) -> None:
    """Write `data` to the new file `path`, whole or not at all.

    Raises
    ------
    FileExistsError
        If `path` exists; it is left as it is.
    """
    target = Path(path)
    if not _publish_unnamed(target, data):
        _publish_named(target, data)
    sync_directory(target.parent)


def remove(path: str | os.PathLike[str]) -> None:
    """Remove `path`; it is no error if another process did so first."""
    with suppress(FileNotFoundError):
        os.unlink(path)


def sync_directory(directory: Path) -> None:
    """Make the names in `directory` durable, where the system can."""
    try:
        descriptor = os.open(directory, os.O_RDONLY)
    except PermissionError:  # a directory may be writable without being readable
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _publish_unnamed(target: Path, data: bytes) -> bool:
    """Publish through a file that has no name until it is whole; False where the system has none."""
    flag = getattr(os, "O_TMPFILE", 0)
    if not flag:
        return False
    try:
        descriptor = os.open(target.parent, flag | os.O_WRONLY, _MODE)
    except OSError as error:
        if error.errno in _NO_UNNAMED_FILES and target.parent.is_dir():
            return False
        raise
    with os.fdopen(descriptor, "wb") as file:
        _write_all(file.fileno(), data)
        return _link_descriptor(file.fileno(), target)


def _link_descriptor(descriptor: int, target: Path) -> bool:
    try:  # src_dir_fd is ignored for an absolute path, but makes Python call linkat(), which follows the link in /proc
        os.link(f"/proc/self/fd/{descriptor}", target, src_dir_fd=0, follow_symlinks=True)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno in _NO_LINKS | _NO_UNNAMED_FILES | {errno.EXDEV}:
            return False
        raise
    return True


def _publish_named(target: Path, data: bytes) -> None:
    with _temporary_file(target, data) as temporary:
        try:
            os.link(temporary, target)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            _create(target, data)


@contextmanager
def _temporary_file(target: Path, data: bytes) -> Iterator[Path]:
    temporary = target.with_name(f".{target.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    _create(temporary, data)
    try:
        yield temporary
    finally:
        remove(temporary)


def _create(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _write_all(file.fileno(), data)
    except BaseException:
        remove(path)
        raise


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)
