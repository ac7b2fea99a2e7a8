# SPDX-License-Identifier: BSD-2-Clause
"""Many tables, one for each parameter set: `ResultList`, which filters and sorts."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, SupportsIndex, overload

import numpy as np

from coma.errors import ExperimentError, PathError
from coma.results import display, frames, plotting
from coma.results.expressions import Condition
from coma.results.results import Missing, Result, positions
from coma.results.tables import Array, as_array
from coma.text import suggestion
from coma.trees import identity
from coma.trees.identity import DIGITS
from coma.trees.path import Fixed, as_text, fixed, is_path


class ResultList(list[Result]):
    """A list of results that filters.

    ``rs['A']`` and ``rs.A`` are the parameter A of each result, as an array; so ``rs[(rs.A > 3) & (rs.A < 5)]``,
    ``rs['A', 1]`` (equal as parameters are equal: 0.1 + 0.2 is 0.3), ``rs[[2, 0]]`` and slices are result lists.

    Parameters
    ----------
    results
        The results, in order.
    missing
        Which measurements lacked which paths.

    Attributes
    ----------
    missing : tuple of (int, str)
        Which measurements lacked which paths; each has the attributes ``measurement_id`` and ``path``.
    """

    def __init__(self, results: Iterable[Result] = (), missing: Iterable[Missing] = ()) -> None:
        super().__init__(results)
        self.missing = tuple(missing)

    @overload
    def __getitem__(self, item: SupportsIndex) -> Result: ...  # type: ignore[overload-overlap]  # as arrays may be
    @overload
    def __getitem__(self, item: str) -> Array: ...
    @overload
    def __getitem__(self, item: slice | tuple[str, Any] | list[int] | list[bool] | Array) -> ResultList: ...
    def __getitem__(self, item: Any) -> Any:
        """Return one result by position, a parameter of all by name or path, or a result list.

        Parameters
        ----------
        item
            A position; a name or path; or, for a list, a name or path with a value, a slice, a bool for each result, or
            positions.

        Raises
        ------
        PathError
            If there is no such parameter.
        ExperimentError
            If `item` is none of these, or has not one bool for each result.
        """
        if isinstance(item, str):
            return as_array([_parameter(result, item) for result in self])
        if isinstance(item, tuple):
            name, value = _name_and_value(item)
            return self._like(result for result in self if _equals(result, name, value))
        if isinstance(item, slice | list | np.ndarray):
            return self._like(super(ResultList, self).__getitem__(i) for i in positions(item, len(self)))
        return super().__getitem__(item)

    def __getattr__(self, name: str) -> Array:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except PathError as error:
            raise AttributeError(str(error)) from None

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(name for result in self[:1] for name in result.parameters.names)})

    def where(self, condition: str | Callable[[Result], Any] | None = None, /, **values: Any) -> ResultList:
        """Return the results for which a condition holds, and whose parameters have some values.

        Parameters
        ----------
        condition
            Such as ``'3 < A < 5 and kind == "a"'``, parsed, and never evaluated as code; or a function of the result.
        **values
            Parameters and their values, as in ``rs.where(A=1, B=2)``.

        Raises
        ------
        PathError
            If there is no such parameter.
        ExperimentError
            If `condition` is none, or compares what has no order.
        """
        chosen = list(filter(_test(condition), self))
        return self._like(result for result in chosen if all(_equals(result, *item) for item in values.items()))

    def sorted(self, *names: str, reverse: bool = False) -> ResultList:
        """Return the results in the order of their parameters; NaN and None come last, equals stay in order.

        Parameters
        ----------
        *names
            Names or paths of parameters, the most important first.
        reverse
            Whether the largest come first.

        Raises
        ------
        PathError
            If there is no such parameter.
        ExperimentError
            If their values have no order.
        """

        def order(result: Result) -> list[Any]:
            return [_order(_parameter(result, name), reverse) for name in names]

        try:
            return self._like(sorted(self, key=order, reverse=reverse))
        except TypeError as error:
            raise ExperimentError(
                f"cannot sort by {', '.join(names)}: {error}; choose those of one type first"
            ) from None

    def to_dataframe(self) -> Any:
        """Return a tidy table: one row for each measurement, indexed by its id.

        Returns
        -------
        pandas.DataFrame
            Its columns are the parameters, then those of the tables, each of its own dtype.

        Raises
        ------
        ExperimentError
            If pandas is not installed.
        """
        return frames.to_dataframe(self)

    def to_xarray(self, dims: str | Sequence[str] | None = None) -> Any:
        """Return an `xarray.Dataset` on the grid of some parameters, with NaN where a point is missing.

        Parameters
        ----------
        dims
            The parameters and columns that are the grid's axes. By default all parameters, and the columns whose path
            begins with ``parameters/``.

        Returns
        -------
        xarray.Dataset
            Coordinates are sorted. Arrays, and lists that were unfolded, have inner dimensions ``<name>_dim_0``, ...
            The attribute ``path`` of a variable is its place in the measurements.

        Raises
        ------
        ExperimentError
            If two measurements lie on one point, or xarray is not installed.
        PathError
            If there is no such parameter or column.
        """
        return frames.to_xarray(self, [dims] if isinstance(dims, str) else dims)

    def plot(self, x: str, y: str, by: str | Sequence[str] | None = None, ax: Any = None, **options: Any) -> Any:
        """Draw `y` over `x`, one labelled line for each value of the parameters `by`.

        Parameters
        ----------
        x, y
            Names of columns or parameters.
        by
            Parameters, all but `x` and `y` by default.
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
            If there is no such column or parameter.
        """
        return plotting.plot_list(self, x, y, [by] if isinstance(by, str) else by, ax, options)

    def _like(self, results: Iterable[Result]) -> ResultList:
        return ResultList(results, self.missing)

    def _repr_html_(self) -> str:
        return display.list_html(self)


def _parameter(result: Result, name: Fixed) -> Any:
    parameters = result.parameters
    if not parameters.has(name):
        hint = suggestion(as_text(name), [*parameters.names, *map(as_text, parameters.paths)])
        if name in result.table_columns:
            hint += f"; a column chooses rows, r[r[{name!r}] > 0], or measurements, by retrieve_results(where=...)"
        raise PathError(f"no parameter {name!r}{hint}")
    return parameters.get(name)


def _test(condition: str | Callable[[Result], Any] | None) -> Callable[[Result], Any] | None:
    if condition is None or callable(condition):
        return condition or (lambda _: True)
    if not isinstance(condition, str):
        raise ExperimentError(f"where({condition!r}): write where('A > 3'), where(A=3) or a function of the result")
    test = Condition(condition)
    return lambda result: test(functools.partial(_parameter, result), functools.partial(_digits, result))


def _digits(result: Result, name: Fixed) -> int | None:
    """Return the digits in which values of a parameter agree."""
    p = result.parameters
    known: list[Fixed] = [*p.names, *p.paths]
    return (p.digits * 2)[known.index(name)] if name in known else DIGITS


def _equals(result: Result, name: Fixed, value: Any) -> bool:
    return identity.same(_parameter(result, name), value, _digits(result, name))


def _order(value: Any, reverse: bool) -> tuple[int, Any]:
    """Return what sorts NaN behind the numbers, and None behind NaN, in both directions."""
    place = 2 if value is None else int(bool(value != value))  # noqa: PLR0124
    return (-place if reverse else place), (0 if place else value)


def _name_and_value(item: tuple[Any, ...]) -> tuple[Fixed, Any]:
    if len(item) != 2 or not is_path(item[0]):
        raise ExperimentError(f"cannot filter by {item!r}; write rs['theta_0', -5.0]: a name or path, and a value")
    return fixed(item[0]), item[1]
