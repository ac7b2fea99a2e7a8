# SPDX-License-Identifier: BSD-2-Clause
"""Results as pandas and xarray know tables: tidy, and on the grid of their parameters."""

from __future__ import annotations

import datetime
import math
import operator
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from coma.errors import ExperimentError, PathError
from coma.results import optional
from coma.results.tables import Array, Table, as_array, held_times, objects
from coma.storage.measurement import Measurement, Tree
from coma.text import suggestion
from coma.trees import identity, types
from coma.trees import path as paths
from coma.trees.path import Fixed

INDEX = "measurement_id"
PARAMETERS = "parameters"
_MOST_POINTS = 10**8
_SCALARS = (bool, int, float, complex, str, datetime.date, datetime.timedelta, np.generic, type(None))


def to_dataframe(results: Sequence[Table]) -> Any:
    """Return one row for each measurement, with the parameters and the columns of its result."""
    pandas = optional.load("pandas", "frames", "to_dataframe()")
    frames = [_frame(result, pandas) for result in results]
    if not frames:
        return pandas.DataFrame(index=pandas.Index([], name=INDEX))
    for name in dict.fromkeys(name for frame in frames for name in frame):
        _keep_integers(name, frames)
    return pandas.concat(frames)


def measurements_to_dataframe(measurements: Iterable[Measurement], defaults: Mapping[Fixed, Any]) -> Any:
    """Return one row for each measurement, with everything that is a scalar, by path; `defaults` where that is absent."""
    pandas = optional.load("pandas", "frames", "to_dataframe()")
    rows: dict[Any, dict[Any, Any]] = {
        m.id: {**dict(_scalars(m.tree)), **_absent(m.tree, defaults)} for m in measurements
    }
    found = dict.fromkeys(path for row in rows.values() for path in row)
    index = pandas.Index(list(rows), name=INDEX)
    cells = {path: as_array([row.get(path, np.nan) for row in rows.values()]) for path in found}
    return pandas.DataFrame({path: _series(column, index, pandas) for path, column in cells.items()}, index=index)


def to_xarray(results: Sequence[Table], dims: Sequence[str] | None) -> Any:
    """Return a dataset on the grid of `dims`."""
    xarray = optional.load("xarray", "frames", "to_xarray()")
    grid = Grid(results, _default_dims(results) if dims is None else dims)
    asked = {name: path for result in results for name, path in result.table_definition}
    variables = {
        name: (*grid.variable(name), {"path": paths.as_text(path)})
        for name, path in asked.items()
        if name not in grid.dims
    }
    coordinates = {name: _refused_unless_held(name, axis.values) for name, axis in grid.axes.items()}
    return xarray.Dataset(variables, coords=coordinates)


class Axis:
    """The sorted values of a parameter, and where each stands."""

    def __init__(self, values: Iterable[Any]) -> None:
        distinct = {identity.key(value): value for value in values}
        try:
            keys = sorted(distinct, key=lambda key: (distinct[key] != distinct[key], distinct[key]))
        except (TypeError, ValueError):  # values without an order stay in that of appearance
            keys = list(distinct)
        self.values = as_array([distinct[key] for key in keys])
        self.positions: dict[Hashable, int] = {key: i for i, key in enumerate(keys)}


