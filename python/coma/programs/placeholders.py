# SPDX-License-Identifier: BSD-2-Clause
"""Names in braces, filled with values: ``--theta={theta}``."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from coma.errors import ProgramError

_NAME = r"[^\W\d]\w*"
_TOKEN = re.compile(rf"\{{\{{|\}}\}}|\{{({_NAME})\}}|\{{({_NAME})[:!][^{{}}]*\}}")


def names(template: str) -> tuple[str, ...]:
    """Return the names in braces; a format such as ``{x:.3f}`` is refused, as it could change the number.

    Raises
    ------
    ProgramError
        If there is a format.

    Examples
    --------
    >>> names('--theta={theta} --out={output} {} {{print}}')
    ('theta', 'output')
    """
    return _parts(template)[1::2]


@functools.lru_cache(maxsize=256)
def all_names(templates: tuple[str, ...]) -> frozenset[str]:
    """Return the names in the braces of several templates."""
    return frozenset(name for template in templates for name in names(template))


def fill(template: str, values: Mapping[str, Any]) -> str:
    """Return a template with its names replaced by values that read back as the same values.

    Doubled braces become single ones, as by `str.format`; other braces stay, so that most JSON needs no care.

    Raises
    ------
    ProgramError
        If a value has no such text.

    Examples
    --------
    >>> fill('--x={x} {{x}} {"a": {"x": {x}}}', {'x': 0.1})
    '--x=0.1 {x} {"a": {"x": 0.1}}'
    """
    parts = list(_parts(template))
    parts[1::2] = [_text(name, values[name]) for name in parts[1::2]]
    return "".join(parts)


@functools.lru_cache(maxsize=256)
def _parts(template: str) -> tuple[str, ...]:
    """Return texts and names by turns; ``}}`` is one brace only after ``{{``, as JSON text ends with it, too."""
    parts, end, depth = [""], 0, 0
    for token in _TOKEN.finditer(template):
        parts[-1] += template[end : token.start()]
        end = token.end()
        if token[2]:
            raise ProgramError(
                f"argument {template!r}: write {{{token[2]}}} alone, so that the value is passed exactly; or "
                f"{{{token[0]}}} if the braces are meant literally"
            )
        if token[1]:
            parts += [token[1], ""]
        elif token[0] == "{{":
            parts[-1] += "{"
            depth += 1
        else:
            parts[-1] += "}" if depth else "}}"
            depth = max(depth - 1, 0)
    parts[-1] += template[end:]
    return tuple(parts)


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if not isinstance(value, str):
        raise ProgramError(
            f"{{{name}}} is a {type(value).__name__}, which is no argument; let the program read {{input}}"
        )
    if "\0" in value:
        raise ProgramError(f"{{{name}}} holds a zero byte, which ends an argument; let the program read {{input}}")
    return value
