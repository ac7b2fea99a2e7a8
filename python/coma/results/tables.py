# SPDX-License-Identifier: BSD-2-Clause
"""Values as numpy arrays: the narrowest dtype that holds every one of them exactly."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from coma.parameters.parameterset import ParameterSet
from coma.trees.path import Fixed
from coma.trees.types import ARRAYS

Array = np.ndarray[Any, Any]
_NUMBERS = {bool, int, float, complex}
_NUMBER_KINDS = "biufc"
_LARGEST = 2**53
_DATES = {
    datetime.date: "datetime64[D]",
    datetime.datetime: "datetime64[us]",
    datetime.timedelta: "timedelta64[us]",
}
_PANDAS = {"ms": "ms", "us": "us", "ns": "ns", "ps": "ns", "fs": "ns", "as": "ns"}  # else seconds
_LONGEST = datetime.timedelta(microseconds=2**63 - 1)


class Table(Protocol):
    """What frames, plots and displays ask of a result."""

    @property
    def parameters(self) -> ParameterSet:
        """What its measurements have in common."""

    @property
    def columns(self) -> tuple[Array, ...]:
        """The columns."""

    @property
    def table_columns(self) -> tuple[str, ...]:
        """Their names."""

    @property
    def table_definition(self) -> tuple[tuple[str, Fixed], ...]:
        """Name and path of each as they were asked for."""

    @property
    def measurement_ids(self) -> tuple[int, ...]:
        """The id of each row's measurement."""

    def __getitem__(self, name: str, /) -> Array:
        """Return a column."""


def as_array(values: Sequence[Any]) -> Array:
    """Return values as an array, one element (or, for arrays, one sub-array) for each.

    ===============================================  ==========================================
    values                                           dtype
    ===============================================  ==========================================
    bool, int, float, complex, or a mixture          the narrowest of bool, int64, uint64,
                                                     float64, complex128 that holds all exactly
    str                                              ``<U...``
    `datetime.date`, `datetime.datetime`             ``datetime64[D]``, ``datetime64[us]``
    `datetime.timedelta`                             ``timedelta64[us]``
    numpy arrays of one shape                        further dimensions, of their common dtype
    anything else: None, bytes, dictionaries, dates  object
    with a time zone, arrays of several shapes,
    registered types, attachments, any mixture
    ===============================================  ==========================================

    Examples
    --------
    >>> as_array([1, 2.5]).dtype, as_array([1, 'a']).dtype, as_array([2**53 + 1, 0.5]).dtype
    (dtype('float64'), dtype('O'), dtype('O'))
    """
    kinds = set(map(type, values))
    if kinds == {float}:
        return np.array(values)
    cells = list(values) if kinds <= _NUMBERS else [_scalar(value) for value in values]
    dtype = _dtype(cells)
    if dtype is object:
        return _objects(cells)
    array = np.array(cells, dtype)
    return array if dtype is not None or _is_exact(array, cells) else _objects(cells)


def as_table(rows: Sequence[Sequence[Any]]) -> Array:
    """Return rows of equal length as one array, by the rules of `as_array`; shape (rows, columns).

    Examples
    --------
    >>> as_table([[1, 2.5], [3, 4.5]]).dtype, as_table([[1, 'a']]).dtype
    (dtype('float64'), dtype('O'))
    """
    shape = (len(rows), len(rows[0]) if rows else 0)
    array = as_array([value for row in rows for value in row])
    return array.reshape(shape + array.shape[1:])


def beside(columns: Sequence[Array], rows: int) -> Array:
    """Return columns beside each other, as one table of so many rows."""
    if len({(column.dtype, column.shape) for column in columns}) == 1:
        return np.stack(columns, axis=1)
    if not (columns and rows):
        return np.empty((rows, len(columns)))
    if all(map(_fits_float, columns)):
        return np.stack(columns, axis=1)
    return as_table(list(zip(*map(_cells, columns), strict=True)))


