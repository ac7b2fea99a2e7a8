# SPDX-License-Identifier: BSD-2-Clause
"""Lock files that processes of several hosts and languages share: waited for, renewed, taken over from the dead."""

from __future__ import annotations

import functools
import os
import random
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import filelock

from coma import files, owners
from coma.errors import ArchiveError, IndexFileError, warn

LOCK_TIMEOUT_SECONDS = 30.0  # that a living process of this host is waited for
TAKE_OVER_SECONDS = 60.0  # after which the lock of another host that did not change is taken over
_RENEW_SECONDS = 10.0
_EMPTY_SECONDS = 2.0  # that a lock may stand without the name of its owner
_SHORTEST_PAUSE_SECONDS = 0.01
_LONGEST_PAUSE_SECONDS = 0.5
_FIRST_SPACE = 0xEFFFFFFC  # of process ids, on Linux


class _Seen(NamedTuple):
    """A lock file as it was seen; whether it changed is told by its inode, time and text."""

    inode: int
    time: int
    text: str

    @property
    def owner(self) -> list[str]:
        """Process and host; nothing where the file does not say."""
        lines = self.text.splitlines()
        return lines[:2] if len(lines) >= 2 else []

    @property
    def is_foreign(self) -> bool:
        """Whether the owner's host is another one, or another space of process ids."""
        return bool(self.owner) and self.owner[1] != _host()


@functools.cache
def _host() -> str:
    """Return this host as lock files name it: with its space of process ids, if that is not the first one."""
    space = owners.space()
    return socket.gethostname() if space in (None, _FIRST_SPACE) else f"{socket.gethostname()}?pidns-{space:x}"


def acquire(lock: filelock.SoftFileLock, path: Path, timeout: float | None) -> None:
    """Take a lock, and wait for each of its owners; it is looked at less and less often, and never in step.

    Raises
    ------
    IndexFileError
        If one owner held it for longer than `timeout` seconds; by default, for longer than it may.
    ArchiveError
        If the lock file cannot be made.
    """
    seen, since, pause = None, time.monotonic(), _SHORTEST_PAUSE_SECONDS
    while not _try(lock, path):
        now, found = time.monotonic(), _look(path)
        if found is None or found != seen:
            seen, since = found, now
        elif not found.text and now - since >= _EMPTY_SECONDS:
            _take_away(path, found, "left behind by a program that died")
        elif found.is_foreign and now - since >= TAKE_OVER_SECONDS:
            _take_away(path, found, f"which {_owner(found)} did not renew for {TAKE_OVER_SECONDS:g} s")
        limit = LOCK_TIMEOUT_SECONDS if timeout is None else timeout
        if now - since > limit and not (timeout is None and found is not None and found.is_foreign):
            raise IndexFileError(_complaint(path, found, limit))
        time.sleep(min(pause * random.uniform(0.5, 1.0), max(limit / 2, _SHORTEST_PAUSE_SECONDS)))
        pause = min(1.5 * pause, _LONGEST_PAUSE_SECONDS)


def _try(lock: filelock.SoftFileLock, path: Path) -> bool:
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        return False
    except OSError as error:
        raise ArchiveError(f'Cannot write lock "{path}": {error.strerror}') from error
    with suppress(
        OSError
    ):  # a network file system sends what it holds back when a file is closed, and filelock does not
        os.close(os.open(path, os.O_WRONLY))
    return True


def release(lock: filelock.SoftFileLock, path: Path) -> None:
    """Release the lock; once more, where the system could not remove its file, which would hold up the others."""
    try:
        lock.release()
    except OSError:
        try:
            lock.release()
        except OSError as error:
            raise ArchiveError(f'Cannot remove lock "{path}": {error.strerror}; remove the file') from error


@contextmanager
def renewed(path: Path) -> Iterator[None]:
    """Touch a lock file now and then, as long as it is ours."""
    ours, done = identity(path), threading.Event()

    def renew() -> None:
        while not done.wait(_RENEW_SECONDS) and identity(path) == ours:
            with suppress(OSError):
                os.utime(path)

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a lock file from another one of the same name."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _look(path: Path) -> _Seen | None:
    """Return the lock file as it is; opened, so that a network file system asks its server."""
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK | os.O_NOFOLLOW)) as file:
            status = os.fstat(file.fileno())
            return _Seen(status.st_ino, status.st_mtime_ns, file.read(1024).decode("utf-8", "replace"))
    except OSError:
        return None


def _take_away(path: Path, judged: _Seen, why: str) -> None:
    """Remove the lock file that was judged, and no other one that came in its place meanwhile."""
    aside = path.with_name(f"{path.name}.break.{os.getpid()}.{secrets.token_hex(16)}")
    try:
        os.rename(path, aside)
    except OSError:  # it is gone
        return
    if _look(aside) == judged:
        warn(f'Removing the lock "{path}", {why}')
    else:
        with suppress(OSError):  # a third one came
            os.link(aside, path)
    files.remove(aside)


def _complaint(path: Path, found: _Seen | None, limit: float) -> str:
    return (
        f'"{path}" is still locked after {limit:g} s by {_owner(found)}. If that process is no longer alive, remove the '
        "file"
    )


def _owner(found: _Seen | None) -> str:
    if found is None:
        return "another process"
    if not found.owner:
        return "an unknown process"
    process, host = found.owner
    here = " (this host)" if host.partition("?")[0] == socket.gethostname() else ""
    return f"process {process} on {host}{here}"
