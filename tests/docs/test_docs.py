# SPDX-License-Identifier: BSD-2-Clause
"""Every code block of the README and of the how-to pages is run, and prints what the page says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from pages import ROOT, blocks, environment, run

import coma

PAGES = [
    ROOT / "README.md",
    *(ROOT / "docs" / name for name in ("index.md", "reference.md")),
    *sorted((ROOT / "docs" / "how-to").glob("*.md")),
]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_blocks_do_what_the_page_says(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each code block of a page runs and prints what is shown, or the page says why it is not run."""
    directory, home = tmp_path / "work", tmp_path / "home"
    directory.mkdir()
    home.mkdir()
    monkeypatch.chdir(directory)
    for name, value in environment(home).items():
        monkeypatch.setenv(name, value)
    variables: dict[str, Any] = {"__name__": "__main__"}
    complaints = "\n".join(filter(None, [run(block, variables) for block in blocks(page)]))
    assert not complaints, complaints


def test_a_wrong_block_is_noticed(tmp_path: Path) -> None:
    """A command that fails, an output that differs and a block without a mark are complaints."""
    page = tmp_path / "page.md"
    page.write_text("```console\n$ false\n```\n\n```pycon\n>>> 1 + 1\n3\n```\n\n```sh\nmake\n```\n", encoding="utf-8")
    assert all(run(block, {}) for block in blocks(page))
    assert len(list(blocks(page))) == 3


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_contributors_see_what_make_can_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """CONTRIBUTING.md shows what ``make help`` prints, also to a make that runs the tests."""
    for name in ("MAKELEVEL", "MAKEFLAGS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(ROOT)
    (targets,) = (block for block in blocks(ROOT / "CONTRIBUTING.md") if block.language == "console")
    assert run(targets, {}) == ""


def test_the_reference_has_every_public_name() -> None:
    """Each name in ``coma.__all__`` is documented by reference.md, the errors by their module."""
    text = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\.\. auto(?:class|function):: (\w+)$", text, re.MULTILINE))
    errors = {name for name in coma.__all__ if hasattr(coma.errors, name)}
    assert documented | errors | {"__version__"} == set(coma.__all__)
