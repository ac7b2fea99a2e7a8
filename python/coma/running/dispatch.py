# SPDX-License-Identifier: BSD-2-Clause
"""Measure many points on an executor, whatever happens to its workers."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from typing import Any

import cloudpickle

from coma.errors import ExperimentError
from coma.running import interrupt, process, runner
from coma.running.interrupt import Interrupt
from coma.running.pool import Pool
from coma.running.runner import Call, Job, Outcome
from coma.storage.measurement import now

_POLL = 0.5
_PATIENCE = 30.0
_MOST_DEATHS = 3


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
    window
        How many jobs are in flight at most.
    """

    def __init__(self, call: Call, jobs: Iterable[Job], pool: Pool, window: int) -> None:
        self.call = call
        self.jobs = iter(jobs)
        self.pool = pool
        self.window = window
        self.suspects: deque[Job] = deque()
        self.deaths = 0
        self.interrupt = Interrupt()

    def outcomes(self) -> Generator[tuple[Job, Outcome], None, None]:
        """Yield the outcome of each job as it ends.

        Raises
        ------
        KeyboardInterrupt
            After Ctrl-C, once running points had time to end.
        ExperimentError
            If workers die one after the other, or none is left.
        """
        with self.interrupt:
            while True:
                with self.pool.open() as executor:
                    finished = yield from self._drain(executor)
                if finished and self.interrupt.requested:
                    raise KeyboardInterrupt
                if finished:
                    return

    def _drain(self, executor: Executor) -> Generator[tuple[Job, Outcome], None, bool]:
        """Yield outcomes until all jobs ended (return True) or the executor broke (return False)."""
        submit = _submitter(self.call, executor)
        pending: dict[Future[Any], Job] = {}
        try:
            while True:
                if not self._fill(submit, pending):
                    return False
                if not pending:
                    return True
                for future in self._ended(pending, executor):
                    error = future.exception()
                    if _is_break(error):
                        yield from self._broken(list(pending.values()), error)
                        return False
                    self.deaths = 0
                    yield pending.pop(future), _outcome(future)
        except KeyboardInterrupt:
            _cancel(pending)
            process.end_all()
            raise
        finally:
            _cancel(pending)

    def _fill(self, submit: Callable[[Job], Future[Any]], pending: dict[Future[Any], Job]) -> bool:
        """Submit up to the window; False where the executor turned out to be broken."""
        while not self.interrupt.requested and len(pending) < (1 if self.suspects else self.window):
            job = self.suspects.popleft() if self.suspects else next(self.jobs, None)
            if job is None:
                break
            try:
                pending[submit(job)] = job
            except BrokenExecutor as error:
                self.suspects.extend([job, *pending.values()])
                self._count_death(error)
                return False
        return True

    def _ended(self, pending: dict[Future[Any], Job], executor: Executor) -> list[Future[Any]]:
        """Wait until jobs ended, and return their futures, those that broke last."""
        quiet = deadline = None
        while True:
            done = wait(pending, timeout=_POLL, return_when=FIRST_COMPLETED).done
            if done:
                return sorted(done, key=lambda future: _is_break(future.exception()))
            if self.interrupt.requested:
                deadline = deadline or time.monotonic() + interrupt.GRACE
                if time.monotonic() > deadline:
                    raise KeyboardInterrupt
            elif _workers_left(executor) == 0:
                quiet = quiet or time.monotonic()
                if time.monotonic() > quiet + _PATIENCE:
                    raise ExperimentError("no workers are left; the points that ended are saved, run() does the rest")

    def _broken(self, in_flight: list[Job], error: BaseException | None) -> Iterator[tuple[Job, Outcome]]:
        assert error is not None
        if len(in_flight) > 1:
            self.suspects.extend(in_flight)
            return
        self._count_death(error)
        yield in_flight[0], Outcome(None, runner.failure(_death(error), now()))

    def _count_death(self, error: BaseException) -> None:
        self.deaths += 1
        if self.deaths > _MOST_DEATHS:
            raise ExperimentError("workers die as soon as they start; is what they need installed?") from error


def window(executor: Any, workers: int | None) -> int:
    """Return how many jobs keep an executor busy: two for each worker."""
    return 2 * int(workers or getattr(executor, "_max_workers", None) or 8)


def _submitter(call: Call, executor: Executor) -> Callable[[Job], Future[Any]]:
    if isinstance(executor, ThreadPoolExecutor):
        return lambda job: executor.submit(runner.attempt, call, job)
    pickled = cloudpickle.dumps(tuple(call))
    return lambda job: executor.submit(runner.on_worker, pickled, cloudpickle.dumps(job))


def _cancel(futures: Iterable[Future[Any]]) -> None:
    for future in futures:
        future.cancel()


def _outcome(future: Future[Any]) -> Outcome:
    error = future.exception()
    if (
        error is not None
    ):  # the engine itself says that the worker is gone: dask's KilledWorker, ipyparallel's EngineError
        return Outcome(None, runner.failure(_death(error), now()))
    result = future.result()
    return result if isinstance(result, Outcome) else runner.received(result)


def _death(error: BaseException) -> ExperimentError:
    death = ExperimentError(f"the worker died ({type(error).__name__}: {error})")
    death.__cause__ = error
    return death


def _is_break(error: BaseException | None) -> bool:
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "ExecutorlibSocketError"


def _workers_left(executor: Any) -> int | None:
    """Return how many workers an engine has, where it can be asked: dask and ipyparallel wait for ever for new ones."""
    dask: Any = getattr(executor, "_client", None)
    if hasattr(dask, "scheduler_info"):
        return len(dask.scheduler_info()["workers"])
    engines: Any = getattr(getattr(executor, "view", None), "client", None)
    return len(engines.ids) if hasattr(engines, "ids") else None
