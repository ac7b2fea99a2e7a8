# SPDX-License-Identifier: BSD-2-Clause
"""Plain trees as JSON text, laid out as Coma 2.0 did."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from typing import Any

import orjson

from coma.errors import JsonArchiveError, SerializerError
from coma.trees import types
from coma.trees.serializer import MOST_LEVELS, is_deeper

SUFFIX = "json"
_TYPE = b'"' + types.TYPE.encode() + b'"'
_DIGITS = bytes.maketrans(b"0123456789", b"0000000000")
_LONG_NUMBER = b"0" * 19
_EXPONENT = re.compile(rb"e[-+0-9]+,?$", re.MULTILINE)  # at the end of a line: of a number
_UNUSUAL = (b"null", b"\\", b"\x7f", b"0.0000")
_WORD = secrets.token_hex(16).encode()
_NUMBERS = frozenset({float, int, bool, type(None)})
_WIDE = 2.0**63
_FAR_IN = (b" " * (2 * MOST_LEVELS), b"]" * (MOST_LEVELS // 4), b"}" * (MOST_LEVELS // 4))  # not laid out by Coma, too
_TOO_WIDE = orjson.JSONDecodeError("perhaps an integer beyond 64 bits", "", 0)


def dumps(tree: Any, pretty: bool = True) -> bytes:
    """Return a plain tree as ASCII JSON; NaN and infinities are bare words.

    Raises
    ------
    JsonArchiveError
        If a string has two surrogates in a row, an integer too many digits, or the tree too many levels.

    Examples
    --------
    >>> print(dumps({'results': {'t': 1.5, 'n': [1, 2]}}).decode())
    {
      "results": {
        "t": 1.5,
        "n": [
          1,
          2
        ]
      }
    }
    """
    text = _quickly(tree) if pretty else None
    if text is None:
        try:
            _refuse_pairs(tree)
            text = json.dumps(tree, indent=2 if pretty else None).encode("ascii")
        except RecursionError:
            raise JsonArchiveError("the tree is nested too deeply for JSON") from None
        except ValueError as error:  # an integer of more digits than Python prints
            raise JsonArchiveError(f"the tree cannot be stored in JSON: {error}") from None
    return text


def loads(text: bytes, name: str = "JSON text", restore: types.Restore = types.restore) -> Any:
    """Return the tree that JSON text holds, with arrays and registered types in place.

    Parameters
    ----------
    text
        UTF-8.
    name
        What errors call the text; its file, say.
    restore
        Returns what a dictionary with a ``__type__`` stands for.

    Raises
    ------
    JsonArchiveError
        If it is not JSON, with the line and column; or holds a damaged array or registered type.
    """
    tree = _loads(text, name, restore)
    if _looks_deep(text) and is_deeper(tree):
        raise JsonArchiveError(f'"{name}" is nested too deeply: it has more than {MOST_LEVELS} levels')
    return tree


def _loads(text: bytes, name: str, restore: types.Restore) -> Any:
    try:
        if _TYPE in text:
            return _restored(orjson.loads(text), restore)
        if _LONG_NUMBER in text.translate(_DIGITS):  # orjson rounds integers beyond 64 bits; none has fewer digits
            raise _TOO_WIDE
        return orjson.loads(text)
    except orjson.JSONDecodeError:  # bare NaN and infinities, lone surrogates, 1e400; or indeed no JSON
        return _patiently(text, name, restore)
    except RecursionError:
        raise JsonArchiveError(f'"{name}" is nested too deeply') from None
    except SerializerError as error:
        raise JsonArchiveError(f'"{name}" cannot be read: {error}') from None


def loads_all(texts: Sequence[bytes]) -> list[Any] | None:
    """Return the trees of many short texts, parsed at once; None where any of them has to be looked at alone.

    A word that no text can hold stands between them, so that a damaged text cannot take in the next one.

    Examples
    --------
    >>> loads_all([b'{"x": 1}', b'[2, 3]']), loads_all([b'[1', b'2]'])
    ([{'x': 1}, [2, 3]], None)
    """
    text = b"[%b]" % (b',"%b",' % _WORD).join(texts)
    if _TYPE in text or _LONG_NUMBER in text.translate(_DIGITS) or any(map(_looks_deep, texts)):
        return None
    try:
        parsed = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    trees, words = parsed[::2], parsed[1::2]
    return trees if len(trees) == len(texts) and words == [_WORD.decode()] * (len(texts) - 1) else None


def _looks_deep(text: bytes) -> bool:
    """Tell, quickly, whether a text may have more levels than are read: by its indentation, or by its brackets."""
    if text[1:2] == b"\n":
        return any(map(text.__contains__, _FAR_IN))
    return len(text) > 2 * MOST_LEVELS and text.count(b"{") + text.count(b"[") > MOST_LEVELS


def _refuse_pairs(node: Any) -> None:
    """Refuse strings that would read back as others."""
    if isinstance(node, str) and types.PAIR.search(node):
        raise JsonArchiveError(f"{node!r} cannot be stored in JSON: two surrogates in a row read back as one character")
    if isinstance(node, dict):
        for key, item in node.items():
            _refuse_pairs(key)
            _refuse_pairs(item)
    elif isinstance(node, list) and not _NUMBERS.issuperset(map(type, node)):
        for item in node:
            _refuse_pairs(item)


def _quickly(tree: Any) -> bytes | None:
    """Return a tree as orjson writes it; None where the standard library writes something else.

    orjson writes null for NaN, other escapes, other exponents, and some small numbers without one.
    """
    try:
        text = orjson.dumps(tree, option=orjson.OPT_INDENT_2)
    except orjson.JSONEncodeError:  # integers beyond 64 bits, lone surrogates, more than 254 levels
        return None
    if not text.isascii() or any(map(text.__contains__, _UNUSUAL)) or _EXPONENT.search(text):
        return None
    return text


def _restored(node: Any, restore: types.Restore) -> Any:
    """Put registered types in place, from the leaves up; the numbers of an array are not looked at one by one."""
    if isinstance(node, dict):
        if not _is_array_of_floats(node):
            node = {key: _restored(item, restore) for key, item in node.items()}
        return restore(node) if types.TYPE in node else node
    if isinstance(node, list):
        return [_restored(item, restore) for item in node]
    if isinstance(node, float) and abs(node) >= _WIDE:
        raise _TOO_WIDE
    return node


def _is_array_of_floats(node: dict[str, Any]) -> bool:
    return node.get(types.TYPE) == "numpy.ndarray" and str(node.get("dtype")).startswith(("float", "complex"))


def _patiently(text: bytes, name: str, restore: types.Restore) -> Any:
    """Parse by the standard library, which knows all that JSON's writers write, and says where text is wrong."""
    try:
        return json.loads(
            text.decode("utf-8"), object_hook=lambda state: restore(state) if types.TYPE in state else state
        )
    except json.JSONDecodeError as error:
        raise JsonArchiveError(
            f'"{name}" is not JSON: {error.msg} in line {error.lineno}, column {error.colno}'
        ) from None
    except RecursionError:
        raise JsonArchiveError(f'"{name}" is nested too deeply') from None
    except (ValueError, SerializerError) as error:
        raise JsonArchiveError(f'"{name}" cannot be read: {error}') from None
