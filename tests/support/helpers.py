# SPDX-License-Identifier: BSD-2-Clause
"""What several test modules use: a small sweep, pictures of directories, and Python processes of their own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import coma
from coma.parameters.parameterset import Definition, ParameterSet

SOURCES = Path(coma.__file__).resolve().parents[1]
SUPPORT = Path(__file__).resolve().parent


def square(p: ParameterSet) -> dict[str, Any]:
    """Return a measurement of x squared."""
    return {"parameters": {"x": p.x}, "results": {"y": p.x**2}}


def parameter_set(**values: Any) -> ParameterSet:
    """Return a parameter set whose paths are ``parameters/<name>``."""
    return ParameterSet(Definition([(name, f"parameters/{name}") for name in values]), list(values.values()))


def sweep(directory: Path, count: int = 4, config: Mapping[str, Any] | None = None) -> coma.Experiment:
    """Return the experiment in `directory` with the points x = 0.0, 1.0, ... defined."""
    experiment = coma.Experiment(directory, config=config)
    experiment.define_parameter_set(("x", "parameters/x"))
    for x in range(count):
        experiment.add_parameter_set(float(x))
    return experiment


def snapshot(directory: Path) -> dict[str, bytes | None]:
    """Return the content of every file in a directory, None for a directory; empty if it does not exist."""
    return {
        str(path.relative_to(directory)): path.read_bytes() if path.is_file() else None
        for path in sorted(directory.rglob("*"))
    }


def names(directory: Path) -> list[str]:
    """Return the sorted names in a directory."""
    return sorted(path.name for path in directory.iterdir())


def environment() -> dict[str, str]:
    """Return an environment in which another Python imports the same coma, and what tests import."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (SOURCES, SUPPORT, SUPPORT.parent)))}


def start(script: Path, *arguments: object, **options: Any) -> subprocess.Popen[str]:
    """Start a Python script in a process group of its own."""
    command = [sys.executable, str(script), *map(str, arguments)]
    options = {"env": environment(), "text": True, "start_new_session": True, "stdin": subprocess.DEVNULL, **options}
    return subprocess.Popen(command, **options)


def run(script: Path, *arguments: object, **options: Any) -> str:
    """Run a Python script in another process and return what it printed."""
    process = start(script, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    try:
        stdout, stderr = process.communicate(timeout=100)
    finally:
        kill(process)
    assert process.returncode == 0, stderr
    return stdout


def kill(process: subprocess.Popen[str]) -> None:
    """End a process and all that it started, at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def powerless() -> list[str]:
    """Return what a command begins with that must obey the permissions of files, whoever runs the tests.

    Root without its powers, and no other user: a clone may lie where other users cannot read.
    """
    from cppbuild import need  # imports pytest, which scripts do without

    if os.geteuid():
        return []
    need("setpriv")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until `condition` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie does not, and one may end while its state is read."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
