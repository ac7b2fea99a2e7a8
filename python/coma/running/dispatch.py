# SPDX-License-Identifier: BSD-2-Clause
"""Measure many points on an executor, whatever happens to its workers."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import suppress
from itertools import islice
from typing import Any

from coma.errors import ExperimentError
from coma.programs import process
from coma.running import engines, interrupt, transport
from coma.running.interrupt import Interrupt
from coma.running.point import Call, Job, Outcome, failure_of
from coma.running.pool import Pool
from coma.storage.measurement import now

_LARGEST_BATCH = 16
_POLL_SECONDS = 0.5
_THREAD_START_SECONDS = 0.05  # in which a thread that was about to run a program does so
_NO_WORKERS_SECONDS = 30.0  # that an engine may have no workers
_NO_WORKERS = (
    "no workers are left, or none began yet: wait for the first before run(), as by client.wait_for_workers(1). "
    "The points that ended are saved, run() does the rest"
)

Ended = list[tuple[Job, Outcome]]
Pending = dict[Future[Any], list[Job]]


class Backlog:
    """The jobs that are not in flight: those to come, those that a worker gave back, and suspects.

    A batch is one job at first, and more of them while they are fast. Suspects were in flight when a pool broke: they
    run again one at a time, so that the one that breaks it alone is at fault.

    Parameters
    ----------
    jobs
        Id and parameter set of each point; taken as they are submitted.
    count
        How many jobs there are.
    """

    def __init__(self, jobs: Iterable[Job], count: int) -> None:
        self._jobs = iter(jobs)
        self._left = count
        self._size = 1
        self._given_back: deque[Job] = deque()
        self._suspects: deque[Job] = deque()

    @property
    def has_suspects(self) -> bool:
        """Whether there are jobs that run one at a time."""
        return bool(self._suspects)

    def next_batch(self, window: int) -> list[Job]:
        """Take the next jobs; few of the last ones, so that there are some for each batch of a window."""
        if self._suspects:
            return [self._suspects.popleft()]
        size = min(self._size, 1 + self._left // window)
        batch = [self._given_back.popleft() for _ in range(min(size, len(self._given_back)))]
        batch = batch or list(islice(self._jobs, size))
        self._left -= len(batch)
        return batch

    def batch_ended(self, batch: Sequence[Job], done: int, seconds: float) -> None:
        """Take back what a worker did not come to, and learn how large a batch may be."""
        fast = seconds < transport.BATCH_SECONDS / 2
        self._size = min(2 * done, _LARGEST_BATCH) if fast else done
        self._given_back.extend(batch[done:])
        self._left += len(batch) - done

    def suspect(self, jobs: Iterable[Job]) -> None:
        """Take jobs of which one may have broken a pool."""
        self._suspects.extend(jobs)


class _TimeIsUp(Exception):
    """What still runs had its time to end."""


class Dispatcher:
    """Keeps a window of batches of jobs in flight, and finds out which job breaks the pool.

    Parameters
    ----------
    call
        What is done at each point.
    jobs, count
        As for `Backlog`.
    pool
        Opens executors. Two batches for each worker are in flight at most.
    is_over
        Tells whether nothing new shall begin; what runs then has time to end, as after Ctrl-C.
    """

    def __init__(
        self, call: Call, jobs: Iterable[Job], count: int, pool: Pool, is_over: Callable[[], bool] = bool
    ) -> None:
        self._call = call
        self._backlog = Backlog(jobs, count)
        self._pool = pool
        self._is_over = is_over
        self._interrupt = Interrupt()
        self._deadline: float | None = None

    def outcomes(self) -> Generator[Ended, None, None]:
        """Yield the outcomes of each batch of jobs as it ends.

        Raises
        ------
        KeyboardInterrupt
            After Ctrl-C, once running points had time to end.
        ExperimentError
            If workers die as soon as they start, or none is left.
        """
        with self._interrupt:
            finished = broke = False
            while not finished:
                with suppress(_TimeIsUp), self._pool.open() as executor:
                    if broke:
                        _check(executor)
                    finished = yield from self._drain(executor)
                broke = True
                finished = finished or self._ends()
            if self._interrupt.requested:
                raise KeyboardInterrupt

    def _drain(self, executor: Executor) -> Generator[Ended, None, bool]:
        """Yield outcomes until all jobs ended (return True) or the executor broke (return False)."""
        submit, window = _submitter(self._call, executor), 2 * self._pool.size(executor)
        pending: Pending = {}
        try:
            while True:
                if not self._fill(submit, pending, window):
                    return False
                if not pending:
                    return True
                for future in self._wait(pending, executor):
                    error = _error(future)
                    if engines.means_break(error):
                        yield self._lost([job for batch in pending.values() for job in batch], error)
                        return False
                    yield self._ended(pending.pop(future), future)
        except (KeyboardInterrupt, GeneratorExit, _TimeIsUp) as error:
            _cancel(pending, executor)
            if self._interrupt.requested or isinstance(error, KeyboardInterrupt):
                _end_programs(pending, executor)
            raise
        finally:
            _cancel(pending, executor)

    def _ends(self) -> bool:
        return self._interrupt.requested or self._is_over()

    def _fill(self, submit: Callable[[list[Job]], Future[Any]], pending: Pending, window: int) -> bool:
        """Submit up to the window; False where the executor is broken and nothing is in flight."""
        while not self._ends() and len(pending) < (1 if self._backlog.has_suspects else window):
            batch = self._backlog.next_batch(window)
            if not batch:
                break
            try:
                pending[submit(batch)] = batch
            except BrokenExecutor:
                self._backlog.suspect(batch)
                return bool(pending)  # what is in flight ended, or tells that it broke
        return True

    def _wait(self, pending: Pending, executor: Executor) -> list[Future[Any]]:
        """Wait until jobs ended, and return their futures in order, those that broke last."""
        quiet = None
        while True:
            if self._ends() and engines.shares_memory(executor):
                _cancel(pending, executor)
            done = wait(pending, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED).done
            if done:
                return sorted(
                    filter(done.__contains__, pending), key=lambda future: engines.means_break(_error(future))
                )
            if self._ends():
                self._deadline = self._deadline or time.monotonic() + interrupt.GRACE_SECONDS
                if time.monotonic() > self._deadline:
                    raise _TimeIsUp
            elif engines.has_workers(executor):
                quiet = None
            else:
                quiet = quiet or time.monotonic()
                if time.monotonic() > quiet + _NO_WORKERS_SECONDS:
                    raise ExperimentError(_NO_WORKERS)

    def _ended(self, batch: list[Job], future: Future[Any]) -> Ended:
        """Return the outcomes of the jobs that were begun; the others are put back."""
        if self._ends() and future.cancelled():
            return []
        error = _error(future)
        if error is not None:  # the engine speaks, not the function
            return self._lost(batch, error)
        seconds, outcomes = future.result()
        self._backlog.batch_ended(batch, len(outcomes), seconds)
        return [(job, transport.received(outcome)) for job, outcome in zip(batch, outcomes, strict=False)]

    def _lost(self, jobs: list[Job], error: BaseException | None) -> Ended:
        """Return the failure of a job that was lost alone; any of several may be at fault, and they run again."""
        if self._interrupt.requested:  # what ends this process may have ended its workers
            return []
        if len(jobs) > 1:
            self._backlog.suspect(jobs)
            return []
        what = "the worker died" if engines.means_death(error) else "the executor did not run it"
        lost = ExperimentError(f"{what} ({engines.name_of(error)}: {error})")
        lost.__cause__ = error
        return [(jobs[0], Outcome(None, failure_of(lost, now())))]


def _check(executor: Executor) -> None:
    """Run something harmless on a new executor, so that a job that breaks it afterwards is at fault itself."""
    try:
        executor.submit(now).result()
    except BrokenExecutor as error:
        raise ExperimentError("workers die as soon as they start; is what they need installed?") from error


def _submitter(call: Call, executor: Executor) -> Callable[[list[Job]], Future[Any]]:
    if engines.shares_memory(executor):
        return lambda batch: executor.submit(transport.on_thread, call, batch)
    data = transport.packed_call(call)
    return lambda batch: engines.submit(executor, transport.on_worker, data, transport.packed_jobs(batch))


def _end_programs(pending: Iterable[Future[Any]], executor: Executor) -> None:
    """End the programs that run here, and those that a thread was about to run."""
    process.end_all()
    deadline = time.monotonic() + process.GRACE_SECONDS
    while engines.shares_memory(executor) and time.monotonic() < deadline:
        if not wait(pending, timeout=_THREAD_START_SECONDS).not_done:
            return
        process.end_all()


def _cancel(futures: Iterable[Future[Any]], executor: Executor) -> None:
    """Cancel what waits for a worker."""
    if engines.can_cancel(executor):
        for future in futures:
            future.cancel()


def _error(future: Future[Any]) -> BaseException | None:
    return CancelledError("by the engine") if future.cancelled() else future.exception()
