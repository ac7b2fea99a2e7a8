# SPDX-License-Identifier: BSD-2-Clause
"""Pools of workers, which can be opened anew after a worker died and broke them."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import loky

from coma.errors import ExperimentError
from coma.programs import process
from coma.programs.program import Program

Make = Callable[[], Executor]


class Pool:
    """Opens executors: the one that was given first, then others like it.

    Parameters
    ----------
    make
        Returns a new executor; None where it cannot be made anew.
    given
        An executor of the caller's, used first and never shut down.
    """

    def __init__(self, make: Make | None, given: Executor | None = None) -> None:
        self.make = make
        self.given = given

    @contextmanager
    def open(self) -> Iterator[Executor]:
        """Give an executor; one that we made is shut down afterwards.

        Raises
        ------
        ExperimentError
            If the caller's executor broke and we do not know how to make another.
        """
        if self.given is not None:
            given, self.given = self.given, None
            yield given
            return
        if self.make is None:
            raise ExperimentError(
                "the executor broke, as one of its workers died. The points that ended are saved; run() does the "
                "rest. Pass a function that makes the executor, executor=lambda: ..., and it is made anew"
            )
        executor = self.make()
        try:
            yield executor
        except BaseException:
            _kill(executor)
            raise
        executor.shutdown(wait=True)


def choose(function: Any, executor: Executor | Make | None, workers: int | None) -> Pool | None:
    """Return where a run measures: on the caller's executor, in a pool of our own, or, as None, here.

    Raises
    ------
    ExperimentError
        If `workers` is no whole number greater than 0, or `executor` is none.
    """
    if workers is not None:
        check_workers(workers)
    if executor is not None:
        return given(executor)
    return local(function, workers) if workers is not None else None


def local(function: Any, workers: int) -> Pool:
    """Return a pool on this machine: threads for a program, processes for a function.

    Raises
    ------
    ExperimentError
        If `workers` is no whole number greater than 0.
    """
    check_workers(workers)
    if isinstance(function, Program):
        return Pool(lambda: ThreadPoolExecutor(workers))
    return Pool(lambda: loky.ProcessPoolExecutor(workers, initializer=_prepare_worker, initargs=(os.getpid(),)))


def given(executor: Executor | Make) -> Pool:
    """Return a pool of the caller's executor, or of those that the caller's function makes."""
    if not (callable(executor) or hasattr(executor, "submit")):
        raise ExperimentError(
            f"{executor!r} is no executor; pass a concurrent.futures.Executor, or a function that makes one"
        )
    if isinstance(executor, Executor) or not callable(executor):
        return Pool(_like(executor), executor)
    return Pool(executor)


def check_time_limit(executor: Any) -> None:
    """Refuse a time limit on functions where they are called on threads, which no alarm reaches.

    Raises
    ------
    ExperimentError
        If `executor` is one of threads, as dask's is.
    """
    if isinstance(executor, ThreadPoolExecutor) or type(executor).__module__.startswith("distributed."):
        raise ExperimentError(
            "timeout= cannot interrupt a function on a thread, on which this executor calls it; use workers= or a pool "
            "of processes; or a Program, which is ended with all that it started"
        )


def check_workers(workers: Any) -> None:
    """Refuse what is no number of workers.

    Raises
    ------
    ExperimentError
        If `workers` is no whole number greater than 0.
    """
    if not isinstance(workers, int) or isinstance(workers, bool) or workers < 1:
        raise ExperimentError(f"workers must be a whole number greater than 0, got {workers!r}")


def _like(executor: Any) -> Make | None:
    """Return how to make another executor of a kind that breaks when a worker dies."""
    if not isinstance(executor, ProcessPoolExecutor) and type(executor).__module__.partition(".")[0] != "loky":
        return None
    options = ("initializer", "initargs", "max_workers", "max_tasks_per_child")
    known = {name: getattr(executor, f"_{name}") for name in options if hasattr(executor, f"_{name}")}
    if isinstance(executor, ProcessPoolExecutor):
        return lambda: ProcessPoolExecutor(mp_context=getattr(executor, "_mp_context", None), **known)
    return lambda: loky.ProcessPoolExecutor(**known)


def _kill(executor: Executor) -> None:
    """End an executor without waiting for what it still runs."""
    if isinstance(executor, loky.ProcessPoolExecutor):
        executor.shutdown(wait=True, kill_workers=True)
        return
    processes = list((getattr(executor, "_processes", None) or {}).values())
    executor.shutdown(wait=False)
    for worker in processes:
        worker.terminate()


def _prepare_worker(parent: int) -> None:
    """Leave Ctrl-C to the parent, which decides; and end when the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    process.end_all()
    os._exit(1)
