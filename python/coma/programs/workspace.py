# SPDX-License-Identifier: BSD-2-Clause
"""Temporary directories of programs, and those that a killed Coma left behind."""

from __future__ import annotations

import functools
import os
import re
import secrets
import stat
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from coma import files, owners
from coma.errors import ProgramError
from coma.programs import strays


@contextmanager
def directory() -> Iterator[str]:
    """Give a temporary directory; the first one of a process clears away what dead processes left.

    Raises
    ------
    ProgramError
        If it cannot be made.
    """
    parent = tempfile.gettempdir()
    remove_leftovers(parent)
    made = os.path.join(parent, f"coma-{os.getpid()}-{_here()}-{secrets.token_hex(8)}")
    try:
        os.mkdir(made, 0o700)
    except OSError as error:
        raise ProgramError(
            f'cannot make a temporary directory in "{parent}": {error.strerror}; set TMPDIR to a directory with room'
        ) from error
    try:
        yield made
    finally:
        _remove(made)


def _remove(directory: str) -> None:
    """Remove a directory; few hold others, or such as may not be written. Nothing that a link leads to is touched."""
    with suppress(OSError):
        _remove_files(directory)
        os.rmdir(directory)
        return
    if os.path.islink(directory):
        files.remove(directory)
    else:
        with suppress(OSError):
            _remove_deep(directory)


def _remove_files(directory: str) -> None:
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        for name in os.listdir(opened):
            os.unlink(name, dir_fd=opened)
    finally:
        os.close(opened)


def _remove_deep(directory: str) -> None:
    """Remove a directory with others in it, however deep: each moves what it holds up, and is empty then."""
    os.chmod(directory, 0o700)
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        while sum(_remove_within(opened, name) for name in os.listdir(opened)):
            pass
    finally:
        os.close(opened)
    os.rmdir(directory)


def _remove_within(parent: int, name: str) -> bool:
    """Remove an entry of a directory, and move the directories in it to its place; tell whether that was possible."""
    try:
        if not _is_directory(name, parent):
            os.unlink(name, dir_fd=parent)
            return True
        opened = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
        try:
            for inner in os.listdir(opened):
                if _is_directory(inner, opened):
                    os.rename(inner, secrets.token_hex(16), src_dir_fd=opened, dst_dir_fd=parent)
                else:
                    os.unlink(inner, dir_fd=opened)
        finally:
            os.close(opened)
        os.rmdir(name, dir_fd=parent)
    except OSError:
        return False
    return True


def _is_directory(name: str, parent: int) -> bool:
    """Tell whether an entry is a directory, and let its owner, who we are, do anything with it."""
    found = stat.S_ISDIR(os.lstat(name, dir_fd=parent).st_mode)
    if found:
        os.chmod(name, 0o700, dir_fd=parent)
    return found


@functools.cache
def remove_leftovers(parent: str) -> None:
    """Remove directories of dead processes of this host, once, and end what still runs in them."""
    pattern = re.compile(rf"coma-(\d+)-{_here()}-\w+")
    names: list[str] = []
    with suppress(OSError):
        names = os.listdir(parent)
    for name in names:
        found = pattern.fullmatch(name)
        left = os.path.join(parent, name)
        with suppress(OSError):
            if found and not owners.is_alive(int(found[1])) and _is_ours(left):
                strays.end(left)
                _remove(left)


def _is_ours(directory: str) -> bool:
    """Tell whether a directory is one, and of this user: others may write where it lies."""
    status = os.lstat(directory)
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()


@functools.cache
def _here() -> str:
    """Return a word for this host and, in a container, its process ids: others may share the directory."""
    return f"{zlib.crc32(f'{owners.HOST} {owners.space()}'.encode()):08x}"
