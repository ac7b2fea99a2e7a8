# SPDX-License-Identifier: BSD-2-Clause
"""Experiments: created, opened, defined, run, resumed."""

import json
import math
import os
import subprocess
import sys
import threading
import warnings
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from helpers import environment, kill, names, powerless, run, snapshot, square, start, sweep, until

import coma


def pendulum(p):
    """Return the small-angle time of a pendulum."""
    t = math.sqrt(1 / 9.81) * math.acos(p.theta / p.theta_0)
    return {"parameters": {"theta_0": p.theta_0, "theta": p.theta}, "results": {"t": t}}


def sixty(directory):
    """Return the experiment of the introduction, with its 60 points."""
    e = coma.Experiment(directory)
    e.define_parameter_set(("theta_0", "parameters/theta_0"), ("theta", "parameters/theta"))
    for theta_0 in [-5.0, -30.0, -60.0]:
        for theta in np.linspace(theta_0, -theta_0, 20):
            e.add_parameter_set(theta_0, round(theta, 4))
    return e


def xs(e):
    """Return x of each measurement."""
    return [m.parameters.x for m in e.measurements()]


class Wrapped(coma.Experiment):
    """An experiment with the hook of Coma 2.0."""

    def run_measurement(self, function, parameter_set):
        """Add a note to every result."""
        return {**function(parameter_set), "note": f"x is {parameter_set.x}"}


# --- create and open


def test_a_new_experiment_is_a_directory_with_two_files(directory):
    """The experiment file and the index; the id is None without a global index."""
    e = coma.Experiment(directory / "deep", description="d", tags=["a", "b"])
    assert names(directory / "deep") == ["experiment.none.json", "measurement.index.json"]
    assert (e.id, e.description, e.tags, e.start_date, e.end_date) == (None, "d", ["a", "b"], None, None)
    assert (e.isactive(), e.number_of_measurements(), list(e.measurements())) == (True, 0, [])
    tree = json.loads((directory / "deep" / "experiment.none.json").read_text())
    assert list(tree["experiment"]["info"]) == ["experiment_id", "description", "tags", "start_date", "end_date"]


def test_ids_come_from_the_argument_or_the_global_index(directory, config_home):
    """The global index counts once it was created."""
    assert coma.Experiment(directory / "a", id=7).id == 7
    assert names(directory / "a")[0] == "experiment.000007.json"
    coma.create_default_config()
    assert [coma.Experiment(directory / name).id for name in "bcdb"] == [1, 2, 3, 1]
    assert coma.Experiment(directory / "e", id=99).id == 99
    assert coma.Experiment(directory / "f").experiment_index.read() == 4
    assert json.loads((config_home / "experiment.index.json").read_text()) == {"experiments": {"last_experiment_id": 4}}


def test_opening_changes_nothing(directory):
    """Neither does reading, nor a run with nothing to do."""
    sweep(directory).run(square)
    before = snapshot(directory)
    e = sweep(directory)
    assert e.run(square) == (0, 4)
    e.retrieve_results([("x", "parameters/x")])
    str(e), repr(e)
    assert snapshot(directory) == before


