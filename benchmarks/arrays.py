# SPDX-License-Identifier: BSD-2-Clause
"""A table of measurements that hold an array each, as a ratio to a hand-written loop over the same files.

``python benchmarks/arrays.py [--measurements 10000] [--doubles 1000] [--repeat 3]``. The loop opens each file, parses it by
orjson or lxml, and makes an array of the numbers. Medians of repetitions in turns, once the files are on the disk.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from lxml import etree
from overhead import seconds

import coma

Array = np.ndarray[Any, np.dtype[np.float64]]
COLUMNS = [("x", "parameters/x"), ("psi", "results/psi")]
TARGETS = {"json": 1.2, "xml": 2.0}


def measured(directory: Path, format: str, measurements: int, doubles: int) -> coma.Experiment:
    """Return an experiment whose measurements hold random numbers."""
    e = coma.Experiment(directory, config={"archive_default_format": format})
    e.define_parameter_set(("x", "parameters/x"))
    e.add_parameter_grid(x=range(measurements))
    random = np.random.default_rng(0)
    e.run(lambda p: {"parameters": {"x": p.x}, "results": {"psi": random.normal(size=doubles)}}, progress=False)
    return e


def json_row(text: bytes) -> tuple[int, Array]:
    """Return the parameter and the array of a JSON file."""
    tree = orjson.loads(text)["measurement"]
    return tree["parameters"]["x"], np.array(tree["results"]["psi"]["list"])


def xml_row(text: bytes) -> tuple[int, Array]:
    """Return the parameter and the array of an XML file."""
    root = etree.fromstring(text)
    numbers = root.iterfind("results/psi/list/item")
    return int(root.findtext("parameters/x") or 0), np.array([float(item.text or "") for item in numbers])


def loop(directory: Path, row: Callable[[bytes], tuple[int, Array]]) -> list[tuple[int, Array]]:
    """Return the rows of all files."""
    rows = []
    for name in sorted(os.listdir(directory)):
        if name.startswith("measurement.0"):
            with open(directory / name, "rb") as file:
                rows.append(row(file.read()))
    return rows


def compared(scratch: Path, format: str, given: argparse.Namespace) -> bool:
    """Print the medians of some repetitions; tell whether the target is met."""
    directory = scratch / format
    e = measured(directory, format, given.measurements, given.doubles)
    row = {"json": json_row, "xml": xml_row}[format]
    os.sync()
    pairs = [
        (seconds(lambda: e.retrieve_results(COLUMNS)[0].table), seconds(lambda: loop(directory, row)))
        for _ in range(given.repeat)
    ]
    ours, floor = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = statistics.median(ours / floor for ours, floor in pairs)
    print(f"| {format} | {ours:.2f} | {floor:.2f} | {ratio:.2f} | {TARGETS[format]} |", flush=True)
    return ratio <= TARGETS[format]


def main() -> int:
    """Print the table; 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("measurements", 10_000), ("doubles", 1000), ("repeat", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    print("| format | Coma (s) | loop (s) | ratio | at most |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        met = [compared(Path(scratch), format, given) for format in TARGETS]
    return int(not all(met))


if __name__ == "__main__":
    sys.exit(main())
