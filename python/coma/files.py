# SPDX-License-Identifier: BSD-2-Clause
"""Whole files: replaced at once, or published under a name without ever overwriting another.

What the system refuses is an `ArchiveError` that names the file; only a name that is taken is a `FileExistsError`.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeGuard

from coma.errors import ArchiveError
from coma.owners import temporary_name

_NO_UNNAMED_FILES = {errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL, errno.EPERM, errno.ENOSYS}
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES}
_MODE = 0o666

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


def replace(path: PathLike, data: bytes, like: PathLike | None = None, through_link: bool = True) -> None:
    """Write `data` to `path` so that a reader sees the old file or the new one, never a part.

    The new file has the mode of the old one and, where the system permits, its owner and group.

    Parameters
    ----------
    path, data
        The file and its content.
    like
        Another file whose mode, owner and group it gets.
    through_link
        Where `path` is a link, replace the file that it leads to, and not the link.
    """
    with reported(f'write "{path}"'):
        target = _end_of_links(Path(path)) if through_link else Path(path)
        old = _status(target if like is None else like)
        temporary = temporary_name(target)
        try:
            if not _link_unnamed(str(temporary), data, durable=True, like=old):
                _create(temporary, data, durable=True, like=old)
            os.replace(temporary, target)
        finally:
            _discard(temporary)
        sync_directory(target.parent)


def publish(path: PathLike, data: bytes, durable: bool = True) -> None:
    """Write `data` to the new file `path`, whole or not at all.

    Parameters
    ----------
    path, data
        The file and its content.
    durable
        Make it outlast a power cut before returning; else the caller does so, see `coma.storage.flusher`.

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
            sync_directory(Path(target).parent)


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
    temporary = temporary_name(Path(path))
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


def is_plain_name(name: object) -> TypeGuard[str]:
    """Tell whether a value names a file in whatever directory it is put into: it can be shown, and leads nowhere else.

    Examples
    --------
    >>> is_plain_name('run.log'), is_plain_name('../run.log'), is_plain_name('..'), is_plain_name(7)
    (True, False, False, False)
    """
    if not isinstance(name, str) or not name.isprintable():
        return False
    return name not in ("", os.curdir, os.pardir) and os.path.basename(name) == name


def names(directory: PathLike) -> Iterator[str]:
    """Yield the names in a directory, which may be millions, in no order."""
    with reported(f'list "{directory}"'), os.scandir(directory) as entries:
        for entry in entries:
            yield entry.name


def make_directory(path: PathLike) -> None:
    """Make a directory, and the parents that it lacks, so that they outlast a power cut; it may be there already."""
    with reported(f'create directory "{path}"'):
        missing = [place for place in (Path(path), *Path(path).parents) if not place.exists()]
        for directory in reversed(missing):
            directory.mkdir(exist_ok=True)
            sync_directory(directory.parent)


def sync_directory(directory: Path) -> None:
    """Make the names in `directory` durable, where the system can."""
    try:
        sync(directory)
    except PermissionError:  # a directory may be writable without being readable
        pass
    except OSError as error:
        if error.errno != errno.EINVAL:  # what a file system says that cannot
            raise


def sync(path: PathLike) -> None:
    """Make a file, or the names in a directory, durable; it says what the system says."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _end_of_links(path: Path) -> Path:
    """Return the file that a link leads to; `path` where it is none."""
    if not path.is_symlink():
        return path
    try:
        return Path(os.path.realpath(path, strict=True))
    except FileNotFoundError:
        raise ArchiveError(
            f'Cannot write "{path}": it is a link to "{os.readlink(path)}", where there is no file; remove the link'
        ) from None


def _status(path: PathLike) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _make_like(descriptor: int, old: os.stat_result) -> None:
    """Give a file owner, group and mode of another, as far as that is permitted."""
    new = os.fstat(descriptor)
    for owner, group in ((old.st_uid, -1), (-1, old.st_gid)):
        if owner not in (-1, new.st_uid) or group not in (-1, new.st_gid):
            with suppress(OSError):
                os.fchown(descriptor, owner, group)
    if stat.S_IMODE(old.st_mode) != stat.S_IMODE(new.st_mode):
        with suppress(OSError):  # some file systems have but one
            os.fchmod(descriptor, stat.S_IMODE(old.st_mode))


def _create(path: PathLike, data: bytes, durable: bool, like: os.stat_result | None = None) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    try:
        _write_all(descriptor, data, durable, like)
    except BaseException:
        _discard(path)
        raise
    finally:
        os.close(descriptor)


def _link_unnamed(target: str, data: bytes, durable: bool, like: os.stat_result | None = None) -> bool:
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
        _write_all(descriptor, data, durable, like)
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
    temporary = temporary_name(target)
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


def _write_all(descriptor: int, data: bytes, durable: bool, like: os.stat_result | None = None) -> None:
    if like is not None:
        _make_like(descriptor, like)
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    if durable:
        os.fsync(descriptor)