class Grid:
    """Where the rows of some results lie in the space of some parameters.

    Raises
    ------
    PathError
        If one of `dims` is neither a parameter nor a column.
    ExperimentError
        If two measurements lie on one point, or the grid has far more points than there are measurements.
    """

    def __init__(self, results: Sequence[Table], dims: Sequence[str]) -> None:
        self.results = results
        self.dims = tuple(dims)
        places = [[_along(result, name) for name in dims] for result in results]
        self.axes = {name: Axis(v for place in places for v in place[i]) for i, name in enumerate(dims)}
        self.places = [self._positions(place, len(r.measurement_ids)) for place, r in zip(places, results, strict=True)]
        self._strides = [math.prod(self.shape[i + 1 :]) for i in range(len(self.shape))]
        self._refuse_too_many()
        self._refuse_repeats()

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each parameter has."""
        return tuple(len(axis.positions) for axis in self.axes.values())

    def variable(self, name: str) -> tuple[tuple[str, ...], Array]:
        """Return dimensions and values of a column on the grid."""
        blocks = [_refused_unless_held(name, result[name]) for result in self.results]
        inner = _common_shape(blocks)
        full = np.full(self.shape + inner, *_filler(blocks, self._is_full(blocks, inner)))
        for block, place in zip(blocks, self.places, strict=True):
            if not inner:
                full.reshape(-1)[self._numbers(place)] = objects(list(block)) if full.dtype == object else block
                continue
            for cell, position in zip(block, place, strict=True):
                full[position + tuple(map(slice, np.shape(cell)))] = cell
        return self.dims + tuple(f"{name}_dim_{i}" for i in range(len(inner))), full

    def _numbers(self, place: Sequence[tuple[int, ...]]) -> list[int]:
        """Return where each point of the grid lies, counted through."""
        return [sum(map(operator.mul, position, self._strides)) for position in place]

    def _is_full(self, blocks: Sequence[Array], inner: tuple[int, ...]) -> bool:
        rows = sum(map(len, self.places))
        return rows == math.prod(self.shape) and all(block.shape[1:] == inner for block in blocks)

    def _positions(self, place: Sequence[Sequence[Any]], rows: int) -> list[tuple[int, ...]]:
        axes = list(self.axes.values())
        return [
            tuple(axis.positions[identity.key(values[row])] for axis, values in zip(axes, place, strict=True))
            for row in range(rows)
        ]

    def _refuse_too_many(self) -> None:
        points = math.prod(self.shape)
        if points > _MOST_POINTS:
            raise ExperimentError(
                f"the measurements lie on no grid: ({', '.join(self.dims)}) has {' x '.join(map(str, self.shape))} = "
                f"{points} points for {sum(map(len, self.places))} measurements; name fewer in dims=, or use to_dataframe()"
            )

    def _refuse_repeats(self) -> None:
        known: dict[tuple[int, ...], int] = {}
        for result, place in zip(self.results, self.places, strict=True):
            for number, position in zip(result.measurement_ids, place, strict=True):
                if position in known:
                    raise ExperimentError(
                        f"measurements {known[position]} and {number} lie on one point of ({', '.join(self.dims)}); "
                        "name in dims= what tells them apart, or choose by where"
                    )
                known[position] = number


def _keep_integers(name: str, frames: Sequence[Any]) -> None:
    """Make a column one of objects, if its integers would be rounded beside floats, unsigned integers and gaps."""
    having = [frame for frame in frames if name in frame]
    if len({frame[name].dtype for frame in having}) > 1 or len(having) < len(frames):
        integers = [frame[name] for frame in having if frame[name].dtype.kind in "iu"]
        if not all(_are_kept(column.to_numpy(), np.dtype(float)) for column in integers):
            for frame in having:
                frame[name] = frame[name].astype(object)


def _frame(result: Table, pandas: Any) -> Any:
    rows = len(result.measurement_ids)
    index = pandas.Index(result.measurement_ids, name=INDEX)
    shared = {name: as_array([value] * rows) for name, value in _parameters(result).items()}
    columns = {**shared, **dict(zip(result.table_columns, result.columns, strict=True))}
    return pandas.DataFrame({name: _series(column, index, pandas) for name, column in columns.items()}, index=index)


def _parameters(result: Table) -> Mapping[str, Any]:
    return dict(zip(result.parameters.names, result.parameters.values, strict=True))


def _series(column: Array, index: Any, pandas: Any) -> Any:
    """Return what pandas makes a column of; objects, where it would change their values."""
    if column.ndim > 1:
        return list(column)
    held = held_times(column)
    return pandas.Series(objects(list(column)), index, dtype=object) if held is None else held


def _refused_unless_held(name: str, column: Array) -> Array:
    held = held_times(column)
    if held is None:
        raise ExperimentError(
            f"{name!r} holds times ({column.dtype}) that xarray would change: it has units from s to ns; use "
            "to_dataframe(), or leave the column out"
        )
    return held


def _scalars(tree: Tree) -> Iterator[tuple[Hashable, Any]]:
    for path, leaf in paths.leaves(tree):
        if _is_scalar(leaf):
            yield path, leaf


def _is_scalar(leaf: Any) -> bool:
    """Tell whether a value has a cell of its own: a number, a string, a date, an object of a registered type."""
    is_array = isinstance(leaf, np.ndarray) and leaf.ndim == 0
    return isinstance(leaf, _SCALARS) or is_array or types.of_user(leaf) is not None


def _absent(tree: Tree, defaults: Mapping[Fixed, Any]) -> dict[Fixed, Any]:
    """Return the defaults of what a tree lacks."""
    return {path: value for path, value in defaults.items() if _is_scalar(value) and not paths.has(tree, path)}


def _default_dims(results: Sequence[Table]) -> list[str]:
    parameters = [name for result in results for name in result.parameters.names]
    columns = [
        name for result in results for name, path in result.table_definition if paths.parts(path)[:1] == [PARAMETERS]
    ]
    return list(dict.fromkeys([*parameters, *columns]))


def _along(result: Table, name: str) -> Sequence[Any]:
    """Return a parameter once for each row, or a column."""
    if result.parameters.has(name):
        return [result.parameters.get(name)] * len(result.measurement_ids)
    if name not in result.table_columns:
        known = [*result.parameters.names, *result.table_columns]
        raise PathError(f"no parameter or column {name!r}{suggestion(name, known)}")
    column = result[name]
    cells: list[Any] = list(column) if column.dtype.kind in "mM" else column.tolist()
    return cells


def _common_shape(blocks: Sequence[Array]) -> tuple[int, ...]:
    """Return the shape that holds every cell of a column; () where some are no arrays."""
    shapes = {block.shape[1:] for block in blocks}
    if len({len(shape) for shape in shapes}) > 1:
        return ()
    return tuple(map(max, zip(*shapes, strict=True)))


def _filler(blocks: Sequence[Array], is_full: bool) -> tuple[Any, Any]:
    """Return what stands where nothing is, and a dtype that can hold it."""
    dtypes = [block.dtype for block in blocks]
    same_kind = len({"n" if dtype.kind in "iufc" else dtype.kind for dtype in dtypes}) == 1
    dtype = np.result_type(*dtypes) if same_kind else np.dtype(object)
    if dtype.kind in "mM":
        return np.array("NaT", dtype), dtype
    wider = dtype if is_full else np.result_type(dtype, float) if dtype.kind in "iufc" else np.dtype(object)
    if not all(_are_kept(block, wider) for block in blocks):
        wider = np.dtype(object)
    return (np.zeros((), wider) if is_full else np.nan), wider


def _are_kept(block: Array, dtype: np.dtype[Any]) -> bool:
    """Tell whether a dtype holds the very integers of a block."""
    return block.dtype.kind not in "iu" or block.tolist() == block.astype(dtype).astype(object).tolist()
