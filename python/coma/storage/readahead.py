# SPDX-License-Identifier: BSD-2-Clause
"""What many files hold, one after the other: the system fetches the next ones while the present one is parsed."""

from __future__ import annotations

import os
import resource
import stat
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

_AHEAD = 64  # files that are open at a time
_SHARE = 8  # of the files that this process may open, one in so many at most
_CHUNK = 1 << 16
_LARGEST_PART = 1 << 18  # bytes
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
_FETCH = getattr(os, "posix_fadvise", None)  # macOS has none

Listed = tuple[int, list[str]]


def read(listed: Iterable[Listed]) -> Iterator[list[tuple[int, list[str], bytes | None]]]:
    """Yield each id and its paths with what the first file holds, None if that cannot be read; several at a time."""
    rest = iter(listed)
    many = max(min(_AHEAD, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // _SHARE), 1)
    ahead: deque[int | None] = deque()
    try:
        while batch := list(islice(rest, many)):
            ahead.extend([_open(paths[0]) for _, paths in batch])
            yield from _texts(batch, ahead)
    finally:
        for descriptor in ahead:
            if descriptor is not None:
                os.close(descriptor)


def _texts(batch: Iterable[Listed], ahead: deque[int | None]) -> Iterator[list[tuple[int, list[str], bytes | None]]]:
    """Yield a batch in parts that are not too large for the memory."""
    part: list[tuple[int, list[str], bytes | None]] = []
    size = 0
    for number, paths in batch:
        text = _text(ahead.popleft())
        part.append((number, paths, text))
        size += len(text or b"")
        if size > _LARGEST_PART:
            yield part
            part, size = [], 0
    yield part


def _open(path: str) -> int | None:
    """Open a file, and have it fetched; most of them are in memory already, or fit into one chunk."""
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError:
        return None
    if _FETCH is not None:
        try:
            _FETCH(descriptor, 0, _CHUNK, os.POSIX_FADV_WILLNEED)
        except OSError:  # a pipe under the name of a file, say
            return descriptor
    return descriptor


def _text(descriptor: int | None) -> bytes | None:
    if descriptor is None:
        return None
    try:
        chunk = os.read(descriptor, _CHUNK)
        if len(chunk) < _CHUNK:
            return chunk
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # a device, say, which has no end
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as rest:
            return chunk + rest.read()
    except OSError:
        return None
    finally:
        os.close(descriptor)
