# SPDX-License-Identifier: BSD-2-Clause
"""Temporary directories of programs, and those that a killed Coma left behind."""

from __future__ import annotations

import functools
import os
import re
import secrets
import shutil
import socket
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from coma import files
from coma.errors import ProgramError
from coma.running import strays

_PASSED_ON: ContextVar[list[str] | None] = ContextVar("passed_on", default=None)  # directories to be used again


class Workspace:
    """A temporary directory.

    Parameters
    ----------
    path
        The directory.
    reused
        Name of the file that the next program of a `series` may find there, to be written over. None keeps the
        directory from the others: what its program left running may write into it.
    """

    def __init__(self, path: str, reused: str | None) -> None:
        self.path = path
        self.reused = reused


@contextmanager
def series() -> Iterator[None]:
    """Let programs that run within pass on their directories and input files, which ext4 is slow to make and remove."""
    passed_on: list[str] = []
    token = _PASSED_ON.set(passed_on)
    try:
        yield
    finally:
        _PASSED_ON.reset(token)
        for left in passed_on:
            _remove(left)


@contextmanager
def directory(reused: str | None = None) -> Iterator[Workspace]:
    """Give a temporary directory; the first one of a process clears away what dead processes left.

    Raises
    ------
    ProgramError
        If it cannot be made.
    """
    parent = tempfile.gettempdir()
    remove_leftovers(parent)
    workspace = Workspace(os.path.join(parent, f"coma-{os.getpid()}-{_here()}-{secrets.token_hex(8)}"), reused)
    passed_on = _PASSED_ON.get()
    if not (reused and passed_on and _is_taken_over(passed_on.pop(), workspace)):
        _make(workspace.path)
    try:
        yield workspace
    finally:
        if workspace.reused and passed_on is not None:
            passed_on.append(workspace.path)
        else:
            _remove(workspace.path)


def _is_taken_over(directory: str, workspace: Workspace) -> bool:
    """Give a directory a new name, which nobody knows, and then remove what its program left there."""
    try:
        os.rename(directory, workspace.path)
    except OSError:  # somebody removed it
        return False
    if _is_emptied(workspace.path, workspace.reused):
        return True
    _remove(workspace.path)
    return False


def _make(directory: str) -> None:
    try:
        os.mkdir(directory, 0o700)
    except OSError as error:
        raise ProgramError(
            f'cannot make a temporary directory in "{os.path.dirname(directory)}": {error.strerror}; set TMPDIR to a '
            "directory with room"
        ) from error


def _is_emptied(directory: str, spared: str | None = None) -> bool:
    """Remove the files in a directory but one; False where there is more than files, or they may not be removed."""
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.name != spared or entry.is_dir(follow_symlinks=False):
                    os.unlink(entry.path)
    except OSError:
        return False
    return True


def _remove(directory: str) -> None:
    """Remove a directory; few hold others, or such as may not be written."""
    with suppress(OSError):
        if _is_emptied(directory):
            os.rmdir(directory)
            return
    _permit(directory)
    shutil.rmtree(directory, ignore_errors=True)


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
            if found and not files.is_alive(int(found[1])):
                left = os.path.join(parent, name)
                strays.end(left)
                _remove(left)


@functools.cache
def _here() -> str:
    """Return a word for this host and, in a container, its process ids: others may share the directory."""
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    return f"{zlib.crc32(f'{socket.gethostname()} {space}'.encode()):08x}"
