# SPDX-License-Identifier: BSD-2-Clause
"""The git commit of a directory, and whether files were changed since, asked so that nothing a repository names is run.

The configuration of a repository names programs: monitors of its files, filters, hooks, transports, pagers. So git looks
at objects, index and files through a directory of our own, whose configuration is empty; it sees neither that of the
repository nor that of the user. Of the former it is told switches that run nothing.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coma.errors import ProgramError
from coma.programs import workspace

_SECONDS = 10
_SWITCHES = r"^core\.(filemode|symlinks|ignorecase|trustctime|checkstat|autocrlf|eol|precomposeunicode)$"
_STATUS = ("status", "--porcelain", "-z", "--no-renames", "--untracked-files=no", "--ignore-submodules=all")
_NO_FILTER = frozenset({"unspecified", "unset"})
_KEPT = ("GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM")
_SHA256_DIGITS = 64


def commit(directory: Path) -> dict[str, Any]:
    """Return ``git_commit`` and ``git_dirty`` of the repository that a directory lies in; nothing where there is none.

    Untracked files and changes within submodules do not count. ``git_dirty`` is left out where git cannot tell without
    running a program: a file that goes through a filter may look changed and not be.
    """
    places = ("--git-path", "objects", "--git-path", "index", "--show-toplevel")
    found = (_git(directory, ("rev-parse", *places, "HEAD")) or "").split("\n")
    if len(found) != 5:
        return {}
    objects, index, top, head, _ = found
    switches = (_git(directory, ("config", "-z", "--get-regexp", _SWITCHES)) or "").split("\0")
    try:
        is_dirty = _is_dirty(
            Path(top), os.path.join(directory, objects), os.path.join(directory, index), head, switches
        )
    except (OSError, ProgramError):  # no room for temporary files, say
        is_dirty = None
    return {"git_commit": head} if is_dirty is None else {"git_commit": head, "git_dirty": is_dirty}


def _is_dirty(top: Path, objects: str, index: str, head: str, switches: list[str]) -> bool | None:
    """Tell whether tracked files differ from the commit; None where git does not know."""
    with workspace.directory() as ours:
        _make_repository(Path(ours), head)
        places = {"GIT_DIR": ours, "GIT_OBJECT_DIRECTORY": objects, "GIT_INDEX_FILE": index, "GIT_WORK_TREE": str(top)}
        seen = {**places, "GIT_CONFIG_NOSYSTEM": "1", "HOME": ours, "XDG_CONFIG_HOME": ours}
        options = (("-c", switch.replace("\n", "=", 1)) for switch in switches if switch)
        said = _git(top, (*itertools.chain.from_iterable(options), *_STATUS), seen)
        if said is None:
            return None
        changes = [(line[:1], line[3:]) for line in said.split("\0") if line]
        unstaged = [path for staged, path in changes if staged == " "]
        if len(unstaged) < len(changes) or not unstaged:
            return bool(changes)
        filters = _git(top, ("check-attr", "-z", "--stdin", "filter"), seen, "\0".join(unstaged)) or ""
    return True if _NO_FILTER.intersection(filters.split("\0")[2::3]) else None


def _make_repository(directory: Path, head: str) -> None:
    """Make a repository without objects, so that git can be shown those of another one."""
    extension = "1\n[extensions]\nobjectformat = sha256" if len(head) == _SHA256_DIGITS else "0"
    Path(directory, "refs").mkdir()
    Path(directory, "HEAD").write_text(f"{head}\n", encoding="ascii")
    Path(directory, "config").write_text(f"[core]\nrepositoryformatversion = {extension}\n", encoding="ascii")


def _git(
    directory: Path, arguments: tuple[str, ...], seen: Mapping[str, str] | None = None, text: str = ""
) -> str | None:
    """Return what git prints; None where it is missing or fails."""
    program = shutil.which("git")
    if program is None or not os.path.isabs(program):  # one in the working directory might be anybody's
        return None
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _KEPT}
    try:
        done = subprocess.run(
            [program, "--no-pager", "--no-optional-locks", *arguments],
            cwd=directory,
            env={**ours, **(seen or {})},
            input=os.fsencode(text),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return os.fsdecode(done.stdout) if done.returncode == 0 else None
