# SPDX-License-Identifier: BSD-2-Clause
"""Measure many points on an executor, whatever happens to its workers."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from contextlib import suppress
from itertools import islice
from typing import Any

import cloudpickle
import loky

from coma.errors import ExperimentError
from coma.programs import process
from coma.running import interrupt, runner
from coma.running.interrupt import Interrupt
from coma.running.pool import Pool
from coma.running.runner import Call, Job, Outcome
from coma.storage.measurement import now

_LARGEST_BATCH = 16
_POLL = 0.5
_SOON = 0.05
_PATIENCE = 30.0
_DEATHS = ("KilledWorker", "EngineError", "ExecutorlibSocketError")  # of dask, ipyparallel, executorlib
_NO_WORKERS = (
    "no workers are left, or none began yet: wait for the first before run(), as by client.wait_for_workers(1). "
    "The points that ended are saved, run() does the rest"
)


Submit = Callable[[Sequence[Job]], Future[Any]]


class _TimeIsUp(Exception):
    """What still runs had its time to end."""


class Dispatcher:
    """Keeps a window of batches of jobs in flight, and finds out which job breaks the pool.

    A batch is one job at first, and more of them while they are fast: a worker gives back what it does not come to
    soon. After a pool broke, the jobs that were in flight run again one at a time: the one that breaks it alone is at
    fault.

    Parameters
    ----------
    call
        What is done at each point.
    jobs
        Id and parameter set of each point; taken as they are submitted.
    count
        How many jobs there are.
    pool
        Opens executors.
    workers
        How many workers the executor has; it is asked by default. Two batches for each are in flight at most.
    is_over
        Tells whether nothing new shall begin; what runs then has time to end, as after Ctrl-C.
    """

    def __init__(
        self,
        call: Call,
        jobs: Iterable[Job],
        count: int,
        pool: Pool,
        workers: int | None,
        is_over: Callable[[], bool] = bool,
    ) -> None:
        self.call = call
        self.jobs = iter(jobs)
        self.left = count
        self.pool = pool
        self.workers = workers
        self.size = 1
        self.returned: deque[Job] = deque()
        self.suspects: deque[Job] = deque()
        self.interrupt = Interrupt()
        self.is_over = is_over
        self.deadline: float | None = None

    def outcomes(self) -> Generator[list[tuple[Job, Outcome]], None, None]:
        """Yield the outcomes of each batch of jobs as it ends.

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
                with suppress(_TimeIsUp), self.pool.open() as executor:
                    if broke:
                        _check(executor)
                    finished = yield from self._drain(executor)
                broke = True
                finished = finished or self._ends()
            if self.interrupt.requested:
                raise KeyboardInterrupt

    def _drain(self, executor: Executor) -> Generator[list[tuple[Job, Outcome]], None, bool]:
        """Yield outcomes until all jobs ended (return True) or the executor broke (return False)."""
        submit, window = _submitter(self.call, executor), 2 * (self.workers or _size(executor))
        pending: dict[Future[Any], list[Job]] = {}
        try:
            while True:
                if not self._fill(submit, pending, window):
                    return False
                if not pending:
                    return True
                for future in self._ended(pending, executor):
                    error = _error(future)
                    if _is_break(error):
                        yield self._lost([job for batch in pending.values() for job in batch], error)
                        return False
                    yield self._outcomes(pending.pop(future), future)
        except (KeyboardInterrupt, GeneratorExit, _TimeIsUp) as error:
            _cancel(pending, executor)
            if self.interrupt.requested or isinstance(error, KeyboardInterrupt):
                _end_programs(pending, executor)
            raise
        finally:
            _cancel(pending, executor)

    def _ends(self) -> bool:
        return self.interrupt.requested or self.is_over()

    def _fill(self, submit: Submit, pending: dict[Future[Any], list[Job]], window: int) -> bool:
        """Submit up to the window; False where the executor is broken and nothing is in flight."""
        while not self._ends() and len(pending) < (1 if self.suspects else window):
            batch = self._batch(window)
            if not batch:
                break
            try:
                pending[submit(batch)] = batch
            except BrokenExecutor:
                self.suspects.extend(batch)
                return bool(pending)  # what is in flight ended, or tells that it broke
        return True

    def _batch(self, window: int) -> list[Job]:
        """Take the next jobs; few of the last ones, so that there are some for each worker."""
        if self.suspects:
            return [self.suspects.popleft()]
        size = min(self.size, 1 + self.left // window)
        batch = [self.returned.popleft() for _ in range(min(size, len(self.returned)))]
        batch = batch or list(islice(self.jobs, size))
        self.left -= len(batch)
        return batch

    def _ended(self, pending: Iterable[Future[Any]], executor: Executor) -> list[Future[Any]]:
        """Wait until jobs ended, and return their futures in order, those that broke last."""
        quiet = None
        while True:
            if self._ends() and isinstance(executor, ThreadPoolExecutor):
                _cancel(pending, executor)
            done = wait(pending, timeout=_POLL, return_when=FIRST_COMPLETED).done
            if done:
                return sorted(filter(done.__contains__, pending), key=lambda future: _is_break(_error(future)))
            if self._ends():
                self.deadline = self.deadline or time.monotonic() + interrupt.GRACE
                if time.monotonic() > self.deadline:
                    raise _TimeIsUp
            elif _has_workers(executor):
                quiet = None
            else:
                quiet = quiet or time.monotonic()
                if time.monotonic() > quiet + _PATIENCE:
                    raise ExperimentError(_NO_WORKERS)

    def _outcomes(self, batch: list[Job], future: Future[Any]) -> list[tuple[Job, Outcome]]:
        """Return the outcomes of the jobs that were begun; the others are put back."""
        if self._ends() and future.cancelled():
            return []
        error = _error(future)
        if error is not None:  # the engine speaks, not the function
            return self._lost(batch, error)
        seconds, outcomes = future.result()
        ended = [(job, runner.received(outcome)) for job, outcome in zip(batch, outcomes, strict=False)]
        self.size = min(2 * len(ended), _LARGEST_BATCH) if seconds < runner.LONG / 2 else len(ended)
        rest = batch[len(ended) :]
        self.returned.extend(rest)
        self.left += len(rest)
        return ended

    def _lost(self, jobs: list[Job], error: BaseException | None) -> list[tuple[Job, Outcome]]:
        """Return the failure of a job that was lost alone; any of several may be at fault, and they run again."""
        assert error is not None
        if len(jobs) > 1:
            self.suspects.extend(jobs)
            return []
        return [(jobs[0], Outcome(None, runner.failure(_lost(error), now())))]


def _check(executor: Executor) -> None:
    """Run something harmless on a new executor, so that a job that breaks it afterwards is at fault itself."""
    try:
        executor.submit(now).result()
    except BrokenExecutor as error:
        raise ExperimentError("workers die as soon as they start; is what they need installed?") from error


def _submitter(call: Call, executor: Executor) -> Submit:
    if isinstance(executor, ThreadPoolExecutor):
        return lambda batch: executor.submit(runner.on_thread, call, batch)
    pickled = _pickled(call)
    return lambda batch: _submit(executor, runner.on_worker, pickled, cloudpickle.dumps(batch))


def _pickled(call: Call) -> bytes:
    """Return what travels to the workers."""
    try:
        data: bytes = cloudpickle.dumps(tuple(call))
    except Exception as error:  # an object may refuse in any way
        raise ExperimentError(
            f"{runner.name(call.function)} cannot be sent to the workers ({type(error).__name__}: {error}); make what "
            "it uses of locks, open files and the like within it, or call it on threads or here"
        ) from error
    return data


def _submit(executor: Executor, *call: Any) -> Future[Any]:
    """Submit; a pool that breaks just then, while it starts another process, has errors of its own."""
    try:
        return executor.submit(*call)
    except OSError as error:
        if getattr(executor, "_broken", False):
            raise BrokenExecutor(str(error)) from error
        raise


def _end_programs(pending: Iterable[Future[Any]], executor: Executor) -> None:
    """End the programs that run here, and those that a thread was about to run."""
    process.end_all()
    deadline = time.monotonic() + process.GRACE
    while isinstance(executor, ThreadPoolExecutor) and time.monotonic() < deadline:
        if not wait(pending, timeout=_SOON).not_done:
            return
        process.end_all()


def _cancel(futures: Iterable[Future[Any]], executor: Executor) -> None:
    """Cancel what waits for a worker; pools of processes that break fail themselves at a future that is cancelled."""
    if not isinstance(executor, ProcessPoolExecutor | loky.ProcessPoolExecutor):
        for future in futures:
            future.cancel()


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
