# SPDX-License-Identifier: BSD-2-Clause
"""Pools of workers, which can be opened anew after a worker died and broke them."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import loky

from coma.errors import ExperimentError
from coma.programs import process
from coma.programs.program import Program
from coma.programs.timeout import check_timeout
from coma.running import engines, interrupt
from coma.running.engines import Make

_LOOK_SECONDS = 0.5  # between a worker's looks for its parent


class Pool:
    """Opens executors: the one that was given first, then others like it.

    Parameters
    ----------
    make
        Returns a new executor; None where it cannot be made anew.
    given
        An executor of the caller's, used first, and not shut down unless a signal ends this process.
    workers
        How many workers it has; the executor is asked by default.
    """

    def __init__(self, make: Make | None, given: Executor | None = None, workers: int | None = None) -> None:
        self._make = make
        self._given = given
        self._workers = workers

    def size(self, executor: Executor) -> int:
        """Return how many workers an executor of this pool has."""
        return self._workers or engines.size(executor)

    @contextmanager
    def open(self) -> Iterator[Executor]:
        """Give an executor; one that we made is shut down afterwards.

        Raises
        ------
        ExperimentError
            If the caller's executor broke and we do not know how to make another.
        """
        if self._given is not None:
            given, self._given = self._given, None
            try:
                yield given
            finally:
                if interrupt.is_ending():  # its owner will not come to it
                    engines.kill(given)
            return
        if self._make is None:
            raise ExperimentError(
                "the executor broke, as one of its workers died. The points that ended are saved; run() does the "
                "rest. Pass a function that makes the executor, executor=lambda: ..., and it is made anew"
            )
        executor = self._make()
        try:
            yield executor
        except BaseException:
            engines.kill(executor)
            raise
        executor.shutdown(wait=True)


def choose(function: Any, executor: Executor | Make | None, workers: Any) -> Pool | None:
    """Return where a run measures: on the caller's executor, in a pool of our own, or, as None, here.

    Raises
    ------
    ExperimentError
        If `workers` is no whole number greater than 0, or `executor` is none.
    """
    if workers is not None and (not isinstance(workers, int) or isinstance(workers, bool) or workers < 1):
        raise ExperimentError(f"workers must be a whole number greater than 0, got {workers!r}")
    if executor is not None:
        return given(executor, workers)
    return local(function, workers) if workers is not None else None


def local(function: Any, workers: int) -> Pool:
    """Return a pool on this machine: threads for a program, processes for a function."""
    if isinstance(function, Program):
        return Pool(lambda: ThreadPoolExecutor(workers), workers=workers)
    options = {"initializer": _prepare_worker, "initargs": (os.getpid(),)}
    return Pool(lambda: loky.ProcessPoolExecutor(workers, **options), workers=workers)


def given(executor: Any, workers: int | None) -> Pool:
    """Return a pool of the caller's executor, or of those that the caller's function makes.

    Raises
    ------
    ExperimentError
        If it is neither.
    """
    if hasattr(executor, "submit") and not isinstance(executor, type):
        return Pool(engines.another_like(executor), executor, workers)
    if callable(executor):
        return Pool(executor, workers=workers)
    raise ExperimentError(
        f"{executor!r} is no executor; pass a concurrent.futures.Executor, or a function that makes one"
    )


def check(function: Any, executor: Any, timeout: float | None) -> None:
    """Refuse what no run can do.

    Raises
    ------
    ExperimentError
        If `function` cannot be called, `timeout` is no time, or functions are called on threads, which no time limit
        reaches, as on dask.
    """
    if not callable(function):
        raise ExperimentError(f"{function!r} cannot be called; run() takes a function or a Program")
    check_timeout(timeout)
    if timeout is not None and not isinstance(function, Program) and engines.on_threads(executor):
        raise ExperimentError(
            "timeout= cannot interrupt a function on a thread, on which this executor calls it; use workers= or a pool "
            "of processes; or a Program, which is ended with all that it started"
        )


def _prepare_worker(parent: int) -> None:
    """Leave Ctrl-C to the parent, which decides; and end when the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    process.end_all_for_good()
    os._exit(1)
