# SPDX-License-Identifier: BSD-2-Clause
"""Tables out of measurements: rows by paths, one `Result` per parameter set, a `ResultList` that filters."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any, SupportsIndex, overload

import numpy as np

from coma.errors import ExperimentError, PathError
from coma.running.parameterset import Definition, ParameterSet
from coma.storage.measurement import MemoryMeasurement
from coma.trees import identity
from coma.trees import path as paths

Row = list[tuple[str, Any]]


class Result:
    """One table, of all measurements with the same parameters.

    Attributes
    ----------
    parameters : ParameterSet
        What the measurements have in common.
    table : numpy.ndarray
        One row for each measurement, in the order of their ids; shape (measurements, columns).
    table_columns : tuple of str
        The columns' names; a list unfolds to ``E_1``, ``E_2``, ...
    table_definition : tuple of (str, str)
        Name and path of each column as they were asked for.
    measurement_ids : tuple of int
        The id of each row's measurement.
    """

    def __init__(
        self,
        parameters: ParameterSet,
        table: np.ndarray[Any, Any],
        table_columns: tuple[str, ...],
        table_definition: tuple[tuple[str, str], ...],
        measurement_ids: tuple[int, ...],
    ) -> None:
        self.parameters = parameters
        self.table = table
        self.table_columns = table_columns
        self.table_definition = table_definition
        self.measurement_ids = measurement_ids

    def __repr__(self) -> str:
        return f"Result(({','.join(self.table_columns)}), {self.parameters})"


class ResultList(list[Result]):
    """A list of results; ``rs['A', 1]`` is the list of those where the parameter A is 1."""

    @overload
    def __getitem__(self, item: SupportsIndex) -> Result: ...
    @overload
    def __getitem__(self, item: slice) -> ResultList: ...
    @overload
    def __getitem__(self, item: tuple[str, Any]) -> ResultList: ...
    def __getitem__(self, item: Any) -> Any:
        """Return one result by position, or a result list by slice or by ``(name or path, value)``."""
        if isinstance(item, tuple):
            return ResultList(result for result in self if _matches(result.parameters, item))
        found = super().__getitem__(item)
        return ResultList(found) if isinstance(item, slice) else found


def retrieve(
    measurements: Iterable[MemoryMeasurement], table: Sequence[tuple[str, str]], by: Sequence[tuple[str, str]]
) -> ResultList:
    """Return one `Result` for each distinct set of the parameters `by`, in the order of appearance.

    A measurement that lacks one of the paths is left out.

    Raises
    ------
    ParameterSetError
        If a definition is not made of tuples of name and path.
    ExperimentError
        If a list has another length in one measurement than in the others.
    """
    columns, parameters = _checked_columns(table), Definition(by)
    groups: dict[Hashable, _Group] = {}
    for measurement in measurements:
        row = _row(measurement, columns)
        values = parameters.read(measurement.tree)
        if row is not None and values is not None:
            group = groups.setdefault(values.key(), _Group(values))
            group.add(measurement.id, row)
    return ResultList(group.result(columns) for group in groups.values())


class _Group:
    """The rows of one parameter set."""

    def __init__(self, parameters: ParameterSet) -> None:
        self.parameters = parameters
        self.columns: tuple[str, ...] = ()
        self.rows: list[list[Any]] = []
        self.ids: list[int] = []

    def add(self, number: Any, row: Row) -> None:
        columns = tuple(name for name, _ in row)
        if self.ids and columns != self.columns:
            raise ExperimentError(
                f"measurement {number} has the columns {_names(columns)}, measurement {self.ids[0]} of the same "
                f"parameters {self.parameters} has {_names(self.columns)}; store lists that vary in length as numpy "
                "arrays, which stay whole"
            )
        self.columns = columns
        self.rows.append([value for _, value in row])
        self.ids.append(number)

    def result(self, definition: tuple[tuple[str, str], ...]) -> Result:
        return Result(self.parameters, as_table(self.rows), self.columns, definition, tuple(self.ids))


def as_table(rows: list[list[Any]]) -> np.ndarray[Any, Any]:
    """Return rows of equal length as an array.

    Numbers become the narrowest of bool, int64, uint64 and float64 that holds them all, strings a string array,
    arrays of one shape further dimensions; anything else, mixtures with strings, and what would lose digits, stays as
    objects.

    Examples
    --------
    >>> as_table([[1, 2.5], [3, 4.5]]).dtype, as_table([[1, 'a']]).dtype
    (dtype('float64'), dtype('O'))
    """
    cells = [_cell(value) for row in rows for value in row]
    shape = (len(rows), len(rows[0]) if rows else 0)
    if not cells:
        return np.empty(shape)
    if not _is_uniform(cells):
        return _object_table(cells, shape)
    try:
        table = np.array(cells)
    except (ValueError, OverflowError):
        return _object_table(cells, shape)
    if not _is_exact(table, cells):
        return _object_table(cells, shape)
    return table.reshape(shape + table.shape[1:])


def _is_uniform(cells: list[Any]) -> bool:
    kinds = {type(cell) for cell in cells}
    if np.ndarray in kinds:
        return kinds == {np.ndarray} and len({cell.shape for cell in cells}) == 1
    return kinds <= {bool, int, float, complex} or kinds == {str}


def _is_exact(table: np.ndarray[Any, Any], cells: list[Any]) -> bool:
    """Tell whether numpy kept every scalar: it rounds large integers beside floats, and cuts NULs off strings."""
    return table.ndim > 1 or all(a == b or b != b for a, b in zip(table.tolist(), cells, strict=True))  # noqa: PLR0124


def _cell(value: Any) -> Any:
    return value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value


def _object_table(cells: list[Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    table = np.empty(len(cells), dtype=object)
    for i, cell in enumerate(cells):
        table[i] = cell
    return table.reshape(shape)


def _row(measurement: MemoryMeasurement, columns: tuple[tuple[str, str], ...]) -> Row | None:
    try:
        found = [(name, paths.get(measurement.tree, path)) for name, path in columns]
    except PathError:
        return None
    return [cell for name, value in found for cell in _unfold(name, value)]


def _unfold(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        for i, item in enumerate(value, 1):
            yield from _unfold(f"{name}_{i}", item)
    else:
        yield name, value


def _checked_columns(table: Sequence[Any]) -> tuple[tuple[str, str], ...]:
    for item in table:
        if not (isinstance(item, tuple | list) and len(item) == 2 and all(isinstance(part, str) for part in item)):
            raise ExperimentError(f"{item!r} is no column; write ('t', 'results/t'): a name and a path")
    return tuple((name, path) for name, path in table)


def _matches(parameters: ParameterSet, item: tuple[Any, ...]) -> bool:
    if len(item) != 2:
        raise ExperimentError(f"cannot filter by {item!r}; write rs['theta_0', -5.0]: a name or path, and a value")
    name, value = item
    if not parameters.has(name):
        return False
    return identity.key(parameters.get(name)) == identity.key(value)


def _names(columns: tuple[str, ...]) -> str:
    return f"({', '.join(columns)})"
