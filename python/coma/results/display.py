# SPDX-License-Identifier: BSD-2-Clause
"""Results as short HTML tables, which notebooks show."""

from __future__ import annotations

import html
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from coma.results.tables import Table
from coma.text import cell, cut

_ROWS = 8
_WIDTH = 40


def result_html(result: Table) -> str:
    """Return the first rows of a result."""
    rows = zip(result.measurement_ids, *result.columns, strict=True)
    number = len(result.measurement_ids)
    return _table(str(result.parameters), ["id", *result.table_columns], rows, number)


def list_html(results: Sequence[Table]) -> str:
    """Return one row for each of the first results: its parameters, and how large its table is."""
    names = list(dict.fromkeys(name for result in results for name in result.parameters.names))
    rows = (
        [*(result.parameters.get(name) for name in names), len(result.measurement_ids), ", ".join(result.table_columns)]
        for result in results
    )
    return _table(f"{len(results)} results", [*names, "measurements", "columns"], rows, len(results))


def _table(caption: str, head: Iterable[str], rows: Iterable[Iterable[Any]], number: int) -> str:
    lines = [_row("th", head), *(_row("td", row) for row in itertools.islice(rows, _ROWS))]
    rest = f"<p>... {number - _ROWS} more</p>" if number > _ROWS else ""
    return f"<table><caption>{html.escape(caption)}</caption>{''.join(lines)}</table>{rest}"


def _row(tag: str, cells: Iterable[Any]) -> str:
    return "<tr>" + "".join(f"<{tag}>{html.escape(cut(cell(item), _WIDTH))}</{tag}>" for item in cells) + "</tr>"
