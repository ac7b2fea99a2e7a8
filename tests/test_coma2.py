# SPDX-License-Identifier: BSD-2-Clause
"""Directories that Coma 2.0 wrote, read as Coma 2.0 read them; where it lost something, what it lost as well."""

import json
import math
import re
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest

import coma
from coma.errors import ExperimentError, PathError
from coma.trees import path as paths
from coma.trees.equality import equal
from coma.trees.view import plain

GOLDEN = Path(__file__).parent / "golden" / "coma2"
CASES = sorted(file.name.removesuffix(".expected.json") for file in GOLDEN.glob("*.expected.json"))

BETTER = {  # where the original fails for reasons of its own, and we do not
    ("lists_json", "results/dict"): "a dictionary can be a parameter",
    ("numpy_json", "results/a1"): "an array can be a parameter",
    ("numpy_json", "results/strs"): "an array of strings can be read by path",
    ("lists_json", ()): "an empty path is the whole tree, as text and in parts",
    ("strings_json", "results/s/k59"): "no string stands for 'not found'",
    ("scalars_xml", "results/true"): "a bool that XML had made a string is a bool again",
    ("odd_keys_json", "results/5"): "a key of digits is a key",
    ("odd_keys_json", "ints/1"): "a key of digits is a key",
    ("odd_keys_json", "results/a/b"): "a key with a slash is reached by its text",
    ("odd_keys_json", ("results", "a/b")): "a path in parts reaches a key with a slash",
    ("list_parameters", (1, 2)): "a list equals a tuple, as a parameter and in a filter",
}


@pytest.fixture
def opened(tmp_path):
    """Return a function that opens a copy of a case, as (experiment, expectation)."""

    def open_case(case):
        expected = json.loads((GOLDEN / f"{case}.expected.json").read_text())
        shutil.copytree(GOLDEN / case, tmp_path / case)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return coma.Experiment(
                tmp_path / case, id=expected["open"]["id"], config=expected["open"]["config"]
            ), expected

    return open_case


@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_directory_reads_as_coma_2_read_it(case, opened):
    """Trees, ids, dates, tables, filters and paths are those of the original, and reading changes no file."""
    experiment, expected = opened(case)
    before = snapshot(experiment.directory)
    check_experiment(experiment, expected)
    check_measurements(experiment, expected)
    results = [check_retrieval(experiment, call, case) for call in expected.get("retrieve") or []]
    for call in expected.get("filters") or []:
        check_filter(results[call["retrieve"]], call, case)
    for call in expected.get("paths") or []:
        check_path(experiment, call, case)
    assert snapshot(experiment.directory) == before


def test_every_public_case_is_here():
    """The corpus holds 35 cases, each with its expectation and its directory."""
    assert len(CASES) == 35
    assert all((GOLDEN / case).is_dir() for case in CASES)


def test_a_measurement_in_two_equal_files_is_read_once(opened):
    """One warning names both files."""
    experiment, _ = opened("both_formats_of_one")
    with pytest.warns(UserWarning, match=r"(?s)same measurement twice.*000002\.json.*000002\.xml"):
        assert [m.id for m in experiment.measurements()] == [1, 2, 3]


def test_a_dictionary_named_like_a_list_is_read(opened):
    """{"count": 5} in XML is a dictionary."""
    experiment, _ = opened("odd_keys_xml_crash")
    assert [m["results"] for m in experiment.measurements()] == [{"count": 5}]


def test_an_empty_measurement_file_is_left_out_and_measured_again(opened):
    """What a crash left empty is named in one warning, and a run replaces what is missing."""
    experiment, _ = opened("unicode_xml_crash")
    with pytest.warns(UserWarning, match=r"1 damaged .*measurement\.000002\.xml") as caught:
        assert [m.id for m in experiment.measurements()] == [1]
    assert len(caught) == 1


def test_digits_that_an_interrupted_archiving_cut_are_read_from_the_files(opened):
    """The archive has 12 digits, the files beside it 17; deactivating again completes the archive with all."""
    experiment, _ = opened("mixed_deactivate_fails")
    with pytest.warns(UserWarning, match="3 measurement file"):
        assert [m.parameters.x for m in experiment.measurements()] == [0.0, 1 / 3, 2 / 3]
    experiment.deactivate()
    assert sorted(snapshot(experiment.directory)) == ["experiment.000004.xml"]
    assert [m.parameters.x for m in experiment.measurements()] == [0.0, 1 / 3, 2 / 3]


