# SPDX-License-Identifier: BSD-2-Clause
"""Processes that left their program's process group, as daemons do: known by the environment that they inherit."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

_VARIABLE = b"COMA_WITHIN"
_ROUNDS = 10  # in which processes that start others meanwhile are found


def mark(directory: str) -> dict[bytes, bytes]:
    """Return what the environment of a program says of its directory, and of those of the programs that it is within."""
    outer = os.environb.get(_VARIABLE)
    return {_VARIABLE: b":".join(filter(None, (outer, os.fsencode(directory))))}


def end(directory: str) -> None:
    """Kill every process whose environment names a program's directory, where the system shows environments."""
    for _ in range(_ROUNDS):
        if not _end_those_that_run(os.fsencode(directory)):
            return


def _end_those_that_run(name: bytes) -> bool:
    found = False
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if name in (entry / "environ").read_bytes():
                os.kill(int(entry.name), signal.SIGKILL)
                found = True
    return found
