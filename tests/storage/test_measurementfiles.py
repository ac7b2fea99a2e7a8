# SPDX-License-Identifier: BSD-2-Clause
"""All measurements of a directory: stale, damaged, doubled and new ones."""

import contextlib
import os
import re
import resource
import shutil
import threading
from pathlib import Path

import pytest
from helpers import names, run, snapshot, square, sweep

import coma


@pytest.fixture
def e(directory):
    """Return an experiment of three measurements."""
    e = sweep(directory, 3)
    e.run(square)
    return e


def file(e, number, format="json"):
    """Return the path of a measurement's file."""
    return Path(e.directory) / f"measurement.{number:06d}.{format}"


def ids(e):
    """Return the ids of all measurements."""
    return [m.id for m in e.measurements()]


def copy_as_xml(e, number):
    """Write a measurement a second time, as XML."""
    tree = coma.Archive(file(e, number)).load()
    coma.Archive(file(e, number, "xml")).save(tree)
    return tree


def test_files_above_the_index_are_stale(e):
    """They are never read, deleted or overwritten; and never adopted by an id that passes over them."""
    stale = file(e, 4), file(e, 5, "xml")
    for path in stale:
        path.write_text("stale")
    assert (ids(e), e.number_of_measurements()) == ([1, 2, 3], 3)
    e.add_parameter_set(7.0)
    with pytest.raises(coma.ExperimentError, match=r"Cannot add a measurement: 2 measurement file.*or move them"):
        e.run(square)
    assert [path.read_text() for path in stale] == ["stale", "stale"]


def test_opening_a_directory_with_stale_files_says_so(e):
    """The warning names the files and the remedy."""
    shutil.copy(file(e, 3), file(e, 4))
    with pytest.warns(
        UserWarning, match=r"measurement\.000004\.json.*above the index, 3.*never read.*last_measurement_id"
    ):
        coma.Experiment(e.directory)


def test_a_lost_index_is_the_highest_id(e):
    """With a warning; nothing is given out twice."""
    Path(e.mindex.filename).unlink()
    e.add_parameter_set(7.0)
    with pytest.warns(UserWarning, match=r'measurement\.index\.json" is missing; taking measurement 3, the highest'):
        assert e.run(square) == (1, 4)
    assert e.mindex.read() == 4
    assert ids(e) == [1, 2, 3, 4]


def test_other_files_are_no_measurements(e):
    """Names that only resemble ours are left alone."""
    for name in (
        "measurementX000001.json",
        "measurement.000001.json.bak",
        "measurement.1.json",
        ".measurement.000002.json.tmp",
    ):
        (Path(e.directory) / name).write_text("{")
    assert ids(e) == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", r"is not JSON: Expecting value in line 1, column 1"),
        ('{"measurement":\n {"info"', r"is not JSON: .* in line 2, column \d+"),
        ('{"measurement": {"results": {}}}', r'has no "info" with a "measurement_id"'),
        ('{"measurement": {"info": null}}', r'has no "info" with a "measurement_id"'),
        ('{"experiment": {}}', r"its root must be 'measurement', found \['experiment'\]"),
        ("[1]", r"its root must be 'measurement', found list"),
    ],
)
def test_a_damaged_file_is_left_out_with_a_warning(e, text, complaint):
    """The others are read; the point is measured again under a new id, and the file stays for who wants to mend it."""
    file(e, 2).write_text(text)
    with pytest.warns(UserWarning, match=rf'1 damaged .*left out: "{file(e, 2)}" .*{complaint}'):
        assert ids(e) == [1, 3]
    with pytest.warns(UserWarning, match="damaged"):
        assert e.run(square) == (1, 3)
    assert file(e, 2).read_text() == text
    assert file(e, 4).exists()


@pytest.mark.parametrize("text", ['{"measurement": {"info": {}}}', '{"measurement": {"info": {"measurement_id": 7}}}'])
def test_the_name_of_a_file_is_its_id(e, text):
    """A file that was copied from elsewhere, or written by another program, is the measurement that its name says."""
    file(e, 2).write_text(text)
    assert ids(e) == [1, 2, 3]
    m = list(e.measurements())[1]
    m.load()
    assert m.id == 2
    e.deactivate()
    assert ids(e) == [1, 2, 3]
    e.activate()
    assert ids(e) == [1, 2, 3]


def test_a_damaged_file_stops_deactivation(e):
    """Nothing is lost: the error names the file and everything stays."""
    file(e, 2).write_text('{"measurement":')
    before = snapshot(Path(e.directory))
    with pytest.raises(coma.ArchiveError, match=f'"{file(e, 2)}" is not JSON'):
        e.deactivate()
    assert snapshot(Path(e.directory)) == before


def test_one_measurement_in_two_formats_is_read_once_with_a_warning(e):
    """If both say the same."""
    copy_as_xml(e, 2)
    with pytest.warns(UserWarning, match=r"the same measurement twice: \[.*000002\.json.*000002\.xml.*remove one"):
        assert ids(e) == [1, 2, 3]
    assert e.number_of_measurements() == 3


