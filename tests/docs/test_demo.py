# SPDX-License-Identifier: BSD-2-Clause
"""The demonstration: the tutorial's sweep by three routes."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

import coma

pytestmark = pytest.mark.slow

pytest.importorskip("matplotlib")
pytest.importorskip("pendulum_ext", reason="the pendulum is not installed: pip install ./examples/pendulum")

SWEEP = Path(__file__).resolve().parents[2] / "examples" / "pendulum" / "sweep.py"
ROUTES = ["python", "extension", "binary"]


def sweep(directory: Path) -> subprocess.CompletedProcess[str]:
    """Run the demonstration as a person would."""
    return subprocess.run([sys.executable, SWEEP, directory], text=True, capture_output=True, check=False)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """Run it once, in a new directory."""
    directory = tmp_path_factory.mktemp("demo")
    return directory, sweep(directory)


def test_demo_computes_the_table_of_the_tutorial(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """The demonstration succeeds, says so, and prints a line for each of the 60 points."""
    _, done = demo
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:3] == [f"{route}: 60 of 60 parameter sets computed" for route in ROUTES]
    assert done.stdout.endswith("The three routes agree.\n")
    assert "  -60.0000    0.000000    0.000000" in done.stdout
    assert len(re.findall(r"^ +-?\d+\.\d{4} +\d\.\d{6} +\d\.\d{6}$", done.stdout, re.MULTILINE)) == 60


def test_demo_leaves_experiments_and_a_figure(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """Three experiments of 60 measurements and a figure of three panels remain."""
    from matplotlib.image import imread

    directory, _ = demo
    assert [coma.Experiment(directory / route).number_of_measurements() for route in ROUTES] == [60, 60, 60]
    height, width, _ = imread(directory / "pendulum.png").shape
    assert width > 3 * height > 1000


def test_second_demo_notices_a_changed_result(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """A second run computes nothing, and fails when the last bit of one number was changed in the meantime."""
    directory, _ = demo
    file = directory / "binary" / "measurement.000022.json"
    data = json.loads(file.read_text())
    data["measurement"]["results"]["t"] = math.nextafter(data["measurement"]["results"]["t"], math.inf)
    file.write_text(json.dumps(data))
    done = sweep(directory)
    assert done.returncode == 1
    assert done.stdout.splitlines()[:3] == [f"{route}: 0 of 60 parameter sets computed" for route in ROUTES]
    assert re.search(r"^extension and binary: differ by [1-9].*e-1\d, allowed 0.0e\+00$", done.stdout, re.MULTILINE)
    assert done.stdout.endswith("The routes disagree.\n")
