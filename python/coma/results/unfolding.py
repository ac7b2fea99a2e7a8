# SPDX-License-Identifier: BSD-2-Clause
"""A column whose cells are lists, as several columns: ``E_1``, ``E_2``, ..."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from coma.errors import ExperimentError
from coma.results.cells import Cells
from coma.results.tables import Array, as_array

Place = tuple[int, ...]
_NUMBERS = (int, float, complex)


class _Absent:
    """Stands for what a measurement lacks."""


ABSENT = _Absent()


class Column(NamedTuple):
    """One column as it was asked for: its name, and the cell of each measurement; their parameters and ids."""

    name: str
    cells: Cells
    parameters: object
    ids: Cells


def unfold(column: Column, fill: Any, pad: bool) -> dict[str, Array]:
    """Return a column, or those that its lists unfold to, by name.

    Parameters
    ----------
    column
        The column; absent cells are `ABSENT`.
    fill
        Stands in for absent cells.
    pad
        Fill shorter lists up, by NaN among numbers and else by None.

    Raises
    ------
    ExperimentError
        If lists vary in shape, and are not to be padded.

    Examples
    --------
    >>> unfold(Column('E', Cells([[1.5, 2.5], ABSENT]), '(T=1)', Cells([1, 2])), fill=0.0, pad=False)
    {'E_1': array([1.5, 0. ]), 'E_2': array([2.5, 0. ])}
    """
    if column.cells.is_packed():
        return {column.name: column.cells.array()}
    layouts = [None if cell is ABSENT else dict(_items(cell)) for cell in column.cells]
    if not pad:
        _refuse_ragged(column, layouts)
    present = [layout for layout in layouts if layout is not None]
    places = sorted({place for layout in present for place in layout}) if present else [()]
    return {_name(column.name, place): as_array(_at(place, layouts, fill)) for place in places}


def names_of(name: str, columns: Sequence[str], asked: Sequence[str]) -> list[str]:
    """Return which of the columns belong to the one that was asked for by `name`.

    Examples
    --------
    >>> names_of('E', ['t', 'E_1', 'E_2', 'E_x'], ['t', 'E', 'E_x'])
    ['E_1', 'E_2']
    """
    pattern = re.compile(re.escape(name) + r"(_[0-9]+)+")
    return [column for column in columns if pattern.fullmatch(column) and column not in asked]


def _items(cell: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    if isinstance(cell, list):
        for i, item in enumerate(cell, 1):
            yield from _items(item, (*place, i))
    else:
        yield place, cell


def _at(place: Place, layouts: list[dict[Place, Any] | None], fill: Any) -> list[Any]:
    cells = [ABSENT if layout is None else layout.get(place, ABSENT) for layout in layouts]
    present = [cell for cell in cells if cell is not ABSENT]
    padding = float("nan") if all(isinstance(cell, _NUMBERS) for cell in present) else None
    fills = (fill if layout is None else padding for layout in layouts)
    return [other if cell is ABSENT else cell for cell, other in zip(cells, fills, strict=True)]


def _refuse_ragged(column: Column, layouts: list[dict[Place, Any] | None]) -> None:
    present = [(number, layout) for number, layout in zip(column.ids, layouts, strict=True) if layout is not None]
    for number, layout in present:
        first, expected = present[0]
        if layout.keys() != expected.keys():
            raise ExperimentError(
                f"measurement {number} has the columns {_listed(column.name, layout)}, measurement {first} of the same "
                f"parameters {column.parameters} has {_listed(column.name, expected)}; store lists that vary in length "
                "as numpy arrays, which stay whole, or pass on_ragged='pad'"
            )


def _name(name: str, place: Place) -> str:
    return "_".join([name, *map(str, place)])


def _listed(name: str, places: dict[Place, Any]) -> str:
    return f"({', '.join(_name(name, place) for place in places)})"
