# SPDX-License-Identifier: BSD-2-Clause
"""Executables: where one lies, and what is in it."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import stat

from coma.errors import ProgramError


def find(name: str) -> str:
    """Return the absolute path of an executable, which is looked for on the PATH unless `name` has a slash.

    Raises
    ------
    ProgramError
        If it does not exist or cannot be executed.
    """
    found = _which(name, os.environ.get("PATH"))
    if not (found and os.access(found, os.X_OK)):  # it came, went or moved since
        _which.cache_clear()
        found = _which(name, os.environ.get("PATH"))
    if found:
        return os.path.abspath(found)
    if os.path.isdir(name):
        raise ProgramError(f'"{name}" is a directory, not a program')
    if os.path.isfile(name) and os.sep not in name:
        raise ProgramError(
            f'cannot find the program: a name without a slash is looked for on the PATH, and there is no "{name}"; '
            f'write "./{name}" for the file in this directory'
        )
    if os.path.isfile(name):
        raise ProgramError(f'"{name}" is not executable; chmod +x "{name}" makes it so')
    hint = "; give the arguments as a list, [program, argument, ...]" if " " in name else ""
    where = f'"{os.path.abspath(name)}" does not exist' if os.sep in name else f'no "{name}" on the PATH'
    raise ProgramError(f"cannot find the program: {where}{hint}")


@functools.lru_cache(maxsize=64)
def _which(name: str, path: str | None) -> str | None:
    return shutil.which(name, path=path)


def sha256(path: str) -> str | None:
    """Return the SHA-256 of a file in hexadecimal; None where it may be executed but not read.

    A file is read once, unless its inode, size or time of modification changed.
    """
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            return None
        return _sha256(path, status.st_ino, status.st_size, status.st_mtime_ns)
    except OSError:
        return None


@functools.lru_cache(maxsize=64)
def _sha256(path: str, *_stamp: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
