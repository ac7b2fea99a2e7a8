# SPDX-License-Identifier: BSD-2-Clause
"""Locks that several hosts share: sent to the server, waited for owner by owner, renewed, and taken over from the dead."""

import os
import threading
import time
from pathlib import Path

import pytest
from helpers import names, start

import coma
from coma import IndexFile
from coma.storage import locks

FOREIGN = "1\nsome-other-host\n"


@pytest.fixture
def index(tmp_path):
    """Return an index."""
    index = IndexFile(tmp_path / "measurement.index")
    index.create()
    return index


@pytest.fixture
def lock(index):
    """Return the path of its lock file."""
    return Path(index.filename + ".lock")


def test_a_lock_reaches_the_server_at_once(index, lock, monkeypatch):
    """Its file is opened for writing and closed again, which makes a network file system send what it holds back."""
    opened = []
    real = os.open

    def noting(path, flags, *rest, **options):
        opened.append((Path(path), flags & os.O_ACCMODE))
        return real(path, flags, *rest, **options)

    monkeypatch.setattr(locks.os, "open", noting)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with index.lock():
        assert opened[-1] == (lock, os.O_WRONLY)
        assert lock.read_text().startswith(f"{os.getpid()}\n")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_the_lock_of_a_dead_host_is_taken_over(index, lock, monkeypatch):
    """After it did not change for a while, by this process's own clock; a warning says whose it was."""
    monkeypatch.setattr(locks, "TAKE_OVER_SECONDS", 0.2)
    lock.write_text(FOREIGN)
    with pytest.warns(UserWarning, match=r"Removing the lock .* which process 1 on some-other-host did not renew"):
        assert index.next() == 1
    assert names(lock.parent) == ["measurement.index.json"]


def test_the_lock_of_another_process_space_is_taken_over_as_that_of_another_host(index, lock, monkeypatch):
    """The process id says nothing here: in the other space it may live, though here it does not."""
    monkeypatch.setattr(locks, "TAKE_OVER_SECONDS", 0.2)
    lock.write_text(f"{2**22 + 1}\n{os.uname().nodename}?pidns-1234\n")
    with pytest.raises(coma.IndexFileError, match="still locked"), index.lock(timeout=0.05):
        pass
    with pytest.warns(UserWarning, match="Removing the lock"):
        assert index.next() == 1


def test_a_lock_that_is_renewed_is_not_taken_over(index, lock, monkeypatch):
    """Whoever holds it for long touches it, here another host."""
    monkeypatch.setattr(locks, "TAKE_OVER_SECONDS", 0.3)
    lock.write_text(FOREIGN)
    over = threading.Event()

    def renew():
        while not over.wait(0.05):
            os.utime(lock)
        lock.unlink()

    thread = threading.Thread(target=renew)
    thread.start()
    threading.Timer(1.2, over.set).start()
    assert index.next() == 1
    assert over.is_set()
    thread.join()


def test_what_takes_long_renews_its_lock(index, lock, monkeypatch):
    """Archiving, taking out and resetting hold it so."""
    monkeypatch.setattr(locks, "_RENEW_SECONDS", 0.02)
    with index.renewed_lock():
        before = lock.stat().st_mtime_ns
        time.sleep(0.2)
        assert lock.stat().st_mtime_ns > before
    assert not lock.exists()


@pytest.mark.parametrize("operation", ["deactivate", "activate", "reset"])
def test_an_owner_who_stood_still_for_too_long_writes_nothing(directory, operation, monkeypatch):
    """It was taken for dead, another one holds the lock now, and the index does not go back."""
    e = coma.Experiment(directory)
    for _ in range(3):
        e.new_measurement().save()
    if operation == "activate":
        e.deactivate()
    lock = Path(e.mindex.filename + ".lock")
    monkeypatch.setattr("coma.storage.archiving.remove_leftovers", lambda _: _replaced(lock))
    with pytest.raises(coma.IndexFileError, match="taken over by another process while this one stood still"):
        getattr(e, operation)()
    assert lock.read_text() == FOREIGN
    lock.unlink()
    assert [m.id for m in coma.Experiment(directory).measurements()] == [1, 2, 3]


def _replaced(lock):
    """Put the lock of another host in the place of ours."""
    lock.unlink()
    lock.write_text(FOREIGN)


def test_taking_ids_after_standing_still_is_refused(index, lock):
    """The index may have gone on meanwhile."""
    with index.lock():
        _replaced(lock)
        with pytest.raises(coma.IndexFileError, match="Do it again"):
            index.next_unlocked(1)
    assert index.read() == 0


def test_the_wait_begins_anew_whenever_the_lock_changes_hands(index, script):
    """Many who hold it one after the other are no reason to give up, however long that takes in all."""
    code = """
        import sys, time
        from coma import IndexFile
        from coma.storage import locks
        locks.LOCK_TIMEOUT_SECONDS = 2.0
        index = IndexFile(sys.argv[1])
        for _ in range(10):
            with index.lock():
                index.next_unlocked(1)
                time.sleep(0.02)
    """
    processes = [start(script(code), index.filename) for _ in range(12)]
    assert [process.wait() for process in processes] == [0] * 12
    assert index.read() == 120
