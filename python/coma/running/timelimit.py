# SPDX-License-Identifier: BSD-2-Clause
"""A time limit on Python code, by the alarm signal."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import FrameType
from typing import Any, NoReturn

from coma.errors import ComaError, ExperimentError

_AGAIN = 1.0  # seconds after which the next alarm comes at the earliest
_LONGEST = 1e9  # seconds, some thirty years; timers overflow at more


def check_timeout(seconds: Any, error: type[ComaError] = ExperimentError) -> None:
    """Refuse what is neither None nor a number of seconds.

    Raises
    ------
    ComaError
        Of the class `error`, if it is not a number greater than 0, or one that no timer can hold.
    """
    if seconds is None:
        return
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not seconds > 0:
        raise error(f"timeout must be a number of seconds greater than 0, or None; got {seconds!r}")
    if seconds > _LONGEST:
        raise error(f"timeout must be at most {_LONGEST:g} seconds; None sets no limit; got {seconds!r}")


def time_limit(seconds: float | None) -> AbstractContextManager[None]:
    """Raise `TimeoutError` in the code within after some seconds; None sets no limit.

    Code that catches the error is interrupted again, and its result does not count. Code that does not come back to
    Python, as within a C++ extension, is not interrupted until it does.

    Raises
    ------
    ExperimentError
        If this is not the main thread of its process, or the system has no alarm signal.
    """
    return nullcontext() if seconds is None else _alarm(seconds)


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        raise ExperimentError("a time limit on a function needs a process of its own; use workers=, not threads")

    is_over = False

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        nonlocal is_over
        is_over = True
        raise TimeoutError(text)

    text = f"not finished after the timeout of {seconds:g} s"
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds, max(seconds, _AGAIN))  # the code within may catch the first
    try:
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)  # again, as an alarm may just have come
        signal.signal(signal.SIGALRM, before)
    if is_over:
        raise TimeoutError(text)
