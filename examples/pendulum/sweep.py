# SPDX-License-Identifier: BSD-2-Clause
"""Sweep the pendulum by three routes, compare them, print a table and draw a figure.

Run ``python sweep.py [DIRECTORY]``; the experiments and ``pendulum.png`` are left there. A second run computes nothing.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pendulum
import scipy.special
from matplotlib.figure import Figure

import coma

Tables = dict[float, np.ndarray]  # for each starting angle: rows of theta, t and t_


def sweep(directory: Path, function: Callable[[Any], Any]) -> Tables:
    """Run the 60 parameter sets with two workers and return a table for each starting angle."""
    e = coma.Experiment(directory)
    e.define_parameter_set(("theta_0", "parameters/theta_0"), ("theta", "parameters/theta"))
    for theta_0 in [-5.0, -30.0, -60.0]:
        for theta in np.linspace(theta_0, -theta_0, 20):
            e.add_parameter_set(theta_0, round(theta, 4))
    run, total = e.run(function, workers=2)
    print(f"{directory.name}: {run} of {total} parameter sets computed")
    columns = [("theta", "parameters/theta"), ("t", "results/t"), ("t_", "results/t_")]
    rs = e.retrieve_results(columns, [("theta_0", "parameters/theta_0")])
    return {r.parameters.theta_0: r.table[r.table[:, 0].argsort()] for r in rs}


def legendre_time(theta_0: float, theta: np.ndarray) -> np.ndarray:
    """Return the exact time by scipy's elliptic integrals, for L = 1 m."""
    k = math.sin(math.radians(-theta_0 / 2))
    phi = np.arcsin(np.clip(np.sin(np.radians(theta / 2)) / k, -1.0, 1.0))
    return (scipy.special.ellipk(k**2) + scipy.special.ellipkinc(phi, k**2)) / math.sqrt(pendulum.G)


def farthest(times: np.ndarray, exact: np.ndarray) -> float:
    """Return the largest relative difference; the time at the starting angle itself is 0."""
    return float(np.max(np.abs(times - exact) / np.where(exact > 0.0, exact, 1.0)))


def compare(python: Tables, extension: Tables, binary: Tables) -> list[tuple[str, float, float]]:
    """Return what is compared, the largest relative difference found, and the largest allowed.

    The extension and the binary are the same code and must agree in every bit.
    """
    exact = {theta_0: legendre_time(theta_0, table[:, 0]) for theta_0, table in binary.items()}
    bits = max(float(np.max(np.abs(extension[t] - table))) for t, table in binary.items())
    cpp = max(farthest(table[:, 1], exact[t]) for t, table in binary.items())
    quadrature = max(farthest(table[:, 1], exact[t]) for t, table in python.items())
    return [
        ("extension and binary", bits, 0.0),
        ("C++ and the elliptic integral", cpp, 1e-12),
        ("Python's quadrature, which errs by 9e-10, and the elliptic integral", quadrature, 1e-8),
    ]


def print_tables(tables: Tables) -> None:
    """Print angle, exact time and small-angle time, a block for each starting angle."""
    for theta_0, table in tables.items():
        print(f"\ntheta_0 = {theta_0} degrees, L = 1 m\n{'theta':>10}{'t (s)':>12}{'t_ (s)':>12}")
        for theta, t, t_ in table:
            print(f"{theta:10.4f}{t:12.6f}{t_:12.6f}")


def plot(tables: Tables, path: Path) -> None:
    """Draw angle over time, a panel for each starting angle."""
    figure = Figure(figsize=(5.3 * len(tables), 5), layout="tight")
    panels = figure.subplots(1, len(tables), squeeze=False)
    for panel, (theta_0, table) in zip(panels.flat, tables.items(), strict=True):
        panel.plot(table[:, 1], table[:, 0], label="Exact")
        panel.plot(table[:, 2], table[:, 0], label="Approximate")
        panel.set(xlabel="time (s)", ylabel="angle (°)", title=rf"$\theta_0 = {theta_0:.2f}$°")
        panel.legend(loc="upper left")
    figure.savefig(path)


def main(directory: Path) -> int:
    """Run it all; return 1 if the routes disagree."""
    python = sweep(directory / "python", pendulum.run_it)
    extension = sweep(directory / "extension", pendulum.run_extension)
    binary = sweep(directory / "binary", coma.Program(pendulum.binary()))
    print_tables(binary)
    plot(binary, directory / "pendulum.png")
    agree = True
    print()
    for name, found, allowed in compare(python, extension, binary):
        agree &= found <= allowed
        print(f"{name}: differ by {found:.1e}, allowed {allowed:.1e}")
    print("The three routes agree." if agree else "The routes disagree.")
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "pendulum_sweep")))
