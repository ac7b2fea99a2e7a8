# SPDX-License-Identifier: BSD-2-Clause
"""A time limit on Python code, by the alarm signal."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import FrameType
from typing import NoReturn

from coma.errors import ExperimentError

_AGAIN_SECONDS = 1.0  # after which the next alarm comes at the earliest


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
    signal.setitimer(signal.ITIMER_REAL, seconds, max(seconds, _AGAIN_SECONDS))  # the code within may catch the first
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
