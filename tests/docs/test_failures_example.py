# SPDX-License-Identifier: BSD-2-Clause
"""The example of a sweep that survives does what its README shows."""

import re
import signal
import subprocess
from pathlib import Path

import pytest
from helpers import names, run, start, until

pytestmark = pytest.mark.slow
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "failures"
SWEEP = EXAMPLE / "failing_sweep.py"


@pytest.fixture
def transcripts():
    """Return what the README shows of the three runs."""
    text = (EXAMPLE / "README.md").read_text()
    return [block.partition("\n")[2] for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL)]


def test_it_stops_resumes_and_is_mended(directory, transcripts):
    """Ctrl-C, a failure and a timeout, and at last all ten points, each measured once."""
    stopped, resumed, mended = transcripts
    running = start(SWEEP, directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until(lambda: len(list(directory.glob("measurement.0*.json"))) >= 2)
    running.send_signal(signal.SIGINT)
    stdout, stderr = running.communicate(timeout=100)
    done, failed, missing = map(int, re.findall(r"\d+", re.sub("of 10", "", stdout))[:3])
    assert done + failed + missing == 10
    assert 2 <= done < 10
    expected = stopped.replace("^C", "").splitlines()
    assert stderr.splitlines() == [expected[0], expected[1], expected[3]]
    assert re.sub(r"\d+", "N", stdout.splitlines()[0]) == re.sub(r"\d+", "N", expected[2])
    assert sorted(run(SWEEP, directory).splitlines()) == sorted(resumed.splitlines())
    assert run(SWEEP, directory, "--mended") == mended
    assert sorted(name.partition(".")[0] for name in names(directory) if name.endswith(".json")) == [
        "experiment", *["measurement"] * 11,
    ]  # fmt: skip
    assert len(list(directory.glob("measurement.*.stderr.txt"))) == 10


def test_the_failures_are_files(directory):
    """With what the README says, and what the program said beside them."""
    run(SWEEP, directory)
    failures = sorted(directory.glob("failure.*.json"))
    assert len(failures) == 2
    for path in failures:
        assert re.fullmatch("simulating x = [35].0\n.*", path.with_suffix(".stderr.txt").read_text(), re.DOTALL)
        assert all(
            f'"{key}":' in path.read_text() for key in ("command", "stderr", "stdout", "parameters", "traceback")
        )
