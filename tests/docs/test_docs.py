# SPDX-License-Identifier: BSD-2-Clause
"""Every code block of the README and of the how-to pages is run, and prints what the page says.

The blocks of a page are run in order, in one directory that is empty at first:

- a block whose first line is a comment with a file's name (``# fall.py``, ``// fall.cpp``) becomes that file;
- in a ``console`` block, each line after ``$`` is run by a shell, and prints the lines below it;
- a ``pycon`` block is a doctest; the blocks of a page share their variables;
- any other block needs ``<!-- not run: reason -->`` on the line before.

``...`` stands for any output. Dates, names of hosts and digits after the ninth may differ.
"""

from __future__ import annotations

import doctest
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from test_notebooks import ROOT, environment, normal

import coma

PAGES = [
    ROOT / "README.md",
    *(ROOT / "docs" / name for name in ("index.md", "reference.md")),
    *sorted((ROOT / "docs" / "how-to").glob("*.md")),
]
BLOCK = re.compile(r"(?:^<!-- not run: (.+?) -->\n+)?^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE_NAME = re.compile(r"(?:#|//) ([\w-]+\.\w+)\n")
COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Block(NamedTuple):
    """A code block: why it is not run, its language, its text and the line it begins at."""

    reason: str | None
    language: str
    text: str
    line: int


class Checker(doctest.OutputChecker):
    """Compare outputs as far as they do not differ from run to run."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        """Tell whether `got` is what the page says."""
        return super().check_output(normal(want) + "\n", normal(got) + "\n", optionflags)


def blocks(page: Path) -> Iterator[Block]:
    """Yield the code blocks of a page; one such as {toctree} is no code."""
    text = page.read_text(encoding="utf-8")
    for found in BLOCK.finditer(text):
        if not found[2].startswith("{"):
            yield Block(found[1], found[2], found[3], text.count("\n", 0, found.start(3)))


def run(block: Block, variables: dict[str, Any]) -> str:
    """Run one block in the current directory; return what differs from the page, an empty string if all is well."""
    name = FILE_NAME.match(block.text)
    if block.reason:
        return ""
    if block.language == "console":
        return run_console(block)
    if block.language == "pycon":
        return run_doctest(block, variables)
    if not name:
        return (
            f"line {block.line}: a block of {block.language or 'no language'} is neither a file nor marked as not run"
        )
    Path(name[1]).write_text(block.text, encoding="utf-8")
    return ""


def run_console(block: Block) -> str:
    """Run the commands of a block; one that shows no output must succeed."""
    for command, want in COMMAND.findall(block.text):
        done = subprocess.run(
            command, shell=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if not Checker().check_output(want, done.stdout, FLAGS) or (not want and done.returncode):
            return f"line {block.line}: $ {command}\n{done.stdout}\nexpected\n{want}"
    return ""


def run_doctest(block: Block, variables: dict[str, Any]) -> str:
    """Run the examples of a block with the page's variables."""
    report: list[str] = []
    test = doctest.DocTestParser().get_doctest(block.text, {}, "block", None, block.line)
    test.globs = variables
    doctest.DocTestRunner(Checker(), verbose=False, optionflags=FLAGS).run(test, out=report.append, clear_globs=False)
    return "".join(report)


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


def test_the_reference_has_every_public_name() -> None:
    """Each name in ``coma.__all__`` is documented by reference.md, the errors by their module."""
    text = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\.\. auto(?:class|function):: (\w+)$", text, re.MULTILINE))
    errors = {name for name in coma.__all__ if hasattr(coma.errors, name)}
    assert documented | errors | {"__version__"} == set(coma.__all__)
