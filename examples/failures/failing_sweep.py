# SPDX-License-Identifier: BSD-2-Clause
"""A sweep of ten points that survives a failure, a timeout and Ctrl-C: run it again, and it does the rest.

Usage: python failing_sweep.py DIRECTORY [--mended]
"""

import sys
from pathlib import Path

import coma

SIMULATION = Path(__file__).with_name("simulation.py")


def main(directory: str, *options: str) -> None:
    """Run the points that are missing, and say what became of all of them."""
    experiment = coma.Experiment(directory)
    experiment.define_parameter_set(("x", "parameters/x"))
    experiment.add_parameter_grid(x=range(10))
    program = coma.Program([sys.executable, SIMULATION, "{x}", *options], timeout=2.0, keep_files=["stderr.txt"])
    try:
        measure(experiment, program)
    finally:
        report(experiment)


def measure(experiment: coma.Experiment, program: coma.Program) -> None:
    """Run, two points at a time; a point that fails is no reason to stop."""
    try:
        measured, _ = experiment.run(program, workers=2)
        print(f"{measured} points measured")
    except* coma.ProgramError as group:
        print(f"{len(group.exceptions)} points failed")


def report(experiment: coma.Experiment) -> None:
    """Say what is done, and why the rest is not."""
    print(experiment.status())
    for failure in experiment.failures():
        how = failure.get("error/exit_status", failure.get("error/signal"))
        print(f"  x = {failure.parameters.x}: {how}, {failure.error.stderr[-1]!r}")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit("stopped")
