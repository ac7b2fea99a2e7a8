# SPDX-License-Identifier: BSD-2-Clause
"""Long arrays of floats, taken out of XML text before it is parsed: an element for each number is what takes time."""

from __future__ import annotations

import re
import secrets

import numpy as np
import orjson

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

_LONG = 1 << 12
_ARRAY = re.compile(
    rb"<__type__>numpy\.ndarray</__type__>\s*<shape>(?:[^<]|<(?!/?shape>))*</shape>\s*<dtype>float64</dtype>\s*"
    rb"(<list>\s*<count>([0-9]+)</count>\s*<item_version>0</item_version>)",
    re.ASCII,
)
_BEGIN, _END = b"<list>", b"</list>"
_LAYOUT = re.compile(rb"\s*<item>([^<]*)(</item>\s*<item>)", re.ASCII)
_OF_NUMBERS = b"0123456789+-.eE,"


class Numbers:
    """Arrays by the name that stands for them in the text.

    Examples
    --------
    >>> numbers = Numbers()
    >>> numbers.find('no such name') is None
    True
    """

    def __init__(self) -> None:
        self._token = "array" + secrets.token_hex(8)  # no number, whatever the digits
        self._arrays: list[Array] = []

    def take_out(self, text: bytes) -> bytes:
        """Return `text` with the items of its arrays of floats replaced by names."""
        if len(text) < _LONG or b"<![CDATA[" in text:
            return text
        rest, end, pieces = 0, 0, []
        for match in _ARRAY.finditer(text):
            if end < match.end():
                end = text.find(_END, match.end())
            if end < 0:
                break
            is_flat = text.find(_BEGIN, match.end(), end) < 0  # and is looked at once, not again for each list within
            array = _parsed(text[match.end() : end], int(match[2])) if is_flat else None
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

    The tags and blanks between the first two items are those between any two, as a program writes them; with commas
    in their place, and nothing else left than numbers, it is a JSON list, which is parsed in C.
    """
    match = _LAYOUT.match(items)
    end = items.rfind(b"</item>")
    if match is None or b"," in items or items[end + len(b"</item>") :].strip():
        return None
    numbers = items[match.start(1) : end].replace(match[2], b",")
    if numbers.translate(None, delete=_OF_NUMBERS):
        return None
    try:
        array = np.array(orjson.loads(b"[" + numbers + b"]"), dtype=np.float64)
    except orjson.JSONDecodeError:
        return None
    return array if len(array) == count else None
