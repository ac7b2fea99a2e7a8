# SPDX-License-Identifier: BSD-2-Clause
"""Temporary directories of programs, and those that a killed Coma left behind."""

from __future__ import annotations

import functools
import os
import re
import shutil
import socket
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from coma import files
from coma.errors import ProgramError
from coma.running import strays


@contextmanager
def directory() -> Iterator[Path]:
    """Give a temporary directory; the first one of a process clears away what dead processes left.

    Raises
    ------
    ProgramError
        If it cannot be made.
    """
    parent = Path(tempfile.gettempdir())
    remove_leftovers(parent)
    try:
        made = tempfile.TemporaryDirectory(prefix=f"coma-{os.getpid()}-{_here()}-", ignore_cleanup_errors=True)
    except OSError as error:
        raise ProgramError(
            f'cannot make a temporary directory in "{parent}": {error.strerror}; set TMPDIR to a directory with room'
        ) from error
    with made as name:
        yield Path(name)


@functools.cache
def remove_leftovers(parent: Path) -> None:
    """Remove directories of dead processes of this host, once, and end what still runs in them."""
    pattern = re.compile(rf"coma-(\d+)-{_here()}-\w+")
    with suppress(OSError):
        for name in os.listdir(parent):
            found = pattern.fullmatch(name)
            if found and not files.is_alive(int(found[1])):
                strays.end(parent / name)
                shutil.rmtree(parent / name, ignore_errors=True)


@functools.cache
def _here() -> str:
    """Return a word for this host and, in a container, its process ids: others may share the directory."""
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    return f"{zlib.crc32(f'{socket.gethostname()} {space}'.encode()):08x}"
