# SPDX-License-Identifier: BSD-2-Clause
"""Short texts for people: what may have been meant, the first line of a message, a cell of a table."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence

_MANY = 20  # names that a sentence may list
_COMMANDS = re.compile(  # to a terminal: controls, marks that turn the direction of writing, and what no text can hold
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u206f\\ud800-\\udfff\\ufff9-\\ufffb]"
)
_EFFORT = 1_000_000  # pairs of characters that are compared


def suggestion(name: object, known: Iterable[str]) -> str:
    """Return the end of an error's sentence: the nearest of the known names, or those that there are.

    Examples
    --------
    >>> suggestion('theta_o', ['theta_0', 'L']), suggestion('l', ['theta_0', 'L']), suggestion('x', ['theta_0', 'L'])
    ("; did you mean 'theta_0'?", "; did you mean 'L'?", "; there is 'theta_0', 'L'")
    >>> suggestion('label', ['parameters/B', 'results/label'])
    "; did you mean 'results/label'?"
    """
    names = [other for other in dict.fromkeys(known) if other != name]
    twin = next((other for other in names if identifier(other) == identifier(str(name))), None)
    if twin is not None:
        return f"; did you mean {twin!r}, which looks alike but is written {twin!a} and not {str(name)!a}?"
    sought = str(name).casefold()
    same = [known for known in names if sought in (known.casefold(), known.casefold().rpartition("/")[2])]
    near = same or (difflib.get_close_matches(str(name), names, 1) if _is_worth_it(str(name), names) else [])
    if near:
        return f"; did you mean {near[0]!r}?"
    rest = ", ..." if len(names) > _MANY else ""
    return f"; there is {', '.join(map(repr, names[:_MANY])) or 'none'}{rest}"


def identifier(name: str) -> str:
    r"""Return a name as Python has it after a dot, where some letters have but one of their Unicode forms.

    Examples
    --------
    >>> identifier('e\u0301') == '\xe9', identifier('a')
    (True, 'a')
    """
    return name if name.isascii() else unicodedata.normalize("NFKC", name)


def few(texts: Sequence[str], between: str = ", ") -> str:
    """Return texts as one, and of very many the first ones and how many there are besides.

    Examples
    --------
    >>> few(['a', 'b']), len(few(['a'] * 1000))
    ('a, b', 72)
    """
    more = [f"and {len(texts) - _MANY} more"] if len(texts) > _MANY else []
    return between.join([*texts[:_MANY], *more])


def harmless(text: str) -> str:
    r"""Return a text with escapes in place of whatever a terminal would obey instead of show; newlines and tabs stay.

    Examples
    --------
    >>> print(harmless('a bell\x07, red \x1b[31m'))
    a bell\u0007, red \u001b[31m
    """
    return _COMMANDS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _is_worth_it(name: str, names: list[str]) -> bool:
    """Tell whether all names can be compared soon: that takes time by the square of their lengths."""
    return len(name) * sum(map(len, names)) < _EFFORT


def first_line(text: object) -> str:
    r"""Return the first line of a text, such as an error's message; nothing where there is none.

    Examples
    --------
    >>> first_line('no such file\nlast lines: ...'), first_line('')
    ('no such file', '')
    """
    return "".join(str(text).splitlines()[:1])


def storable(text: str) -> str:
    r"""Return a text that every file can hold: surrogates, which are no characters, are written out as escapes.

    Examples
    --------
    >>> print(storable('caf\udce9'))
    caf\udce9
    """
    return str.encode(text, "utf-8", "backslashreplace").decode()


def one_line(value: object) -> str:
    r"""Return a value's text, harmless, with every run of blanks and newlines as one blank.

    Examples
    --------
    >>> one_line('two\n  lines')
    'two lines'
    """
    return harmless(" ".join(str(value).split()))


def cell(value: object) -> str:
    """Return a value as a cell of a table shows it: in one line, a float with six digits.

    Examples
    --------
    >>> cell(1 / 3), cell('a b')
    ('0.333333', 'a b')
    """
    return f"{value:.6g}" if isinstance(value, float) else one_line(value)


def cut(text: str, width: int) -> str:
    """Return a text of at most `width` characters, with dots where some are left out.

    Examples
    --------
    >>> cut('a long sentence', 10), cut('short', 10)
    ('a long ...', 'short')
    """
    return text if len(text) <= width else text[: width - 3] + "..."