@pytest.mark.parametrize("case", ["nan_deactivate_fails_xml", "numpy_empty_deactivate_fails"])
def test_an_interrupted_archiving_is_completed(case, opened):
    """NaN and empty arrays, over which the original stumbled, are archived."""
    experiment, _ = opened(case)
    experiment.deactivate()
    assert len(snapshot(experiment.directory)) == 1
    experiment.activate()
    assert len(snapshot(experiment.directory)) == 3


def test_a_lost_index_is_replaced(opened):
    """Without index, the highest id counts: nothing is lost, and a new measurement does not take id 0."""
    experiment, _ = opened("no_index")
    with pytest.warns(UserWarning, match=r"measurement\.index\.json.* is missing"):
        assert [m.id for m in experiment.measurements()] == [1, 2, 3]
    with pytest.warns(UserWarning, match="is missing"):
        assert experiment.new_measurement().id == 4


@pytest.mark.slow
def test_a_lock_left_behind_by_coma_2_is_taken_over(opened):
    """An empty lock file of a program that died blocks no run."""
    experiment, _ = opened("stale_lock")
    with pytest.warns(UserWarning, match=r"measurement\.index\.json\.lock.* left behind"):
        assert experiment.new_measurement().id == 3


def test_a_lone_backup_is_the_experiment(tmp_path):
    """An experiment file that a crash left as a backup alone is read, and restored by saving."""
    shutil.copytree(GOLDEN / "inactive_json", tmp_path / "e")
    file = tmp_path / "e" / "experiment.000001.json"
    file.rename(tmp_path / "e" / "experiment.000001.json.backup")
    with pytest.warns(UserWarning, match="backup"):
        experiment = coma.Experiment(tmp_path / "e")
    assert (experiment.id, experiment.isactive(), experiment.number_of_measurements()) == (1, False, 60)
    assert not file.exists()
    experiment.save()
    assert coma.Experiment(tmp_path / "e").number_of_measurements() == 60


def test_parameters_cut_to_12_digits_are_found_again(opened):
    """A sweep whose XML parameters lost digits has nothing to compute."""
    experiment, _ = opened("xml_resume_recomputes")
    experiment.define_parameter_set(("x", "parameters/x"), ("y", "parameters/y"))
    for i in range(4):
        experiment.add_parameter_set(i / 3, 1)
    assert experiment.run(never) == (0, 4)


def test_stale_files_are_neither_read_nor_overwritten_nor_adopted(opened):
    """Adding a measurement beside them is refused, with the remedy; the original used up an id, and adopted one."""
    experiment, _ = opened("stale_files")
    before = snapshot(experiment.directory)
    with pytest.raises(ExperimentError, match=r"2 measurement file.*000005.* lie above the index, 4;.* or move them"):
        experiment.new_measurement()
    assert snapshot(experiment.directory) == before


