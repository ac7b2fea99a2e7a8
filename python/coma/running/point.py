# SPDX-License-Identifier: BSD-2-Clause
"""Measure one point: call the function, and return a plain tree or the reason why there is none."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from coma.archives import jsonarchive
from coma.errors import ExperimentError, ProgramError
from coma.parameters.parameterset import ParameterSet
from coma.programs.attempt import Attempt
from coma.running import interrupt
from coma.running.timelimit import time_limit
from coma.storage.kept import KeptFiles
from coma.storage.measurement import Tree, compose, now
from coma.text import cut, storable
from coma.trees import types
from coma.trees.serializer import RecursiveSerializer, Serializer

_SHOWN = 40  # characters of a value
_SERIALIZER = RecursiveSerializer()
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
        result = _called(call.function, parameter_set)
    tree = call.serializer.encode(result)
    if not isinstance(tree, dict) or types.is_reserved(tree.get(types.TYPE)):
        shown = "None" if result is None else f"{cut(repr(result), _SHOWN)} (a {type(result).__name__})"
        raise ExperimentError(
            f"{name_of(call.function)} returned {shown} for {parameter_set}; it must return a dictionary "
            "such as {'parameters': {...}, 'results': {...}}, or an object that can be serialised"
        )
    if not isinstance(tree.get("info", {}), dict):
        raise ExperimentError(f"{name_of(call.function)} returned 'info' that is no dictionary for {parameter_set}")
    return compose(tree, start_date=start, end_date=now(), **_program(result))


def outcome_of(call: Call, job: Job, keep_interrupts: bool = False) -> Outcome:
    """Measure, and turn whatever is raised into a failure; with `keep_interrupts`, all but a `KeyboardInterrupt`."""
    number, parameter_set = job
    attempt = Attempt(number, call.kept)
    start = now()
    try:
        with attempt:
            tree = measure(call, parameter_set)
        return Outcome(_with_info(tree, attempt), None, attempt.kept)
    except BaseException as error:
        if keep_interrupts and _is_interrupt(error):
            raise
        return Outcome(None, failure_of(error, start), attempt.kept)


def failure_of(error: BaseException, start: str) -> Failure:
    """Return the failure that an exception is."""
    return Failure(
        _told(lambda: type(error).__qualname__, "an exception without a name"),
        _told(lambda: str(error), "its text cannot be shown"),
        _told(lambda: "".join(traceback.format_exception(error)), "its traceback cannot be shown"),
        _details(error),
        start,
        now(),
        error,
    )


def _told(tell: Callable[[], str], otherwise: str) -> str:
    """Return what an exception says of itself, as files can hold it: its class may fail in any way."""
    try:
        return storable(tell())
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return otherwise


def _details(error: BaseException) -> dict[str, Any]:
    """Return what a program's error knows of its run, or why a record cannot hold that."""
    if not isinstance(error, ProgramError) or not error.details:
        return {}
    try:
        details: dict[str, Any] = _SERIALIZER.encode(dict(error.details))
        jsonarchive.dumps(details)
    except Exception:  # noqa: BLE001 - users may put anything there
        return {"details": "they cannot be stored"}
    return details


def _is_interrupt(error: BaseException) -> bool:
    """Tell whether an exception is, or holds, one that came from the keyboard."""
    if isinstance(error, BaseExceptionGroup):
        return error.subgroup(KeyboardInterrupt) is not None
    return isinstance(error, KeyboardInterrupt)


def _called(function: Function, parameter_set: ParameterSet) -> Any:
    """Call a function; a process that it forks and that leaves it ends here, and does not go on as a second run."""
    ours = os.getpid()
    try:
        with interrupt.Interruptible():
            result = function(parameter_set)
    except BaseException as error:
        if os.getpid() != ours:
            _end_fork(error)
        raise
    if os.getpid() != ours:
        _end_fork(None)
    return result


def _end_fork(error: BaseException | None) -> NoReturn:
    """End a forked process as Python would have ended it."""
    status = 1
    try:
        if error is None:
            print("coma: a process that the function forked returned from it, and ends here", file=sys.stderr)
            status = 0
        elif isinstance(error, SystemExit) and (error.code is None or isinstance(error.code, int)):
            status = error.code or 0
        else:
            traceback.print_exception(error)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status & 0xFF)


def name_of(function: Any) -> str:
    """Return what errors call a function."""
    return str(getattr(function, "__name__", None) or function)


def _program(result: Any) -> dict[str, Any]:
    """Return the program and version that an object says it is."""
    if isinstance(result, Mapping):
        return {}
    found = {name: getattr(result, name, None) for name in ("program", "version")}
    return {name: value for name, value in found.items() if isinstance(value, str | int | float)}


def _with_info(tree: Tree, attempt: Attempt) -> Tree:
    """Add what is known of the programs that were run; what the function says of program and version stands."""
    if not attempt.info and not attempt.kept:
        return tree
    said = {name: tree["info"][name] for name in ("program", "version") if name in tree["info"]}
    kept = {"kept_files": list(attempt.kept)} if attempt.kept else {}
    return compose(tree, **{**attempt.info, **said, **kept})
