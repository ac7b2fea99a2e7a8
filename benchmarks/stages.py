# SPDX-License-Identifier: BSD-2-Clause
"""One stage of a benchmark, in a process of its own: ``python stages.py WHO STAGE DIRECTORY N`` prints seconds.

WHO is coma, floor (hand-written loops over the same files), signac or psweep. The stages, in this order, are run, resume,
extend, table, filtered, deactivate, inactive (a table of the archive) and activate.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson

EXTENSION = 10


def values(n: int) -> list[tuple[float, int]]:
    """Return the parameters of n points."""
    return [(0.1 * i, i % 7) for i in range(n)]


def simulate(x: float, k: int) -> dict[str, Any]:
    """Return what a cheap simulation leaves."""
    return {"parameters": {"x": x, "k": k}, "results": {"t": x * x, "t_": x + k}}


class Coma:
    """The library."""

    def __init__(self, directory: str, n: int) -> None:
        import coma

        self.experiment = coma.Experiment(directory, config={"record_environment": False})
        self.experiment.define_parameter_set(("x", "parameters/x"), ("k", "parameters/k"))
        self.n = n

    def run(self, more: int = 0) -> None:
        for point in values(self.n + more):
            self.experiment.add_parameter_set(*point)
        self.experiment.run(lambda p: simulate(p.x, p.k), progress=False)

    def resume(self) -> None:
        self.run()

    def extend(self) -> None:
        self.run(EXTENSION)

    def table(self, where: str | None = None) -> None:
        columns = [("x", "parameters/x"), ("t", "results/t"), ("t_", "results/t_")]
        self.experiment.retrieve_results(columns, [("k", "parameters/k")], where=where)

    def filtered(self) -> None:
        self.table("k == 3 and x > 1")

    def inactive(self) -> None:
        self.table()

    def deactivate(self) -> None:
        self.experiment.deactivate()

    def activate(self) -> None:
        self.experiment.activate()


class Floor:
    """What anybody would write by hand: one JSON file a point, written under another name and renamed."""

    def __init__(self, directory: str, n: int) -> None:
        os.makedirs(directory, exist_ok=True)
        self.directory = directory
        self.n = n

    def path(self, i: int) -> str:
        return os.path.join(self.directory, f"measurement.{i:06d}.json")

    def write(self, path: str, tree: Any) -> None:
        with open(path + ".tmp", "wb") as file:
            file.write(orjson.dumps(tree, option=orjson.OPT_INDENT_2))
        os.replace(path + ".tmp", path)

    def read(self, path: str) -> Any:
        with open(path, "rb") as file:
            return orjson.loads(file.read())

    def trees(self) -> list[Any]:
        names = sorted(name for name in os.listdir(self.directory) if name.startswith("measurement."))
        return [self.read(os.path.join(self.directory, name))["measurement"] for name in names]

    def measure(self, i: int, point: tuple[float, int]) -> None:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        info = {"measurement_id": i, "start_date": stamp, "end_date": stamp}
        self.write(self.path(i), {"measurement": {"info": info, **simulate(*point)}})

    def run(self) -> None:
        for i, point in enumerate(values(self.n), 1):
            self.measure(i, point)

    def resume(self, more: int = 0) -> None:
        done = {(tree["parameters"]["x"], tree["parameters"]["k"]) for tree in self.trees()}
        for i, point in enumerate(values(self.n + more), 1):
            if point not in done:
                self.measure(i, point)

    def extend(self) -> None:
        self.resume(EXTENSION)

    def group(self, trees: list[Any], keep: Callable[[Any], bool] = bool) -> None:
        groups: dict[int, list[list[float]]] = {}
        for tree in filter(keep, trees):
            row = [tree["parameters"]["x"], tree["results"]["t"], tree["results"]["t_"]]
            groups.setdefault(tree["parameters"]["k"], []).append(row)
        for rows in groups.values():
            np.array(rows)

    def table(self) -> None:
        self.group(self.trees())

    def filtered(self) -> None:
        self.group(self.trees(), lambda tree: tree["parameters"]["k"] == 3 and tree["parameters"]["x"] > 1)

    def archive(self) -> str:
        return os.path.join(self.directory, "archive.json")

    def deactivate(self) -> None:
        self.write(self.archive(), self.trees())
        for name in os.listdir(self.directory):
            if name.startswith("measurement."):
                os.unlink(os.path.join(self.directory, name))

    def inactive(self) -> None:
        self.group(self.read(self.archive()))

    def activate(self) -> None:
        for tree in self.read(self.archive()):
            self.write(self.path(tree["info"]["measurement_id"]), {"measurement": tree})
        os.unlink(self.archive())


class Signac:
    """signac: a directory and two files for each point."""

    def __init__(self, directory: str, n: int) -> None:
        import signac

        os.makedirs(directory, exist_ok=True)
        self.project = signac.init_project(directory)
        self.n = n

    def run(self) -> None:
        for x, k in values(self.n):
            job = self.project.open_job({"x": x, "k": k})
            if "t" not in job.document:
                job.document.update(simulate(x, k)["results"])

    def resume(self) -> None:
        self.run()

    def table(self) -> None:
        self.project.to_dataframe()


class Psweep:
    """psweep: one pickle at the end."""

    def __init__(self, directory: str, n: int) -> None:
        self.directory = directory
        self.n = n

    def run(self) -> None:
        import psweep

        params = [{"x": x, "k": k} for x, k in values(self.n)]
        psweep.run(
            lambda p: simulate(p["x"], p["k"])["results"],
            params,
            calc_dir=self.directory,
            skip_dups=True,
            verbose=False,
            save=True,
            backup=False,
        )

    def resume(self) -> None:
        self.run()

    def table(self) -> None:
        import psweep

        psweep.df_read(str(Path(self.directory) / "database.pk"))


WHO = {"coma": Coma, "floor": Floor, "signac": Signac, "psweep": Psweep}


def main(who: str, stage: str, directory: str, n: str) -> None:
    """Print how many seconds a stage takes, without the start of Python, once earlier stages are on the disk."""
    subject = WHO[who](directory, int(n))
    os.sync()
    begin = time.perf_counter()
    getattr(subject, stage)()
    print(time.perf_counter() - begin)


if __name__ == "__main__":
    main(*sys.argv[1:])
