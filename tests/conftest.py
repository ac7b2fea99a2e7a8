# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures of all tests."""

from __future__ import annotations

import signal
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

Writer = Callable[[str], Path]

# A shell lets what it runs in the background ignore Ctrl-C, and whatever the tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def config_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep every test from the configuration of whoever runs it."""
    home = tmp_path_factory.mktemp("config")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    return home / "coma"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return the path of an experiment that does not exist yet."""
    return tmp_path / "experiment"


@pytest.fixture
def script(tmp_path: Path) -> Writer:
    """Return a function that writes Python code to a file of its own."""

    def write(code: str) -> Path:
        path = tmp_path / f"script{len(list(tmp_path.glob('script*.py')))}.py"
        path.write_text(textwrap.dedent(code))
        return path

    return write
