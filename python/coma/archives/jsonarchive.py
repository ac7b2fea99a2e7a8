# SPDX-License-Identifier: BSD-2-Clause
"""Plain trees as JSON text, laid out as Coma 2.0 did."""

from __future__ import annotations

import functools
import json
from typing import Any

from coma.errors import JsonArchiveError, SerializerError
from coma.trees import types

SUFFIX = "json"
_INDENT = 2


def dumps(tree: Any, pretty: bool = True) -> bytes:
    """Return a plain tree as ASCII JSON; NaN and infinities are bare words.

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
    text = _pretty(tree, 0) if pretty else _encoder(", ").encode(tree)
    return text.encode("ascii")


def loads(text: bytes, name: str = "JSON text") -> Any:
    """Return the tree that JSON text holds, with arrays and registered types in place.

    Parameters
    ----------
    text
        UTF-8.
    name
        What errors call the text; its file, say.

    Raises
    ------
    JsonArchiveError
        If it is not JSON, with the line and column; or holds a damaged array or registered type.
    """
    try:
        return json.loads(text.decode("utf-8"), object_hook=_restore)
    except json.JSONDecodeError as error:
        raise JsonArchiveError(
            f'"{name}" is not JSON: {error.msg} in line {error.lineno}, column {error.colno}'
        ) from None
    except RecursionError:
        raise JsonArchiveError(f'"{name}" is nested too deeply') from None
    except (ValueError, SerializerError) as error:
        raise JsonArchiveError(f'"{name}" cannot be read: {error}') from None


def _restore(state: dict[str, Any]) -> Any:
    return types.restore(state) if types.TYPE in state else state


@functools.cache
def _encoder(separator: str) -> json.JSONEncoder:
    return json.JSONEncoder(separators=(separator, ": "))


def _pretty(node: Any, level: int) -> str:
    if not node or not isinstance(node, dict | list):
        return _encoder(", ").encode(node)
    inner = "\n" + " " * (_INDENT * (level + 1))
    outer = "\n" + " " * (_INDENT * level)
    if isinstance(node, dict):
        items = (f"{_encoder(', ').encode(key)}: {_pretty(item, level + 1)}" for key, item in node.items())
        return "{" + inner + ("," + inner).join(items) + outer + "}"
    if any(isinstance(item, dict | list) for item in node):
        return "[" + inner + ("," + inner).join(_pretty(item, level + 1) for item in node) + outer + "]"
    return "[" + inner + _encoder("," + inner).encode(node)[1:-1] + outer + "]"