def test_processes_that_create_an_experiment_at_once_create_one(directory, script):
    """Even where the global index gives each of them an id."""
    coma.create_default_config()
    code = script("import coma, sys; print(coma.Experiment(sys.argv[1]).id)")
    printed = []
    threads = [threading.Thread(target=lambda: printed.append(run(code, directory))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert printed == ["1\n"] * 4
    assert names(directory) == ["experiment.000001.json", "measurement.index.json"]


def test_description_tags_and_dates_are_kept(directory):
    """What is given when it is opened again replaces what was there; save() writes, load() forgets."""
    e = coma.Experiment(directory, description="one", tags=["a"])
    e.description = "two"
    e.tags.append("b")
    e.save()
    e.description = "forgotten"
    e.load()
    assert (e.description, coma.Experiment(directory).tags) == ("two", ["a", "b"])
    assert coma.Experiment(directory, description="three").description == "three"
    other = coma.Experiment(directory / "other")
    other.tags.append("x")
    assert coma.Experiment(directory / "third").tags == []


def test_it_prints_what_it_is(directory):
    """Its id, state, directory and number of measurements."""
    e = sweep(directory)
    e.run(square)
    assert "Experiment None (active)" in str(e)
    assert str(directory) in str(e)
    assert "measurements: 4" in str(e)
    assert repr(e) == f"Experiment({str(directory)!r})"


def test_the_configuration_names_files_and_format(directory):
    """For one experiment, by its argument."""
    config = {
        "experiment_file": "exp_${experiment_id}",
        "measurement_file": "data.(${measurement_id})+",
        "measurement_index": "data.idx",
        "archive_default_format": "xml",
    }
    e = sweep(directory, 2, config)
    assert e.run(square) == (2, 2)
    expected = ["data.(000001)+.xml", "data.(000002)+.xml", "data.idx.xml", "exp_none.xml"]
    assert names(directory) == expected
    assert sweep(directory, 2, config).run(square) == (0, 2)


def test_importing_needs_none_of_the_extras(script):
    """IPython, ipyparallel, pandas, xarray and matplotlib are imported where they are used."""
    code = script(
        """
        import coma, sys
        print([m for m in ("IPython", "ipyparallel", "pandas", "xarray", "matplotlib") if m in sys.modules])
        """
    )
    assert run(code) == "[]\n"


# --- define, run, resume


def test_the_sixty_points_of_the_introduction(directory, script):
    """All are run, then none, then the one that was deleted; also by a new process."""
    e = sixty(directory)
    assert (e.run(pendulum), e.run(pendulum), e.number_of_measurements()) == ((60, 60), (0, 60), 60)
    assert names(directory) == [
        "experiment.none.json",
        *(f"measurement.{i:06d}.json" for i in range(1, 61)),
        "measurement.index.json",
    ]
    (directory / "measurement.000017.json").unlink()
    code = script(
        """
        import sys
        from test_experiment import pendulum, sixty
        e = sixty(sys.argv[1])
        print(e.run(pendulum), e.run(pendulum), e.number_of_measurements())
        """
    )
    assert run(code, directory) == "(1, 60) (0, 60) 60\n"
    assert not (directory / "measurement.000017.json").exists()
    assert (directory / "measurement.000061.json").exists()


def test_a_measurement_file_is_the_documented_one(directory):
    """Its info with id and dates comes first, then what the function returned."""
    e = sweep(directory, 1)
    e.run(square)
    m = next(iter(e.measurements()))
    assert (directory / "measurement.000001.json").read_text() == (
        '{\n  "measurement": {\n    "info": {\n      "measurement_id": 1,\n'
        f'      "start_date": "{m.start_date}",\n      "end_date": "{m.end_date}"\n'
        '    },\n    "parameters": {\n      "x": 0.0\n    },\n    "results": {\n      "y": 0.0\n    }\n  }\n}'
    )
    assert (e.start_date, e.end_date) == (coma.Experiment(directory).start_date, coma.Experiment(directory).end_date)
    assert e.start_date <= m.start_date


def test_a_point_that_is_added_twice_is_measured_once(directory):
    """Equal is what is the same value: 1 and 1.0, 0.1 + 0.2 and 0.3, NaN and NaN; not True."""
    e = sweep(directory, 0)
    for x in (
        1,
        1.0,
        np.int8(1),
        True,
        0.3,
        0.1 + 0.2,
        math.nan,
        np.float32("nan"),
        0.0,
        -0.0,
        "1",
        None,
        (1, 2),
        [1, 2],
    ):
        e.add_parameter_set(x)
    e.add_parameter_set(x=np.array([1, 2]))

    def same(p):
        return {"parameters": {"x": p.x}}

    assert e.run(same) == (8, 8)
    again = sweep(directory, 0)
    for x in (math.nan, (1, 2), None, "1", 0.1 + 0.2, True, 1.0, -0.0):
        again.add_parameter_set(x)
    assert again.run(same) == (0, 8)


@pytest.mark.parametrize("format", ["json", "xml"])
@pytest.mark.parametrize(
    "x",
    [
        [1, 2.5],
        [],
        "12",
        "",
        " a",
        "True",
        None,
        True,
        False,
        math.nan,
        -math.inf,
        10**30,
        0.1 + 0.2,
        {"a": [1]},
        {},
        1e-320,
        "ü\n",
        np.arange(3.0),
        1j,
        b"\0",
    ],
    ids=repr,
)
def test_a_parameter_of_any_kind_is_found_again(directory, format, x):
    """What a file holds is the value that was asked for."""

    def same(p):
        return {"parameters": {"x": p.x}}

    for expected in (1, 0):
        e = sweep(directory, 0, {"archive_default_format": format})
        e.add_parameter_set(x)
        assert e.run(same) == (expected, 1)
    e.deactivate()
    assert sweep(directory, 0).number_of_measurements() == 1


def test_parameters_can_be_named(directory):
    """In any order, after those that are not."""
    e = coma.Experiment(directory)
    e.define_parameter_set(("a", "parameters/a"), ("b", "parameters/deep/b"))
    e.add_parameter_set(1, b=2)
    e.add_parameter_set(b=2, a=1)
    e.add_parameter_set(b=3, a=1)
    seen = []

    def look(p):
        seen.append((p.a, p.b))
        return {"parameters": {"a": p.a, "deep": {"b": p.b}}}

    assert e.run(look) == (2, 2)
    assert seen == [(1, 2), (1, 3)]


def test_digits_say_which_floats_are_the_same(directory):
    """For all parameters or for one; None is exact."""
    e = coma.Experiment(directory)
    e.define_parameter_set(("x", "parameters/x"), digits={"x": 3})
    e.add_parameter_set(1.2341)
    e.add_parameter_set(1.2344)
    assert e.run(square) == (1, 1)
    e.clear_parameter_sets()
    e.define_parameter_set(("x", "parameters/x"), digits=None)
    for x in (0.3, 0.1 + 0.2):
        e.add_parameter_set(x)
    assert e.run(square) == (2, 2)


def test_parameter_sets_can_be_cleared(directory):
    """Measurements stay, and others can be defined."""
    e = sweep(directory)
    e.run(square)
    e.clear_parameter_sets()
    assert e.run(square) == (0, 0)
    e.define_parameter_set(("y", "parameters/y"))
    e.add_parameter_set(1)
    assert e.number_of_measurements() == 4
    assert e.run(lambda p: {"parameters": {"y": p.y}}) == (1, 1)


@pytest.mark.slow
def test_a_run_that_was_killed_is_resumed(directory, script):
    """After kill -9 at any moment every finished point is there, whole, and the next run does the rest."""
    code = script(
        """
        import sys, time
        from helpers import square, sweep
        sweep(sys.argv[1], 200).run(lambda p: time.sleep(0.002) or square(p), workers=int(sys.argv[2]) or None)
        """
    )
    done = 0
    for workers, more in [(0, 1), (0, 7), (0, 12), (2, 20)]:
        process = start(code, directory, workers)
        until(
            lambda goal=done + more, process=process: (
                len(list(directory.glob("measurement.0*"))) >= goal or process.poll() is not None
            )
        )
        kill(process)
        e = sweep(directory, 200)
        found = xs(e)
        assert len(found) == len(set(found)) >= done + more
        done = len(found)
    assert e.run(square) == (200 - done, 200)
    assert sorted(xs(e)) == [float(i) for i in range(200)]


def test_the_hook_wraps_every_call(directory):
    """An overridden run_measurement is called here and on workers."""
    for index, workers in enumerate((None, 2)):
        e = Wrapped(directory / str(index))
        e.define_parameter_set(("x", "parameters/x"))
        e.add_parameter_set(3.0)
        e.run(square, workers=workers)
        assert [m.note for m in e.measurements()] == ["x is 3.0"]


# --- what a function may do


def test_a_function_may_change_the_current_directory(directory, tmp_path, monkeypatch):
    """An experiment in a relative directory stays where it is."""
    monkeypatch.chdir(tmp_path)
    e = sweep(Path(directory.name))

    def wander(p):
        monkeypatch.chdir("/")
        return square(p)

    assert e.run(wander) == (4, 4)
    assert (e.number_of_measurements(), len(names(directory))) == (4, 6)


def test_a_function_may_give_info_but_not_the_id(directory):
    """Its own items follow; program and version are taken from an object."""

    class Simulation:
        program = "pendulum"
        version = "0.1"

        def __init__(self, p):
            self.p = p

        def coma_getstate(self):
            return {"results": {"y": 1}, "parameters": {"x": self.p.x}, "info": {"host": "h", "measurement_id": 77}}

    e = sweep(directory, 1)
    e.run(Simulation)
    tree = json.loads((directory / "measurement.000001.json").read_text())["measurement"]
    assert list(tree) == ["info", "results", "parameters", "__class__"]
    assert list(tree["info"]) == ["measurement_id", "start_date", "end_date", "program", "version", "host"]
    assert (tree["info"]["measurement_id"], tree["info"]["program"]) == (1, "pendulum")
    assert tree["__class__"].endswith("Simulation")


def test_a_result_without_its_parameters_warns(directory):
    """Each path once: such a point would be measured again by every run."""
    e = sweep(directory, 3)
    with pytest.warns(
        UserWarning, match=r"has nothing at 'parameters/x', where 0\.0 was expected; it will be"
    ) as caught:
        assert e.run(lambda _: {"results": {"y": 1}}) == (3, 3)
    assert len(caught) == 1
    with pytest.warns(UserWarning, match=r"has 5 at 'parameters/x', where 0\.0 was expected"):
        assert e.run(lambda _: {"parameters": {"x": 5}}) == (3, 3)


def test_what_a_function_returns_can_be_changed_afterwards(directory):
    """The file holds what it was when it was returned."""
    shared = {"parameters": {}, "results": {"y": []}}

    def reuse(p):
        shared["parameters"]["x"] = p.x
        shared["results"]["y"].append(p.x)
        return shared

    e = sweep(directory, 3)
    e.run(reuse)
    assert [m.results.y for m in e.measurements()] == [[0.0], [0.0, 1.0], [0.0, 1.0, 2.0]]
    assert "info" not in shared


# --- failures


def picky(p):
    """Fail for odd x."""
    if p.x % 2:
        raise ValueError(f"{p.x} is odd")
    return square(p)


@pytest.mark.parametrize("workers", [None, 2])
def test_points_that_fail_do_not_stop_the_others(directory, workers):
    """They come in one ExceptionGroup, each with its parameter set; the next run does the rest only."""
    e = sweep(directory, 5)
    with pytest.raises(ExceptionGroup, match="2 of 5 measurements failed") as caught:
        e.run(picky, workers=workers)
    assert sorted((type(error), str(error)) for error in caught.value.exceptions) == [
        (ValueError, "1.0 is odd"),
        (ValueError, "3.0 is odd"),
    ]
    for error in caught.value.exceptions:
        assert f"for the parameter set (x={float(str(error).split()[0])})" in error.__notes__
    assert sorted(xs(e)) == [0.0, 2.0, 4.0]
    assert sweep(directory, 5).run(square) == (2, 5)


def test_keep_going_can_be_switched_off(directory):
    """The first failure stops the run; what was measured before stays."""
    e = sweep(directory, 5)
    with pytest.raises(ExceptionGroup, match="1 of 5"):
        e.run(picky, keep_going=False)
    assert xs(e) == [0.0]
    assert e.run(square) == (4, 5)


@pytest.mark.parametrize(
    ("returned", "error", "text"),
    [
        (None, coma.ExperimentError, r"strange returned None for \(x=1\.0\); it must return a dictionary such as"),
        (1.5, coma.ExperimentError, r"strange returned 1\.5 \(a float\) for"),
        ("text", coma.ExperimentError, r"strange returned 'text' \(a str\)"),
        ([1], coma.ExperimentError, r"strange returned \[1\] \(a list\)"),
        (np.float64(1), coma.ExperimentError, r"strange returned np\.float64\(1\.0\)"),
        (np.zeros(3), coma.ExperimentError, r"strange returned array"),
        (Path("a"), coma.ExperimentError, r"strange returned PosixPath\('a'\) \(a PosixPath\)"),
        (date(2024, 1, 2), coma.ExperimentError, r"strange returned datetime\.date"),
        (np.datetime64(1, "s"), coma.ExperimentError, r"strange returned np\.datetime64"),
        (1j, coma.ExperimentError, r"strange returned 1j \(a complex\)"),
        (b"a", coma.ExperimentError, r"strange returned b'a'"),
        ({1, 2}, coma.SerializerError, r"cannot store the tree, a builtins\.set: convert it to"),
        ((i for i in [1]), coma.SerializerError, r"cannot store the tree, a builtins\.generator"),
        ({"results": {1: 2}}, coma.SerializerError, r"key 1 in 'results'"),
        ({"results": {"s": {1}}}, coma.SerializerError, r"cannot store 'results/s', a builtins\.set"),
        ({"info": 5}, coma.ExperimentError, r"strange returned 'info' that is no dictionary"),
        ({"results": 10**5000}, coma.SerializerError, r"more than \d+ digits"),
    ],
)
def test_what_cannot_be_saved_fails_for_its_point_alone(directory, returned, error, text):
    """The error says what the function must return; the other points are saved, and no broken file is left."""

    def strange(p):
        return square(p) if p.x != 1.0 else returned

    e = sweep(directory, 3)
    with pytest.raises(ExceptionGroup) as caught:
        e.run(strange)
    (only,) = caught.value.exceptions
    with pytest.raises(error, match=text):
        raise only
    assert xs(e) == [0.0, 2.0]
    assert [n for n in sorted(names(directory)) if n.startswith("measurement.0")] == [
        "measurement.000001.json",
        "measurement.000003.json",
    ]


def test_what_xml_cannot_hold_fails_for_its_point_alone(directory):
    """The others are saved all the same."""

    def strange(p):
        return {**square(p), "odd key" if p.x == 1.0 else "key": 1}

    e = sweep(directory, 3, {"archive_default_format": "xml"})
    with pytest.raises(ExceptionGroup) as caught:
        e.run(strange)
    (only,) = caught.value.exceptions
    with pytest.raises(coma.XMLArchiveError, match=r"key 'odd key' in 'measurement' is no XML name"):
        raise only
    assert "for the parameter set (x=1.0)" in only.__notes__
    assert xs(e) == [0.0, 2.0]


def test_ctrl_c_keeps_what_was_measured(directory):
    """The interrupt comes through at once."""
    e = sweep(directory, 5)

    def interrupted(p):
        if p.x == 2.0:
            raise KeyboardInterrupt
        return square(p)

    with pytest.raises(KeyboardInterrupt):
        e.run(interrupted)
    assert xs(e) == [0.0, 1.0]
    assert e.run(square) == (3, 5)


# --- wrong use: each error before anything is written


@pytest.mark.parametrize(
    ("wrong", "error", "text"),
    [
        (lambda e: e.add_parameter_set(), coma.ParameterSetError, r"expected 1 values, for 'x'; got 0"),
        (lambda e: e.add_parameter_set(1, 2), coma.ParameterSetError, r"expected 1 values, for 'x'; got 2: \(1, 2\)"),
        (lambda e: e.add_parameter_set(z=1), coma.ParameterSetError, r"unknown or repeated parameters z; there is x"),
        (lambda e: e.add_parameter_set(1, x=1), coma.ParameterSetError, r"unknown or repeated parameters x"),
        (lambda e: e.add_parameter_set({1, 2}), coma.ParameterSetError, r"'x' is a set, which cannot be stored"),
        (lambda e: e.add_parameter_set(object()), coma.ParameterSetError, r"'x' is a object, which cannot be stored"),
        (lambda e: e.add_parameter_set(iter([1])), coma.ParameterSetError, r"'x' is a list_iterator"),
        (lambda e: e.add_parameter_set([np.ma.masked]), coma.ParameterSetError, r"a masked array loses its mask"),
        (lambda e: e.add_parameter_set(10**5000), coma.ParameterSetError, r"more than \d+ digits"),
        (lambda e: e.add_parameter_set({1: 2}), coma.ParameterSetError, r"keys must be strings"),
        (lambda e: e.define_parameter_set(("y", "p/y")), coma.ParameterSetError, r"4 parameter sets are defined by"),
        (lambda e: e.run(square, workers=-1), coma.ExperimentError, r"workers must be a whole number greater than 0"),
        (lambda e: e.run(square, workers=1.5), coma.ExperimentError, r"got 1\.5"),
        (lambda e: e.run(5), coma.ExperimentError, r"5 cannot be called"),
        (
            lambda e: e.run(square, timeout=0),
            coma.ExperimentError,
            r"timeout must be a number of seconds greater than 0",
        ),
        (lambda e: e.run(square, timeout=float("inf")), coma.ExperimentError, r"None sets no limit; got inf"),
        (lambda e: e.run(square, timeout=float("nan")), coma.ExperimentError, r"or None; got nan"),
        (lambda e: e.run(square, timeout=1e20), coma.ExperimentError, r"at most 1e\+09 seconds; .* got 1e\+20"),
        (lambda e: e.run(square, timeout="5"), coma.ExperimentError, r"or None; got '5'"),
        (lambda e: e.activate(), coma.ExperimentError, r"Experiment already is active"),
        (lambda e: e.retrieve_results(["x"]), coma.ExperimentError, r"'x' is no column; write \('t', 'results/t'\)"),
        (lambda e: e.retrieve_results([], ["x"]), coma.ParameterSetError, r"'x' is no parameter; write"),
    ],
    ids=str,
)
def test_wrong_use_is_an_error_before_anything_is_written(directory, wrong, error, text):
    """The text says what is wrong, and the directory is as before."""
    e = sweep(directory)
    before = snapshot(directory)
    with pytest.raises(error, match=text):
        wrong(e)
    assert snapshot(directory) == before
    assert e.run(square) == (4, 4)


def test_parameters_that_lie_within_another_are_refused(directory):
    """A measurement has no room for both."""
    with pytest.raises(coma.ParameterSetError, match="path 'p/a' lies within 'p', which is a parameter itself"):
        coma.Experiment(directory).define_parameter_set(("a", "p/a"), ("b", "p"))


def test_parameter_sets_need_a_definition(directory):
    """The error says what to call first."""
    with pytest.raises(coma.ParameterSetError, match=r"call define_parameter_set\(\) before adding"):
        coma.Experiment(directory).add_parameter_set(1)


@pytest.mark.parametrize("id", [-1, "7", 1.0, True])
def test_an_id_is_a_whole_number(directory, id):
    """Anything else is refused before a directory is made."""
    with pytest.raises(coma.ExperimentError, match="id is a whole number >= 0 or None"):
        coma.Experiment(directory, id=id)
    assert not directory.exists()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"tags": "abc"}, "tags are a list of words, not 'abc'"),
        ({"tags": [1]}, r"tags are a list of words, not \[1\]"),
        ({"description": 5}, "description is a text, not 5"),
    ],
)
def test_description_and_tags_are_text(directory, options, text):
    """Anything else is refused before a directory is made."""
    with pytest.raises(coma.ExperimentError, match=text):
        coma.Experiment(directory, **options)
    assert not directory.exists()


