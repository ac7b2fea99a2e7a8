# SPDX-License-Identifier: BSD-2-Clause
"""One measurement, in memory or in a file."""

import json
import pickle
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from helpers import square, sweep

import coma
from coma import MemoryMeasurement
from coma.storage.measurement import compose


@pytest.fixture
def m(directory):
    """Return the second measurement of an experiment on disk."""
    e = sweep(directory, 3)
    e.run(square)
    return list(e.measurements())[1]


def test_three_ways_lead_to_one_item(m):
    """``m['a']['b']``, ``m['a/b']`` and ``m.a.b``."""
    assert m["results"]["y"] == m["results/y"] == m.results.y == 1.0
    assert (m.id, m["info/measurement_id"], m.info.measurement_id) == (2, 2, 2)
    assert (list(m), m.keys()) == (["info", "parameters", "results"],) * 2
    assert m.has("results/y")
    assert "results/z" not in m
    assert m.get("results/z", 5) == 5
    assert {"results", "archive", "save"} <= set(dir(m))


def test_writing_through_views_is_saved(m):
    """In each of the three ways, making branches on the way; other keys stay as they are."""
    m.parameters.layout = {}
    m.parameters.layout.boas = 1
    m["results/deep/er"] = np.array([1.5])
    m["results"]["list"] = [1, (2,)]
    m.comment = "text"
    del m["results/y"]
    m.save()
    stored = json.loads(Path(m.archive.filename).read_text())["measurement"]
    assert stored["parameters"] == {"x": 1.0, "layout": {"boas": 1}}
    assert stored["comment"] == "text"
    assert stored["results"]["list"] == [1, [2]]
    again = coma.FileMeasurement(m.archive)
    assert again.results.deep.er.tolist() == [1.5]
    assert "y" not in again.results


def test_load_forgets_what_was_not_saved(m):
    """The file is read again."""
    m.results.y = 7
    m.load()
    assert m.results.y == 1.0


def test_what_is_not_there_is_named(m):
    """KeyError for paths, AttributeError for attributes."""
    with pytest.raises(coma.PathError, match="results has no item 'z'; there is 'y'"):
        m["results/z"]
    with pytest.raises(AttributeError, match="did you mean 'results'"):
        _ = m.result
    assert not hasattr(m, "__array__")


def test_dates_are_utc_in_whole_seconds(m):
    """They are the time of the work."""
    assert m.start_date <= m.end_date
    date = datetime.strptime(m.end_date, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - date) < timedelta(hours=1)
    m.start()
    m.end()
    assert m.info.start_date == m.start_date <= m.end_date


def test_it_prints_as_in_coma_2(m):
    """Its id, its dates and its branches."""
    assert str(m) == (
        f"Measurement 2\n  start_date: {m.start_date}\n  end_date: {m.end_date}\n"
        "  Fields: ['info', 'parameters', 'results']\n"
    )
    assert repr(m) == "<FileMeasurement 2: info, parameters, results>"


def test_it_pickles(m):
    """With all that it holds."""
    other = pickle.loads(pickle.dumps(m))
    assert (other.tree, other.archive.filename) == (m.tree, m.archive.filename)


def test_a_tree_without_info_can_be_looked_at():
    """There is just no id."""
    m = MemoryMeasurement({"results": {"t": 1}})
    assert (m.id, m.start_date, m.results.t) == (None, None, 1)
    m.start()
    assert m.info.start_date == m.start_date


def test_info_comes_first_and_in_order():
    """Whatever order a program wrote it in."""
    info = {"host": "a", "version": "1", "program": "p", "measurement_id": 9}
    tree = compose({"results": {}, "info": info}, end_date="e", start_date="s", measurement_id=3)
    assert list(tree) == ["info", "results"]
    assert list(tree["info"]) == ["measurement_id", "start_date", "end_date", "program", "version", "host"]
    assert tree["info"]["measurement_id"] == 3
    assert info["measurement_id"] == 9
