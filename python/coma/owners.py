# SPDX-License-Identifier: BSD-2-Clause
"""Whose a temporary file is, as its name says, and whether that process is alive."""

from __future__ import annotations

import functools
import os
import re
import secrets
import socket
import time
from collections.abc import Iterable
from pathlib import Path

HOST = re.sub(r"[^\w.]", "_", socket.gethostname(), flags=re.ASCII)
_BREAK = ".lock.break."
_LONGEST = 100  # bytes of a file's name within the name of a temporary one
_TEMPORARY = re.compile(r"\..+~([\w.]*)~(?:([0-9a-f]+-[0-9a-f]+)~)?(\d+)~[0-9a-f]+\.tmp", re.ASCII)
_BREAKING = re.compile(rf".+{re.escape(_BREAK)}(\d+)\.[0-9a-f]+")
_PATIENCE_SECONDS = 24 * 3600.0  # after which nobody writes any more, whoever it was


def is_alive(pid: int) -> bool:
    """Tell whether a process runs that has this id here."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):  # a number that no process has
        return False
    except PermissionError:
        return True
    return True


def space() -> int | None:
    """Return what tells this process's space of ids from others of its host; None where the system has but one."""
    try:
        return os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        return None


def here() -> str:
    """Return what tells the process ids of this place and time from others: ``5f3a9c1e-effffffc``.

    Containers may share the name of a host, hosts may share one name, and ids are given again after a boot.
    """
    return f"{_boot()}-{space() or 0:x}"


@functools.cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:8]
    except OSError:
        return "0"


def temporary_name(target: Path) -> Path:
    """Return a name, beside `target`, for a file of this process that is to become `target`."""
    shown = os.fsencode(target.name)[:_LONGEST].decode(errors="ignore")
    return target.with_name(f".{shown}~{HOST}~{here()}~{os.getpid()}~{secrets.token_hex(4)}.tmp")


def looks_temporary(name: str) -> bool:
    """Tell, quickly, whether a file's name could be that of a temporary file or of a lock that is being broken."""
    return name[0] == "." or _BREAK in name


def leftovers(directory: Path, among: Iterable[str]) -> list[Path]:
    """Return the temporary files, among some names, of processes that died while they wrote or locked.

    Whether a process lives can be known of those of this place and time. What others write is taken for left behind when
    it did not change for a day.
    """
    return [directory / name for name in filter(looks_temporary, among) if _is_left(directory / name)]


def _is_left(path: Path) -> bool:
    if breaking := _BREAKING.fullmatch(path.name):
        return not is_alive(int(breaking[1]))
    temporary = _TEMPORARY.fullmatch(path.name)
    if temporary is None:
        return False
    host, place, pid = temporary.groups()
    if host == HOST and place in (here(), None):  # names of earlier versions do not say where
        return not is_alive(int(pid))
    try:
        return time.time() - os.lstat(path).st_mtime > _PATIENCE_SECONDS
    except OSError:  # it is gone
        return False
