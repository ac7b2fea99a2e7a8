# SPDX-License-Identifier: BSD-2-Clause
"""Where and by what a run was made: host, user, platform, versions, and the script's git commit."""

from __future__ import annotations

import functools
import getpass
import os
import platform
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any


@functools.cache
def environment() -> dict[str, Any]:
    """Return what is known of this process, gathered once.

    ``git_commit`` and ``git_dirty`` are those of the script's repository (in a notebook, of the working directory),
    and are left out where there is none.

    Examples
    --------
    >>> list(environment())[:6]
    ['host', 'user', 'platform', 'python', 'coma', 'process']
    """
    script = _script()
    return {
        "host": socket.gethostname(),
        "user": _user(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "coma": version("coma-toolkit"),
        "process": os.getpid(),
        "script": None if script is None else str(script),
        **_commit(script.parent if script else Path(os.curdir)),
    }


def _script() -> Path | None:
    """Return the file of the program that runs; a notebook and a prompt have none."""
    name = getattr(sys.modules.get("__main__"), "__file__", None)
    return Path(name).resolve() if name and os.path.isfile(name) else None


def _user() -> str | None:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under an id without a name
        return None


def _commit(directory: Path) -> dict[str, Any]:
    commit = _git(directory, "rev-parse", "HEAD")
    if commit is None:
        return {}
    return {"git_commit": commit, "git_dirty": bool(_git(directory, "status", "--porcelain", "--untracked-files=no"))}


def _git(directory: Path, *arguments: str) -> str | None:
    command = ["git", "--no-optional-locks", *arguments]
    try:
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