@pytest.mark.parametrize("format", ["json", "xml"])
def test_what_we_write_is_laid_out_as_coma_2_did(format, tmp_path, monkeypatch):
    """Apart from dates and from digits that XML had lost, a run of the tutorial leaves the same files."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    golden = GOLDEN / f"tutorial_{format}"
    stored = {m.parameters.theta_0: {} for m in coma.Experiment(golden).measurements()}
    for m in coma.Experiment(golden).measurements():
        stored[m.parameters.theta_0][m.parameters.theta] = m.results
    config = {"archive_default_format": format, "record_environment": False}
    experiment = coma.Experiment(tmp_path / "e", id=1, config=config)
    experiment.define_parameter_set(("theta_0", "parameters/theta_0"), ("theta", "parameters/theta"))
    for theta_0, row in stored.items():
        for theta in row:
            experiment.add_parameter_set(theta_0, theta)
    experiment.run(
        lambda p: {
            "parameters": {"theta_0": p.theta_0, "theta": p.theta, "L": 1.0},
            "results": stored[p.theta_0][p.theta],
        }
    )
    assert undated(snapshot(experiment.directory)) == undated(snapshot(golden))


def never(p):
    """Fail, as nothing is to be computed."""
    raise AssertionError(p)


def undated(files):
    """Return file contents without what the clock decided, and without blanks at the end."""
    return {name: re.sub(rb"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"DATE", text).rstrip() for name, text in files.items()}


def snapshot(directory):
    """Return the name and content of every file."""
    return {file.name: file.read_bytes() for file in Path(directory).iterdir()}


def check_experiment(experiment, expected):
    stored = expected.get("experiment")
    if stored:
        found = [getattr(experiment, name) for name in ("id", "description", "tags", "start_date", "end_date")]
        assert found == [stored[name] for name in ("id", "description", "tags", "start_date", "end_date")]
        assert experiment.isactive() == stored["active"]


def check_measurements(experiment, expected):
    found = {m.id: m for m in experiment.measurements()}
    for stored in expected.get("measurements") or []:
        measurement = found[stored["id"]]
        assert (measurement.start_date, measurement.end_date) == (stored["start_date"], stored["end_date"])
        tree = decoded(stored["data"])
        for path, value in mended(expected, stored["id"]):
            paths.set_(tree, path, value)
        assert equal(measurement.tree, tree)
    if not expected.get("original_read_fails") and expected["case"] != "no_index":
        assert len(found) == len(expected["measurements"]) == expected["number_of_measurements"]
        assert experiment.number_of_measurements() == len(found)
    if expected.get("str_of_first_measurement"):
        assert str(found[1]) == expected["str_of_first_measurement"].replace("u'", "'")


def mended(expected, number):
    """Yield path and value of what the original lost and we recover.

    A bool that XML had made a string, and digits that are still in a file beside an archive that cut them.
    """
    interrupted = expected["case"] == "mixed_deactivate_fails"
    for put, read in zip(expected.get("put") or [], expected.get("original_reads") or [], strict=True):
        if put[0] == number and (interrupted or (isinstance(put[2], bool) and read[2] == str(put[2]))):
            yield put[1], put[2]


def check_retrieval(experiment, call, case):
    table = [tuple(item) for item in call["table_definition"]]
    by = [tuple(item) for item in call["parameter_set_definition"]]
    results = None
    try:
        results = experiment.retrieve_results(table, by)
    except ExperimentError:
        assert "raises" in call
    if any((case, path) in BETTER for _, path in table + by):
        assert results
    elif "raises" in call:
        assert results is None
    else:
        assert len(results) == len(call["results"])
        for result, stored in zip(results, call["results"], strict=True):
            check_result(result, stored)
    return results


def check_result(result, stored):
    assert list(result.table_columns) == stored["columns"]
    assert list(result.measurement_ids) == stored["measurement_ids"]
    assert list(result.table.shape) == stored["shape"]
    for name, path, value in stored["parameters"]:
        assert equal(result.parameters.get(name), decoded(value))
        assert equal(result.parameters[path], decoded(value))
    assert same_cells(result.table, stored["table"])


def same_cells(table, stored):
    """Compare cell by cell; where the original turned all cells into strings, as strings."""
    if isinstance(stored, list):
        return len(table) == len(stored) and all(map(same_cells, table, stored))
    value = table.item() if isinstance(table, np.generic) else table
    wanted = decoded(stored)
    if isinstance(wanted, float) and isinstance(value, float):
        return value == wanted or (math.isnan(value) and math.isnan(wanted))
    return equal(value, wanted) or value == wanted or (isinstance(wanted, str) and str(value) == wanted)


def check_filter(results, call, case):
    value = decoded(call["value"])
    if results and not results[0].parameters.has(call["name"]):
        with pytest.raises(PathError, match="no parameter"):  # the original returned an empty list
            results[call["name"], value]
        return
    chosen = [results.index(result) for result in results[call["name"], value]]
    better = (case, tuple(value) if isinstance(value, list) else value) in BETTER
    assert chosen == ([0] if better else call["matching"])


def check_path(experiment, call, case):
    measurement = next(m for m in experiment.measurements() if m.id == call["id"])
    path = decoded(call["path"])
    if (case, tuple(path) if isinstance(path, list) else path) in BETTER:
        assert measurement.has(path)
    elif "raises" in call:
        with pytest.raises((PathError, IndexError)):
            measurement[path]
    else:
        assert equal(plain(measurement[path]), decoded(call["value"]))


def decoded(value):
    """Return a typed value of the expectations as Python's own."""
    if isinstance(value, list):
        return [decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$float" in value:
        return float(value["$float"])
    if "$tuple" in value:
        return tuple(decoded(item) for item in value["$tuple"])
    if "$ndarray" in value:
        array = value["$ndarray"]
        return np.array(decoded(array["data"]), dtype=array["dtype"]).reshape(array["shape"])
    return {key: decoded(item) for key, item in value.items()}
