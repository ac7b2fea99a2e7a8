# SPDX-License-Identifier: BSD-2-Clause
"""Temporary directories of programs, and those that a killed Coma left behind."""

from __future__ import annotations

import functools
import os
import re
import secrets
import shutil
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
        _permit(directory)
        shutil.rmtree(directory, ignore_errors=True)


def _remove_files(directory: str) -> None:
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        for name in os.listdir(opened):
            os.unlink(name, dir_fd=opened)
    finally:
        os.close(opened)


def _permit(directory: str) -> None:
    with suppress(OSError):
        os.chmod(directory, 0o700)
        for entry in os.scandir(directory):
            if entry.is_dir(follow_symlinks=False):
                _permit(entry.path)


@functools.cache
def remove_leftovers(parent: str) -> None:
    """Remove directories of dead processes of this host, once, and end what still runs in them."""
    pattern = re.compile(rf"coma-(\d+)-{_here()}-\w+")
    with suppress(OSError):
        for name in os.listdir(parent):
            found = pattern.fullmatch(name)
            left = os.path.join(parent, name)
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
