# SPDX-License-Identifier: BSD-2-Clause
"""Measure many points on an executor, whatever happens to its workers."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
    wait,
)
from typing import Any

import cloudpickle

from coma.errors import ExperimentError
from coma.running import interrupt, process, runner
from coma.running.interrupt import Interrupt
from coma.running.pool import Pool
from coma.running.runner import Call, Job, Outcome
from coma.storage.measurement import now

_POLL = 0.5
_SOON = 0.05
_PATIENCE = 30.0
_DEATHS = ("KilledWorker", "EngineError", "ExecutorlibSocketError")  # of dask, ipyparallel, executorlib
_NO_WORKERS = (
    "no workers are left, or none began yet: wait for the first before run(), as by client.wait_for_workers(1). "
    "The points that ended are saved, run() does the rest"
)


class Dispatcher:
    """Keeps a window of jobs in flight, and finds out which job breaks the pool.

    After a pool broke, the jobs that were in flight run again one at a time: the one that breaks it alone is at fault.

    Parameters
    ----------
    call
        What is done at each point.
    jobs
        Id and parameter set of each point; taken one by one as they are submitted.
    pool
        Opens executors.
    workers
        How many workers the executor has; it is asked by default. Two jobs for each are in flight at most.
    """

    def __init__(self, call: Call, jobs: Iterable[Job], pool: Pool, workers: int | None) -> None:
        self.call = call
        self.jobs = iter(jobs)
        self.pool = pool
        self.workers = workers
        self.suspects: deque[Job] = deque()
        self.interrupt = Interrupt()

    def outcomes(self) -> Generator[tuple[Job, Outcome], None, None]:
        """Yield the outcome of each job as it ends.

        Raises
        ------
        KeyboardInterrupt
            After Ctrl-C, once running points had time to end.
        ExperimentError
            If workers die as soon as they start, or none is left.
        """
        with self.interrupt:
            finished = broke = False
            while not finished:
                with self.pool.open() as executor:
                    if broke:
                        _check(executor)
                    finished = yield from self._drain(executor)
                broke = True
            if self.interrupt.requested:
                raise KeyboardInterrupt

    def _drain(self, executor: Executor) -> Generator[tuple[Job, Outcome], None, bool]:
        """Yield outcomes until all jobs ended (return True) or the executor broke (return False)."""
        submit, window = _submitter(self.call, executor), 2 * (self.workers or _size(executor))
        pending: dict[Future[Any], Job] = {}
        try:
            while True:
                if not self._fill(submit, pending, window):
                    return False
                if not pending:
                    return True
                for future in self._ended(pending, executor):
                    error = _error(future)
                    if _is_break(error):
                        yield from self._broken(list(pending.values()), error)
                        return False
                    yield pending.pop(future), _outcome(future)
        except (KeyboardInterrupt, GeneratorExit) as error:
            _cancel(pending)
            if self.interrupt.requested or isinstance(error, KeyboardInterrupt):
                _end_programs(pending, executor)
            raise
        finally:
            _cancel(pending)

    def _fill(self, submit: Callable[[Job], Future[Any]], pending: dict[Future[Any], Job], window: int) -> bool:
        """Submit up to the window; False where the executor is broken and nothing is in flight."""
        while not self.interrupt.requested and len(pending) < (1 if self.suspects else window):
            job = self.suspects.popleft() if self.suspects else next(self.jobs, None)
            if job is None:
                break
            try:
                pending[submit(job)] = job
            except BrokenExecutor:
                self.suspects.append(job)
                return bool(pending)  # what is in flight ended, or tells that it broke
        return True

    def _ended(self, pending: dict[Future[Any], Job], executor: Executor) -> list[Future[Any]]:
        """Wait until jobs ended, and return their futures, those that broke last."""
        quiet = deadline = None
        while True:
            done = wait(pending, timeout=_POLL, return_when=FIRST_COMPLETED).done
            if done:
                return sorted(done, key=lambda future: _is_break(_error(future)))
            if self.interrupt.requested:
                deadline = deadline or time.monotonic() + interrupt.GRACE
                if time.monotonic() > deadline:
                    raise KeyboardInterrupt
            elif _has_workers(executor):
                quiet = None
            else:
                quiet = quiet or time.monotonic()
                if time.monotonic() > quiet + _PATIENCE:
                    raise ExperimentError(_NO_WORKERS)

    def _broken(self, in_flight: list[Job], error: BaseException | None) -> Iterator[tuple[Job, Outcome]]:
        assert error is not None
        if len(in_flight) > 1:
            self.suspects.extend(in_flight)
            return
        yield in_flight[0], Outcome(None, runner.failure(_lost(error), now()))


def _check(executor: Executor) -> None:
    """Run something harmless on a new executor, so that a job that breaks it afterwards is at fault itself."""
    try:
        executor.submit(now).result()
    except BrokenExecutor as error:
        raise ExperimentError("workers die as soon as they start; is what they need installed?") from error


def _submitter(call: Call, executor: Executor) -> Callable[[Job], Future[Any]]:
    if isinstance(executor, ThreadPoolExecutor):
        return lambda job: executor.submit(runner.attempt, call, job)
    pickled = cloudpickle.dumps(tuple(call))
    return lambda job: executor.submit(runner.on_worker, pickled, cloudpickle.dumps(job))


def _end_programs(pending: Iterable[Future[Any]], executor: Executor) -> None:
    """End the programs that run here, and those that a thread was about to run."""
    process.end_all()
    deadline = time.monotonic() + process.GRACE
    while isinstance(executor, ThreadPoolExecutor) and time.monotonic() < deadline:
        if not wait(pending, timeout=_SOON).not_done:
            return
        process.end_all()


def _cancel(futures: Iterable[Future[Any]]) -> None:
    for future in futures:
        future.cancel()


def _outcome(future: Future[Any]) -> Outcome:
    error = _error(future)
    if error is not None:  # the engine speaks, not the function
        return Outcome(None, runner.failure(_lost(error), now()))
    result = future.result()
    return result if isinstance(result, Outcome) else runner.received(result)


def _error(future: Future[Any]) -> BaseException | None:
    return CancelledError("by the engine") if future.cancelled() else future.exception()


def _lost(error: BaseException) -> ExperimentError:
    died = isinstance(error, BrokenExecutor) or _name(error) in _DEATHS
    lost = ExperimentError(f"{'the worker died' if died else 'the executor did not run it'} ({_name(error)}: {error})")
    lost.__cause__ = error
    return lost


def _name(error: BaseException | None) -> str:
    """Return the type of an error; ipyparallel tells that of the error on its engine."""
    return str(getattr(error, "ename", None) or type(error).__name__)


def _is_break(error: BaseException | None) -> bool:
    return isinstance(error, BrokenExecutor) or _name(error) == "ExecutorlibSocketError"


def _size(executor: Any) -> int:
    """Return how many workers an executor says it has, 8 where it does not know."""
    names = ("_max_workers", "max_workers", "num_workers")  # pools and ipyparallel, executorlib, MPI
    known = next((getattr(executor, name) for name in names if hasattr(executor, name)), None)
    return int(known or sum(_dask_workers(executor).values()) or 8)


def _has_workers(executor: Any) -> bool:
    """Tell whether an engine has workers, or brings some: without, dask and ipyparallel wait for ever."""
    dask: Any = getattr(executor, "_client", None)
    if hasattr(dask, "nthreads"):
        return bool(_dask_workers(executor)) or getattr(dask.cluster, "_adaptive", None) is not None
    engines: Any = getattr(getattr(executor, "view", None), "client", None)
    return bool(getattr(engines, "ids", True))


def _dask_workers(executor: Any) -> dict[str, int]:
    """Return the threads of each worker of dask."""
    client: Any = getattr(executor, "_client", None)
    return dict(client.nthreads()) if hasattr(client, "nthreads") else {}
