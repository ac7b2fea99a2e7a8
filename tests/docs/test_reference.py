# SPDX-License-Identifier: BSD-2-Clause
"""Every public function, class and method says what its parameters are, and which errors it raises."""

from __future__ import annotations

import builtins
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

import coma
import coma.cli
import coma.errors

SECTION = re.compile(r"^([A-Z]\w*)\n-{3,}\n(.*?)(?=^[A-Z]\w*\n-{3,}\n|\Z)", re.MULTILINE | re.DOTALL)
SPECIAL = ("__call__", "__getitem__")


def public() -> Iterator[tuple[str, Any]]:
    """Yield what users call: the public functions and classes, their methods, and the command."""
    yield "coma.cli.main", coma.cli.main
    for name in coma.__all__:
        item = getattr(coma, name)
        if callable(item):
            yield name, item
        for member, value in vars(item).items() if isinstance(item, type) else ():
            function = getattr(value, "__func__", value)  # of a class method
            if inspect.isfunction(function) and (member[0] != "_" or (member in SPECIAL and function.__doc__)):
                yield f"{name}.{member}", function


CALLABLES = dict(public())


def parameters(item: Any) -> list[str]:
    """Return the parameters that a caller gives, with their stars."""
    function = item.__init__ if isinstance(item, type) else item
    if not inspect.isfunction(function):  # that of `object`, or of an exception
        return []
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    is_method = "." in function.__qualname__.rpartition("<locals>.")[2]
    given = list(inspect.signature(function).parameters.values())[is_method:]
    return [stars.get(p.kind, "") + p.name for p in given]


def sections(item: Any) -> dict[str, str]:
    """Return the sections of a numpydoc docstring."""
    return dict(SECTION.findall(inspect.cleandoc(item.__doc__ or "")))


def entries(section: str) -> list[str]:
    """Return the names that a section explains: those of its lines that are not indented."""
    lines = (line.partition(" : ")[0] for line in section.splitlines() if line.strip() and line[0] != " ")
    return [name for line in lines for name in line.split(", ")]


def complaints(item: Any) -> list[str]:
    """Return what is wrong with the docstring of a function or class."""
    found = sections(item)
    explained, given = entries(found.get("Parameters", "")), parameters(item)
    raised = entries(found.get("Raises", ""))
    return [
        *(f"{name} is not explained" for name in given if name not in explained),
        *(f"there is no {name}" for name in explained if name not in given),
        *(["the order is another"] if sorted(explained) == sorted(given) and explained != given else []),
        *(f"{name} is no error" for name in raised if not is_error(name)),
    ]


def is_error(name: str) -> bool:
    """Tell whether a name is that of an error of Coma or of Python."""
    found = getattr(coma.errors, name, None) or getattr(builtins, name, None)
    return isinstance(found, type) and issubclass(found, BaseException)


@pytest.mark.parametrize("name", CALLABLES)
def test_parameters_and_errors_are_explained(name: str) -> None:
    """All parameters are, in their order, and no others; the errors exist."""
    assert complaints(CALLABLES[name]) == []


def test_all_that_users_call_is_looked_at() -> None:
    """Functions, classes, methods, class methods and explained special methods; nothing private."""
    some = {"attach", "Experiment", "Experiment.run", "ParameterSet.of", "Program.__call__", "Result.__getitem__"}
    assert some | {"ProgramError", "coma.cli.main"} <= CALLABLES.keys()
    assert [name for name in CALLABLES if "._" in name and name.rpartition(".")[2] not in SPECIAL] == []


def test_a_bad_docstring_is_noticed() -> None:
    """One that lacks a parameter, names one that does not exist, mixes their order, or names no error."""

    def described(docstring: str) -> list[str]:
        def function(x: float, *rest: float, scale: float = 1.0) -> None:
            raise NotImplementedError

        function.__doc__ = docstring
        return complaints(function)

    good = (
        "Do.\n\n    Parameters\n    ----------\n    x, *rest\n        Numbers.\n    scale : float\n        A factor.\n"
    )
    assert described(good) == []
    assert described(good + "\n    Raises\n    ------\n    PathError, ValueError\n        If not.\n") == []
    assert described("Do.") == ["x is not explained", "*rest is not explained", "scale is not explained"]
    assert described(good.replace("*rest", "rest")) == ["*rest is not explained", "there is no rest"]
    assert described(good.replace("scale", "factor")) == ["scale is not explained", "there is no factor"]
    assert described(good.replace("x, *rest", "*rest, x")) == ["the order is another"]
    assert described(good + "\n    Raises\n    ------\n    ComaMistake\n        If not.\n") == [
        "ComaMistake is no error"
    ]
