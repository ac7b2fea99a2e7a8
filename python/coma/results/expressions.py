# SPDX-License-Identifier: BSD-2-Clause
"""Conditions as text, ``'A > 3 and T < 5'``: parsed, and never evaluated as code."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

from coma.errors import ExperimentError
from coma.text import cut
from coma.trees import identity

Lookup = Callable[[str], Any]
Test = Callable[[Lookup], Any]
_QUOTED = "_quoted_"
_LONGEST = 10_000  # characters
_SHOWN = 200


class Condition:
    """A condition on values that have names or paths.

    Names, paths (``results/energies/0``), numbers, strings, ``True``, ``False``, ``None`` and lists of these may be
    compared by ``< <= > >= == != in`` and ``not in``, also in chains (``3 < A < 5``), and joined by ``and``, ``or``
    and ``not``. All compare as parameters are compared: 0.1 + 0.2 equals 0.3 and is not greater, and True is not 1.

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
            tree = ast.parse(re.sub("`([^`]+)`", _quoted, text.strip()), mode="eval")
            self._test = _compile(tree.body)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:  # of which the last means nesting, too
            shown = cut(repr(text), _SHOWN)
            raise ExperimentError(f"{shown} is no condition{_reason(error)}; write 'A > 3 and T < 5'") from None

    def __call__(self, lookup: Lookup) -> bool:
        """Tell whether the condition holds for the values that `lookup` returns by name or path.

        Raises
        ------
        ExperimentError
            If two values cannot be compared.
        """
        try:
            return bool(self._test(lookup))
        except (TypeError, ValueError, RecursionError) as error:
            raise ExperimentError(f"{cut(repr(self.text), _SHOWN)} cannot be decided: {error}") from None


def _compile(node: ast.expr) -> Test:
    if isinstance(node, ast.BoolOp):
        return _joined(node)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = _compile(node.operand)
        return lambda lookup: not inner(lookup)
    if isinstance(node, ast.Compare):
        return _comparison(node)
    return _value(node)


def _joined(node: ast.BoolOp) -> Test:
    tests = [_compile(value) for value in node.values]
    decide = all if isinstance(node.op, ast.And) else any
    return lambda lookup: decide(test(lookup) for test in tests)


def _comparison(node: ast.Compare) -> Test:
    operands = [_value(operand) for operand in (node.left, *node.comparators)]
    compare = [_OPERATORS[type(op)] for op in node.ops if type(op) in _OPERATORS]
    if len(compare) < len(node.ops):
        raise ValueError("it uses 'is'")
    links = list(zip(operands, compare, operands[1:], strict=False))
    return lambda lookup: all(test(left(lookup), right(lookup)) for left, test, right in links)


def _value(node: ast.expr) -> Test:
    name = _path(node)
    if name is not None:
        return lambda lookup: lookup(name)
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        items = [_value(item) for item in node.elts]
        return lambda lookup: [item(lookup) for item in items]
    try:
        constant = ast.literal_eval(node)
    except (ValueError, TypeError):
        raise ValueError(f"{ast.unparse(node)!r} is neither a name, a path nor a value") from None
    return lambda lookup: constant  # noqa: ARG005 - a constant needs no lookup


def _path(node: ast.expr) -> str | None:
    """Return the name, or the path that Python takes for a division of names."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)):
        return _name(node)
    before = _path(node.left)
    last = node.right
    step = str(last.value) if isinstance(last, ast.Constant) and type(last.value) is int else _name(last)
    return None if before is None or step is None else f"{before}/{step}"


def _quoted(match: re.Match[str]) -> str:
    """Return a name that Python reads, from which `_name` gets the quoted one back."""
    return _QUOTED + match[1].encode().hex()


def _name(node: ast.expr) -> str | None:
    if not isinstance(node, ast.Name):
        return None
    if node.id.startswith(_QUOTED):
        return bytes.fromhex(node.id.removeprefix(_QUOTED)).decode()
    return node.id


def _reason(error: Exception) -> str:
    return (
        f": {error}"
        if isinstance(error, ValueError)
        else ", as it is nested too deeply"
        if not isinstance(error, SyntaxError)
        else ""
    )


def _contains(items: Any, value: Any) -> bool:
    if isinstance(items, str):
        return value in items
    return any(identity.same(item, value) for item in items)


_OPERATORS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: lambda a, b: a < b and not identity.same(a, b),
    ast.LtE: lambda a, b: a <= b or identity.same(a, b),
    ast.Gt: lambda a, b: a > b and not identity.same(a, b),
    ast.GtE: lambda a, b: a >= b or identity.same(a, b),
    ast.Eq: identity.same,
    ast.NotEq: lambda a, b: not identity.same(a, b),
    ast.In: lambda a, b: _contains(b, a),
    ast.NotIn: lambda a, b: not _contains(b, a),
}
