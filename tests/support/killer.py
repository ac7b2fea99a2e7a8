# SPDX-License-Identifier: BSD-2-Clause
"""Processes that are up at once and can be killed at any step, and a witness of what they leave behind."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import random
import re
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cppbuild import need
from helpers import environment, sweep

import coma
from coma.parameters.parameterset import ParameterSet
from coma.storage import locks


def kills(few: int) -> int:
    """Return how many kills a test has: COMA_KILLS, or a few."""
    return int(os.environ.get("COMA_KILLS", few))


def memory() -> Path | None:
    """Return a directory of a file system in memory, where there is one."""
    path = Path("/dev/shm")
    return path if os.access(path, os.W_OK) else None


def build_shim(directory: Path) -> Path:
    """Compile the library that makes calls fail."""
    if sys.platform != "linux":
        pytest.skip("LD_PRELOAD needs Linux")
    need("gcc")
    source, library = Path(__file__).with_name("shim.c"), directory / "shim.so"
    subprocess.run(["gcc", "-O1", "-fPIC", "-shared", str(source), "-o", str(library), "-ldl"], check=True)
    return library


class ForkServer:
    """A Python that imported Coma and this module, and forks a child for each function of it that is to be called.

    Parameters
    ----------
    shim
        A library to preload.
    """

    def __init__(self, shim: Path | None = None) -> None:
        variables = {**environment(), "OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
        if shim is not None:
            variables["LD_PRELOAD"] = str(shim)
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            env=variables,
            text=True,
            bufsize=1,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._children: set[Child] = set()

    def start(self, function: str, *arguments: object, output: Path | None = None) -> Child:
        """Call a function of this module in a child of its own process group; its errors go to `output`."""
        output = output or Path(os.devnull)
        child = Child(self, self.ask("start", str(output), function, *map(_plain, arguments)), output)
        self._children.add(child)
        return child

    def call(self, function: str, *arguments: object) -> None:
        """Call a function in a child and wait until it ended well."""
        assert self.start(function, *arguments).wait() == 0

    def forget(self, child: Child) -> None:
        """Leave a child alone that ended."""
        self._children.discard(child)

    def ask(self, *request: object) -> int:
        """Send a request and return the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End the server and every child."""
        for child in list(self._children):
            child.kill()
            child.wait()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


class Child:
    """A child of the fork server; it stays a zombie, so that its id stays its own, until it is waited for."""

    def __init__(self, server: ForkServer, pid: int, output: Path) -> None:
        self.server = server
        self.pid = pid
        self.output = output
        self._descriptor = os.pidfd_open(pid)
        self._status: int | None = None

    def wait(self) -> int:
        """Wait for the end and return the exit status, negative for a signal."""
        if self._status is None:
            self._status = self.server.ask("wait", self.pid)
            self.server.forget(self)
            os.close(self._descriptor)
        return self._status

    def wait_or_kill(self, seconds: float) -> bool:
        """Give the child some time, then kill it and all of its group; tell whether it ended by itself, and well."""
        if self._status is None:
            select.select([self._descriptor], [], [], seconds)
            self.kill()
        status = self.wait()
        said = self.output.read_text() if self.output.is_file() else ""
        assert status in (0, -signal.SIGKILL), f"the child failed with status {status}\n{said}"
        return status == 0

    def stops(self, seconds: float = 60.0) -> bool:
        """Wait until the child stopped itself; False where it ended, or went on for so long, instead."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
            if state in "TZ":
                return state == "T"
            time.sleep(0.0005)
        return False

    def ends_within(self, seconds: float) -> bool:
        """Wait for the end for some time; tell whether it came."""
        return bool(select.select([self._descriptor], [], [], seconds)[0])

    def go_on(self) -> None:
        """Let a child that stopped itself go on."""
        self.kill(signal.SIGCONT)

    def has_ended(self) -> bool:
        """Tell whether it ended."""
        return self._status is not None or bool(select.select([self._descriptor], [], [], 0)[0])

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to the child's process group."""
        if self._status is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)


