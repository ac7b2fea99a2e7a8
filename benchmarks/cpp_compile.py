# SPDX-License-Identifier: BSD-2-Clause
"""Compile time of a program that writes one measurement, as a ratio to the same program written by hand.

The one by hand includes nothing but <fstream>, <string> and <vector>, and puts the same file into a stream. Where
valgrind is installed, it counts the compiler's instructions, which a busy machine does not change; else times are taken.
"""

from __future__ import annotations

import re
import resource
import shutil
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


def cost(compiler: str, level: str, source: str) -> float:
    """Return how many millions of instructions a compilation takes, or else how many seconds."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "program.cpp")
        file.write_text(source)
        command = [compiler, "-std=c++17", level, f"-I{INCLUDE}", "-S", str(file), "-o", "/dev/null"]
        if shutil.which("valgrind"):
            return _instructions(command, Path(directory)) / 1e6
        return min(_seconds(command) for _ in range(REPEATS))


def _instructions(command: list[str], directory: Path) -> int:
    """Return the instructions of a command and of those that it starts."""
    valgrind = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    subprocess.run([*valgrind, "--trace-children=yes", f"--log-file={directory}/%p.log", *command], check=True)
    logs = "".join(log.read_text() for log in directory.glob("*.log"))
    return sum(int(count.replace(",", "")) for count in re.findall(r"I +refs: +([\d,]+)", logs))


def _seconds(command: list[str]) -> float:
    """Return the processor time of a command in user mode."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime


if __name__ == "__main__":
    unit = "million instructions" if shutil.which("valgrind") else "s"
    for compiler in ("g++", "clang++"):
        for level in ("-O0", "-O2"):
            reference = cost(compiler, level, REFERENCE)
            for header in ("coma", "measurement"):
                own = cost(compiler, level, PROGRAM.replace("HEADER", header))
                print(f"{compiler} {level} {header}.hpp: {own:.4g} {unit}, ratio {own / reference:.2f} (goal 1.50)")
