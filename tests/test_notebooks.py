# SPDX-License-Identifier: BSD-2-Clause
"""The notebooks run and print what they show, and the tutorial prints what it printed in 2014.

``python tests/test_notebooks.py`` runs them all and stores their outputs.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from unittest import mock

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "docs").glob("*.ipynb"))
TUTORIAL = ROOT / "tests" / "golden" / "tutorial_outputs.txt"
STORED_HOME = "/home/you"


def execute(notebook: Path, directory: Path) -> NotebookNode:
    """Run a notebook beside the examples, in a home directory where nothing is; return it with its outputs."""
    home, docs = directory / "home", directory / "docs"
    home.mkdir()
    docs.mkdir()
    (directory / "examples").symlink_to(ROOT / "examples")
    content = nbformat.read(notebook, as_version=4)
    with mock.patch.dict(os.environ, environment(home), clear=True):
        NotebookClient(content, timeout=300, record_timing=False, resources={"metadata": {"path": str(docs)}}).execute()
    return content


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a user with the home directory `home`, who runs this Python."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("XDG_", "JUPYTER_", "IPYTHON"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**kept, "HOME": str(home), "PATH": path, "LC_ALL": "C.UTF-8"}


def printed(cell: NotebookNode) -> str:
    """Return what a cell shows, as text: what it prints, its value, and the word FIGURE for a picture."""
    return "".join(map(as_text, cell.outputs)).replace("\r\n", "\n")


def as_text(output: NotebookNode) -> str:
    """Return one output as text; standard error (progress bars) is none."""
    if output.output_type == "stream":
        return str(output.text) if output.name == "stdout" else ""
    return "FIGURE\n" if "image/png" in output.data else str(output.data["text/plain"])


def normal(text: str, home: str = STORED_HOME) -> str:
    """Return `text` without what differs from run to run, and with the columns of ``ls`` two blanks apart."""
    text = text.replace(home, "HOME")
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "DATE", text)
    text = re.sub(r"(?<=^Coma version: )\S+", "VERSION", text)
    return re.sub(r"(?<=\.json)[ \t]+(?=\S)", "  ", text).strip("\n")


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the code cells, of which the first is In [1]."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tutorial_outputs() -> dict[int, str]:
    """Return what the tutorial printed in 2014, by cell; today's Python spells lists of strings without u''."""
    parts = re.split(r"^In \[(\d+)\]\n", TUTORIAL.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {int(number): text.strip("\n") for number, text in zip(parts[1::2], parts[2::2], strict=True)}


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, NotebookNode, str]:
    """Return a notebook's path, the notebook after it was run, and the home directory it ran in."""
    directory = tmp_path_factory.mktemp(request.param.stem)
    return request.param, execute(request.param, directory), str(directory / "home")


def test_notebooks_print_what_they_show(run: tuple[Path, NotebookNode, str]) -> None:
    """The outputs stored in a notebook are those of running it."""
    path, fresh, home = run
    stored = [normal(printed(cell)) for cell in code_cells(nbformat.read(path, as_version=4))]
    assert [normal(printed(cell), home) for cell in code_cells(fresh)] == stored


def test_tutorial_prints_what_it_printed_in_2014(run: tuple[Path, NotebookNode, str]) -> None:
    """Cell by cell, In [1] to In [21], the tutorial prints what the founding document shows."""
    path, fresh, home = run
    if path.stem != "introduction":
        pytest.skip("not the tutorial")
    expected = tutorial_outputs()
    cells = code_cells(fresh)
    assert len(cells) == 21
    assert {i: normal(printed(cell), home) for i, cell in enumerate(cells, 1) if printed(cell)} == expected


def store(notebook: Path) -> None:
    """Run a notebook and keep its outputs in it, without progress bars and with a home directory of no one."""
    metadata = nbformat.read(notebook, as_version=4).metadata
    with tempfile.TemporaryDirectory() as directory:
        content = execute(notebook, Path(directory))
        home = str(Path(directory) / "home")
    content.metadata = metadata
    for cell in code_cells(content):
        cell.metadata = {}
        cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
        for output in cell.outputs:
            if output.output_type == "stream":
                output.text = output.text.replace(home, STORED_HOME).replace("\r\n", "\n")
    nbformat.write(content, notebook)


if __name__ == "__main__":
    for notebook in NOTEBOOKS:
        store(notebook)
