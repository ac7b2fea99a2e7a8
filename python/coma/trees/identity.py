# SPDX-License-Identifier: BSD-2-Clause
"""When two parameter values are the same value: hashable keys, tolerant of the last digits of a float."""

from __future__ import annotations

import datetime
import itertools
import math
import pathlib
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from typing import Any

import numpy as np

from coma.trees import types

DIGITS = 12
_MOST_NEIGHBOURS = 64
_TO_DIGITS = ["", *(f"%.{digits - 1}e" for digits in range(1, 18))]
_THIRD_OF_UNIT = [10.0**-digits / 3 for digits in range(18)]  # of the last digit, relative to the value
_LARGEST_EXACT = 2.0**53  # floats beyond are integers by necessity
_LARGE = 2**64  # integers beyond take longer
_EPOCH = datetime.datetime(1970, 1, 1)
_PARTS = {"ms": 3, "us": 6, "ns": 9, "ps": 12, "fs": 15, "as": 18}  # of a second, as powers of ten
_FLOATS = frozenset({"float16", "float32", "float64", "complex64", "complex128"})
_SCALARS = frozenset({float, int, str, bool, type(None)})


def key(value: Any, digits: int | None = DIGITS) -> Hashable:
    """Return the key under which equal parameter values meet.

    1 == 1.0, -0.0 == 0.0, NaN == NaN, a tuple == a list, numpy like Python, but True != 1. Floats that are no
    integers agree when their first `digits` significant digits do; None compares them exactly. Integers, and floats
    that are integers below 2**53, are always compared exactly. A value of a derived class (an IntEnum, say) is that of
    the plain class; an object of a registered type is its name and state. Keys that are equal have one `repr`.

    Examples
    --------
    >>> key(0.1 + 0.2) == key(0.3), key(1) == key(1.0), key(True) == key(1)
    (True, True, False)
    """
    kind = type(value)
    if kind is float:
        return _float_key(value, digits)
    return value if kind is int or kind is str else next(_keys(value, digits, ()))


def same(a: Any, b: Any, digits: int | None = DIGITS) -> bool:
    """Tell whether two values are the same parameter value.

    Examples
    --------
    >>> same(0.1 + 0.2, 0.3), same(1, 1.0), same(1, True)
    (True, True, False)
    """
    return key(a, digits) in neighbours(b, digits)


def exact(values: tuple[Any, ...]) -> tuple[Hashable, ...] | None:
    """Return values as a tuple under which the very same scalars meet; None where some are no plain scalars.

    It is quicker than `key`, by which more values meet.
    """
    has_bools = False
    for value in values:
        kind = type(value)
        if kind is float:
            if not -_LARGEST_EXACT < value < _LARGEST_EXACT:
                return None  # it and the equal integer have different keys, and NaN is not equal to itself
        elif kind is bool:
            has_bools = True
        elif kind not in _SCALARS:
            return None
    return tuple([("bool", value) if type(value) is bool else value for value in values]) if has_bools else values


def are_scalars(values: Sequence[Any]) -> bool:
    """Tell whether all values are plain scalars: numbers, strings, booleans, None."""
    return _SCALARS.issuperset(map(type, values))


def candidates(values: Sequence[Any], digits: Sequence[int | None]) -> tuple[tuple[Hashable, ...], ...]:
    """Return the key of several values together, then those that `neighbours` of each would make.

    Examples
    --------
    >>> candidates([0.25, 'a'], [12, 12])
    ((0.25, 'a'),)
    """
    firm = firm_key(values, digits)
    return (firm,) if firm is not None else tuple(itertools.product(*map(neighbours, values, digits)))


def firm_key(values: Sequence[Any], digits: Sequence[int | None]) -> tuple[Hashable, ...] | None:
    """Return the key of several values together, if no rounding noise in their floats could give another one.

    Returns
    -------
    tuple or None
        None where a float lies near the edge between two roundings, and for every value that is no number or ASCII
        string: such values are left to `candidates`, which takes longer.

    Examples
    --------
    >>> firm_key([0.25, 'a'], [12, 12]), firm_key([0.25, [1, 2]], [12, 12])
    ((0.25, 'a'), None)
    """
    keys: list[Hashable] = []
    for value, places in zip(values, digits, strict=True):
        kind = type(value)
        if (kind is str and value.isascii()) or (kind is int and -_LARGE < value < _LARGE):
            keys.append(value)
        elif kind is not float:
            return None
        elif places is None or _is_exact(value):
            keys.append(_float_key(value, places))
        else:
            rounded = float(_TO_DIGITS[places] % value)
            if not abs(value - rounded) < abs(value) * _THIRD_OF_UNIT[places]:  # half a unit is far, or it is infinite
                return None
            keys.append(int(rounded) if rounded.is_integer() else rounded)
    return tuple(keys)


def neighbours(value: Any, digits: int | None = DIGITS) -> Iterator[Hashable]:
    """Return the key of `value`, then those it would have, had the last bits of its floats come out otherwise.

    Two floats that differ by rounding noise can lie on either side of the edge between two roundings; a lookup that
    tries all of these keys finds the one from the other.
    """
    if type(value) in _SCALARS and not (type(value) is float and _is_near_edge(value, digits)):
        return iter((key(value, digits),))
    nudge = 0.0 if digits is None else 10.0 ** -(digits + 2)
    found = _keys(value, digits, (1 - nudge, 1 + nudge) if nudge else ())
    return iter(dict.fromkeys(itertools.islice(found, _MOST_NEIGHBOURS)))


