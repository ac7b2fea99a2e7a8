# SPDX-License-Identifier: BSD-2-Clause
"""Disks that are full, files that may not be written, links that are not allowed: each is one clear error, or none."""

import contextlib
import errno
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
from cppbuild import compile_cpp
from helpers import environment, kill, names, powerless, snapshot, square, start, sweep, until
from killer import ForkServer, assert_tidy, build_shim

import coma

SWEEP = """
import json, sys
import coma
from helpers import square, sweep

try:
    print(json.dumps(sweep(sys.argv[1], int(sys.argv[2])).run(square)))
except coma.ComaError as error:
    print(json.dumps(f"{type(error).__name__}: {error}"))
"""
ADD = """
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include <coma/coma.hpp>

int main(int, char** argv) try {
    coma::experiment experiment(argv[1]);
    for (int x = 0; x < std::atoi(argv[2]); ++x) {
        coma::measurement m("add", "1.0");
        m["parameters/x"] = x;
        m["results/y"] = x * x;
        experiment.add(m);
    }
    std::puts("added");
} catch (const coma::error& e) {
    std::puts(e.what());
}
"""


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    """Return the library that makes calls fail."""
    return build_shim(tmp_path_factory.mktemp("shim"))


@pytest.fixture(scope="module")
def server(shim):
    """Return what starts processes of which a call can fail."""
    server = ForkServer(shim)
    yield server
    server.close()


@pytest.fixture(scope="module")
def add(tmp_path_factory):
    """Return the C++ program that adds measurements."""
    return compile_cpp(tmp_path_factory.mktemp("add") / "add", [ADD], "-O1")


@pytest.fixture
def small_disk(tmp_path):
    """Return a file system of 64 KiB."""
    path = tmp_path / "disk"
    path.mkdir()
    mount(path, "size=64k")
    yield path
    subprocess.run(["umount", str(path)], check=True)


