# SPDX-License-Identifier: BSD-2-Clause
"""Names in braces, filled with values: ``--theta={theta}``."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from coma.errors import ProgramError

_FIELD = re.compile(r"\{([^\W\d]\w*)\}")
_FORMATTED = re.compile(r"\{([^\W\d]\w*)[:!][^{}]*\}")


@functools.lru_cache(maxsize=256)
def names(template: str) -> tuple[str, ...]:
    """Return the names in braces; a format such as ``{x:.3f}`` is refused, as it could change the number.

    Raises
    ------
    ProgramError
        If there is a format.

    Examples
    --------
    >>> names('--theta={theta} --out={output} {}')
    ('theta', 'output')
    """
    formatted = _FORMATTED.search(template)
    if formatted:
        raise ProgramError(
            f"argument {template!r}: write {{{formatted[1]}}} alone, so that the value is passed exactly"
        )
    return tuple(_FIELD.findall(template))


def fill(template: str, values: Mapping[str, Any]) -> str:
    """Return a template with its names replaced by values that read back as the same values.

    Raises
    ------
    ProgramError
        If a value has no such text.

    Examples
    --------
    >>> fill('--x={x}', {'x': 0.1})
    '--x=0.1'
    """
    return _FIELD.sub(lambda match: _text(match[1], values[match[1]]), template)


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