def test_one_measurement_in_two_formats_that_differ_is_left_out(e):
    """The warning names both; deactivation is refused."""
    tree = copy_as_xml(e, 2)
    tree["measurement"]["results"]["y"] = 5
    coma.Archive(file(e, 2, "xml")).save(tree)
    with pytest.warns(UserWarning, match=r"which differ: \[.*000002\.json.*000002\.xml.*remove all but one"):
        assert ids(e) == [1, 3]
    before = snapshot(Path(e.directory))
    with pytest.raises(coma.ArchiveError, match=r"which differ: \[.*000002\.json.*000002\.xml"):
        e.deactivate()
    assert snapshot(Path(e.directory)) == before


def test_new_measurement_is_filled_and_saved_by_hand(e):
    """It has an id at once and a file once it is saved."""
    m = e.new_measurement()
    assert (m.id, file(e, 4).exists()) == (4, False)
    m.start()
    m.results = {"y": 1}
    m.end()
    m.save()
    assert ids(e) == [1, 2, 3, 4]
    assert list(e.measurements())[3].results.y == 1


def test_a_measurement_that_was_archived_is_not_saved_as_a_file(e):
    """It would get in the way of the archived one."""
    m = next(iter(e.measurements()))
    m.results.y = 99
    e.deactivate()
    before = snapshot(Path(e.directory))
    with pytest.raises(coma.ArchiveError, match=r'000001\.json" is gone; .*activate\(\)'):
        m.save()
    assert snapshot(Path(e.directory)) == before


def test_threads_get_measurements_of_their_own(e):
    """Of many that are added at once, none is lost."""

    def add():
        for _ in range(10):
            e.new_measurement().save()

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ids(e) == list(range(1, 44))


@pytest.mark.slow
def test_two_processes_add_to_one_directory(directory, script):
    """Both open a directory that does not exist yet, at once; every point of both is there, each id once."""
    code = script(
        """
        import sys
        from helpers import square, sweep
        e = sweep(sys.argv[1], 0)
        for i in range(20):
            e.add_parameter_set(i + float(sys.argv[2]))
        print(e.run(square))
        """
    )
    printed = []
    threads = [threading.Thread(target=lambda i=i: printed.append(run(code, directory, i / 4))) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert printed == ["(20, 20)\n"] * 3
    e = coma.Experiment(directory)
    assert len(ids(e)) == len(set(ids(e))) == 60
    assert {m.parameters.x for m in e.measurements()} == {i + j / 4 for i in range(20) for j in range(3)}
    assert len(names(directory)) == 62


def test_reading_all_reads_each_file_once_and_the_index_only_if_it_changed(e, script):
    """Seen by Python's own audit events."""
    code = script(
        """
        import sys, coma
        opened = []
        sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == 'open' else None)
        e = coma.Experiment(sys.argv[1])
        opened.clear()
        list(e.measurements())
        print(sum(name.endswith('index.json') for name in opened), sum('measurement.0' in name for name in opened))
        """
    )
    assert run(code, e.directory) == "0 3\n"


def test_a_name_that_leads_nowhere_hides_no_others(e):
    """Also where the index is lost, as when an archive is being made."""
    file(e, 2).unlink()
    file(e, 2).symlink_to("nowhere")
    Path(e.mindex.filename).unlink()
    with pytest.warns(UserWarning, match="is missing|is no file") as caught:
        assert ids(e) == [1, 3]
    assert {str(warning.message).rpartition('" ')[2] for warning in caught} == {
        "is missing; taking measurement 3, the highest, for the last",
        "is no file",
    }


def test_a_pipe_under_the_name_of_a_measurement_is_not_waited_for(e):
    """It is left out as damaged, whether somebody writes to it or not."""
    file(e, 2).unlink()
    os.mkfifo(file(e, 2))
    with pytest.warns(UserWarning, match="1 damaged"):
        assert ids(e) == [1, 3]
    descriptor = os.open(file(e, 2), os.O_RDWR)
    with pytest.warns(UserWarning, match=r'1 damaged measurement file\(s\) left out: ".*" is no file'):
        assert ids(e) == [1, 3]
    os.close(descriptor)


def test_a_lack_of_descriptors_is_an_error_and_no_damage(directory):
    """Nothing is measured again because of it; also if it comes while files are read."""
    e = sweep(directory, 100)
    e.run(square)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    try:
        reading = e.measurements()
        next(reading)
        with contextlib.suppress(OSError):
            while True:
                opened.append(os.open(e.directory, os.O_RDONLY))
        with pytest.raises(coma.ComaError, match="Too many open files"):
            list(reading)
        with pytest.raises((coma.ComaError, OSError), match="Too many open files"):
            e.status()
    finally:
        for descriptor in opened:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert str(e.status()) == "100 of 100 done, 0 failed, 0 missing"


def test_many_files_are_read_with_few_descriptors(directory):
    """What a loop opens itself finds room; none is left open, also when the loop ends early."""
    e = sweep(directory, 300)
    e.run(square)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = len(os.listdir("/proc/self/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (before + 40, hard))
    try:
        assert [(a.id, b.id) for a, b in zip(e.measurements(), e.measurements(), strict=True)] == [
            (number, number) for number in range(1, 301)
        ]
        reading = e.measurements()
        next(reading)
        reading.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_directory_that_is_gone_is_an_error_of_coma(e):
    """Which names it."""
    shutil.rmtree(e.directory)
    for ask in (e.status, e.number_of_measurements, lambda: list(e.measurements())):
        with pytest.raises(coma.ComaError, match=re.escape(str(e.directory))):
            ask()
