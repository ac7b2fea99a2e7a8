# SPDX-License-Identifier: BSD-2-Clause
"""Fast points go to the workers in batches, and what becomes of the points of a batch does not show that."""

import multiprocessing
import os
import pickle
import signal
import threading
import time
import types
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import pytest
from helpers import square, sweep

from coma.running import interrupt, transport

CLOCK = [0.0]


class Inline(Executor):
    """An engine that does at once what is submitted; the batches of `lost` never arrive there."""

    def __init__(self, workers=2, lost=()):
        self.max_workers = workers
        self.lost = lost
        self.batches = []

    def submit(self, function, *arguments):
        """Return a future that ended."""
        batch = [number for number, _ in pickle.loads(arguments[1])] if arguments else []
        self.batches.append(batch)
        future = Future()
        if set(batch).intersection(self.lost):
            future.set_exception(OSError("unplugged"))
        else:
            future.set_result(function(*arguments))
        return future


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Give workers a clock that only slow points advance."""
    CLOCK[0] = 0.0
    monkeypatch.setattr(transport, "time", types.SimpleNamespace(monotonic=lambda: CLOCK[0]))


def slow_from_40(p):
    """Take a second for later points."""
    CLOCK[0] += p.x >= 40
    return square(p)


def bad_30(p):
    """Fail at a point."""
    if p.x == 30:
        raise ValueError("thirty")
    return square(p)


def rows(e):
    """Return id and x of each measurement, in the order of the ids."""
    return [(m.id, m.parameters.x) for m in e.measurements()]


def test_batches_grow_while_points_are_fast_and_the_last_are_small(directory):
    """One point at first, sixteen at most, and at the end some for each worker."""
    e, executor = sweep(directory, 200), Inline()
    assert e.run(square, executor) == (200, 200)
    sizes = [len(batch) for batch in executor.batches]
    assert sizes[:4] == [1, 1, 1, 1]
    assert max(sizes) == 16
    assert sizes[-3:] == [1, 1, 1]
    assert [number for batch in executor.batches for number in batch] == list(range(1, 201))
    assert rows(e) == [(x + 1, x) for x in range(200)]


def test_a_slow_point_holds_no_others_back(directory):
    """What its batch did not come to goes to other workers, one by one; the ids stay in the order of the points."""
    e, executor = sweep(directory, 100), Inline()
    assert e.run(slow_from_40, executor) == (100, 100)
    first = next(batch for batch in executor.batches if 41 in batch)
    again = [batch for batch in executor.batches if set(batch).intersection(first) and batch is not first]
    assert first[-1] != 41
    assert first[first.index(41) + 1 :] == [number for batch in again for number in batch]
    assert [len(batch) for batch in executor.batches[-40:]] == [1] * 40
    assert rows(e) == [(x + 1, x) for x in range(100)]


def test_a_failure_spoils_no_others_of_its_batch(directory):
    """The points before and after it are measured."""
    e, executor = sweep(directory, 60), Inline()
    with pytest.raises(ExceptionGroup, match="1 of 60"):
        e.run(bad_30, executor)
    assert any(31 in batch and len(batch) > 1 for batch in executor.batches)
    assert [record.parameters.x for record in e.failures()] == [30]
    assert rows(e) == [(x + 1, x) for x in range(60) if x != 30]


def test_a_run_that_stops_at_a_failure_keeps_the_others_of_its_batch(directory):
    """They were measured."""
    e, executor = sweep(directory, 60), Inline()
    with pytest.raises(ExceptionGroup, match="1 of 60"):
        e.run(bad_30, executor, keep_going=False)
    (batch,) = [batch for batch in executor.batches if 31 in batch]
    assert {number for number, _ in rows(e)} >= set(batch) - {31}


@pytest.mark.slow
@pytest.mark.parametrize("workers", [3, 8])
def test_a_run_that_stops_at_a_failure_saves_what_runs(directory, workers):
    """The points that run then come to their end, those that ended are kept, and no other begins."""
    called, barrier = [], threading.Barrier(3)

    def bad_0(p):
        called.append(p.x)
        if p.x < 3:
            barrier.wait(30)
        if p.x == 0:
            raise ValueError("zero")
        time.sleep(1)
        return square(p)

    e = sweep(directory, 60)
    with ThreadPoolExecutor(3) as executor, pytest.raises(ExceptionGroup, match="1 of 60"):
        e.run(bad_0, executor, workers=workers, keep_going=False)
    assert sorted(x for _, x in rows(e)) == sorted(set(called) - {0})
    assert len(called) <= 4


@pytest.mark.slow
def test_a_run_that_stops_at_a_failure_waits_for_no_long_point(directory, monkeypatch):
    """What does not end soon is given up."""
    monkeypatch.setattr(interrupt, "GRACE_SECONDS", 0.5)

    def bad_0(p):
        if p.x == 0:
            raise ValueError("zero")
        time.sleep(10000)

    with pytest.raises(ExceptionGroup, match="1 of 60"):
        sweep(directory, 60).run(bad_0, workers=2, keep_going=False)


def test_a_batch_that_an_engine_loses_runs_again_point_by_point(directory):
    """The one that it loses again fails."""
    e, executor = sweep(directory, 60), Inline(lost=[31])
    with pytest.raises(ExceptionGroup, match="1 of 60") as caught:
        e.run(square, executor)
    assert "the executor did not run it (OSError: unplugged)" in str(caught.value.exceptions[0])
    assert len(next(batch for batch in executor.batches if 31 in batch)) > 1
    assert [31] in executor.batches
    assert rows(e) == [(x + 1, x) for x in range(60) if x != 30]


@pytest.mark.parametrize("always", [True, False])
def test_a_worker_that_dies_within_a_batch_costs_its_point_at_most(directory, tmp_path, always):
    """All other points are stored once, also those that it had done and not told yet."""
    seen = tmp_path / "seen"

    def die(p):
        if p.x == 30 and (always or not seen.exists()):
            seen.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return square(p)

    e, failed = sweep(directory, 60), {30} if always else set()
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as executor:
        if always:
            with pytest.raises(ExceptionGroup, match="1 of 60"):
                e.run(die, executor)
        else:
            assert e.run(die, executor) == (60, 60)
    assert sorted(x for _, x in rows(e)) == sorted(set(range(60)) - failed)
    assert {record.parameters.x for record in e.failures()} == failed


class Breaking(Inline):
    """An engine that breaks while it takes its third batch."""

    _broken = False

    def submit(self, function, *arguments):
        """Return a future that ended, twice."""
        if len(self.batches) == 2:
            self._broken = "a worker died"
            raise OSError("handle is closed")
        return super().submit(function, *arguments)


def test_a_pool_that_breaks_while_it_takes_points_is_replaced(directory):
    """The standard library's may raise any error then; what it did not take, another one does."""
    made = [Inline(), Breaking()]
    e = sweep(directory, 20)
    assert e.run(square, made.pop) == (20, 20)
    assert rows(e) == [(x + 1, x) for x in range(20)]
