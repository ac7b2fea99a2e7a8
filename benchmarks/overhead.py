# SPDX-License-Identifier: BSD-2-Clause
"""What Coma adds to each point, as ratios to bare executors and loops that are measured in the same run.

``python benchmarks/overhead.py [--tasks 2000] [--points 100000] [--repeat 5]``. The bare executor keeps as many tasks in
flight as Coma does, and nothing of their results; a loop writes the same texts to files and gives these their names. The
ratio is that of Coma to both together, as a library that keeps the results has to do both.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import coma

Measure = Callable[[Path, int], tuple[float, float]]
WORKERS = 2
TARGETS = {"processes": 1.3, "program": 1.3, "serial": 3.0}


def empty(p: Any) -> dict[str, Any]:
    """Do nothing, and say so."""
    return {"parameters": {"x": p.x}, "results": {}}


def nothing(x: int) -> dict[str, Any]:
    """Do the same without Coma."""
    return {"parameters": {"x": x}, "results": {}}


def echo_directly(_x: int) -> int:
    """Run the program that says that there is nothing."""
    return subprocess.run(["echo", "{}"], check=True, capture_output=True).returncode


def sweep(directory: Path, tasks: int) -> coma.Experiment:
    """Return an experiment with so many points to do."""
    e = coma.Experiment(directory)
    e.define_parameter_set(("x", "parameters/x"))
    for x in range(tasks):
        e.add_parameter_set(x)
    return e


def bare(executor: Executor, function: Callable[[int], Any], tasks: int) -> None:
    """Run tasks on an executor, with few of them in flight."""
    todo, pending = iter(range(tasks)), set[Future[Any]]()
    while True:
        pending |= {executor.submit(function, x) for x in itertools.islice(todo, 2 * WORKERS - len(pending))}
        if not pending:
            return
        done, pending = wait(pending, return_when=FIRST_COMPLETED)
        for future in done:
            future.result()


def seconds(do: Callable[[], object]) -> float:
    """Return how long something takes."""
    start = time.perf_counter()
    do()
    return time.perf_counter() - start


def processes(scratch: Path, tasks: int) -> tuple[float, float]:
    """Measure Coma and the bare executor, on one pool of processes."""
    with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("fork")) as pool:
        sweep(scratch / "warm", 2 * WORKERS).run(empty, pool)
        e = sweep(scratch / "e", tasks)
        return seconds(lambda: e.run(empty, pool)), seconds(lambda: bare(pool, nothing, tasks))


def program(scratch: Path, tasks: int) -> tuple[float, float]:
    """Measure Coma and `subprocess.run`, on threads."""
    with ThreadPoolExecutor(WORKERS) as pool:
        e = sweep(scratch / "e", tasks)
        echo = coma.Program(["echo", "{}"])
        return seconds(lambda: e.run(echo, pool)), seconds(lambda: bare(pool, echo_directly, tasks))


def serial(scratch: Path, tasks: int) -> tuple[float, float]:
    """Measure Coma alone."""
    e = sweep(scratch / "e", tasks)
    return seconds(lambda: e.run(empty)), 0.0


def loop(directory: Path, texts: list[str]) -> None:
    """Write each text to a file under another name, and rename it."""
    directory.mkdir()
    for number, text in enumerate(texts):
        with open(directory / "new", "w") as file:
            file.write(text)
        os.rename(directory / "new", directory / f"measurement.{number:06d}.json")


def compared(measure: Measure, scratch: Path, tasks: int) -> tuple[float, float, float]:
    """Return the milliseconds per point of Coma, of the bare executor, and of writing the files."""
    ours, theirs = measure(scratch, tasks)
    texts = [path.read_text() for path in sorted((scratch / "e").glob("measurement.0*"))]
    files = seconds(lambda: loop(scratch / "loop", texts))
    return 1e3 * ours / tasks, 1e3 * theirs / tasks, 1e3 * files / tasks


def memory(scratch: Path, points: int) -> None:
    """Print how much memory a process has that defines so many points, all of which are done."""
    before = peak()
    e = sweep(scratch / "e", points)
    defined = peak()
    e.run(empty)
    again = sweep(scratch / "e", points)
    assert again.run(empty) == (0, points)
    print(f"| memory for {points} points | {defined - before:.0f} MB defined, {peak() - before:.0f} MB with all done |")


def peak() -> float:
    """Return the most megabytes that this process had."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1e6 if sys.platform == "darwin" else 1e3)


def main() -> int:
    """Print the table; 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("tasks", 2000), ("points", 100_000), ("repeat", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    print("| ms per point | Coma | bare | files | ratio | at most |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:  # nothing is deleted before the end, which would slow the others
        met = [row(measure, Path(scratch), given.tasks, given.repeat) for measure in (processes, program, serial)]
        if given.points:
            memory(Path(scratch), given.points)
    return int(not all(met))


def row(measure: Measure, scratch: Path, tasks: int, repeat: int) -> bool:
    """Print the medians of some repetitions; tell whether the target is met."""
    rounds = []
    for number in range(repeat):
        place = scratch / f"{measure.__name__}-{number}"
        place.mkdir()
        os.sync()
        rounds.append(compared(measure, place, tasks))
    ours, theirs, files = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio, target = statistics.median(a / (b + c) for a, b, c in rounds), TARGETS[measure.__name__]
    print(f"| {measure.__name__} | {ours:.2f} | {theirs:.2f} | {files:.2f} | {ratio:.2f} | {target} |", flush=True)
    return ratio <= target


if __name__ == "__main__":
    sys.exit(main())
