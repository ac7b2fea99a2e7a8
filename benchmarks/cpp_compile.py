# SPDX-License-Identifier: BSD-2-Clause
"""Compile time of a program that writes one measurement, as a ratio to one that includes <fstream>, <string>, <vector>."""

from __future__ import annotations

import resource
import subprocess
import tempfile
from pathlib import Path

INCLUDE = Path(__file__).resolve().parents[1] / "cpp" / "include"
REFERENCE = "#include <fstream>\n#include <string>\n#include <vector>\nint main() {}\n"
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
    """Return the least processor time of several compilations."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "program.cpp")
        file.write_text(source)
        command = [compiler, "-std=c++17", level, f"-I{INCLUDE}", "-c", str(file), "-o", "/dev/null"]
        return min(_once(command) for _ in range(REPEATS))


def _once(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    for compiler in ("g++", "clang++"):
        for level in ("-O0", "-O2"):
            reference = seconds(compiler, level, REFERENCE)
            for header in ("coma", "measurement"):
                time = seconds(compiler, level, PROGRAM.replace("HEADER", header))
                print(f"{compiler} {level} {header}.hpp: {time:.3f} s, ratio {time / reference:.2f} (goal 1.50)")
