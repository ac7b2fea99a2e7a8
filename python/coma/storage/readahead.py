# SPDX-License-Identifier: BSD-2-Clause
"""What many files hold, one after the other: the system fetches the next ones while the present one is parsed."""

from __future__ import annotations

import os
import resource
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice

from coma.errors import ArchiveError

_AHEAD = 128  # files that are open at a time
_SHARE = 8  # of the files that this process may open, one in so many at most
_CHUNK = 1 << 16
_FETCH = getattr(os, "posix_fadvise", None)  # macOS has none

Listed = tuple[int, list[str]]


def read(directory: str, listed: Iterable[Listed]) -> Iterator[tuple[int, list[str], bytes | None]]:
    """Yield each id and its paths, which lie in one directory, with what the first file holds; None if it has no text.

    Raises
    ------
    ArchiveError
        If the directory cannot be read.
    """
    rest = iter(listed)
    many = min(_AHEAD, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // _SHARE)
    try:
        opened = os.open(directory, os.O_RDONLY)
    except OSError as error:
        raise ArchiveError(f'Cannot read "{directory}": {error.strerror}') from error
    ahead: deque[int | None] = deque()
    try:
        while batch := list(islice(rest, max(many, 1))):
            for _, paths in batch:
                ahead.append(_open(opened, paths[0]))
            for number, paths in batch:
                yield number, paths, _text(ahead.popleft())
    finally:
        for descriptor in ahead:
            if descriptor is not None:
                os.close(descriptor)
        os.close(opened)


def _open(directory: int, path: str) -> int | None:
    """Open a file, and have it fetched; most of them are in memory already, or fit into one chunk."""
    try:
        descriptor = os.open(path[path.rfind(os.sep) + 1 :], os.O_RDONLY | os.O_NONBLOCK, dir_fd=directory)
    except OSError:
        return None
    if _FETCH is not None:
        with suppress(OSError):  # a pipe under the name of a file, say
            _FETCH(descriptor, 0, _CHUNK, os.POSIX_FADV_WILLNEED)
    return descriptor


def _text(descriptor: int | None) -> bytes | None:
    if descriptor is None:
        return None
    try:
        chunk = os.read(descriptor, _CHUNK)
        if len(chunk) < _CHUNK:
            return chunk
        with os.fdopen(descriptor, "rb", closefd=False) as rest:
            return chunk + rest.read()
    except OSError:
        return None
    finally:
        os.close(descriptor)
