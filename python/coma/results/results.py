# SPDX-License-Identifier: BSD-2-Clause
"""One table out of measurements, those of one parameter set: `Result`."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple, overload

import numpy as np

from coma.errors import ExperimentError, PathError
from coma.parameters.parameterset import ParameterSet
from coma.results import display, frames, plotting
from coma.results.tables import Array, beside
from coma.results.unfolding import names_of
from coma.text import suggestion
from coma.trees.path import Fixed


class Missing(NamedTuple):
    """A measurement, and a path that it lacks.

    Attributes
    ----------
    measurement_id : int or None
        The measurement's id.
    path : str or tuple
        The path, of a column or parameter that was asked for.
    """

    measurement_id: int | None
    path: Fixed


class Result:
    """One table, of all measurements with the same parameters.

    ``r['t']`` is a column, ``r[r['t'] > 0]`` a result with some of the rows.

    `Experiment.retrieve_results` makes them. Each parameter is an attribute, too; sequences become tuples.

    Parameters
    ----------
    parameters
        What the measurements have in common.
    columns
        The columns, each of its own dtype; shape (measurements,), and further dimensions for arrays.
    table_columns
        The columns' names; a list unfolds to ``E_1``, ``E_2``, ...
    table_definition
        Name and path of each column as they were asked for.
    measurement_ids
        The id of each row's measurement.
    """

    def __init__(
        self,
        parameters: ParameterSet,
        columns: Sequence[Array],
        table_columns: Sequence[str],
        table_definition: Sequence[tuple[str, Fixed]],
        measurement_ids: Sequence[int] | Array,
    ) -> None:
        self.parameters = parameters
        self.columns = tuple(columns)
        self.table_columns = tuple(table_columns)
        self.table_definition = tuple(table_definition)
        self._ids = np.asarray(measurement_ids)

    @property
    def measurement_ids(self) -> tuple[int, ...]:
        """The id of each row's measurement."""
        return tuple(self._ids.tolist())

    @functools.cached_property
    def table(self) -> Array:
        """The columns beside each other; shape (measurements, columns).

        One row for each measurement, in the order of their ids. The dtype is the columns' own where they agree, and
        else the narrowest that holds every number exactly; object where there is none, as for numbers beside strings.
        """
        return beside(self.columns, len(self))

    def __len__(self) -> int:
        return len(self._ids)

    @overload
    def __getitem__(self, item: str) -> Array: ...
    @overload
    def __getitem__(self, item: slice | list[int] | list[bool] | Array) -> Result: ...
    def __getitem__(self, item: Any) -> Any:
        """Return a column by name, or a result with some of the rows by a slice, a mask or positions.

        Parameters
        ----------
        item
            A name; that of a list that was unfolded returns all of its columns, shape (measurements, items). Or a
            slice, a bool for each row, or the positions of rows.

        Raises
        ------
        PathError
            If there is no such column.
        ExperimentError
            If `item` is none of these, or has not one bool for each row.
        """
        if isinstance(item, str):
            return self._column(item)
        rows = positions(item, len(self))
        columns = [column[rows] for column in self.columns]
        return Result(self.parameters, columns, self.table_columns, self.table_definition, self._ids[rows])

    def _column(self, name: str) -> Array:
        if name in self.table_columns:
            return self.columns[self.table_columns.index(name)]
        asked = [column for column, _ in self.table_definition]
        unfolded = names_of(name, self.table_columns, asked) if name in asked else []
        if not unfolded:
            raise PathError(f"no column {name!r}{suggestion(name, [*self.table_columns, *asked])}")
        return beside([self._column(column) for column in unfolded], len(self))

    def to_dataframe(self) -> Any:
        """Return a tidy table, as `ResultList.to_dataframe` does.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        ExperimentError
            If pandas is not installed.
        """
        return frames.to_dataframe([self])

    def plot(self, x: str, y: str, ax: Any = None, **options: Any) -> Any:
        """Draw column `y` over column `x`, in the order of the rows.

        Parameters
        ----------
        x, y
            Names of columns; of a `y` that was unfolded, each column is a line.
        ax
            The axes to draw on; the current ones by default.
        **options
            For matplotlib's ``Axes.plot``.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ExperimentError
            If matplotlib is not installed.
        PathError
            If there is no such column.
        """
        return plotting.plot(self, x, y, ax, options)

    def __repr__(self) -> str:
        return f"Result(({','.join(self.table_columns)}), {self.parameters})"

    def _repr_html_(self) -> str:
        return display.result_html(self)


def positions(item: Any, length: int) -> list[int]:
    """Return the positions that a slice, a mask or an array of positions chooses.

    Raises
    ------
    ExperimentError
        If it is none of these, or a mask of another length.
    IndexError
        If a position is too large.
    """
    if isinstance(item, slice):
        return list(range(length))[item]
    chosen = np.asarray(item)
    if chosen.dtype == bool and chosen.shape != (length,):
        raise ExperimentError(f"the mask has the shape {chosen.shape}; it must have one value for each of {length}")
    if chosen.ndim != 1 or (chosen.dtype.kind not in "iub" and chosen.size):
        raise ExperimentError(f"cannot choose by {item!r}; write a name, a slice, a mask or a list of positions")
    found: list[int] = np.arange(length)[chosen if chosen.size else []].tolist()
    return found