def mount(path, options):
    """Mount a file system in memory, or skip the test."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], check=False, capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip("mounting a file system needs root")


def with_faults(shim, faults, command):
    """Run a command whose calls fail, and return what it says."""
    variables = {**environment(), "LD_PRELOAD": str(shim), "COMA_FAULTS": faults}
    done = subprocess.run(
        command, env=variables, capture_output=True, text=True, check=True, timeout=100, start_new_session=True
    )
    return done.stdout.strip()


def measure(directory, count=3):
    """Return the command of a Python that measures a sweep."""
    return [sys.executable, "-c", SWEEP, str(directory), str(count)]


# A full disk


def test_a_full_disk_ends_a_run_with_an_error_and_keeps_what_is_measured(small_disk):
    """The error names the file; when there is room again the next run does the rest."""
    big = [1.0] * 500

    def function(p):
        return {"parameters": {"x": p.x}, "results": {"big": big}}

    directory = small_disk / "e"
    e = sweep(directory, 40)
    with pytest.raises(coma.ArchiveError, match=r"Cannot write .*No space left on device"):
        e.run(function)
    done = [m.parameters.x for m in sweep(directory, 40).measurements()]
    assert 0 < len(done) < 40
    before = {path.name: path.read_bytes() for path in directory.glob("measurement.0*")}
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    assert sweep(directory, 40).run(function) == (40 - len(done), 40)
    assert {name: (directory / name).read_bytes() for name in before} == before
    assert_tidy(directory)


def test_a_full_disk_is_one_of_our_errors_wherever_it_is_met(small_disk):
    """A failure whose record has no room says so and costs its own point; an attachment leaves nothing behind."""
    directory = small_disk / "e"
    e = sweep(directory, 2)
    m = e.new_measurement()

    def function(p):
        fill(small_disk)
        raise ValueError(f"{p.x} is bad")

    with pytest.raises(coma.ArchiveError, match=r"Cannot write lock .*No space left") as caught:
        e.run(function)
    assert "1 point(s) had failed before, the first with ValueError: 0.0 is bad" in caught.value.__notes__
    assert any(note.startswith("the end of the run is not recorded: ") for note in caught.value.__notes__)
    (small_disk / "filler").unlink()
    with (
        pytest.warns(UserWarning, match="the end of the run is not recorded: .*No space left"),
        pytest.raises(ExceptionGroup, match="1 of 1 measurements failed") as group,
    ):
        sweep(directory, 1).run(function)
    (failed,) = group.value.exceptions
    assert failed.__notes__[-1].startswith("no record of this failure is kept: Cannot write")
    assert e.failures() == []
    m["results/psi"] = coma.attach(np.zeros(1000))
    with pytest.raises(coma.ArchiveError, match=r"Cannot write .*psi\.npy.*No space left on device"):
        m.save()
    (small_disk / "filler").unlink()
    m.save()
    assert sweep(directory, 2).run(square) == (2, 2)
    assert not [name for name in names(directory) if name.endswith((".tmp", ".lock"))]


def test_a_full_disk_stops_archiving_and_nothing_is_removed(small_disk):
    """Neither into the experiment file nor out of it; both can be repeated when there is room."""
    directory = small_disk / "e"
    e = sweep(directory, 3)
    e.run(lambda p: {"parameters": {"x": p.x}, "results": {"big": [1.0] * 100}})
    trees = [m.tree for m in e.measurements()]
    for operation in ("deactivate", "activate"):
        fill(small_disk)
        with pytest.raises(coma.ComaError, match="No space left on device"):
            getattr(coma.Experiment(directory), operation)()
        assert [m.tree for m in open_again(directory).measurements()] == trees
        (small_disk / "filler").unlink()
        getattr(open_again(directory), operation)()
        assert [m.tree for m in coma.Experiment(directory).measurements()] == trees
        assert_tidy(directory)


def fill(disk):
    """Leave no room on a disk."""
    with open(disk / "filler", "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"0" * 512)


def open_again(directory):
    """Open an experiment whose archiving was interrupted, or is going on."""
    warnings.filterwarnings("ignore", ".* was archived, but .* still there")
    return coma.Experiment(directory)


@pytest.mark.cpp
def test_a_full_disk_is_an_error_for_a_cpp_program_too(small_disk, add):
    """What was added before is whole, and adding goes on when there is room."""
    directory = small_disk / "e"
    done = subprocess.run([str(add), str(directory), "400"], capture_output=True, text=True, check=True)
    assert "No space left on device" in done.stdout
    found = [m.parameters.x for m in coma.Experiment(directory).measurements()]
    assert found == list(range(len(found)))
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    subprocess.run([str(add), str(directory), "3"], check=True, stdout=subprocess.DEVNULL)
    assert [m.parameters.x for m in coma.Experiment(directory).measurements()] == [*found, 0, 1, 2]
    assert_tidy(directory)


# Files that may not be written


@pytest.mark.cpp
def test_a_directory_that_may_not_be_written_can_be_read_and_not_added_to(directory, shim, add):
    """EACCES: a finished sweep runs to its end, a new point is one clear error, and no file changes."""
    sweep(directory, 3).run(square)
    before = snapshot(directory)
    os.chmod(directory, 0o555)
    try:
        assert with_faults(shim, "", powerless() + measure(directory, 3)) == "[0, 3]"
        assert "Permission denied" in with_faults(shim, "", powerless() + measure(directory, 4))
        assert "Permission denied" in with_faults(shim, "", powerless() + measure(directory / "inner", 1))
        assert "Permission denied" in with_faults(shim, "", [*powerless(), str(add), str(directory), "1"])
    finally:
        os.chmod(directory, 0o755)
    assert snapshot(directory) == before
    assert sweep(directory, 4).run(square) == (1, 4)


@pytest.mark.cpp
def test_a_read_only_file_system_can_be_read_and_not_added_to(small_disk, add):
    """EROFS: the same."""
    directory = small_disk / "e"
    sweep(directory, 3).run(square)
    before = snapshot(directory)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert sweep(directory, 3).run(square) == (0, 3)
    e = sweep(directory, 4)
    for operation in (lambda: e.run(square), e.deactivate, e.new_measurement, e.save, e.reset):
        with pytest.raises(coma.ComaError, match="Read-only file system"):
            operation()
    done = subprocess.run([str(add), str(directory), "1"], capture_output=True, text=True, check=True)
    assert "Read-only file system" in done.stdout
    assert snapshot(directory) == before


# Calls that fail


@pytest.mark.parametrize("count", [3, 40])
def test_a_disk_that_cannot_sync_is_an_error(directory, shim, count):
    """EIO on fsync and syncfs: the run ends with an error that names a file, and what was written stays."""
    sweep(directory, 0)
    said = with_faults(shim, "fsync=5 syncfs=5", measure(directory, count))
    assert said.startswith('"ArchiveError: ')
    assert "Input/output error" in said
    done = sweep(directory, count).number_of_measurements()
    assert sweep(directory, count).run(square) == (count - done, count)
    assert_complete(directory, count)


@pytest.mark.slow
def test_a_single_call_that_fails_is_an_error_of_ours_or_none(directory, server, tmp_path):
    """Of a sweep, archiving and the way back, each change of the file system fails once; the next run does the rest."""
    ended, step = tmp_path / "ended", 0
    while not ended.exists():
        step += 1
        output, place = tmp_path / f"output{step}", directory / str(step)
        child = server.start("with_failing_step", step, errno.EIO, ended, "live", place, 3, output=output)
        assert child.wait() == 0, output.read_text()
        if not open_again(place).isactive():
            open_again(place).activate()
        sweep(place, 3).run(square)
        assert_complete(place, 3)
    assert step > 50


@pytest.mark.cpp
def test_a_disk_that_cannot_sync_is_an_error_for_a_cpp_program_too(directory, shim, add):
    """Nothing is left over, and adding goes on when the disk is well."""
    sweep(directory, 0)
    assert "Input/output error" in with_faults(shim, "fsync=5", [str(add), str(directory), "3"])
    assert names(directory) == ["experiment.none.json", "measurement.index.json"]
    assert with_faults(shim, "", [str(add), str(directory), "3"]) == "added"
    assert_complete(directory, 3)


@pytest.mark.cpp
@pytest.mark.parametrize(
    "faults",
    [
        pytest.param("tmpfile=95", id="no unnamed files"),
        pytest.param("link=1 linkat=1", id="no links"),
        pytest.param("tmpfile=95 link=1 linkat=1", id="neither"),
        pytest.param("tmpfile=95 link=95 linkat=95", id="neither, in other words"),
        pytest.param("syncfs=38", id="no syncfs"),
        pytest.param("clock=-3600", id="a clock that goes back an hour at each look"),
    ],
)
def test_what_a_file_system_lacks_is_done_without(directory, shim, add, faults):
    """Python and C++ measure all the same, leave nothing over, and never overwrite."""
    assert with_faults(shim, faults, measure(directory, 3)) == "[3, 3]"
    before = snapshot(directory)
    assert with_faults(shim, faults, [str(add), str(directory), "3"]) == "added"
    assert with_faults(shim, faults, measure(directory, 4)) == "[1, 4]"
    e = coma.Experiment(directory)
    assert [m.parameters.x for m in e.measurements()] == [0, 1, 2, 0, 1, 2, 3]
    after = snapshot(directory)
    assert all(after[name] == text for name, text in before.items() if name.startswith("measurement.0"))
    assert_tidy(directory)


def assert_complete(directory, count):
    """Check that each point was measured once, and that nothing else lies there."""
    assert sorted(m.parameters.x for m in coma.Experiment(directory).measurements()) == list(range(count))
    assert_tidy(directory)


# Locks of others


@pytest.fixture
def locked(directory, script):
    """Return an experiment whose lock a living process holds, and that process."""
    sweep(directory, 3).run(square)
    held = directory.with_name("held")
    code = """
        import sys, time
        from pathlib import Path
        import coma
        with coma.Experiment(sys.argv[1]).mindex.lock():
            Path(sys.argv[2]).touch()
            time.sleep(1000)
    """
    process = start(script(code), directory, held)
    until(held.exists)
    yield directory, process
    kill(process)


@pytest.mark.cpp
def test_the_lock_of_a_living_process_is_waited_for_and_then_named(locked, monkeypatch, add):
    """After the time limit the error says who holds it and what to do; the next run goes on once it is free."""
    directory, process = locked
    monkeypatch.setattr(coma.IndexFile.lock.__wrapped__, "__defaults__", (0.2,))
    e = sweep(directory, 4)
    with pytest.raises(coma.IndexFileError, match=rf"still locked after .* by process {process.pid} .*remove the file"):
        e.new_measurement()
    program = subprocess.Popen([str(add), str(directory), "1"], stdout=subprocess.PIPE, text=True)
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            program.wait(0.5)
        kill(process)
        assert program.communicate(timeout=30)[0] == "added\n"
    finally:
        program.kill()
        program.wait()
    assert e.run(square) == (1, 4)
    assert_tidy(directory)


def test_the_lock_of_another_host_is_named_and_stays(directory, monkeypatch):
    """Whether that process lives cannot be known here; nothing changes but what the user removes."""
    e = sweep(directory, 3)
    e.run(square)
    lock = directory / "measurement.index.json.lock"
    lock.write_text("1\nanother-host\n")
    before = snapshot(directory)
    monkeypatch.setattr("coma.storage.housekeeping._LOCK_WAIT_SECONDS", 0.1)
    monkeypatch.setattr(coma.IndexFile.lock.__wrapped__, "__defaults__", (0.2,))
    assert e.run(square) == (0, 3)
    for operation in (lambda: sweep(directory, 4).run(square), e.deactivate, e.new_measurement):
        with pytest.raises(coma.IndexFileError, match="process 1 on another-host"):
            operation()
    assert snapshot(directory) == before
    lock.unlink()
    assert sweep(directory, 4).run(square) == (1, 4)


# Readers


@pytest.mark.slow
def test_a_reader_sees_whole_files_while_others_write_and_archive(directory, script):
    """It waits for nobody, and finds every measurement that it ever saw, whole."""
    code = """
        import sys
        from helpers import square, sweep
        for count in range(20, 120, 20):
            e = sweep(sys.argv[1], count)
            e.run(square)
            e.deactivate()
            e.activate()
    """
    sweep(directory, 0)
    writer = start(script(code), directory)
    rounds, seen = 0, {}
    try:
        while writer.poll() is None:
            found = read(directory)
            assert seen.items() <= found.items()
            seen = found
            rounds += 1
        assert writer.returncode == 0
    finally:
        kill(writer)
    assert rounds > 3
    assert read(directory) == {id: (id - 1, (id - 1) ** 2) for id in range(1, 101)}
    assert_tidy(directory)


def read(directory):
    """Return x and y of every measurement, by id."""
    return {m.id: (m.parameters.x, m.results.y) for m in open_again(directory).measurements()}
