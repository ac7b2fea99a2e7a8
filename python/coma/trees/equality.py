# SPDX-License-Identifier: BSD-2-Clause
"""When two trees are the same to the last bit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np


def equal(a: Any, b: Any) -> bool:
    """Tell whether two trees are the same to the last bit.

    Types, key order, dtypes and the sign of zero count; every NaN is the same NaN.

    Examples
    --------
    >>> equal({'x': float('nan')}, {'x': float('nan')}), equal(1, 1.0), equal(0.0, -0.0)
    (True, False, False)
    """
    kind = type(a)
    if kind is not type(b):
        return False
    if kind is float:
        return _equal_floats(a, b)
    if kind is str or kind is int or kind is bool:
        return bool(a == b)
    if kind is dict or isinstance(a, Mapping):
        return list(a) == list(b) and all(map(equal, a.values(), b.values()))
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, np.ndarray):
        return _equal_arrays(a, b)
    if isinstance(a, float):
        return _equal_floats(a, b)
    if isinstance(a, complex):
        return _equal_floats(a.real, b.real) and _equal_floats(a.imag, b.imag)
    return bool(a == b)


def _equal_floats(a: float, b: float) -> bool:
    if a == b:
        return a != 0 or math.copysign(1.0, a) == math.copysign(1.0, b)
    return math.isnan(a) and math.isnan(b)


def _equal_arrays(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if a.dtype.kind in "fc":
        return _equal_float_arrays(a, b)
    return all(map(equal, a.ravel().tolist(), b.ravel().tolist()))


def _equal_float_arrays(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    if a.dtype.kind == "c":
        return _equal_float_arrays(a.real, b.real) and _equal_float_arrays(a.imag, b.imag)
    same = (a == b) & (np.signbit(a) == np.signbit(b))
    return bool(np.all(same | (np.isnan(a) & np.isnan(b))))
