# SPDX-License-Identifier: BSD-2-Clause
"""Ctrl-C in two steps: the first asks a sweep to end, the second ends it at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Self

GRACE_SECONDS = 5.0


class Interrupt:
    """While entered, the first Ctrl-C sets `requested`; the second raises `KeyboardInterrupt`.

    Attributes
    ----------
    requested : bool
        Whether Ctrl-C was pressed.
    """

    def __init__(self) -> None:
        self.requested = False
        self._installed = False
        self._pid = os.getpid()

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
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        if os.getpid() == self._pid:  # and not a forked worker
            print(
                f"\nStopping: running points have {GRACE_SECONDS:g} s to end; Ctrl-C again stops at once",
                file=sys.stderr,
            )
