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
from coma.trees.attachment import NO_PLACE
from coma.trees.serializer import MOST_LEVELS, is_deeper

SUFFIX = "json"
_TYPE = b'"' + types.TYPE.encode() + b'"'
_DIGITS = bytes.maketrans(b"0123456789}", b"0000000000]")
_BLANKS = b" \n"
_LONG_NUMBER = b"0" * 19
_EXPONENT = re.compile(rb"e[-+0-9]+,?$", re.MULTILINE)  # at the end of a line: of a number
_UNUSUAL = (b"null", b"\\", b"\x7f", b"0.0000")
_WORD = secrets.token_hex(16).encode()
_NUMBERS = frozenset({float, int, bool, type(None)})
_WIDE = 2.0**63
_LAID_OUT = b"{\n"
_FAR_IN = b" " * (2 * MOST_LEVELS)
_CLOSED = b"]" * (MOST_LEVELS // 4)
_TOO_WIDE = orjson.JSONDecodeError("perhaps an integer beyond 64 bits", "", 0)


def dumps(tree: Any, pretty: bool = True) -> bytes:
    """Return a plain tree as ASCII JSON; NaN and infinities are bare words.

    Raises
    ------
    JsonArchiveError
        If a string has two surrogates in a row, an integer too many digits, or the tree too many levels; or something was
        attached.

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
    is_plain = _TYPE not in text
    brief = _brief(text) if is_plain else b""
    try:
        if not is_plain:
            return _restored(orjson.loads(text), restore)
        if _LONG_NUMBER in brief:  # orjson rounds integers beyond 64 bits; none has fewer digits
            raise _TOO_WIDE
        tree = orjson.loads(text)
    except orjson.JSONDecodeError:  # bare NaN and infinities, lone surrogates, 1e400; or indeed no JSON
        tree, brief = _patiently(text, name, restore), brief or _brief(text)
    except RecursionError:
        raise _too_deep(name) from None
    except SerializerError as error:
        raise JsonArchiveError(f'"{name}" cannot be read: {error}') from None
    if _looks_deep(text, brief) and is_deeper(tree):
        raise _too_deep(name)
    return tree


def loads_all(texts: Sequence[bytes]) -> list[Any] | None:
    """Return the trees of many short texts, parsed at once; None where any of them has to be looked at alone.

    A word that no text can hold stands between them, so that a damaged text cannot take in the next one.

    Examples
    --------
    >>> loads_all([b'{"x": 1}', b'[2, 3]']), loads_all([b'[1', b'2]'])
    ([{'x': 1}, [2, 3]], None)
    """
    between = b',"%b",' % _WORD
    text = b"[%b]" % between.join(texts)
    brief = _brief(text)
    if _TYPE in text or _LONG_NUMBER in brief:
        return None
    are_laid_out = (text[1:3] == _LAID_OUT) + text.count(between + _LAID_OUT) == len(texts)
    if _goes_far(text, brief) or not (are_laid_out or all(map(_has_few_levels, texts))):
        return None
    try:
        parsed = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    trees, words = parsed[::2], parsed[1::2]
    return trees if len(trees) == len(texts) and words == [_WORD.decode()] * (len(texts) - 1) else None


def _brief(text: bytes) -> bytes:
    """Return a text without blanks, all digits as zeros and all brackets that close something as square ones."""
    return text.translate(_DIGITS, _BLANKS)


def _looks_deep(text: bytes, brief: bytes) -> bool:
    """Tell, quickly, whether a text may have more levels than are read: by its indentation, or by its brackets."""
    return _goes_far(text, brief) or not (text[:2] == _LAID_OUT or _has_few_levels(text))


def _goes_far(text: bytes, brief: bytes) -> bool:
    return _CLOSED in brief or _FAR_IN in text


def _has_few_levels(text: bytes) -> bool:
    return len(text) < 2 * MOST_LEVELS or text.count(b"{") + text.count(b"[") <= MOST_LEVELS


def _too_deep(name: str) -> JsonArchiveError:
    return JsonArchiveError(f'"{name}" is nested too deeply: it has more than {MOST_LEVELS} levels')


def _refuse_pairs(node: Any) -> None:
    """Refuse strings that would read back as others, and what was attached."""
    if isinstance(node, tuple):
        raise JsonArchiveError(NO_PLACE)
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


def _restored(node: Any, restore: types.Restore, level: int = 0) -> Any:
    """Put registered types in place, from the leaves up; the numbers of an array are not looked at one by one."""
    if level > MOST_LEVELS:
        raise RecursionError
    if isinstance(node, dict):
        if not _is_array_of_floats(node):
            node = {key: _restored(item, restore, level + 1) for key, item in node.items()}
        return restore(node) if types.TYPE in node else node
    if isinstance(node, list):
        return [_restored(item, restore, level + 1) for item in node]
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
        raise _too_deep(name) from None
    except (ValueError, SerializerError) as error:
        raise JsonArchiveError(f'"{name}" cannot be read: {error}') from None
