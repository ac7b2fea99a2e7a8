# SPDX-License-Identifier: BSD-2-Clause
"""Temporary files: whose they are, and which may go."""

import os
import re
import shutil
import subprocess
import sys
import time

import pytest
from helpers import environment, kill, names, sweep, until

from coma import owners

DEAD = 99999999  # more than any system gives


def left(directory):
    """Return the names that are taken for left behind."""
    return sorted(path.name for path in owners.leftovers(directory, names(directory)))


def test_the_name_of_a_temporary_file_says_whose_it_is(tmp_path):
    """Host, boot and space of process ids, process; the file's own name is cut to 100 bytes."""
    name = owners.temporary_name(tmp_path / "experiment.none.json").name
    assert re.fullmatch(
        rf"\.experiment\.none\.json~{owners.HOST}~[0-9a-f]+-[0-9a-f]+~{os.getpid()}~[0-9a-f]{{8}}\.tmp", name
    )
    assert len(os.fsencode(owners.temporary_name(tmp_path / ("\u00e9" * 127)).name)) < 255


@pytest.mark.parametrize("place", [f"{owners.here()}~", ""], ids=["as now", "as earlier versions wrote it"])
def test_what_dead_processes_of_this_place_left_may_go(tmp_path, place):
    """And what living ones write stays."""
    dead, living = (f".a.json~{owners.HOST}~{place}{pid}~12ab.tmp" for pid in (DEAD, os.getpid()))
    for name in (dead, living, "a.json", ".a.json.tmp", ".hidden"):
        (tmp_path / name).touch()
    assert left(tmp_path) == [dead]


@pytest.mark.parametrize(
    "owner",
    [
        pytest.param(f"{owners.HOST}~0123abcd-{owners.here().partition('-')[2]}", id="another boot"),
        pytest.param(f"{owners.HOST}~{owners.here().partition('-')[0]}-f0001234", id="another space of process ids"),
        pytest.param(f"another.host~{owners.here()}", id="another host"),
        pytest.param("another.host", id="another host, an earlier version"),
    ],
)
def test_what_others_write_stays_for_a_day(tmp_path, owner):
    """Whether they live cannot be known; after a day nobody writes any more."""
    path = tmp_path / f".a.json~{owner}~{DEAD}~12ab.tmp"
    path.touch()
    assert left(tmp_path) == []
    os.utime(path, (0, time.time() - 25 * 3600))
    assert left(tmp_path) == [path.name]


def test_a_temporary_file_of_a_living_process_in_another_space_of_ids_stays(tmp_path, script):
    """Two containers share a directory and the name of a host; neither removes what the other is writing."""
    probe = shutil.which("unshare") and subprocess.run(
        ["unshare", "--pid", "--fork", "true"], check=False, capture_output=True
    )
    if not probe or probe.returncode:
        pytest.skip("making a space of process ids needs Linux and root")
    directory, written = tmp_path / "e", tmp_path / "written"
    sweep(directory, 0)
    code = f"""
        import time
        from pathlib import Path
        from coma import owners
        path = owners.temporary_name(Path({str(directory / "experiment.none.json")!r}))
        path.touch()
        Path({str(written)!r}).write_text(path.name)
        time.sleep(1000)
    """
    command = ["unshare", "--pid", "--fork", "--kill-child", sys.executable, str(script(code))]
    process = subprocess.Popen(command, env=environment(), start_new_session=True)
    try:
        until(lambda: written.exists() and written.read_text())
        e = sweep(directory, 0)
        e.deactivate()
        e.activate()
        assert written.read_text() in names(directory)
    finally:
        kill(process)
