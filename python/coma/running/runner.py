# SPDX-License-Identifier: BSD-2-Clause
"""Measure one point: call the function, and return a plain tree or the reason why there is none."""

from __future__ import annotations

import functools
import pickle
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import cloudpickle

from coma.errors import ExperimentError, ProgramError, RemoteError
from coma.parameters.parameterset import ParameterSet
from coma.programs.attempt import Attempt
from coma.running.timelimit import time_limit
from coma.storage.kept import KeptFiles
from coma.storage.measurement import Tree, compose, now
from coma.trees import types
from coma.trees.serializer import Serializer

LONG = 0.02  # seconds after which a worker begins no other job of a batch
Function = Callable[[ParameterSet], Any]
Job = tuple[int, ParameterSet]


class Call(NamedTuple):
    """What is done at each point: it travels to the workers."""

    function: Function
    serializer: Serializer
    timeout: float | None
    kept: KeptFiles


class Failure(NamedTuple):
    """Why a point has no result."""

    type: str
    message: str
    traceback: str
    details: Mapping[str, Any]
    start_date: str
    end_date: str
    exception: BaseException | None
    is_remote: bool = False


class Outcome(NamedTuple):
    """What came of one point: a tree or a failure, and the names of files that stay beside it."""

    tree: Tree | None
    failure: Failure | None
    kept: Sequence[str] = ()


def measure(call: Call, parameter_set: ParameterSet) -> Tree:
    """Call the function and return the measurement's plain tree, with the dates of the work in its info.

    Raises
    ------
    ExperimentError
        If the function returns neither a dictionary nor an object with a state.
    SerializerError
        If it returns something that has no lossless form.
    """
    start = now()
    with time_limit(call.timeout):
        result = call.function(parameter_set)
    tree = call.serializer.encode(result)
    if not isinstance(tree, dict) or types.is_reserved(tree.get(types.TYPE)):
        raise ExperimentError(
            f"{name(call.function)} returned {_summary(result)} for {parameter_set}; it must return a dictionary "
            "such as {'parameters': {...}, 'results': {...}}, or an object that can be serialised"
        )
    if not isinstance(tree.get("info", {}), dict):
        raise ExperimentError(f"{name(call.function)} returned 'info' that is no dictionary for {parameter_set}")
    return compose(tree, start_date=start, end_date=now(), **_program(result))


def attempt(
    call: Call, job: Job, catch: type[BaseException] | tuple[type[BaseException], ...] = BaseException
) -> Outcome:
    """Measure, and turn what is raised into a failure."""
    number, parameter_set = job
    begun = Attempt(number, call.kept)
    start = now()
    try:
        with begun:
            tree = measure(call, parameter_set)
        return Outcome(_with_info(tree, begun.info, begun.kept), None, begun.kept)
    except catch as error:
        return Outcome(None, failure(error, start), begun.kept)


def _with_info(tree: Tree, info: Mapping[str, Any], kept: Sequence[str]) -> Tree:
    """Add what is known of the programs that were run; what the function says of program and version stands."""
    if not info and not kept:
        return tree
    said = {name: tree["info"][name] for name in ("program", "version") if name in tree["info"]}
    return compose(tree, **{**info, **said, **({"kept_files": list(kept)} if kept else {})})


def failure(error: BaseException, start: str) -> Failure:
    """Return the failure that an exception is."""
    text = "".join(traceback.format_exception(error))
    details = error.details if isinstance(error, ProgramError) else {}
    return Failure(type(error).__qualname__, _message(error), text, details, start, now(), error)


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - an exception class may fail in any way
        return "its text cannot be shown"


def serially(
    call: Call, jobs: Iterable[Job], is_over: Callable[[], bool]
) -> Generator[list[tuple[Job, Outcome]], None, None]:
    """Yield the outcome of each job, in order, until it is over; Ctrl-C ends the point that is running."""
    for job in jobs:
        yield [(job, attempt(call, job, (Exception, SystemExit)))]
        if is_over():
            return


