# SPDX-License-Identifier: BSD-2-Clause
"""The cells of a column, which may be millions: numbers are packed, and take eight bytes each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from coma.results.tables import Array, as_array

_PACKED = ({float}, {int}, {bool})


class Cells:
    """Values of any type in the order in which they came.

    Examples
    --------
    >>> cells = Cells([1.5, 2.5])
    >>> cells.extend(['a', None])
    >>> list(cells), cells.array()
    ([1.5, 2.5, 'a', None], array([1.5, 2.5, 'a', None], dtype=object))
    """

    def __init__(self, values: Iterable[Any] = ()) -> None:
        self._parts: list[Sequence[Any] | Array] = []
        self.extend(list(values))

    def extend(self, values: Sequence[Any]) -> None:
        """Add values; they are packed if all are floats, integers of 64 bits, or booleans."""
        if values:
            self._parts.append(_packed(values))

    def is_packed(self) -> bool:
        """Tell whether all values are plain numbers."""
        return all(isinstance(part, np.ndarray) for part in self._parts)

    def array(self) -> Array:
        """Return the values as `as_array` does."""
        dtypes = {part.dtype if isinstance(part, np.ndarray) else None for part in self._parts}
        if len(dtypes) == 1 and None not in dtypes:
            return np.concatenate(self._parts)
        return as_array(list(self))

    def __iter__(self) -> Iterator[Any]:
        for part in self._parts:
            yield from part.tolist() if isinstance(part, np.ndarray) else part


def _packed(values: Sequence[Any]) -> Sequence[Any] | Array:
    if set(map(type, values)) not in _PACKED:
        return values
    array = as_array(values)
    return values if array.dtype == object else array