class Moments:
    """Random moments of a life, whose length is learnt from those that were not cut short."""

    def __init__(self, seed: int, life: float = 0.1) -> None:
        self.chance = random.Random(seed)
        self.life = life
        self.killed = 0

    def try_to_kill(self, child: Child) -> bool:
        """Kill a child at a random moment of its life, unless it ended before; tell whether it was killed."""
        began = time.monotonic()
        if child.wait_or_kill(self.chance.uniform(0, 1.1 * self.life)):
            self.life = 0.7 * self.life + 0.3 * (time.monotonic() - began)
            return False
        self.life *= 1.02
        self.killed += 1
        return True


class Witness:
    """Remembers every measurement file as it was first seen.

    Attributes
    ----------
    seen : dict
        The hash of each file, by its name.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.seen: dict[str, str] = {}

    def look(self) -> None:
        """Look at every file again: none may have vanished or changed."""
        found = {path.name: _hash(path) for path in self.directory.glob("measurement.0*")}
        changed = [name for name, digest in self.seen.items() if found.get(name) != digest]
        assert not changed, f"files were changed or removed: {changed}"
        self.seen = found

    def parameters(self) -> set[float]:
        """Return x of every measurement that was seen."""
        return {_tree(self.directory / name)["parameters"]["x"] for name in self.seen}


def assert_tidy(directory: Path) -> None:
    """Check that a directory holds measurements, an index and an experiment file, and nothing else."""
    usual = re.compile(r"(experiment\.none|measurement\.index|measurement\.\d{6})\.(json|xml)")
    strange = [path.name for path in directory.iterdir() if not usual.fullmatch(path.name)]
    assert not strange, f"left over: {strange}"


def executed(log: Path) -> list[tuple[float, int]]:
    """Return x and the process of every execution."""
    lines = log.read_text().splitlines() if log.exists() else []
    return [(float(x), int(pid)) for x, pid in map(str.split, lines)]


def noted(log: str, x: float) -> None:
    """Note an execution in a file that every process appends to."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    os.write(descriptor, f"{x} {os.getpid()}\n".encode())
    os.close(descriptor)


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _tree(path: Path) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = coma.Archive(path).load()["measurement"]
    return found


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


# What children do


def run_sweep(
    directory: str, count: int, log: str, workers: int | None = None, pause: float = 0.0, format: str = "json"
) -> None:
    """Measure the first `count` points, and note each execution."""

    def square(p: ParameterSet) -> dict[str, Any]:
        noted(log, p.x)
        time.sleep(pause)
        return {"parameters": {"x": p.x}, "results": {"y": p.x**2, "text": "whole" * 100}}

    sweep(Path(directory), count, {"archive_default_format": format}).run(square, workers=workers)


def run_pool(directory: str, count: int, log: str) -> None:
    """Measure the first `count` points in two processes that may die; what is missing is left to the next run."""
    try:
        run_sweep(directory, count, log, workers=2, pause=0.002)
    except* coma.ExperimentError as errors:
        if not all("worker" in str(error) for error in errors.exceptions):
            raise


def run_program(directory: str, count: int, program: str, temporary: str) -> None:
    """Measure the first `count` points with an external program."""
    tempfile.tempdir = os.environ["TMPDIR"] = temporary
    sweep(Path(directory), count).run(coma.Program(program))


def write(directory: str, writer: int, count: int, format: str) -> None:
    """Measure points that no other writer has."""
    e = coma.Experiment(directory, config={"archive_default_format": format, "record_environment": False})
    e.define_parameter_set(("writer", "parameters/writer"), ("n", "parameters/n"))
    for n in range(count):
        e.add_parameter_set(writer, n)
    e.run(lambda p: {"parameters": {"writer": p.writer, "n": p.n}, "results": {"text": "x" * 500}})


def execute(*command: str) -> None:
    """Become another program."""
    os.execv(command[0], command)


def execute_stopping(step: int, *command: str) -> None:
    """Become another program, which stops itself after a step."""
    os.environ["COMA_FAULTS"] = f"stop={step}"
    os.execv(command[0], command)


