# SPDX-License-Identifier: BSD-2-Clause
"""Deactivate, activate and reset: in each format, by several handles, and killed in between."""

import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers import kill, names, run, snapshot, square, start, sweep, until

import coma
from coma.trees.equality import equal
from coma.trees.serializer import MAX_DEPTH

JSON = {"archive_default_format": "json"}
XML = {"archive_default_format": "xml"}
MIXTURES = pytest.mark.parametrize(
    ("first", "second"),
    [(JSON, JSON), (XML, XML), (XML, JSON), (JSON, XML)],
    ids=["json", "xml", "xml+json", "json+xml"],
)


def rich(p):
    """Return values that are hard to keep."""
    return {
        "parameters": {"x": p.x},
        "results": {
            "nan": math.nan,
            "array": np.array([[1.0, np.nan, -0.0]]),
            "empty": np.zeros(0),
            "none": None,
            "digits": 0.1 + 0.2,
            "text": " 12",
            "nothing": [{}, [], ""],
            "flag": True,
        },
    }


def trees(e):
    """Return the trees of all measurements."""
    return [m.tree for m in e.measurements()]


@pytest.fixture
def e(directory):
    """Return an active experiment of four measurements."""
    e = sweep(directory)
    e.run(square)
    return e


@MIXTURES
def test_there_and_back_again(directory, first, second):
    """All measurements come back to the last bit, whatever formats experiment file and measurements have."""
    sweep(directory, config=first)
    e = sweep(directory, config=second)
    e.run(rich)
    before, active = trees(e), names(directory)
    e.deactivate()
    assert names(directory) == [f"experiment.none.{first['archive_default_format']}"]
    assert (e.isactive(), e.number_of_measurements()) == (False, 4)
    again = sweep(directory, config=first)
    assert equal(trees(again), before)
    assert again.run(rich) == (0, 4)
    rs = again.retrieve_results([("d", "results/digits"), ("x", "parameters/x")])
    assert rs[0].table.tolist() == [[0.1 + 0.2, x] for x in (0.0, 1.0, 2.0, 3.0)]
    e.activate()
    assert equal(trees(e), before)
    assert {Path(name).stem for name in names(directory)} == {Path(name).stem for name in active}
    e.add_parameter_set(9.0)
    assert e.run(rich) == (1, 5)


@MIXTURES
def test_reset_deletes_all_measurements(directory, first, second):
    """The next run starts again with id 1."""
    sweep(directory, config=first)
    e = sweep(directory, config=second)
    e.run(square)
    e.reset()
    assert (e.number_of_measurements(), e.mindex.read(), e.start_date, len(names(directory))) == (0, 0, None, 2)
    assert e.run(square) == (4, 4)
    assert [m.id for m in e.measurements()] == [1, 2, 3, 4]


def test_reset_leaves_stale_files(e, directory):
    """They were never ours, and they bar the way until they are moved."""
    stale = directory / "measurement.000005.json"
    stale.write_text("stale")
    e.reset()
    with pytest.raises(coma.ExperimentError, match=r"measurement\.000005\.json.*or move them elsewhere"):
        e.run(square)
    assert stale.read_text() == "stale"
    stale.rename(directory / "elsewhere.json")
    assert e.run(square) == (4, 4)


def test_an_inactive_experiment_can_be_reset(e, directory):
    """It stays inactive, with no measurements, and can then be activated and run."""
    e.deactivate()
    e.reset()
    assert (e.isactive(), e.number_of_measurements()) == (False, 0)
    assert not sweep(directory).isactive()
    e.activate()
    assert e.run(square) == (4, 4)


def test_an_inactive_experiment_runs_nothing_new(e, directory):
    """The error says what to do; with nothing new to run there is none."""
    e.deactivate()
    before = snapshot(directory)
    assert e.run(square) == (0, 4)
    e.add_parameter_set(9.0)
    with pytest.raises(
        coma.ExperimentError, match=rf'new measurement: experiment "{directory}" is inactive\. Call activ'
    ):
        e.run(square)
    with pytest.raises(coma.ExperimentError, match=r"Cannot create a new measurement: .* is inactive"):
        e.new_measurement()
    with pytest.raises(coma.ExperimentError, match="Experiment already is inactive"):
        e.deactivate()
    assert snapshot(directory) == before


