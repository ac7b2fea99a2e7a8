# SPDX-License-Identifier: BSD-2-Clause
"""Measure one point, and many: here one after the other, or on any executor."""

from __future__ import annotations

import functools
import itertools
import os
import pickle
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from typing import Any, NamedTuple

import cloudpickle

from coma.errors import ExperimentError
from coma.running.parameterset import ParameterSet
from coma.storage.measurement import Tree, compose, now
from coma.trees.serializer import Serializer

Function = Callable[[ParameterSet], Any]
Job = tuple[int, ParameterSet]


class RemoteError(ExperimentError):
    """An error on a worker whose own class cannot travel; its text and traceback can."""


class Failure(NamedTuple):
    """Why a point has no result."""

    type: str
    message: str
    traceback: str
    exception: BaseException


class Outcome(NamedTuple):
    """What came of one point: a tree or a failure."""

    tree: Tree | None
    failure: Failure | None


def measure(function: Function, parameter_set: ParameterSet, serializer: Serializer) -> Tree:
    """Call `function` and return the measurement's plain tree, with the dates of the work in its info.

    Raises
    ------
    ExperimentError
        If the function returns neither a dictionary nor an object with a state.
    SerializerError
        If it returns something that has no lossless form.
    """
    start = now()
    result = function(parameter_set)
    if result is None or isinstance(result, str | bytes | int | float | complex | list | tuple | set):
        raise ExperimentError(
            f"{_name(function)} returned {_summary(result)} for {parameter_set}; it must return a dictionary such as "
            "{'parameters': {...}, 'results': {...}}, or an object that can be serialised"
        )
    tree = serializer.encode(result)
    if not isinstance(tree.get("info", {}), dict):
        raise ExperimentError(f"{_name(function)} returned 'info' that is no dictionary for {parameter_set}")
    return compose(tree, start_date=start, end_date=now(), **_program(result))


def serially(function: Function, jobs: Iterable[Job], serializer: Serializer) -> Iterator[tuple[Job, Outcome]]:
    """Yield the outcome of each job, in order."""
    for job in jobs:
        yield job, _attempt(function, job[1], serializer, Exception)


def on_executor(
    function: Function, jobs: Iterable[Job], serializer: Serializer, executor: Executor, window: int
) -> Iterator[tuple[Job, Outcome]]:
    """Yield the outcome of each job as it ends, with at most `window` jobs submitted at a time."""
    submit = _submitter(function, serializer, executor)
    waiting = iter(jobs)
    pending: dict[Future[Any], Job] = {}
    try:
        while True:
            for job in itertools.islice(waiting, window - len(pending)):
                pending[submit(job[1])] = job
            if not pending:
                return
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                yield pending.pop(future), _result(future)
    finally:
        for future in pending:
            future.cancel()


def window(executor: Executor, workers: int | None) -> int:
    """Return how many jobs keep an executor busy: two for each worker."""
    known = workers or getattr(executor, "_max_workers", None) or os.cpu_count() or 1
    return 2 * int(known)


def _submitter(function: Function, serializer: Serializer, executor: Executor) -> Callable[[ParameterSet], Future[Any]]:
    if isinstance(executor, ThreadPoolExecutor):
        return lambda p: executor.submit(_attempt, function, p, serializer, BaseException)
    call = cloudpickle.dumps((function, serializer))
    return lambda p: executor.submit(_on_worker, call, cloudpickle.dumps(p))


def _attempt(
    function: Function, parameter_set: ParameterSet, serializer: Serializer, catch: type[BaseException]
) -> Outcome:
    try:
        return Outcome(measure(function, parameter_set, serializer), None)
    except catch as error:
        text = "".join(traceback.format_exception(error))
        return Outcome(None, Failure(type(error).__qualname__, str(error), text, error))


def _on_worker(call: bytes, parameters: bytes) -> tuple[Tree | None, tuple[str, str, str, bytes | None] | None]:
    """Measure on a worker and return builtins only, whatever the function does or raises."""
    function, serializer = _load(call)
    tree, failure = _attempt(function, pickle.loads(parameters), serializer, BaseException)
    return tree, failure and (failure.type, failure.message, failure.traceback, _pickled(failure.exception))


@functools.lru_cache(maxsize=1)
def _load(call: bytes) -> tuple[Function, Serializer]:
    function, serializer = pickle.loads(call)
    return function, serializer


def _pickled(error: BaseException) -> bytes | None:
    """Return the exception as bytes, if it survives the journey."""
    try:
        data: bytes = cloudpickle.dumps(error)
        same = type(pickle.loads(data)) is type(error)
    except Exception:  # noqa: BLE001 - an exception class may refuse in any way
        return None
    return data if same else None


def _result(future: Future[Any]) -> Outcome:
    error = future.exception()
    if error is not None:
        return Outcome(None, Failure(type(error).__qualname__, str(error), "", error))
    result = future.result()
    if isinstance(result, Outcome):
        return result
    tree, failure = result
    return Outcome(tree, failure and _remote_failure(*failure))


def _remote_failure(type_: str, message: str, text: str, pickled: bytes | None) -> Failure:
    error = pickle.loads(pickled) if pickled else RemoteError(f"{type_}: {message}")
    error.add_note(f"Traceback on the worker:\n{text.rstrip()}")
    return Failure(type_, message, text, error)


def _program(result: Any) -> dict[str, Any]:
    """Return the program and version that an object says it is."""
    if isinstance(result, Mapping):
        return {}
    found = {name: getattr(result, name, None) for name in ("program", "version")}
    return {name: value for name, value in found.items() if isinstance(value, str | int | float)}


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", None) or function)


def _summary(value: Any) -> str:
    text = repr(value)
    shown = text if len(text) <= 40 else text[:37] + "..."
    return "None" if value is None else f"{shown} (a {type(value).__name__})"
