# SPDX-License-Identifier: BSD-2-Clause
"""Processes that left their program's process group, as daemons do: known by the environment that they inherit."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path


def end(directory: str) -> None:
    """Kill every process whose environment names a program's directory, where the system shows environments."""
    mark = os.fsencode(directory)
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (entry / "environ").read_bytes():
                os.kill(int(entry.name), signal.SIGKILL)
