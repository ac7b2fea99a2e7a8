# SPDX-License-Identifier: BSD-2-Clause
"""Many parameter sets at once: all combinations of some values, or the rows of a table."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from coma.errors import ParameterSetError
from coma.parameters.parameterset import ParameterSet

Point = tuple[Sequence[Any], Mapping[str, Any]]


def grid(names: Sequence[str], axes: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Yield all combinations of the axes' values, in the order of `names`; the last varies fastest.

    An axis that is no list, array or other iterable, or is a string, is one value.

    Raises
    ------
    ParameterSetError
        If an axis is missing or unknown.

    Examples
    --------
    >>> list(grid(['A', 'B', 'kind'], {'B': [1, 2], 'A': [3, 4], 'kind': 'open'}))
    [(3, 1, 'open'), (3, 2, 'open'), (4, 1, 'open'), (4, 2, 'open')]
    """
    wrong = {"unknown": [n for n in axes if n not in names], "missing": [n for n in names if n not in axes]}
    for what, found in wrong.items():
        if found:
            raise ParameterSetError(f"{what} in the grid: {', '.join(found)}; the parameters are {', '.join(names)}")
    return itertools.product(*(_axis(axes[name]) for name in names))


def points(rows: Any) -> Iterator[Point]:
    """Yield positional and named values of each row.

    Parameters
    ----------
    rows
        Tuples, dictionaries, single values, or a `pandas.DataFrame` whose columns are the parameters.

    Examples
    --------
    >>> list(points([(1, 2), {'A': 3, 'B': 4}]))
    [((1, 2), {}), ((), {'A': 3, 'B': 4})]
    """
    records = rows.to_dict("records") if hasattr(rows, "to_dict") else rows
    if isinstance(records, str | Mapping) or not isinstance(records, Iterable):
        raise ParameterSetError(f"{records!r} is no list of points; write [(1, 2), (3, 4)] or [{{'A': 1, 'B': 2}}]")
    return map(_point, records)


def _axis(values: Any) -> list[Any]:
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        return [values]
    if isinstance(values, np.ndarray) and values.ndim == 0:
        return [values]
    return list(values)


def _point(row: Any) -> Point:
    if isinstance(row, Mapping):
        return (), row
    if isinstance(row, list | tuple | ParameterSet) or (isinstance(row, np.ndarray) and row.ndim):
        return tuple(row), {}
    return (row,), {}
