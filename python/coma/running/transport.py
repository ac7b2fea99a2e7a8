# SPDX-License-Identifier: BSD-2-Clause
"""What travels to a worker and back: the function and the types that it needs as bytes, outcomes as builtins."""

from __future__ import annotations

import functools
import pickle
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import cloudpickle

from coma.errors import ExperimentError, RemoteError
from coma.parameters.parameterset import ParameterSet
from coma.running import interrupt
from coma.running.point import Call, Failure, Job, Outcome, failure_of, name_of, outcome_of
from coma.storage.measurement import now
from coma.trees import types

_NOTE = "for the parameter set"
BATCH_SECONDS = 0.02  # after which a worker begins no other job of a batch


def packed_call(call: Call) -> bytes:
    """Return what travels to the workers: the call, and the types that users registered here.

    Raises
    ------
    ExperimentError
        If the function, or something that it uses, cannot be sent.
    """
    try:
        data: bytes = cloudpickle.dumps((tuple(call), types.of_users()))
    except Exception as error:  # an object may refuse in any way
        raise ExperimentError(
            f"{name_of(call.function)} cannot be sent to the workers ({type(error).__name__}: {error}); make what "
            "it uses of locks, open files and the like within it, or call it on threads or here"
        ) from error
    return data


def packed_jobs(jobs: Sequence[Job]) -> bytes:
    """Return a batch of jobs as bytes."""
    data: bytes = cloudpickle.dumps(jobs)
    return data


def on_thread(call: Call, jobs: Iterable[Job]) -> tuple[float, list[Outcome]]:
    """Measure jobs in order; return the seconds that this took, and the outcomes.

    Jobs that are not begun when `BATCH_SECONDS` are over have none: others shall not wait for them.
    """
    start = time.monotonic()
    outcomes = list(_outcomes(call, jobs, start + BATCH_SECONDS))
    return time.monotonic() - start, outcomes


def on_worker(call: bytes, jobs: bytes) -> tuple[float, list[tuple[Any, ...]]]:
    """Do the same on a worker and return builtins only, whatever the function does or raises."""
    start = time.monotonic()
    outcomes: list[Outcome] = []
    try:
        with interrupt.ending():
            outcomes.extend(_outcomes(_unpacked_call(call), pickle.loads(jobs), start + BATCH_SECONDS))
    except BaseException as error:  # noqa: BLE001 - a module that is missing here, say
        outcomes.append(Outcome(None, failure_of(error, now())))
    return time.monotonic() - start, [_sent(outcome) for outcome in outcomes]


def received(result: Outcome | tuple[Any, ...]) -> Outcome:
    """Return the outcome that was measured on a thread or sent by a worker."""
    if isinstance(result, Outcome):
        return result
    tree, failed, kept = result
    if failed is None:
        return Outcome(tree, None, kept)
    return Outcome(None, Failure._make((*failed[:-1], _unpickled(failed[-1]), True)), kept)


def noted(failed: Failure, parameter_set: ParameterSet) -> Exception:
    """Return the exception of a failure with notes: its parameter set, and the traceback on the worker.

    A stand-in is returned where it takes none, where it has those of another point, as it was raised there, too, and
    where it is no `Exception`, as the members of an `ExceptionGroup` are.
    """
    note = f"{_NOTE} {parameter_set}"
    notes = [f"Traceback on the worker:\n{failed.traceback.rstrip()}", note] if failed.is_remote else [note]
    error = failed.exception
    if isinstance(error, Exception) and issubclass(type(error), Exception):  # and does not only say so
        with suppress(Exception):  # a frozen dataclass, say
            if not any(str(text).startswith(_NOTE) for text in getattr(error, "__notes__", ())):
                for text in notes:
                    error.add_note(text)
                return error
    stand_in = RemoteError(f"{failed.type}: {failed.message}")
    stand_in.__cause__ = error if isinstance(error, BaseException) else None
    for text in notes:
        stand_in.add_note(text)
    return stand_in


def _outcomes(call: Call, jobs: Iterable[Job], deadline: float) -> Iterator[Outcome]:
    for job in jobs:
        yield outcome_of(call, job)
        if time.monotonic() >= deadline:
            return


@functools.lru_cache(maxsize=1)
def _unpacked_call(data: bytes) -> Call:
    try:
        call, registered = pickle.loads(data)
    except Exception as error:  # a module may fail in any way
        raise ExperimentError(
            f"the function cannot be loaded on the worker ({type(error).__name__}: {error})"
        ) from error
    for entry in registered:
        types.register_type(*entry)
    return Call(*call)


def _sent(outcome: Outcome) -> tuple[Any, ...]:
    tree, failed, kept = outcome
    if failed is None:
        return tree, None, list(kept)
    told = (failed.type, failed.message, failed.traceback, dict(failed.details), failed.start_date, failed.end_date)
    return None, (*told, _pickled(failed.exception)), list(kept)


def _pickled(error: BaseException | None) -> bytes | None:
    """Return the exception as bytes, if it survives the journey."""
    try:
        data: bytes = cloudpickle.dumps(error)
        same = type(pickle.loads(data)) is type(error)
    except BaseException:  # noqa: BLE001 - an exception class may refuse in any way
        return None
    return data if same else None


def _unpickled(data: bytes | None) -> BaseException | None:
    """Return the exception, if what it needs is here as it is on the worker."""
    try:
        error = pickle.loads(data) if data else None
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - a module that only the worker has, or what it does when imported
        return None
    return error if isinstance(error, BaseException) else None