def test_an_experiment_has_one_id(directory):
    """Opening it as another is an error, as are two experiment files."""
    coma.Experiment(directory, id=1)
    before = snapshot(directory)
    with pytest.raises(coma.ExperimentError, match="holds experiment 1, not 2; open it without an id"):
        coma.Experiment(directory, id=2)
    assert snapshot(directory) == before
    (directory / "experiment.000002.xml").write_text("<experiment/>")
    with pytest.raises(coma.ExperimentError, match=r"several experiment files: \['experiment\.000001\.json', .*000002"):
        coma.Experiment(directory)


def test_a_file_is_no_experiment(tmp_path):
    """Nor is what lies below a file."""
    (tmp_path / "file").write_text("text")
    with pytest.raises(coma.ExperimentError, match='/file" is a file, not a directory'):
        coma.Experiment(tmp_path / "file")
    with pytest.raises(coma.ExperimentError, match=r'/file/e" is a file|Cannot create directory ".*/file/e"'):
        coma.Experiment(tmp_path / "file" / "e")
    assert snapshot(tmp_path) == {"file": b"text"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is not JSON"),
        ('{\n"experiment": {"info": {', "is not JSON: .* in line 2"),
        ('{"experiment": {}}', "is no experiment file: it has no 'experiment' with an \"info\""),
        ("[]", "is no experiment file"),
        ('{"measurement": {"info": {}}}', "is no experiment file"),
    ],
)
def test_a_damaged_experiment_file_is_an_error_and_stays(directory, text, complaint):
    """It is not taken for a new experiment."""
    sweep(directory).run(square)
    (directory / "experiment.none.json").write_text(text)
    before = snapshot(directory)
    with pytest.raises(coma.ArchiveError, match=rf'/experiment\.none\.json" {complaint}'):
        coma.Experiment(directory)
    assert snapshot(directory) == before