def held_times(column: Array) -> Array | None:
    """Return a column with its times in a unit of pandas (s, ms, us, ns); None where that would change one.

    Examples
    --------
    >>> held_times(np.array([1], "m8[h]")), held_times(np.array([1], "m8[ps]")), held_times(np.array([1.5]))
    (array([3600], dtype='timedelta64[s]'), None, array([1.5]))
    """
    kind = column.dtype.kind
    if kind == "O":
        return None if any(map(_is_lost_as_object, column.ravel().tolist())) else column
    if kind not in "mM":
        return column
    unit = np.datetime_data(column.dtype)[0]
    if unit == "generic" or (kind == "m" and unit in "YM"):
        return None
    held = column.astype(f"{kind}8[{_PANDAS.get(unit, 's')}]")
    return held if np.array_equal(held.astype(column.dtype), column, equal_nan=True) else None


def _is_lost_as_object(cell: Any) -> bool:
    is_long = type(cell) is datetime.timedelta and abs(cell) > _LONGEST
    return is_long or isinstance(cell, np.datetime64 | np.timedelta64)


def _fits_float(column: Array) -> bool:
    """Tell whether a column is of floats, or of integers that all floats hold."""
    if column.ndim != 1 or column.dtype not in (np.float64, np.int64):
        return False
    return column.dtype == np.float64 or bool(column.min() >= -_LARGEST and column.max() <= _LARGEST)


def _cells(column: Array) -> list[Any]:
    return column.tolist() if column.ndim == 1 and column.dtype.kind not in "mM" else list(column)


def _scalar(value: Any) -> Any:
    if type(value) in ARRAYS and value.ndim == 0:
        value = value[()]
    plain = isinstance(value, np.generic) and value.dtype.kind in _NUMBER_KINDS + "U" and value.dtype.itemsize <= 16
    item = value.item() if plain else value
    return value if isinstance(item, np.generic) else item


def _dtype(cells: list[Any]) -> Any:
    """Return the dtype to try; None lets numpy choose."""
    kinds = {type(cell) for cell in cells}
    if kinds == {int}:
        return _integer_dtype(min(cells), max(cells))
    if kinds <= _NUMBERS or kinds == {str}:
        return None
    return object if len(kinds) > 1 else _dtype_of(kinds.pop(), cells)


def _dtype_of(kind: type, cells: list[Any]) -> Any:
    if kind in ARRAYS:
        return None if _is_uniform(cells) else object
    if kind is datetime.timedelta:
        return _DATES[kind] if max(map(abs, cells)) <= _LONGEST else object
    if kind in _DATES:
        return object if any(getattr(cell, "tzinfo", None) for cell in cells) else _DATES[kind]
    return None if issubclass(kind, np.generic) and kind is not np.void else object


def _integer_dtype(least: int, greatest: int) -> Any:
    fits = (dtype for dtype in (np.int64, np.uint64) if np.iinfo(dtype).min <= least <= greatest <= np.iinfo(dtype).max)
    return next(fits, object)


def _is_uniform(arrays: list[Array]) -> bool:
    kinds = {"n" if array.dtype.kind in _NUMBER_KINDS else array.dtype.kind for array in arrays}
    return len(kinds) == 1 and len({array.shape for array in arrays}) == 1


def _is_exact(array: Array, cells: list[Any]) -> bool:
    """Tell whether numpy kept every scalar: it rounds large integers beside floats, and cuts NULs off strings."""
    if array.ndim > 1 or array.dtype.kind in "mM":
        return True
    return all(a == b or b != b for a, b in zip(array.tolist(), cells, strict=True))  # noqa: PLR0124 - NaN


def _objects(cells: list[Any]) -> Array:
    copies = [copy.deepcopy(cell) if isinstance(cell, dict | list | np.ndarray) else cell for cell in cells]
    return objects(copies)  # what may be changed is not what the measurement has


def objects(cells: Sequence[Any]) -> Array:
    """Return an array of the very objects, of which numpy would take some apart."""
    array: Array = np.frompyfunc(cells.__getitem__, 1, 1)(np.arange(len(cells)))
    return array