def test_an_experiment_without_measurements_can_be_archived(directory):
    """Inactive means that the list is there, even empty."""
    e = sweep(directory)
    e.deactivate()
    assert names(directory) == ["experiment.none.json"]
    assert not coma.Experiment(directory).isactive()
    e.activate()
    assert e.run(square) == (4, 4)


def test_gaps_between_ids_stay(e, directory):
    """Ids are kept, and the next one is new."""
    (directory / "measurement.000002.json").unlink()
    (directory / "measurement.000004.json").unlink()
    e.deactivate()
    e.activate()
    assert [m.id for m in e.measurements()] == [1, 3]
    assert e.run(square) == (2, 4)


def test_handles_learn_what_others_did(e, directory):
    """A handle that was opened before sees and keeps what another one archived."""
    stale = sweep(directory, 5)
    e.deactivate()
    assert not stale.isactive()
    assert stale.number_of_measurements() == 4
    stale.description = "kept"
    stale.save()
    assert coma.Experiment(directory).number_of_measurements() == 4
    with pytest.raises(coma.ExperimentError, match="inactive"):
        stale.run(square)
    e.activate()
    assert stale.run(square) == (1, 5)
    assert e.number_of_measurements() == 5
    e.save()
    assert coma.Experiment(directory).description == "kept"


def test_a_run_ends_when_another_handle_archives(e, directory):
    """It writes nothing into the archived directory that later gets in the way."""
    e.add_parameter_set(10.0)
    e.add_parameter_set(11.0)

    def archive(p):
        sweep(directory).deactivate()
        return square(p)

    with pytest.raises(coma.ExperimentError, match="inactive"):
        e.run(archive)
    assert [m.parameters.x for m in sweep(directory).measurements()] == [0, 1, 2, 3, 10]
    e.activate()
    assert [m.id for m in e.measurements()][:4] == [1, 2, 3, 4]


def test_a_run_that_waits_for_the_lock_while_another_archives_ends(directory, script):
    """It does not create the index anew in a directory that is archived."""
    e = sweep(directory)
    e.run(square)
    e.add_parameter_set(9.0)
    code = script(
        """
        import sys
        from helpers import square, sweep
        from coma import ExperimentError
        e = sweep(sys.argv[1], 9)
        def slow(p):
            print("go", flush=True)
            sys.stdin.read()
            return square(p)
        try:
            e.run(slow)
        except ExperimentError as error:
            print(error)
        """
    )
    with start(code, directory, stdin=-1, stdout=-1) as process:
        assert process.stdout.readline() == "go\n"
        with e.mindex.lock():
            process.stdin.close()
            archived = {**e.archive.load()["experiment"], "measurements": [m.tree for m in e.measurements()]}
            e.archive.save({"experiment": archived})
            for path in [*directory.glob("measurement.0*"), directory / "measurement.index.json"]:
                path.unlink()
        assert "is inactive" in process.stdout.read()
    assert process.returncode == 0
    assert not (directory / "measurement.index.json").exists()
    assert sweep(directory).number_of_measurements() == len(archived["measurements"])


def test_a_file_in_the_way_stops_activation(e, directory):
    """If it differs; the archive stays until it was moved away, and then activation is repeated."""
    e.deactivate()
    other = directory / "measurement.000003.json"
    other.write_text('{"measurement": {"info": {"measurement_id": 3}}}')
    archive = (directory / "experiment.none.json").read_bytes()
    with pytest.raises(coma.ExperimentError, match=r"000003|measurement 3"):
        e.activate()
    assert (directory / "experiment.none.json").read_bytes() == archive
    other.unlink()
    e.activate()
    assert e.number_of_measurements() == 4