def obeying(script, code, *arguments):
    """Run code that must obey permissions, and return what it printed, of stderr the last line."""
    file = script("import sys\nimport coma, helpers\n" + code)
    command = [*powerless(), sys.executable, str(file), *map(str, arguments)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    return done.stdout + done.stderr.strip().rpartition("\n")[2]


def test_a_directory_that_cannot_be_written_is_an_error(tmp_path, directory, script):
    """To create an experiment there, and to run one; reading works."""
    sweep(directory).run(square)
    (tmp_path / "empty").mkdir()
    for path in (directory, tmp_path / "empty"):
        path.chmod(0o555)
    before = snapshot(directory)
    create = "coma.Experiment(sys.argv[1])"
    assert f'ExperimentError: Directory "{tmp_path}/empty" is not writable' in obeying(
        script, create, tmp_path / "empty"
    )
    below = obeying(script, create, tmp_path / "empty" / "e")
    assert f'ExperimentError: Cannot create directory "{tmp_path}/empty/e": Permission denied' in below
    read = (
        "e = helpers.sweep(sys.argv[1]); print(e.run(helpers.square), len(e.retrieve_results([('x', 'parameters/x')])))"
    )
    assert obeying(script, read, directory) == "(0, 4) 1\n"
    write = "helpers.sweep(sys.argv[1], 5).run(helpers.square)"
    assert "coma.errors.ArchiveError: Cannot write" in obeying(script, write, directory)
    assert snapshot(directory) == before


def test_a_full_disk_loses_nothing(tmp_path):
    """The run stops with an error that names the file; what was saved is whole, and the next run goes on."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(disk)]
    if os.getuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs root and the right to mount a tmpfs")
    try:
        e = sweep(disk / "e", 20)
        with pytest.raises(coma.ArchiveError, match=r'Cannot write .*": No space left on device'):
            e.run(lambda p: {**square(p), "ballast": "x" * 10_000})
        done = e.number_of_measurements()
        assert 0 < done < 20
        assert [name for name in names(disk / "e") if name.startswith(".")] == []
        subprocess.run([*mount[:4], "remount,size=1m", *mount[5:]], check=True)
        assert sweep(disk / "e", 20).run(square) == (20 - done, 20)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("name", ["größe ü", "a b\nc", 'it\'s "quoted"', "x" * 200, "-rf", "$HOME", "*?[a]", "ex.json"])
def test_a_directory_may_have_any_name(tmp_path, name):
    """Blanks, newlines, quotes and wildcards are characters like any other."""
    e = sweep(tmp_path / name)
    assert e.run(square) == (4, 4)
    e.deactivate()
    assert sweep(tmp_path / name).run(square) == (0, 4)
    e.activate()
    assert len(names(tmp_path / name)) == 6


def test_a_forked_process_adds_to_the_same_directory(directory):
    """An open experiment works on both sides of a fork."""
    e = sweep(directory, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # about threads that other tests left
        child = os.fork()
    if not child:
        e.clear_parameter_sets()
        e.add_parameter_set(7.0)
        os._exit(e.run(square) != (1, 1))
    assert e.run(square) == (2, 2)
    assert os.waitpid(child, 0)[1] == 0
    assert sorted(xs(e)) == [0.0, 1.0, 7.0]


def test_threads_may_add_points(directory):
    """Each point is there once."""
    e = sweep(directory, 0)
    threads = [threading.Thread(target=lambda: [e.add_parameter_set(x) for x in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert e.run(square) == (50, 50)
