# SPDX-License-Identifier: BSD-2-Clause
"""The notebooks run and print what they show, and the tutorial prints what it printed in 2014.

``PYTHONPATH=tests/support .venv/bin/python tests/docs/test_notebooks.py`` runs them all and stores their outputs.
"""

from __future__ import annotations

import functools
import os
import re
import tempfile
from pathlib import Path
from unittest import mock

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from pages import ROOT, STORED_HOME, environment, normal

pytestmark = pytest.mark.slow
NOTEBOOKS = sorted((ROOT / "docs").glob("*.ipynb"))
TUTORIAL = ROOT / "tests" / "golden" / "tutorial_outputs.txt"


def read(notebook: Path) -> NotebookNode:
    """Return a notebook as it is stored."""
    content: NotebookNode = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    return content


def execute(notebook: Path, directory: Path) -> NotebookNode:
    """Run a notebook beside the examples, in a home directory where nothing is; return it with its outputs."""
    home, docs = directory / "home", directory / "docs"
    home.mkdir()
    docs.mkdir()
    (directory / "examples").symlink_to(ROOT / "examples")
    content = read(notebook)
    with mock.patch.dict(os.environ, environment(home), clear=True):
        NotebookClient(content, timeout=300, record_timing=False, resources={"metadata": {"path": str(docs)}}).execute()
    return content


def printed(cell: NotebookNode) -> str:
    """Return what a cell shows, as text: what it prints, its value, and the word FIGURE for a picture."""
    return "".join(map(as_text, cell.outputs)).replace("\r\n", "\n")


def as_text(output: NotebookNode) -> str:
    """Return one output as text; a progress bar, on standard error or as a widget, is none."""
    if is_progress(output):
        return ""
    if output.output_type == "stream":
        return str(output.text)
    return "FIGURE\n" if "image/png" in output.data else str(output.data["text/plain"])


def is_progress(output: NotebookNode) -> bool:
    """Tell whether an output is a progress bar, or another message on standard error."""
    return output.get("name") == "stderr" or any("widget" in kind for kind in output.get("data", {}))


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the code cells, of which the first is In [1]."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tutorial_outputs() -> dict[int, str]:
    """Return what the tutorial printed in 2014, by cell; today's Python spells lists of strings without u''."""
    parts = re.split(r"^In \[(\d+)\]\n", TUTORIAL.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {int(number): text.strip("\n") for number, text in zip(parts[1::2], parts[2::2], strict=True)}


@functools.cache
def outputs(notebook: Path) -> list[str]:
    """Run a notebook once, and return what each code cell prints."""
    with tempfile.TemporaryDirectory() as directory:
        content = execute(notebook, Path(directory))
    return [normal(printed(cell), str(Path(directory) / "home")) for cell in code_cells(content)]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_print_what_they_show(notebook: Path) -> None:
    """The outputs stored in a notebook are those of running it."""
    stored = read(notebook)
    assert outputs(notebook) == [normal(printed(cell)) for cell in code_cells(stored)]


def test_tutorial_prints_what_it_printed_in_2014() -> None:
    """Cell by cell, In [1] to In [21], the tutorial prints what the founding document shows."""
    found = outputs(ROOT / "docs" / "introduction.ipynb")
    assert len(found) == 21
    assert {number: text for number, text in enumerate(found, 1) if text} == tutorial_outputs()


def store(notebook: Path) -> None:
    """Run a notebook and keep its outputs in it, without progress bars and without names of this machine."""
    metadata = read(notebook).metadata
    with tempfile.TemporaryDirectory() as directory:
        content = execute(notebook, Path(directory))
        home = str(Path(directory) / "home")
    content.metadata = metadata
    for cell in code_cells(content):
        cell.metadata = {}
        cell.outputs = [output for output in cell.outputs if not is_progress(output)]
        for output in cell.outputs:
            if output.output_type == "stream":
                output.text = re.sub("(?<=<host>)[^<]*", "laptop", output.text.replace(home, STORED_HOME))
                output.text = output.text.replace("\r\n", "\n")
    nbformat.write(content, notebook)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    for notebook in NOTEBOOKS:
        store(notebook)
