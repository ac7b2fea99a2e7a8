#!/usr/bin/env -S uv run --script
# SPDX-License-Identifier: BSD-2-Clause
# /// script
# dependencies = ["nox>=2025.2.9"]
# ///
"""Checks in environments of their own, on each Python that is there."""

from __future__ import annotations

import shutil

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = False

PROJECT = nox.project.load_toml("pyproject.toml")


def dependencies(group: str) -> list[str]:
    """Return the requirements of a dependency group."""
    return list(nox.project.dependency_groups(PROJECT, group))


def install_pendulum(session: nox.Session) -> None:
    """Install Coma, and the pendulum against it."""
    session.install(".", *dependencies("pendulum"))
    session.install("--no-build-isolation", "--no-deps", "./examples/pendulum")


@nox.session
def lint(session: nox.Session) -> None:
    """Run ruff and mypy."""
    session.install(".", *dependencies("test"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")


@nox.session(python=nox.project.python_versions(PROJECT))
def tests(session: nox.Session) -> None:
    """Run the tests."""
    install_pendulum(session)
    session.install(*dependencies("test"))
    session.run("pytest", *session.posargs)


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    """Build the documentation; every warning is an error."""
    install_pendulum(session)
    session.install(*dependencies("docs"))
    session.run("sphinx-build", "-n", "-W", "docs", "build/docs")


@nox.session(default=False)
def build(session: nox.Session) -> None:
    """Build the source distribution and the wheel."""
    session.install("build")
    shutil.rmtree("dist", ignore_errors=True)
    session.run("python", "-m", "build")


if __name__ == "__main__":
    nox.main()
