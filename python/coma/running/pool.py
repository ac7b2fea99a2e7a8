# SPDX-License-Identifier: BSD-2-Clause
"""A pool of workers on this machine: threads for a program, processes for a function."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

import loky

from coma.errors import ExperimentError
from coma.running.program import Program


def local_pool(function: Callable[..., Any], workers: Any) -> Executor:
    """Return an executor with `workers` workers that suits `function`.

    Raises
    ------
    ExperimentError
        If `workers` is no whole number greater than 0.
    """
    if not isinstance(workers, int) or isinstance(workers, bool) or workers < 1:
        raise ExperimentError(f"workers must be a whole number greater than 0, got {workers!r}")
    if isinstance(function, Program):
        return ThreadPoolExecutor(workers)
    pool: Executor = loky.ProcessPoolExecutor(workers)
    return pool