def _keys(value: Any, digits: int | None, nudges: tuple[float, ...]) -> Iterator[Hashable]:
    registered = types.of_user(value)
    if registered:
        return _combine(("type", registered.name), [dict(registered.encode(value))], digits, nudges)
    if isinstance(value, np.ndarray | np.generic):
        value = _unpacked(value, digits)
    if isinstance(value, bool):
        return iter((("bool", value),))
    if isinstance(value, float):
        return _float_keys(float(value), digits, nudges)
    if isinstance(value, complex):
        return _combine("complex", (value.real, value.imag), digits, nudges)
    if isinstance(value, Mapping):
        names = sorted(map(str, value))
        return _combine(("dict", *names), [value[name] for name in names], digits, nudges)
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return _combine("list", list(value), digits, nudges)
    return iter((_firm_key(value),))


def _firm_key(value: Any) -> Hashable:
    """Return the key of what has no digits, in the form of its plain class."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, pathlib.PurePath):
        return pathlib.Path(str(value))
    if isinstance(value, np.datetime64 | np.timedelta64):
        return _numpy_time_key(value)
    if isinstance(value, datetime.date | datetime.timedelta):
        with suppress(ValueError, TypeError, OverflowError):  # pandas' NaT; the first and the last day
            return _time_key(value)
    return value  # type: ignore[no-any-return]


def _unpacked(value: Any, digits: int | None) -> Any:
    """Return what numpy holds as Python has it, where it does."""
    if isinstance(value, np.ndarray) and value.ndim > 0:
        return value.tolist() if value.dtype.kind in "biuSU" or value.dtype.name in _FLOATS else list(value)
    scalar: Any = np.asarray(value)[()]
    if isinstance(scalar, np.clongdouble):
        number: Any = complex(scalar)
        return number if digits is not None or number == scalar else [scalar.real, scalar.imag]
    if isinstance(scalar, np.longdouble):
        number = float(scalar)
        is_held = math.isinf(number) == bool(np.isinf(scalar)) and bool(number) == bool(scalar)
        is_same = number == scalar or math.isnan(number) or (is_held and digits is not None)
        return number if is_same else {"longdouble": str(scalar)}
    is_time = isinstance(scalar, np.datetime64 | np.timedelta64)
    return scalar if is_time or not isinstance(scalar, np.generic) else scalar.item()


def _time_key(value: datetime.date | datetime.timedelta) -> Hashable:
    """Return a date or time of Python's own classes, in UTC if it has a time zone."""
    if isinstance(value, datetime.timedelta):
        plain: Any = datetime.timedelta(value.days, value.seconds, value.microseconds)
        return plain if plain == value else value
    if not isinstance(value, datetime.datetime):
        return datetime.date(value.year, value.month, value.day)
    plain = datetime.datetime.combine(value.date(), value.time().replace(fold=value.fold), value.tzinfo)
    if plain != value:  # nanoseconds of pandas
        return value
    return plain.replace(fold=0) if plain.tzinfo is None else plain.astimezone(datetime.UTC)  # type: ignore[no-any-return]


def _numpy_time_key(value: np.datetime64[Any] | np.timedelta64[Any]) -> Hashable:
    """Return a time of numpy as one of Python's, where there is one, and else as seconds."""
    item: Any = value.item()
    kind = "datetime64" if isinstance(value, np.datetime64) else "timedelta64"
    if item is None:
        return kind, "NaT"
    if not isinstance(item, int):
        return _time_key(item)
    unit, count = np.datetime_data(value.dtype)
    if unit not in _PARTS:
        return kind, str(value.astype("m8[M]") if unit == "Y" and kind == "timedelta64" else value)
    seconds = Fraction(item * count, 10 ** _PARTS[unit])
    if (seconds * 10**6).denominator == 1:
        with suppress(OverflowError):
            time: Any = datetime.timedelta(microseconds=int(seconds * 10**6))
            return time if kind == "timedelta64" else _EPOCH + time  # type: ignore[no-any-return]
    return kind, str(seconds)


def _combine(tag: Hashable, values: Iterable[Any], digits: int | None, nudges: tuple[float, ...]) -> Iterator[Hashable]:
    choices = [list(dict.fromkeys(_keys(value, digits, nudges))) for value in values]
    for combination in itertools.product(*choices):
        yield (tag, *combination)


def _float_keys(value: float, digits: int | None, nudges: tuple[float, ...]) -> Iterator[Hashable]:
    yield _float_key(value, digits)
    if digits is not None and math.isfinite(value) and not _is_exact(value):
        for factor in nudges:
            yield _rounded_key(value * factor, digits)


def _float_key(value: float, digits: int | None) -> Hashable:
    if _is_exact(value):
        return int(value)
    if not math.isfinite(value):
        return ("float", "nan") if math.isnan(value) else value
    return _rounded_key(value, digits)


def _rounded_key(value: float, digits: int | None) -> Hashable:
    rounded = value if digits is None else float(f"{value:.{digits - 1}e}")
    return int(rounded) if rounded.is_integer() else rounded


def _is_exact(value: float) -> bool:
    return value.is_integer() and abs(value) < _LARGEST_EXACT


def _is_near_edge(value: float, digits: int | None) -> bool:
    """Tell whether a float lies so near to the edge between two roundings that noise may take it across."""
    if digits is None or not math.isfinite(value) or _is_exact(value):
        return False
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - digits + 1)
    return abs(abs(value - float(f"{value:.{digits - 1}e}")) - unit / 2) < unit / 50