def live(directory: str, count: int) -> None:
    """Measure the first `count` points, archive them, and take them out again."""
    e = sweep(Path(directory), count)
    if not e.isactive():
        e.activate()
    e.run(lambda p: {"parameters": {"x": p.x}, "results": {"y": p.x**2}})
    e.deactivate()
    e.activate()


def change(directory: str, operation: str) -> None:
    """Deactivate or activate."""
    getattr(coma.Experiment(directory), operation)()


def until_step(step: int, ended: str, function: str, *arguments: Any) -> None:
    """Call a function and die after a step of it; where it has fewer, make the file `ended`."""
    shim = ctypes.CDLL(None)
    shim.die_at(ctypes.c_long(step))
    globals()[function](*arguments)
    shim.die_at(ctypes.c_long(-1))
    Path(ended).touch()


def operate(step: int, directory: str, operation: str, said: str) -> None:
    """Do one operation on an experiment, stop after a step of it, and write down what it said."""
    locks.LOCK_TIMEOUT_SECONDS = 0.05
    warnings.simplefilter("ignore")
    shim = ctypes.CDLL(None)
    (shim.look_at if operation == "read" else shim.stop_at)(ctypes.c_long(step), directory.encode())
    try:
        answer = OPERATIONS[operation](coma.Experiment(directory, config={"record_environment": False}))
    except coma.ComaError as error:
        answer = f"{type(error).__name__}: {error}"
    Path(said).write_text(json.dumps(answer))


def _corrected(e: coma.Experiment) -> str:
    for m in e.measurements():
        if m.parameters.x == 1 and isinstance(m, coma.FileMeasurement):
            m["note"] = "corrected"
            m.save()
            return "saved"
    return "there is no file of it"


def _added(e: coma.Experiment) -> int | None:
    m = e.new_measurement()
    m["parameters/x"] = 9.0
    m["note"] = "new"
    m.save()
    return m.id


def _measured(e: coma.Experiment) -> tuple[int, int]:
    e.define_parameter_set(("x", "parameters/x"))
    e.add_parameter_grid(x=[0.0, 1.0, 2.0, 3.0, 4.0])
    return e.run(lambda p: {"parameters": {"x": p.x}, "note": "run"}, progress=False)


OPERATIONS: dict[str, Callable[[coma.Experiment], Any]] = {
    "run": _measured,
    "save": _corrected,
    "new": _added,
    "deactivate": lambda e: e.deactivate(),
    "activate": lambda e: e.activate(),
    "reset": lambda e: e.reset(),
    "read": lambda e: {m.parameters.x: m.note for m in e.measurements()},
}


def with_failing_step(step: int, number: int, ended: str, function: str, *arguments: Any) -> None:
    """Call a function of which a step fails, which may be an error of ours; where it has fewer, make a file."""
    shim = ctypes.CDLL(None)
    shim.fail_at(ctypes.c_long(step), ctypes.c_int(number))
    with suppress(coma.ComaError):
        globals()[function](*arguments)
    if shim.fail_at(ctypes.c_long(-1), ctypes.c_int(0)) < step:
        Path(ended).touch()


def _serve() -> None:
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        if command == "wait":
            print(os.waitstatus_to_exitcode(os.waitpid(arguments[0], 0)[1]))
            continue
        pid = os.fork()
        if pid == 0:
            _be_child(*arguments)
        with suppress(OSError):
            os.setpgid(pid, pid)
        print(pid)


def _be_child(output: str, function: str, *arguments: object) -> None:
    status = 1
    try:
        os.setpgid(0, 0)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        sys.stdin = open(0)  # noqa: SIM115
        globals()[function](*arguments)
        status = 0
    except BaseException:  # noqa: BLE001 - whatever it is, the test shows it
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        _end_threads()
        os._exit(status)


def _end_threads() -> None:
    with suppress(Exception):
        threading._shutdown()  # type: ignore[attr-defined]


if __name__ == "__main__":
    _serve()
