# SPDX-License-Identifier: BSD-2-Clause
"""Results as lines with names, and as short tables in notebooks."""

import sys
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

from matplotlib import pyplot as plt

import coma
from coma.results.retrieval import retrieve

TABLE = [("theta", "parameters/theta"), ("t", "results/t"), ("E", "results/E")]
BY = [("theta_0", "parameters/theta_0"), ("L", "parameters/L")]


@pytest.fixture
def rs():
    """Return results for two initial angles and two lengths, with three rows each."""
    points = [(theta_0, L, theta) for theta_0 in (-5, -30) for L in (1, 2) for theta in (1, 2, 3)]
    trees = [
        {
            "info": {"measurement_id": i},
            "parameters": {"theta_0": theta_0, "L": L, "theta": theta},
            "results": {"t": L * theta, "E": [theta, theta_0]},
        }
        for i, (theta_0, L, theta) in enumerate(points, 1)
    ]
    return retrieve(trees, TABLE, BY)


@pytest.fixture
def ax():
    """Return axes of a figure of their own."""
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def legend(axes):
    """Return the labels that the legend shows."""
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_a_result_is_one_line(rs, ax):
    """With the names of the columns at the axes; options go to matplotlib."""
    assert rs[1].plot("t", "theta", ax=ax, color="red") is ax
    (line,) = ax.lines
    assert (line.get_xdata().tolist(), line.get_ydata().tolist()) == ([2, 4, 6], [1, 2, 3])
    assert (ax.get_xlabel(), ax.get_ylabel(), line.get_color()) == ("t", "theta", "red")


def test_an_unfolded_list_is_several_lines(rs, ax):
    """One for each item."""
    rs[0].plot("theta", "E", ax=ax)
    assert [line.get_ydata().tolist() for line in ax.lines] == [[1, 2, 3], [-5, -5, -5]]


def test_the_current_axes_are_the_default(rs, ax):
    """So that two plots lie over each other."""
    plt.sca(ax)
    assert rs[0].plot("t", "theta") is rs[1].plot("t", "theta") is ax
    assert len(ax.lines) == 2


def test_a_list_is_one_line_for_each_result(rs, ax):
    """Labelled by all parameters."""
    rs.plot("t", "theta", ax=ax)
    assert legend(ax)[0] == "theta_0 = -5, L = 1"
    assert len(ax.lines) == 4


def test_lines_are_gathered_by_parameters(rs, ax):
    """What else varies is on the line; a parameter may be an axis."""
    rs[rs.L == 1].plot("t", "theta", by="theta_0", ax=ax)
    assert legend(ax) == ["theta_0 = -5", "theta_0 = -30"]
    ax.clear()
    points = retrieve(
        [{"T": T, "A": A, "E": T * A} for A in (1, 2) for T in (3, 4)],
        [("E", "E")],
        [("T", "T"), ("A", "A")],
    )
    points.plot("T", "E", ax=ax, marker="o")
    assert legend(ax) == ["A = 1", "A = 2"]
    assert [line.get_xydata().tolist() for line in ax.lines] == [[[3, 3], [4, 4]], [[3, 6], [4, 8]]]


def test_one_line_without_parameters_has_no_legend(ax):
    """There is nothing to tell apart."""
    rs = retrieve([{"x": x, "y": -x} for x in (1, 2)], [("x", "x"), ("y", "y")], [])
    rs.plot("x", "y", ax=ax)
    assert ax.get_legend() is None


def test_unknown_names_suggest(rs, ax):
    """Columns and parameters."""
    with pytest.raises(coma.PathError, match="no column 'thetas'; did you mean 'theta'"):
        rs.plot("t", "thetas", ax=ax)
    with pytest.raises(coma.PathError, match="no parameter 'l'; did you mean 'L'"):
        rs.plot("t", "theta", by="l", ax=ax)


def test_missing_matplotlib_is_named(rs, monkeypatch):
    """With the command that installs it."""
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(coma.ExperimentError, match=r"plot\(\) needs matplotlib: pip install 'coma-toolkit\[plot\]'"):
        rs.plot("t", "theta")


def rows(html):
    """Return the rows of the table as lists of text."""
    table = ElementTree.fromstring(f"<div>{html}</div>").find("table")
    return [[cell.text for cell in row] for row in table.iter("tr")]


def test_a_notebook_shows_the_first_rows(rs):
    """Ids, columns, and how many rows are not shown; text is escaped."""
    html = rs[0]._repr_html_()
    assert rows(html) == [["id", "theta", "t", "E_1", "E_2"], ["1", "1", "1", "1", "-5"], *rows(html)[2:]]
    trees = [{"info": {"measurement_id": i}, "x": "<b>" * 30} for i in range(20)]
    (r,) = retrieve(trees, [("x", "x")], [])
    assert len(rows(r._repr_html_())) == 9
    assert "... 12 more" in r._repr_html_()
    assert rows(r._repr_html_())[1][1].startswith("<b><b>")
    assert len(rows(r._repr_html_())[1][1]) == 40


def test_a_notebook_shows_a_list_by_its_parameters(rs):
    """One row for each result."""
    assert rows(rs._repr_html_())[:2] == [
        ["theta_0", "L", "measurements", "columns"],
        ["-5", "1", "3", "theta, t, E_1, E_2"],
    ]
    assert np.char.isnumeric(rows(rs._repr_html_())[1][2])
    assert rows(coma.ResultList()._repr_html_()) == [["measurements", "columns"]]