def test_what_the_experiment_file_cannot_hold_stops_deactivation(directory):
    """JSON measurements with keys that are no XML names, and an XML experiment file: nothing is changed."""
    sweep(directory, config=XML)
    e = sweep(directory, config=JSON)
    e.run(lambda p: {**square(p), "odd key": 1})
    before = snapshot(directory)
    with pytest.raises(coma.XMLArchiveError, match="key 'odd key' in 'experiment/measurements/0' is no XML name"):
        e.deactivate()
    assert snapshot(directory) == before
    assert e.isactive()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"experiment": {"info": {}, "measurements": 5}}', '"measurements" is no list of measurements'),
        ('{"experiment": {"info": {}, "measurements": [1]}}', '"measurements" is no list of measurements'),
        ('{"experiment": {"info": {}, "measurements": [{}]}}', "measurement id None is no id of its own"),
        (
            '{"experiment": {"info": {}, "measurements": [{"info": {"measurement_id": 1}}, {"info": {"measurement_id": 1}}]}}',
            "measurement id 1 is no id of its own",
        ),
    ],
)
def test_a_damaged_archive_is_an_error_and_stays(directory, text, complaint):
    """Nothing is written next to it."""
    directory.mkdir()
    (directory / "experiment.none.json").write_text(text)
    before = snapshot(directory)
    with pytest.raises(coma.ExperimentError, match=f'/experiment.none.json" is damaged: .*{complaint}'):
        coma.Experiment(directory).activate()
    assert snapshot(directory) == before


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*was archived, but")
@pytest.mark.parametrize("what", ["deactivate", "activate"])
def test_killed_at_any_moment_nothing_is_lost(directory, tmp_path, script, what):
    """Whenever it was killed, all can be read, and repeating it completes it."""
    e = sweep(tmp_path / "original", 150)
    e.run(square)
    if what == "activate":
        e.deactivate()
    expected = trees(e)

    def count():
        return len(list(directory.glob("measurement.0*")))

    code = script(
        """
        import sys
        from helpers import sweep
        e = sweep(sys.argv[1])
        print("go", flush=True)
        getattr(e, sys.argv[2])()
        """
    )
    for goal in (1, 40, 149):
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(tmp_path / "original", directory)
        process = start(code, directory, what)
        left = goal if what == "activate" else 150 - goal
        until(lambda: (count() - left) * (1 if what == "activate" else -1) >= 0 or process.poll() is not None)  # noqa: B023
        kill(process)
        e = sweep(directory)
        assert equal(trees(e), expected)
        if e.isactive() == (what == "deactivate") or count() not in (0, 150):
            getattr(e, what)()
        assert equal(trees(e), expected)
        assert count() == (0 if what == "deactivate" else 150)


def test_coma_reads_its_archive_in_another_process(e, script, directory):
    """What is in the file is all there is."""
    e.deactivate()
    code = script(
        """
        import sys
        from helpers import square, sweep
        e = sweep(sys.argv[1])
        e.activate()
        print(e.run(square), e.isactive())
        """
    )
    assert run(code, directory) == "(0, 4) True\n"


def test_a_reader_that_overtakes_an_archiving_process_sees_everything(directory):
    """Half of the files are gone, the index is still there, and the archive is complete."""
    e = sweep(directory, 400)
    e.run(square)
    files = sorted(directory.glob("measurement.*"))
    reading = e.measurements()
    seen = [next(reading).id]
    kept = {path: path.read_bytes() for path in files[200:]}
    coma.Experiment(directory).deactivate()
    for path, content in kept.items():
        path.write_bytes(content)
    seen += [m.id for m in reading]
    assert sorted(seen) == list(range(1, 401))


def test_a_reader_sees_what_was_archived_and_taken_out_meanwhile(directory):
    """Also what it had listed, and found nowhere when it came to it."""
    e = sweep(directory, 400)
    e.run(square)
    reading = e.measurements()
    seen = [next(reading).id]
    last = directory / "measurement.000400.json"
    content = last.read_bytes()
    last.unlink()
    for m in reading:
        seen.append(m.id)
        if m.id == 399:
            last.write_bytes(content)
    assert seen == list(range(1, 401))


def test_a_condition_cannot_change_what_is_archived(directory):
    """A function gets measurements of its own."""
    e = sweep(directory, 3)
    e.run(square)
    e.deactivate()
    e.retrieve_results([("y", "results/y")], where=lambda m: m.results.__setitem__("y", -1.0) or True)
    assert [m["results/y"] for m in e.measurements()] == [0.0, 1.0, 4.0]
    e.activate()
    assert [m["results/y"] for m in e.measurements()] == [0.0, 1.0, 4.0]


