# SPDX-License-Identifier: BSD-2-Clause
"""How long each stage takes, as ratios to hand-written loops and to neighbours, measured in the same run.

``python benchmarks/run.py [--sizes 1000 10000 100000] [--repeat 5] [--write]``; with ``--write``, the tables and the
plot go into docs/performance.md. Each stage runs in a process of its own, the subjects in turn, and begins when nothing
waits to be written to the disk. A stage is finished for all sizes and repetitions before the next one begins, so that
nothing is created in the minutes after a mass delete, for which ext4 creates files up to ten times slower; only activate
has to. Beyond `LARGE` measurements, each stage runs once and without the neighbours.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import importlib.util
import itertools
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")
import matplotlib.pyplot as plt

STAGES = ("run", "resume", "extend", "table", "filtered", "deactivate", "inactive", "activate")
PEERS = {"signac": ("run", "resume", "table"), "psweep": ("run", "resume", "table")}
TARGETS = {
    "run": 3.0,
    "resume": 1.0,
    "table": 1.2,
    "inactive": 1.5,
    "deactivate": 3.0,
    "activate": 3.0,
}
HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "performance.md"
PICTURE = PAGE.with_suffix(".png")
LARGE = 10_000
BEGIN, END = "<!-- measured -->", "<!-- end -->"

Seconds = dict[str, float]


def once(who: str, stage: str, directory: Path, n: int) -> float:
    """Run a stage in a new process, and return how many seconds it took."""
    command = [sys.executable, str(HERE / "stages.py"), who, stage, str(directory), str(n)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def measured(scratch: Path, sizes: Sequence[int], repeat: int) -> dict[int, dict[str, Seconds]]:
    """Return the medians of some repetitions for each size, subject and stage."""
    found: dict[tuple[int, str, str], list[float]] = {}
    for stage, n in itertools.product(STAGES, sizes):
        for i in range(repeat if n <= LARGE else 1):
            for who in subjects(n, stage):
                found.setdefault((n, who, stage), []).append(once(who, stage, scratch / f"{who}-{n}-{i}", n))
    seconds: dict[int, dict[str, Seconds]] = {n: {} for n in sizes}
    for (n, who, stage), times in found.items():
        seconds[n].setdefault(who, {})[stage] = statistics.median(times)
    return seconds


def subjects(n: int, stage: str) -> list[str]:
    """Return who takes part in a stage."""
    return ["floor", "coma", *(name for name in peers() if n <= LARGE and stage in PEERS[name])]


def peers() -> list[str]:
    """Return the neighbours that are installed."""
    return [name for name in PEERS if importlib.util.find_spec(name)]


def table(size: int, seconds: dict[str, Seconds]) -> list[str]:
    """Return a table of seconds and ratios for one size."""
    others = [name for name in seconds if name not in ("coma", "floor")]
    head = ["stage", "coma (s)", "floor (s)", "coma / floor", "target", *(f"{name} / coma" for name in others)]
    lines = [f"### {size:,} measurements", "", _row(head), _row(["---"] * len(head))]
    for stage in STAGES:
        ours, floor = seconds["coma"][stage], seconds["floor"][stage]
        ratios = [f"{seconds[name][stage] / ours:.1f}" if stage in seconds[name] else "" for name in others]
        target = f"{TARGETS[stage]:.1f}" if stage in TARGETS else ""
        lines.append(_row([stage, f"{ours:.3f}", f"{floor:.3f}", f"{ours / floor:.2f}", target, *ratios]))
    return [*lines, ""]


def growth(small: int, large: int, seconds: dict[int, dict[str, Seconds]]) -> list[str]:
    """Return how the cost of each stage grows between two sizes."""
    lines = [f"### From {small:,} to {large:,}", "", _row(["stage", "cost grows by"]), _row(["---", "---"])]
    for stage in STAGES:
        ratio = seconds[large]["coma"][stage] / seconds[small]["coma"][stage]
        lines.append(_row([stage, f"{ratio:.1f}"]))
    return [*lines, ""]


def conditions() -> str:
    """Return where and with what was measured."""
    names = ("coma-toolkit", "numpy", "orjson", *peers())
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    today = datetime.date.today().isoformat()
    return f"Measured on {today}: {platform.platform()}, Python {platform.python_version()}, {versions}."


def plot(seconds: dict[int, dict[str, Seconds]]) -> None:
    """Draw how long each stage takes over the number of measurements, beside the page."""
    figure, axes = plt.subplots(2, 4, figsize=(12, 6), sharex=True, sharey=True, layout="constrained")
    for stage, ax in zip(STAGES, axes.flat, strict=True):
        for who, style in {"coma": "o-", "floor": "s--", "signac": "^:", "psweep": "v:"}.items():
            points = [(n, found[who][stage]) for n, found in seconds.items() if stage in found.get(who, {})]
            if points:
                ax.loglog(*zip(*points, strict=True), style, label=who)
        ax.set_title(stage)
    axes[0, 0].legend()
    figure.supxlabel("measurements")
    figure.supylabel("seconds")
    figure.savefig(PICTURE, dpi=80)


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Measure, print, and write the page if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="coma-bench-"))
    seconds = measured(scratch, options.sizes, options.repeat)
    lines = [conditions(), "", *(line for n in options.sizes for line in table(n, seconds[n]))]
    for small, large in zip(options.sizes, options.sizes[1:], strict=False):
        lines += growth(small, large, seconds)
    print("\n".join(lines))
    if options.write:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        lines.append(f"![seconds over measurements, for each stage]({PICTURE.name})\n")
        PAGE.write_text("\n".join([before + BEGIN, "", *lines, END + rest.partition(END)[2]]))
        plot(seconds)
    shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
