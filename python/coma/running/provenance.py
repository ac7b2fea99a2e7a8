# SPDX-License-Identifier: BSD-2-Clause
"""Where and by what a run was made: host, user, platform, versions, and the script's git commit."""

from __future__ import annotations

import functools
import getpass
import os
import platform
import socket
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from coma.running import gitstate


@functools.cache
def environment() -> dict[str, Any]:
    """Return what is known of this process, gathered once.

    ``git_commit`` and ``git_dirty`` are those of the script's repository (in a notebook, of the working directory),
    and are left out where there is none, or git cannot tell; nothing that the repository names is run.

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
        **gitstate.commit(script.parent if script else Path(os.curdir)),
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
