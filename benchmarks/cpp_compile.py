# SPDX-License-Identifier: BSD-2-Clause
"""Compile time of a program that writes one measurement, as a ratio to the same program written by hand.

The one by hand includes nothing but <fstream>, <string> and <vector>, and puts the same file into a stream.
"""

from __future__ import annotations

import resource
import subprocess
import tempfile
from pathlib import Path

INCLUDE = Path(__file__).resolve().parents[1] / "cpp" / "include"
REFERENCE = """#include <fstream>
#include <string>
#include <vector>
int main() {
    const std::string now = "2014-02-25T22:50:11Z";
    std::ofstream out("measurement.xml");
    out << "<measurement>\\n  <info>\\n    <start_date>" << now << "</start_date>\\n    <end_date>" << now << "</end_date>\\n"
        << "    <program>pendulum</program>\\n    <version>1.0.0</version>\\n    <host>here</host>\\n"
        << "  </info>\\n  <parameters>\\n    <L>" << 1.0 << "</L>\\n  </parameters>\\n  <results>\\n    <t>" << 2.0
        << "</t>\\n  </results>\\n</measurement>\\n";
}
"""
PROGRAM = """#include <coma/HEADER.hpp>
int main() {
    coma::measurement m("pendulum", "1.0.0");
    m["parameters/L"] = 1.0;
    m["results/t"] = 2.0;
    m.save("measurement.xml");
}
"""
REPEATS = 9


def seconds(compiler: str, level: str, source: str) -> float:
    """Return the least processor time in user mode of several compilations."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "program.cpp")
        file.write_text(source)
        command = [compiler, "-std=c++17", level, f"-I{INCLUDE}", "-c", str(file), "-o", "/dev/null"]
        return min(_once(command) for _ in range(REPEATS))


def _once(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime


if __name__ == "__main__":
    for compiler in ("g++", "clang++"):
        for level in ("-O0", "-O2"):
            reference = seconds(compiler, level, REFERENCE)
            for header in ("coma", "measurement"):
                time = seconds(compiler, level, PROGRAM.replace("HEADER", header))
                print(f"{compiler} {level} {header}.hpp: {time:.3f} s, ratio {time / reference:.2f} (goal 1.50)")
