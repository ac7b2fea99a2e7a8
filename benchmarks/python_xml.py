# SPDX-License-Identifier: BSD-2-Clause
"""A million doubles read from XML in Python into an array, as a ratio to Boost's xml_iarchive in C++ in the same run.

``python benchmarks/python_xml.py`` builds benchmarks/cpp_archives.cpp, which prints Boost's time; cmeel-boost and g++ are
needed. Processor time, the best of several, in turns.
"""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

import coma

ROUNDS = 3
TARGET = 1.0
HERE = Path(__file__).resolve().parent


def build(directory: Path) -> Path:
    """Compile the C++ benchmark."""
    file = next(f for f in importlib.metadata.files("cmeel-boost") or [] if "libboost_serialization.so" in f.name)
    library = Path(str(file.locate())).resolve().parent
    include = ["-I", coma.get_include(), "-isystem", str(library.parent / "include")]
    link = [f"-L{library}", f"-Wl,-rpath,{library}", "-lboost_serialization"]
    program = directory / "archives"
    source = str(HERE / "cpp_archives.cpp")
    subprocess.run(["g++", "-std=c++17", "-O2", *include, source, *link, "-o", str(program)], check=True)
    return program


def boost_seconds(program: Path, directory: Path) -> float:
    """Return how long Boost takes to read a million doubles."""
    with tempfile.TemporaryDirectory(dir=directory) as place:
        printed = subprocess.run([program], cwd=place, capture_output=True, text=True, check=False).stdout
    found = re.search(r"Boost reads them\s+([0-9.]+) ms", printed)
    assert found, printed
    return float(found[1]) / 1000


def python_seconds(archive: coma.XMLArchive) -> float:
    """Return how long it takes to read the array."""
    begin = time.process_time()
    archive.load()
    return time.process_time() - begin


def main() -> None:
    """Measure in turns, and print the ratio of the best."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        program = build(directory)
        archive = coma.XMLArchive(directory / "numbers")
        archive.save({"measurement": {"values": np.random.default_rng(0).random(1_000_000)}})
        pairs = [(python_seconds(archive), boost_seconds(program, directory)) for _ in range(ROUNDS)]
    ours, boost = (min(times) for times in zip(*pairs, strict=True))
    print(f"Boost reads a million doubles   {boost:.3f} s")
    print(f"Python reads them into an array {ours:.3f} s, ratio {ours / boost:.2f} (at most {TARGET})")


if __name__ == "__main__":
    main()
