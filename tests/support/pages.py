# SPDX-License-Identifier: BSD-2-Clause
"""The code blocks of a page, run and compared with what the page says.

The blocks of a page are run in order, in one directory that is empty at first:

- a block whose first line is a comment with a file's name (``# fall.py``, ``// fall.cpp``) becomes that file;
- in a ``console`` block, each line after ``$`` is run by a shell, and prints the lines below it;
- a ``pycon`` block is a doctest; the blocks of a page share their variables;
- any other block needs ``<!-- not run: reason -->`` on the line before.

``...`` stands for any output. Dates, names of hosts and digits after the ninth may differ.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
STORED_HOME = "/home/you"
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


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a user with the home directory `home`, who runs this Python."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("XDG_", "JUPYTER_", "IPYTHON"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**kept, "HOME": str(home), "PATH": path, "LC_ALL": "C.UTF-8"}


def normal(text: str, home: str = STORED_HOME) -> str:
    """Return `text` without what differs from run to run, numbers to 9 digits, and columns of ``ls`` two blanks apart."""
    text = text.replace(home, "HOME")
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "DATE", text)
    text = re.sub(r"(?<=^Coma version: )\S+", "VERSION", text)
    text = re.sub(r"(?<=<host>)[^<]*", "HOST", text)
    text = re.sub(r"\d+\.\d{9,}", lambda number: f"{float(number[0]):.9g}", text)
    return re.sub(r"(?<=\.json|.\.xml)[ \t]+(?=\S)", "  ", text).strip("\n")
