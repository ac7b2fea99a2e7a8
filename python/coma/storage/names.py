# SPDX-License-Identifier: BSD-2-Clause
"""File names that hold an id: ``measurement.000007.json``."""

from __future__ import annotations

import os
import re

from coma import files
from coma.archives.archive import FORMATS

_DIGITS = 6
_NO_ID = "none"


class Names:
    """File names with an id: ``measurement.${measurement_id}``.

    Examples
    --------
    >>> names = Names('measurement.${measurement_id}')
    >>> names.name(7), names.id('measurement.000007.json'), names.id('measurement.index.json')
    ('measurement.000007', 7, None)
    >>> names.parts('measurement.000007.json'), names.parts('measurement.0000007.xml')
    ((7, 'json', True), (7, 'xml', False))
    """

    def __init__(self, template: str) -> None:
        self._before, self._after = re.split(r"\$\{\w+\}", template, maxsplit=1)
        suffixes = "|".join(FORMATS)
        stem = f"{re.escape(self._before)}([0-9]{{{_DIGITS},}}|{_NO_ID}){re.escape(self._after)}\\."
        self._pattern = re.compile(f"{stem}({suffixes})")
        self._beside = re.compile(f"{stem}(?!(?i:{suffixes})\\b).+")

    def name(self, number: int | None) -> str:
        """Return the name for an id, without suffix."""
        text = _NO_ID if number is None else f"{number:0{_DIGITS}d}"
        return f"{self._before}{text}{self._after}"

    def path_format(self, directory: str, suffix: str) -> str:
        """Return what makes the path of a file out of its id by ``%``, which is quicker than `name` for many."""
        before, after = (text.replace("%", "%%") for text in (f"{directory}{os.sep}{self._before}", self._after))
        return f"{before}%0{_DIGITS}d{after}.{suffix}"

    def matches(self, name: str) -> bool:
        """Tell whether a file is named so."""
        return self._pattern.fullmatch(name) is not None

    def id(self, name: str) -> int | None:
        """Return the id in a file's name; None where it has none or is named otherwise."""
        parts = self.parts(name)
        return None if parts is None else parts[0]

    def parts(self, name: str) -> tuple[int, str, bool] | None:
        """Return the id and the suffix in a file's name, and whether `name` would say so; None where it has no id."""
        match = self._pattern.fullmatch(name)
        if match is None or match[1] == _NO_ID:
            return None
        digits, suffix = match.groups()
        return int(digits), suffix, len(digits) == _DIGITS or digits[0] != "0"

    def owner(self, name: str) -> int | None:
        """Return the id of the measurement that a file lies beside, as ``measurement.000007.stdout.txt`` does.

        Whatever a measurement says of the files beside it is asked here: None for any other name, and for a path.

        Examples
        --------
        >>> names = Names('measurement.${measurement_id}')
        >>> names.owner('measurement.000007.stdout.txt'), names.owner('measurement.000007./../../thesis.txt')
        (7, None)
        """
        match = self._beside.fullmatch(name) if files.is_plain_name(name) else None
        return int(match[1]) if match and match[1] != _NO_ID else None
