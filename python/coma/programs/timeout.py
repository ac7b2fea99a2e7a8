# SPDX-License-Identifier: BSD-2-Clause
"""What a timeout may be, for functions and programs alike."""

from __future__ import annotations

from typing import Any

from coma.errors import ComaError, ExperimentError

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
