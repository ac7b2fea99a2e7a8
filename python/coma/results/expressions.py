# SPDX-License-Identifier: BSD-2-Clause
"""Conditions as text, ``'A > 3 and T < 5'``: parsed, and never evaluated as code."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from typing import Any

from coma.errors import ExperimentError
from coma.text import cut
from coma.trees import identity
from coma.trees.path import Fixed

Lookup = Callable[[Fixed], Any]
Digits = Callable[[Fixed], int | None]
Test = Callable[[Lookup, Digits], Any]
_TEXT = r"'''(?s:\\.|.)*?'''|\"\"\"(?s:\\.|.)*?\"\"\"|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\""
_PARTS = re.compile(f"(?P<text>{_TEXT})|`(?P<name>[^`]+)`|(?P<comment>#)")
_LONGEST = 10_000  # characters
_SHOWN = 200


class Condition:
    """A condition on values that have names or paths.

    Names, paths (``results/energies/0``), numbers, strings, ``True``, ``False``, ``None`` and lists of these may be
    compared by ``< <= > >= == != in`` and ``not in``, also in chains (``3 < A < 5``), and joined by ``and``, ``or``
    and ``not``. All compare as parameters are compared: 0.1 + 0.2 equals 0.3 and is not greater, and True is not 1.
    None is neither less nor greater than anything.

    Parameters
    ----------
    text
        The condition.

    Raises
    ------
    ExperimentError
        If it is not such a condition.

    Examples
    --------
    >>> condition = Condition("3 < A < 5 and kind in ['a', 'b']")
    >>> condition({'A': 4.0, 'kind': 'a'}.__getitem__), condition({'A': 5.0, 'kind': 'a'}.__getitem__)
    (True, False)
    """

    def __init__(self, text: str) -> None:
        self.text = text
        if len(text) > _LONGEST:
            raise ExperimentError(
                f"a condition of {len(text)} characters is too long, {_LONGEST} are read; pass a function of the measurement"
            )
        try:
            self._test = _Compiler(text.strip()).test
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:  # of which the last means nesting, too
            shown = cut(repr(text), _SHOWN)
            raise ExperimentError(f"{shown} is no condition{_reason(error)}; write 'A > 3 and T < 5'") from None

    def __call__(self, lookup: Lookup, digits: Digits = lambda _: identity.DIGITS) -> bool:
        """Tell whether the condition holds for the values that `lookup` returns by name or path.

        Raises
        ------
        ExperimentError
            If two values cannot be compared.
        """
        try:
            return bool(self._test(lookup, digits))
        except (TypeError, ValueError, RecursionError) as error:
            raise ExperimentError(f"{cut(repr(self.text), _SHOWN)} cannot be decided: {error}") from None


class _Compiler:
    """Takes a text apart; names between backticks become such as Python reads."""

    def __init__(self, text: str) -> None:
        self._quoted: dict[str, str] = {}
        self._prefix = "_"
        while self._prefix in text:
            self._prefix += "_"
        self._source = _PARTS.sub(self._replaced, text)
        self.test = self._compiled(ast.parse(self._source, mode="eval").body)

    def _replaced(self, match: re.Match[str]) -> str:
        if match["comment"]:
            raise ValueError("it has a comment")
        if match["text"]:
            return match["text"]
        name = f"{self._prefix}{len(self._quoted)}"
        self._quoted[name] = match["name"]
        return name

    def _compiled(self, node: ast.expr) -> Test:
        if isinstance(node, ast.BoolOp):
            return self._joined(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self._compiled(node.operand)
            return lambda lookup, digits: not inner(lookup, digits)
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        return self._value(node)

    def _joined(self, node: ast.BoolOp) -> Test:
        tests = [self._compiled(value) for value in node.values]
        decide = all if isinstance(node.op, ast.And) else any
        return lambda lookup, digits: decide(test(lookup, digits) for test in tests)

    def _comparison(self, node: ast.Compare) -> Test:
        operands = [node.left, *node.comparators]
        compare = [_OPERATORS[type(op)] for op in node.ops if type(op) in _OPERATORS]
        if len(compare) < len(node.ops):
            raise ValueError("it uses 'is'")
        values = list(map(self._value, operands))
        names = [name for name in map(self._path, operands) if name is not None]
        links = list(zip(values, compare, values[1:], strict=False))

        def test(lookup: Lookup, digits: Digits) -> bool:
            places = next((digits(name) for name in names), identity.DIGITS)
            return all(link(left(lookup, digits), right(lookup, digits), places) for left, link, right in links)

        return test

    def _value(self, node: ast.expr) -> Test:
        name = self._path(node)
        if name is not None:
            return lambda lookup, _: lookup(name)
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            items = [self._value(item) for item in node.elts]
            return lambda lookup, digits: [item(lookup, digits) for item in items]
        try:
            constant = ast.literal_eval(node)
        except (ValueError, TypeError):
            raise ValueError(f"{self._written(node)!r} is neither a name, a path nor a value") from None
        return lambda *_: constant

    def _path(self, node: ast.expr) -> Fixed | None:
        """Return the name, or the path that Python takes for a division of names: of keys, where some are quoted."""
        steps = self._steps(node)
        if steps is None:
            return None
        if len(steps) == 1:
            return self._quoted.get(steps[0], steps[0])
        if self._quoted.keys().isdisjoint(steps):
            return "/".join(steps)
        return tuple(self._quoted.get(step, step) for step in steps)

    def _steps(self, node: ast.expr) -> list[str] | None:
        if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)):
            return [self._segment(node)] if isinstance(node, ast.Name) else None
        before, last = self._steps(node.left), node.right
        is_step = isinstance(last, ast.Name) or (isinstance(last, ast.Constant) and type(last.value) is int)
        return None if before is None or not is_step else [*before, self._segment(last)]

    def _segment(self, node: ast.expr) -> str:
        """Return a part of the text as it was written: Python reads some letters as others."""
        return ast.get_source_segment(self._source, node) or ""

    def _written(self, node: ast.expr) -> str:
        parts = re.split(rf"({re.escape(self._prefix)}[0-9]+)", ast.unparse(node))
        return "".join(f"`{self._quoted[part]}`" if part in self._quoted else part for part in parts)


def _reason(error: Exception) -> str:
    return (
        f": {error}"
        if isinstance(error, ValueError)
        else ", as it is nested too deeply"
        if not isinstance(error, SyntaxError)
        else ""
    )


def _contains(items: Any, value: Any, digits: int | None) -> bool:
    if isinstance(items, str):
        return value in items
    return any(identity.same(item, value, digits) for item in items)


def _ordered(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any, int | None], Any]:
    def holds(a: Any, b: Any, digits: int | None) -> Any:
        if a is None or b is None:
            return False
        return compare(a, b) and not identity.same(a, b, digits)

    return holds


def _ordered_or_same(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any, int | None], Any]:
    def holds(a: Any, b: Any, digits: int | None) -> Any:
        if a is None or b is None:
            return a is b
        return compare(a, b) or identity.same(a, b, digits)

    return holds


_OPERATORS: dict[type[ast.cmpop], Callable[[Any, Any, int | None], Any]] = {
    ast.Lt: _ordered(operator.lt),
    ast.LtE: _ordered_or_same(operator.le),
    ast.Gt: _ordered(operator.gt),
    ast.GtE: _ordered_or_same(operator.ge),
    ast.Eq: identity.same,
    ast.NotEq: lambda a, b, digits: not identity.same(a, b, digits),
    ast.In: lambda a, b, digits: _contains(b, a, digits),
    ast.NotIn: lambda a, b, digits: not _contains(b, a, digits),
}
