# SPDX-License-Identifier: BSD-2-Clause
"""Long arrays of floats, taken out of XML text before it is parsed: an element for each number is what takes time."""

from __future__ import annotations

import re
import secrets

import numpy as np

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

_LONG = 1 << 12
_ARRAY = re.compile(
    rb"<dtype>float64</dtype>\s*(<list>\s*<count>([0-9]+)</count>\s*<item_version>0</item_version>)", re.ASCII
)
_END = b"</list>"
_KNOWN = b"0123456789+-.eENaInfity \t\r\nitem</>"
_BAD = re.compile(rb"<item>[<\s]")
_WITHOUT_TAGS = bytes.maketrans(b"</>", b"   ")


class Numbers:
    """Arrays by the name that stands for them in the text.

    Examples
    --------
    >>> numbers = Numbers()
    >>> numbers.find('no such name') is None
    True
    """

    def __init__(self) -> None:
        self._token = secrets.token_hex(8)
        self._arrays: list[Array] = []

    def take_out(self, text: bytes) -> bytes:
        """Return `text` with the items of its arrays of floats replaced by names."""
        if len(text) < _LONG or b"<![CDATA[" in text:
            return text
        rest, pieces = 0, []
        for match in _ARRAY.finditer(text):
            end = text.find(_END, match.end())
            array = _parsed(text[match.end() : end], int(match[2])) if end >= 0 else None
            if array is not None:
                pieces.append(text[rest : match.start(1)] + b"<list>" + self._name(array) + _END)
                rest = end + len(_END)
        return b"".join([*pieces, text[rest:]])

    def find(self, name: str) -> Array | None:
        """Return the array of that name; None where it is no name."""
        token, _, number = name.partition("-")
        return self._arrays[int(number)] if token == self._token else None

    def _name(self, array: Array) -> bytes:
        self._arrays.append(array)
        return f"{self._token}-{len(self._arrays) - 1}".encode()


def _parsed(items: bytes, count: int) -> Array | None:
    """Return the numbers between item tags; None where there is anything else.

    As many items as numbers, and no item that begins with a blank or ends at once, make it one number for each item.
    """
    if items.count(b"<item>") != count or _BAD.search(items) or items.translate(None, delete=_KNOWN):
        return None
    try:
        array = np.fromstring(items.replace(b"item", b"    ").translate(_WITHOUT_TAGS), sep=" ")
    except (ValueError, DeprecationWarning):  # as numpy says of what is no number
        return None
    return array if len(array) == count else None
