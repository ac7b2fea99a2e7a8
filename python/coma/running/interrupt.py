# SPDX-License-Identifier: BSD-2-Clause
"""Ctrl-C in two steps: the first asks a sweep to end, the second ends it at once. SIGTERM and SIGHUP end it, too."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Self

GRACE_SECONDS = 5.0
_DEADLY = (signal.SIGTERM, signal.SIGHUP)


class Interrupt:
    """While entered, the first Ctrl-C sets `requested`; the second raises `KeyboardInterrupt`."""

    def __init__(self) -> None:
        self._requested = False
        self._installed = False
        self._pid = os.getpid()

    @property
    def requested(self) -> bool:
        """Whether Ctrl-C was pressed, or a signal came that ends this process."""
        return self._requested or is_ending()

    def __enter__(self) -> Self:
        in_main_thread = threading.current_thread() is threading.main_thread()
        if in_main_thread and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._handle)
            self._installed = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self._requested:
            raise KeyboardInterrupt
        self._requested = True
        if os.getpid() == self._pid:  # and not a forked worker
            _say(f"Stopping: running points have {GRACE_SECONDS:g} s to end; Ctrl-C again stops at once")


class _Ending:
    """What is known of a signal that ends this process."""

    def __init__(self) -> None:
        self.signal: int | None = None  # the first that came
        self.is_interruptible = False
        self._was_raised = False
        self._last = 0.0

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """Take a signal; raise where that does no harm, or where another one was of no avail for some seconds."""
        now = time.monotonic()
        if self.signal is None:
            self.signal, self._last = number, now
            _say(f"Stopping, as {signal.Signals(number).name} came")
        if (self.is_interruptible and not self._was_raised) or now - self._last > GRACE_SECONDS:
            self._was_raised, self._last = True, now
            raise KeyboardInterrupt


_ending = _Ending()


@contextmanager
def ending() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end what is within as Ctrl-C does, and then this process, as they would without Coma.

    A signal that has a handler already is left to it, as are all where this is not the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = [number for number in _DEADLY if signal.getsignal(number) is signal.SIG_DFL]
    try:
        for number in ours:
            signal.signal(number, _handle)
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)
        if ours and _ending.signal is not None:
            _die(_ending.signal)


def is_ending() -> bool:
    """Tell whether a signal came that ends this process, once what is `ending` is left."""
    return _ending.signal is not None


class Interruptible:
    """While entered, a signal that ends this process raises `KeyboardInterrupt` at once; elsewhere it is only noted.

    Entering raises, too, if one came before. Only the main thread can be interrupted.
    """

    __slots__ = ("_before", "_ours")

    def __enter__(self) -> None:
        self._ours = threading.current_thread() is threading.main_thread()
        self._before = _ending.is_interruptible
        if self._ours:
            _ending.is_interruptible = True
            if _ending.signal is not None:
                _ending.is_interruptible = self._before
                raise KeyboardInterrupt

    def __exit__(self, *_error: object) -> None:
        if self._ours:
            _ending.is_interruptible = self._before


def _handle(number: int, frame: FrameType | None) -> None:
    _ending.handle(number, frame)


def _die(number: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # closed, or a terminal that is gone, or none at all
            stream.flush()
    os.kill(os.getpid(), number)


def _say(text: str) -> None:
    """Print a line, if there is still somebody to read it."""
    with suppress(OSError, ValueError, RuntimeError):  # a terminal that is gone, say, or a print that is interrupted
        print(f"\n{text}", file=sys.stderr, flush=True)


def _leave_to_parent() -> None:
    """Let these signals end a forked child at once."""
    global _ending
    _ending = _Ending()
    for number in _DEADLY:
        if signal.getsignal(number) is _handle:
            signal.signal(number, signal.SIG_DFL)


os.register_at_fork(after_in_child=_leave_to_parent)
