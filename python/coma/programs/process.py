# SPDX-License-Identifier: BSD-2-Clause
"""One run of an executable: a process group that is ended with all that belongs to it."""

from __future__ import annotations

import math
import os
import resource
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import NamedTuple

from coma.programs import strays
from coma.programs.output import Output

GRACE_SECONDS = 2.0  # from SIGTERM to SIGKILL
_LAST_WORDS_SECONDS = 1.0  # that a stray process may hold an output open
_SOON_SECONDS = 0.02
_POLL_SECONDS = 0.02
_LONGEST_POLL_SECONDS = 1000.0
_CHUNK = 65536
_MEMORY_UNIT = 1 if sys.platform == "darwin" else 1024
_RUNNING: set[_Process] = set()
_NO_MORE = threading.Event()


class Ended(NamedTuple):
    """How a process ended.

    Attributes
    ----------
    status : int
        Its exit status; negative for the signal that ended it.
    timed_out, stopped : bool
        Whether it was ended by its timeout, or by `end_all`.
    duration : float
        Seconds from start to end.
    peak_memory : int or None
        The most memory that it, or a child that it waited for, had at one time, in bytes. A process begins in the
        memory of the one that starts it, and the system counts that: None where it never had more.
    """

    status: int
    timed_out: bool
    stopped: bool
    duration: float
    peak_memory: int | None


def run(
    command: Sequence[str],
    directory: str | None,
    environment: Mapping[bytes, bytes],
    outputs: tuple[Output, Output],
    mark: str,
    timeout: float | None = None,
) -> Ended:
    """Run an executable until it ends or is ended; nothing that it started is left afterwards.

    Parameters
    ----------
    command, directory, environment
        As for `subprocess.Popen`.
    outputs
        What takes its standard output and standard error.
    mark
        A directory that the environment names; processes that left the program's group are known by it.
    timeout
        Seconds after which it is ended: SIGTERM first, SIGKILL when `GRACE_SECONDS` is over.

    Raises
    ------
    OSError
        If it cannot be started.
    """
    if _NO_MORE.is_set():
        raise KeyboardInterrupt
    start = time.monotonic()
    with ExitStack() as opened:
        try:
            popen, pipes = _started(command, directory, environment, opened)
            return _Process(popen, dict(zip(pipes, outputs, strict=True)), mark, start).run(timeout)
        except KeyboardInterrupt:  # perhaps before the program, which runs already, was known here
            strays.end(mark)
            raise


def _started(
    command: Sequence[str], directory: str | None, environment: Mapping[bytes, bytes], opened: ExitStack
) -> tuple[subprocess.Popen[bytes], tuple[int, int]]:
    """Start a process; return it, and the descriptors of its standard output and standard error, which are `opened`."""
    with ExitStack() as theirs:
        stdout, stdout_end = _pipe(opened, theirs)
        stderr, stderr_end = _pipe(opened, theirs)
        popen = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stdout_end,
            stderr=stderr_end,
            cwd=directory,
            env=environment,
            start_new_session=True,
        )
    return popen, (stdout, stderr)


def _pipe(reading: ExitStack, writing: ExitStack) -> tuple[int, int]:
    """Return the ends of a pipe, which are closed with the stacks."""
    ends = os.pipe()
    for stack, end in zip((reading, writing), ends, strict=True):
        stack.callback(os.close, end)
    return ends


def end_all_for_good() -> None:
    """Do as `end_all`, in a process that is about to end: no other program is started here."""
    _NO_MORE.set()
    end_all()


def end_all() -> None:
    """End every program that is running, and all that they started."""
    running = list(_RUNNING)
    for process in running:
        process.stop()
    deadline = time.monotonic() + GRACE_SECONDS
    while _RUNNING.intersection(running) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    for process in _RUNNING.intersection(running):
        process.signal(signal.SIGKILL)


