# SPDX-License-Identifier: BSD-2-Clause
"""Results as lines, on matplotlib."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from coma.errors import PathError
from coma.results import optional
from coma.results.tables import Array, Table
from coma.text import suggestion
from coma.trees import identity


def plot(result: Table, x: str, y: str, ax: Any, options: Mapping[str, Any]) -> Any:
    """Draw one result, and return the axes."""
    axes = _axes(ax)
    axes.plot(result[x], result[y], **options)
    axes.set(xlabel=x, ylabel=y)
    return axes


def plot_list(
    results: Sequence[Table], x: str, y: str, by: Sequence[str] | None, ax: Any, options: Mapping[str, Any]
) -> Any:
    """Draw results, one line for each value of the parameters `by`, and return the axes."""
    lines = _lines(results, _all_but(results, x, y) if by is None else by)
    axes = _axes(ax)
    for label, members in lines:
        points = [np.concatenate([_values(result, name) for result in members]) for name in (x, y)]
        axes.plot(*points, **{"label": label, **options})
    axes.set(xlabel=x, ylabel=y)
    if any(label for label, _ in lines):
        axes.legend()
    return axes


def _axes(ax: Any) -> Any:
    pyplot = optional.load("matplotlib.pyplot", "plot", "plot()")
    return pyplot.gca() if ax is None else ax


def _all_but(results: Sequence[Table], x: str, y: str) -> list[str]:
    names = dict.fromkeys(name for result in results for name in result.parameters.names)
    return [name for name in names if name not in (x, y)]


def _lines(results: Sequence[Table], by: Sequence[str]) -> list[tuple[str, list[Table]]]:
    """Return the label and the results of each line, in the order of appearance."""
    lines: dict[Hashable, tuple[str, list[Table]]] = {}
    for result in results:
        values = [_parameter(result, name) for name in by]
        label = ", ".join(f"{name} = {value}" for name, value in zip(by, values, strict=True))
        lines.setdefault(identity.key(values), (label, []))[1].append(result)
    return list(lines.values())


def _values(result: Table, name: str) -> Array:
    """Return a column, or a parameter once for each row."""
    asked = [column for column, _ in result.table_definition]
    if result.parameters.has(name) and name not in (*asked, *result.table_columns):
        return np.full(len(result.measurement_ids), result.parameters.get(name))
    return result[name]


def _parameter(result: Table, name: str) -> Any:
    if not result.parameters.has(name):
        raise PathError(f"no parameter {name!r}{suggestion(name, result.parameters.names)}")
    return result.parameters.get(name)