def on_thread(call: Call, jobs: Iterable[Job]) -> tuple[float, list[Outcome]]:
    """Measure jobs in order; return the seconds that this took, and the outcomes.

    Jobs that are not begun when `LONG` is over have none: others shall not wait for them.
    """
    start = time.monotonic()
    outcomes = list(_attempts(call, jobs, start + LONG))
    return time.monotonic() - start, outcomes


def on_worker(call: bytes, jobs: bytes) -> tuple[float, list[tuple[Any, ...]]]:
    """Do the same on a worker and return builtins only, whatever the function does or raises."""
    start = time.monotonic()
    outcomes: list[Outcome] = []
    try:
        outcomes.extend(_attempts(_load(call), pickle.loads(jobs), start + LONG))
    except BaseException as error:  # noqa: BLE001 - a module that is missing here, say
        outcomes.append(Outcome(None, failure(error, now())))
    return time.monotonic() - start, [_sent(outcome) for outcome in outcomes]


def _attempts(call: Call, jobs: Iterable[Job], deadline: float) -> Iterator[Outcome]:
    for job in jobs:
        yield attempt(call, job)
        if time.monotonic() >= deadline:
            return


def _sent(outcome: Outcome) -> tuple[Any, ...]:
    tree, failed, kept = outcome
    if failed is None:
        return tree, None, list(kept)
    details = (*failed[:3], dict(failed.details), failed.start_date, failed.end_date, _pickled(failed.exception))
    return None, details, list(kept)


def received(result: Outcome | tuple[Any, ...]) -> Outcome:
    """Return the outcome that was measured on a thread or sent by a worker."""
    if isinstance(result, Outcome):
        return result
    tree, failed, kept = result
    if failed is None:
        return Outcome(tree, None, kept)
    type_, message, text, details, start, end, pickled = failed
    return Outcome(None, Failure(type_, message, text, details, start, end, _unpickled(pickled), True), kept)


def noted(failed: Failure, note: str) -> Exception:
    """Return the exception of a failure with a note, and the traceback on the worker; a stand-in where it takes none."""
    notes = [f"Traceback on the worker:\n{failed.traceback.rstrip()}", note] if failed.is_remote else [note]
    error = failed.exception
    if isinstance(error, Exception):
        with suppress(Exception):  # a frozen dataclass, say
            for text in notes:
                error.add_note(text)
            return error
    stand_in = RemoteError(f"{failed.type}: {failed.message}")
    stand_in.__cause__ = error
    for text in notes:
        stand_in.add_note(text)
    return stand_in


@functools.lru_cache(maxsize=1)
def _load(call: bytes) -> Call:
    try:
        return Call(*pickle.loads(call))
    except Exception as error:  # a module may fail in any way
        raise ExperimentError(
            f"the function cannot be loaded on the worker ({type(error).__name__}: {error})"
        ) from error


def _pickled(error: BaseException | None) -> bytes | None:
    """Return the exception as bytes, if it survives the journey."""
    try:
        data: bytes = cloudpickle.dumps(error)
        same = type(pickle.loads(data)) is type(error)
    except Exception:  # noqa: BLE001 - an exception class may refuse in any way
        return None
    return data if same else None


def _unpickled(data: bytes | None) -> BaseException | None:
    """Return the exception, if what it needs is here as it is on the worker."""
    try:
        error = pickle.loads(data) if data else None
    except (Exception, SystemExit):  # noqa: BLE001 - a module that only the worker has, or what it does when imported
        return None
    return error if isinstance(error, BaseException) else None


def _program(result: Any) -> dict[str, Any]:
    """Return the program and version that an object says it is."""
    if isinstance(result, Mapping):
        return {}
    found = {name: getattr(result, name, None) for name in ("program", "version")}
    return {name: value for name, value in found.items() if isinstance(value, str | int | float)}


def name(function: Any) -> str:
    """Return what errors call a function."""
    return str(getattr(function, "__name__", None) or function)


def _summary(value: Any) -> str:
    text = repr(value)
    shown = text if len(text) <= 40 else text[:37] + "..."
    return "None" if value is None else f"{shown} (a {type(value).__name__})"