class _Process:
    """A process that is running, and the group that it leads."""

    def __init__(self, popen: subprocess.Popen[bytes], outputs: dict[int, Output], mark: str, start: float) -> None:
        self._popen = popen
        self._open = outputs
        self._mark = mark
        self._stopped = False
        self._started = start
        self._duration = 0.0
        self._usage: resource.struct_rusage | None = None
        self._memory_of_parent = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        self._exit = _exit_descriptor(popen.pid)
        self._poll = select.poll()
        if self._exit is not None:
            self._poll.register(self._exit, select.POLLIN)
        _RUNNING.add(self)

    def run(self, timeout: float | None) -> Ended:
        """Take its output until it ends, or the timeout ends it."""
        exited = False
        limit = math.inf if timeout is None else timeout
        try:
            if self._exit is not None:  # a program that ends soon has little to say: one look at it is enough
                exited = self._watch(self._has_exited, min(limit, _SOON_SECONDS))
            if not exited:
                self._listen()
                exited = self._watch(self._has_exited, self._started + limit - time.monotonic())
        finally:
            self._end(by_force=self._stopped or not exited)
        assert self._usage is not None
        peak = self._usage.ru_maxrss
        memory = peak * _MEMORY_UNIT if peak > self._memory_of_parent else None
        return Ended(self._popen.returncode, not exited, self._stopped, self._duration, memory)

    def stop(self) -> None:
        """Ask it to end."""
        self._stopped = True
        self.signal(signal.SIGTERM)

    def signal(self, number: int) -> None:
        """Send a signal to the whole group, if anything of it is left."""
        with suppress(ProcessLookupError, PermissionError):  # macOS does not permit a signal to what has ended
            os.killpg(self._popen.pid, number)

    def _listen(self) -> None:
        for descriptor in self._open:
            self._poll.register(descriptor, select.POLLIN)

    def _end(self, by_force: bool) -> None:
        self._listen()
        try:
            if by_force:
                self.signal(signal.SIGTERM)
                self._watch(self._is_gone, GRACE_SECONDS)
        finally:
            self.signal(signal.SIGKILL)
            self._reap(0)
            self._silence(by_force)
            _RUNNING.discard(self)

    def _silence(self, by_force: bool) -> None:
        """Take what is left in the pipes, and end processes that left the group if they hold one open."""
        silent = self._watch(self._is_silent, _LAST_WORDS_SECONDS)
        if by_force or not silent:
            strays.end(self._mark)
            self._watch(self._is_silent, _LAST_WORDS_SECONDS)

    def _watch(self, done: Callable[[], bool], seconds: float) -> bool:
        """Take output until `done`, for some seconds at most; tell whether it is."""
        deadline = time.monotonic() + seconds
        while not done():
            rest = deadline - time.monotonic()
            if rest <= 0:
                return False
            self._take(min(rest, _POLL_SECONDS if self._exit is None else _LONGEST_POLL_SECONDS))
        return True

    def _take(self, seconds: float) -> None:
        """Wait for output, or the end of the process, and take what there is."""
        for descriptor, event in self._poll.poll(math.ceil(1000 * seconds)):
            if descriptor == self._exit:
                self._reap(os.WNOHANG)
                continue
            while data := os.read(descriptor, _CHUNK):
                self._open[descriptor].take(data)
                if not event & select.POLLHUP:  # somebody may write to it, and is to be waited for
                    break
            else:
                self._poll.unregister(descriptor)
                del self._open[descriptor]

    def _has_exited(self) -> bool:
        if self._exit is None:
            self._reap(os.WNOHANG)
        return self._usage is not None

    def _is_gone(self) -> bool:
        return self._has_exited() and not _group_exists(self._popen.pid)

    def _is_silent(self) -> bool:
        return not self._open

    def _reap(self, options: int) -> None:
        """Ask for the exit status, or wait for it."""
        if self._usage is None:
            pid, status, usage = os.wait4(self._popen.pid, options)
            if pid:
                self._popen.returncode = os.waitstatus_to_exitcode(status)
                self._usage = usage
                self._duration = round(time.monotonic() - self._started, 6)
                self._forget_exit()

    def _forget_exit(self) -> None:
        if self._exit is not None:
            self._poll.unregister(self._exit)
            os.close(self._exit)
            self._exit = None


def _exit_descriptor(pid: int) -> int | None:
    """Return a descriptor that becomes readable when a process ends; None where the system has none."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def _group_exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
