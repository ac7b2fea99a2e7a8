# SPDX-License-Identifier: BSD-2-Clause
"""The index, and the lock that guards it."""

import os
import threading
from pathlib import Path

import pytest
from helpers import kill, names, run, snapshot, start, until

import coma
from coma import IndexFile

HOLDER = """
    import sys, time
    from pathlib import Path
    from coma import IndexFile

    with IndexFile(sys.argv[1]).lock():
        Path(sys.argv[2]).touch()
        while not Path(sys.argv[3]).exists():
            time.sleep(0.005)
"""


@pytest.fixture
def index(tmp_path):
    """Return a new index."""
    (tmp_path / "d").mkdir()
    index = IndexFile(tmp_path / "d" / "measurement.index")
    index.create()
    return index


@pytest.fixture
def holder(index, script, tmp_path):
    """Return a process that holds the lock until the file ``go`` appears."""
    process = start(script(HOLDER), index.filename, tmp_path / "held", tmp_path / "go")
    until((tmp_path / "held").exists)
    yield process
    kill(process)


def lock_file(index):
    """Return the path of the lock."""
    return Path(index.filename + ".lock")


def test_ids_are_given_out_in_order(index):
    """Each once; several at a time on request; the file holds the last."""
    assert (index.read(), index.next(), index.next(3), index.next(), index.read()) == (0, 1, 2, 5, 5)
    text = '{\n  "measurements": {\n    "last_measurement_id": 5\n  }\n}'
    assert Path(index.filename).read_text() == text
    assert IndexFile(index.filename.removesuffix(".json")).read() == 5


def test_the_lock_says_whose_it_is_and_goes_away(index):
    """It holds the process and the host, each on a line of its own."""
    with index.lock():
        lines = lock_file(index).read_text().splitlines()
        assert lines[0] == str(os.getpid())
        assert lines[1].startswith(os.uname().nodename)
    assert names(Path(index.filename).parent) == ["measurement.index.json"]


def test_the_lock_goes_away_when_something_fails(index):
    """An exception within does not leave it behind."""
    with pytest.raises(ZeroDivisionError), index.lock():
        _ = 1 / 0
    assert not lock_file(index).exists()


def test_a_living_owner_is_waited_for(index, holder, tmp_path):
    """An id is given out only after the other process has let go."""
    taken = []
    thread = threading.Thread(target=lambda: taken.append(index.next()))
    thread.start()
    thread.join(0.3)
    assert taken == []
    (tmp_path / "go").touch()
    thread.join()
    assert taken == [1]
    assert holder.wait() == 0


def test_after_the_time_limit_the_error_names_owner_and_remedy(index, holder):
    """The index and the lock are left as they are."""
    before = snapshot(Path(index.filename).parent)
    text = rf'/measurement\.index\.json\.lock" is still locked after 0\.1 s by process {holder.pid} on .* \(this host\)'
    with pytest.raises(coma.IndexFileError, match=text + ".*remove the file"), index.lock(timeout=0.1):
        pass
    assert snapshot(Path(index.filename).parent) == before


def test_the_lock_of_a_killed_process_is_taken_over(index, holder):
    """A crash does not block the next run."""
    kill(holder)
    assert lock_file(index).exists()
    assert index.next() == 1
    assert not lock_file(index).exists()


def test_the_lock_of_another_host_is_never_taken_over(index):
    """Whether its process lives cannot be known here."""
    lock_file(index).write_text("1\nsome-other-host\n")
    with (
        pytest.raises(coma.IndexFileError, match=r"by process 1 on some-other-host\. If that"),
        index.lock(timeout=0.2),
    ):
        pass
    assert lock_file(index).exists()


@pytest.mark.slow
def test_an_empty_lock_of_coma_2_is_removed_with_a_warning(index):
    """It names no owner, and no living owner of ours leaves it empty."""
    lock_file(index).touch()
    with pytest.warns(UserWarning, match=r'Removing the lock ".*\.lock", left behind by a program that died'):
        assert index.next() == 1


@pytest.mark.slow
@pytest.mark.parametrize("format", ["json", "xml"])
def test_processes_and_threads_never_get_the_same_id(tmp_path, script, format):
    """Two processes of two threads each take 100 ids, all different."""
    code = script(
        """
        import sys, threading
        from coma import IndexFile

        def take():
            for _ in range(25):
                print(IndexFile(sys.argv[1]).next(), flush=True)

        threads = [threading.Thread(target=take) for _ in range(2)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        """
    )
    index = IndexFile(tmp_path / "i", default_format=format)
    index.create()
    found = []
    others = [threading.Thread(target=lambda: found.append(run(code, index.filename))) for _ in range(2)]
    for thread in others:
        thread.start()
    for thread in others:
        thread.join()
    assert sorted(map(int, "".join(found).split())) == list(range(1, 101))
    assert index.read() == 100


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            '{"measurements": {"last_measurement_id": "5"}}',
            r"is damaged: measurements/last_measurement_id is '5', not a",
        ),
        (
            '{"measurements": {"last_measurement_id": -1}}',
            r"is damaged: .* is -1, not a whole number >= 0 and < 2\*\*63\. Write there the highest id",
        ),
        ('{"measurements": {"last_measurement_id": true}}', r"is damaged: .* is True, not"),
        ('{"measurements": {"last_measurement_id": 1.0}}', r"is damaged: .* is 1\.0, not"),
        ('{"measurements": {"last_measurement_id": 1e3}}', r"is damaged: .* is 1000\.0, not"),
        (
            '{"measurements": {"last_measurement_id": 18446744073709551615}}',
            r"is damaged: .* is 18446744073709551615, not",
        ),
        ('{"measurements": []}', r"is damaged: .* is None, not"),
        ("[]", r"is damaged: .* is None, not"),
        ("", r"is not JSON"),
        ('{"measurements": {"last_', r"is not JSON: .* in line 1"),
    ],
)
def test_a_damaged_index_is_an_error_and_stays(index, text, complaint):
    """Nothing is guessed and nothing is written."""
    Path(index.filename).write_text(text)
    before = snapshot(Path(index.filename).parent)
    with pytest.raises((coma.IndexFileError, coma.ArchiveError), match=rf'/measurement\.index\.json" {complaint}'):
        index.next()
    assert snapshot(Path(index.filename).parent) == before


def test_a_missing_index_is_an_error(tmp_path):
    """It is not created by reading it."""
    with pytest.raises(coma.ArchiveError, match="Cannot read"):
        IndexFile(tmp_path / "none").next()
    assert names(tmp_path) == []


def test_an_index_that_another_process_creates_in_another_format_is_taken(tmp_path):
    """There are never two."""
    ours, theirs = IndexFile(tmp_path / "i"), IndexFile(tmp_path / "i", default_format="xml")
    theirs.create(5)
    assert (ours.exists(), ours.next()) == (True, 6)
    assert names(tmp_path) == ["i.xml"]
