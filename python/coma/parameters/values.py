# SPDX-License-Identifier: BSD-2-Clause
"""The values of parameters: made plain, and refused where no file would give them back."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from coma.archives import jsonarchive
from coma.errors import JsonArchiveError, ParameterSetError, SerializerError
from coma.trees import identity, types
from coma.trees.serializer import RecursiveSerializer

_SERIALIZER = RecursiveSerializer()


def plain_value(value: Any) -> Any:
    """Return a numpy scalar as a Python number and a list as a tuple; copies of arrays and dictionaries."""
    if types.of_user(value) or (isinstance(value, np.ndarray) and type(value) not in types.ARRAYS):
        return value  # what it is more than its numbers would be lost
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        item = value.item()
        return np.asarray(value)[()] if value.dtype.kind in "mM" and not isinstance(item, datetime.date) else item
    if isinstance(value, list | tuple):
        return tuple(plain_value(item) for item in value)
    if isinstance(value, dict):
        return {name: plain_value(item) for name, item in value.items()}
    return _frozen(value) if isinstance(value, np.ndarray) else value


def _frozen(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if array.flags.writeable:
        array = array.copy()
        array.flags.writeable = False
    return array


def check_value(name: str, value: Any) -> None:
    """Refuse a value that a measurement file would not give back: its point would never be found again.

    Raises
    ------
    ParameterSetError
        If `value`, of the parameter `name`, is such a value.
    """
    if identity.are_scalars([value]) and not isinstance(value, int | str):
        return
    try:
        tree = _SERIALIZER.encode(value)
        if isinstance(tree, str):
            jsonarchive.dumps(tree)
        if identity.key(_SERIALIZER.decode(tree)) == identity.key(value):
            return
        why = "it would come back as something else"
    except (SerializerError, JsonArchiveError, TypeError) as error:
        why = str(error)
    raise ParameterSetError(
        f"{name!r} is a {type(value).__name__}, which cannot be stored and found again; use numbers, strings, lists, "
        f"dictionaries or numpy arrays ({why})"
    )