def test_the_experiment_file_may_be_given_another_format(directory):
    """An older handle follows it, and writes no second one."""
    e = sweep(directory, 3)
    e.run(square)
    other = coma.Experiment(directory)
    other.archive.save(other.archive.load(), format="xml")
    other.deactivate()
    assert not e.isactive()
    assert e.number_of_measurements() == 3
    e.activate()
    assert e.run(square) == (0, 3)
    assert [name for name in names(directory) if name.startswith("experiment")] == ["experiment.none.xml"]


@pytest.mark.parametrize("format", ["json", "xml"])
def test_what_is_deep_enough_to_be_measured_can_be_archived(directory, format):
    """The archive has a few levels more; what is too deep fails its point."""
    e = sweep(directory, 1, {"archive_default_format": format})

    def nested(levels):
        tree = 1.5
        for _ in range(levels):
            tree = {"a": tree}
        return lambda p: {**p.tree(), "results": tree}

    with pytest.raises(ExceptionGroup, match="1 of 1"):
        e.run(nested(MAX_DEPTH + 1))
    assert e.run(nested(MAX_DEPTH)) == (1, 1)
    (before,) = (m.tree for m in e.measurements())
    e.deactivate()
    e.activate()
    assert [equal(m.tree, before) for m in e.measurements()] == [True]


# What a power cut leaves of files that were not yet on the disk


def empty(e, number, content=b""):
    """Leave nothing of a measurement's file, and return its path."""
    path = Path(e.directory) / f"measurement.{number:06d}.json"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("content", [b"", b"\0" * 100], ids=["empty", "zeros"])
def test_files_that_hold_nothing_do_not_stop_archiving(e, content):
    """They are named in one line and lie aside, so that the way back is free; the next run measures their points."""
    before = trees(e)
    for number in (2, 3):
        empty(e, number, content)
    with pytest.warns(UserWarning, match=r"2 damaged measurement file\(s\) left out: .*000002.json.*000003.json"):
        assert trees(e) == [before[0], before[3]]
    with pytest.warns(UserWarning, match=r"2 measurement file\(s\) held nothing.*000002\.json.*000003\.json") as caught:
        e.deactivate()
    assert len(caught) == 1
    assert trees(e) == [before[0], before[3]]
    aside = [f"measurement.00000{number}.lost-in-a-power-cut" for number in (2, 3)]
    assert names(Path(e.directory)) == ["experiment.none.json", *aside]
    e.activate()
    assert trees(e) == [before[0], before[3]]
    assert e.run(square) == (2, 4)
    assert [m.parameters.x for m in e.measurements()] == [0, 3, 1, 2]
    e.reset()
    assert names(Path(e.directory)) == ["experiment.none.json", "measurement.index.json"]


@pytest.mark.parametrize("operation", ["deactivate", "activate"])
def test_an_activation_that_a_power_cut_ended_can_be_read_and_completed(e, directory, operation):
    """Files that hold nothing are in nobody's way where the archive has the measurement; nothing is lost."""
    before = trees(e)
    e.deactivate()
    for number in (1, 2):
        empty(e, number)
    with pytest.warns(UserWarning, match=r"2 measurement file\(s\) are still there; deactivate\(\) completes"):
        assert trees(coma.Experiment(directory)) == before
    getattr(e, operation)()
    assert trees(coma.Experiment(directory)) == before
    assert not [name for name in names(directory) if "lost" in name]


def test_a_measurement_that_is_archived_alone_may_have_lost_its_file(e):
    """One that was published while others archived is left out where nothing is left of it."""
    before = trees(e)
    e.deactivate()
    e.mindex.create(5)
    empty(e, 5)
    with pytest.warns(UserWarning, match=r"1 measurement file\(s\) are still there"):
        assert trees(e) == before
    with pytest.warns(UserWarning, match=r"1 measurement file\(s\) held nothing.*000005"):
        e.activate()
    assert trees(e) == before


def test_what_is_damaged_otherwise_still_stops_archiving(e):
    """Beside a file that holds nothing, too: something of it may be saved by hand."""
    empty(e, 2)
    empty(e, 3, b'{"measurement": {"info"')
    with (
        pytest.warns(UserWarning, match=r"1 measurement file\(s\) held nothing"),
        pytest.raises(coma.ArchiveError, match=r"000003\.json.* is not JSON"),
    ):
        e.deactivate()
    assert e.isactive()
    assert (Path(e.directory) / "measurement.000003.json").stat().st_size > 0
