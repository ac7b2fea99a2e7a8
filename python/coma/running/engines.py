# SPDX-License-Identifier: BSD-2-Clause
"""All that is known of the executors of others: pools of the standard library, loky, dask, ipyparallel, executorlib, MPI."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import loky

Make = Callable[[], Executor]

_DEATHS = ("KilledWorker", "EngineError", "ExecutorlibSocketError")  # of dask, ipyparallel, executorlib
_BREAKS = ("ExecutorlibSocketError",)
_SIZES = ("_max_workers", "max_workers", "num_workers")  # of pools and ipyparallel, executorlib, MPI
_SIZE_UNKNOWN = 8


def size(executor: Any) -> int:
    """Return how many workers an executor says it has, 8 where it does not know."""
    known = next((getattr(executor, name) for name in _SIZES if hasattr(executor, name)), None)
    return int(known or sum(_dask_threads(executor).values()) or _SIZE_UNKNOWN)


def has_workers(executor: Any) -> bool:
    """Tell whether an engine has workers, or brings some: without, dask and ipyparallel wait for ever."""
    dask: Any = getattr(executor, "_client", None)
    if hasattr(dask, "nthreads"):
        return bool(_dask_threads(executor)) or getattr(dask.cluster, "_adaptive", None) is not None
    engines: Any = getattr(getattr(executor, "view", None), "client", None)
    return bool(getattr(engines, "ids", True))


def on_threads(executor: Any) -> bool:
    """Tell whether functions are called on threads, which no alarm reaches, as those of dask are."""
    return isinstance(executor, ThreadPoolExecutor) or type(executor).__module__.startswith("distributed.")


def shares_memory(executor: Executor) -> bool:
    """Tell whether what is submitted need not travel."""
    return isinstance(executor, ThreadPoolExecutor)


def submit(executor: Executor, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
    """Submit a call.

    Raises
    ------
    BrokenExecutor
        If the executor is broken; a pool that breaks just then, while it starts another process, has other errors.
    """
    try:
        return executor.submit(function, *arguments)
    except OSError as error:
        if getattr(executor, "_broken", False):
            raise BrokenExecutor(str(error)) from error
        raise


def can_cancel(executor: Executor) -> bool:
    """Tell whether futures may be cancelled: pools of processes that break fail themselves at one that was."""
    return not isinstance(executor, ProcessPoolExecutor | loky.ProcessPoolExecutor)


def name_of(error: BaseException | None) -> str:
    """Return the type of an error; ipyparallel tells that of the error on its engine."""
    return str(getattr(error, "ename", None) or type(error).__name__)


def means_break(error: BaseException | None) -> bool:
    """Tell whether an error says that an executor is of no use any more."""
    return isinstance(error, BrokenExecutor) or name_of(error) in _BREAKS


def means_death(error: BaseException | None) -> bool:
    """Tell whether an error says that a worker died."""
    return isinstance(error, BrokenExecutor) or name_of(error) in _DEATHS


def another_like(executor: Any) -> Make | None:
    """Return how to make another executor of a kind that breaks when a worker dies."""
    if not isinstance(executor, ProcessPoolExecutor) and type(executor).__module__.partition(".")[0] != "loky":
        return None
    options = ("initializer", "initargs", "max_workers", "max_tasks_per_child")
    known = {name: getattr(executor, f"_{name}") for name in options if hasattr(executor, f"_{name}")}
    if isinstance(executor, ProcessPoolExecutor):
        return lambda: ProcessPoolExecutor(mp_context=getattr(executor, "_mp_context", None), **known)
    return lambda: loky.ProcessPoolExecutor(**known)


def kill(executor: Executor) -> None:
    """End an executor without waiting for what it still runs."""
    if isinstance(executor, loky.ProcessPoolExecutor):
        executor.shutdown(wait=True, kill_workers=True)
        return
    processes = list((getattr(executor, "_processes", None) or {}).values())
    executor.shutdown(wait=False)
    for worker in processes:
        worker.terminate()


def _dask_threads(executor: Any) -> dict[str, int]:
    """Return the threads of each worker of dask."""
    client: Any = getattr(executor, "_client", None)
    return dict(client.nthreads()) if hasattr(client, "nthreads") else {}
