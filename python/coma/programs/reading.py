# SPDX-License-Identifier: BSD-2-Clause
"""The measurement that a program wrote, in a file or to its standard output, in one of several forms."""

from __future__ import annotations

import os
import re
from typing import Any

from coma import files
from coma.archives import archive as archives
from coma.archives.archive import FORMATS
from coma.errors import ArchiveError, PathError
from coma.parameters.parameterset import ParameterSet
from coma.programs.output import Output
from coma.storage.measurement import ROOT
from coma.text import first_line
from coma.trees import identity
from coma.trees import path as paths

_SHOWN = 80  # characters of what a program said
_LONGEST = 1024**3  # bytes of an output file
_C_SPELLING = re.compile(rb"[:\[,]\s*-?(nan|inf)", re.IGNORECASE)


def read(file: str, stdout: Output) -> dict[str, Any]:
    """Return the measurement in a program's output file, else in its standard output.

    Raises
    ------
    ArchiveError
        If there is none; the error says what the program did instead.
    """
    if os.path.isfile(file):
        tree = _parse(_written(file), archives.format_of(file), "its output file")
    else:
        tree = _parse(*_said(stdout), "its standard output")
    content = tree.get(ROOT, tree) if isinstance(tree, dict) else tree
    if not isinstance(content, dict):
        raise ArchiveError(f"wrote a {type(content).__name__}, not a measurement, which is an object with names")
    return content


def _written(file: str) -> bytes:
    """Return what an output file holds."""
    with files.reported(f'read "{file}"'), open(file, "rb") as opened:
        text = opened.read(_LONGEST + 1) if os.path.getsize(file) <= _LONGEST else b""
        size = max(len(text), os.path.getsize(file))
    if size > _LONGEST:
        raise ArchiveError(
            f"wrote an output file of {size} bytes, where a measurement may have {_LONGEST}; let it write large results "
            "to files, and keep them by keep_files="
        )
    return text


def complete(tree: dict[str, Any], parameter_set: ParameterSet) -> None:
    """Add the parameters that a measurement lacks.

    Raises
    ------
    ArchiveError
        If it has others than were asked for, or no room for them.
    """
    for path, value in zip(parameter_set.paths, parameter_set.values, strict=True):
        _settle(tree, path, value)


def _said(stdout: Output) -> tuple[bytes, str]:
    """Return what a program said, and in which format."""
    stdout.check()
    text = stdout.text().strip()
    if stdout.size > stdout.limit:
        raise ArchiveError(
            f"wrote no output file, and {stdout.size} bytes to its standard output, where a measurement may have "
            f"{stdout.limit:.0f}; let it write the file {{output}}"
        )
    format = {b"{": "json", b"<": "xml"}.get(text[:1])
    if format is None:
        found = f"neither a JSON object nor XML; it begins with {_beginning(text)}" if text else "empty"
        raise ArchiveError(f"wrote no output file, and its standard output is {found}")
    return text, format


def _beginning(text: bytes) -> str:
    """Return the first line of a text, or as much of it as fits into a message."""
    return repr(first_line(text[:_SHOWN].decode("utf-8", "replace")))


def _parse(text: bytes, format: str, name: str) -> Any:
    try:
        return FORMATS[format].loads(text, name)
    except ArchiveError as error:
        hint = "; JSON has NaN, Infinity and -Infinity" if format == "json" and _C_SPELLING.search(text) else ""
        raise ArchiveError(
            f"wrote a malformed measurement: {error}{hint}; it begins with {_beginning(text)}"
        ) from error


def _settle(tree: dict[str, Any], path: paths.Fixed, asked: Any) -> None:
    if not paths.has(tree, path):
        try:
            paths.set_(tree, path, asked)
        except PathError as error:
            raise ArchiveError(f"wrote a measurement without room for {path}: {error}") from error
        return
    found = paths.get(tree, path)
    if identity.key(found, None) != identity.key(asked, None):
        raise ArchiveError(f"wrote a measurement for other parameters: {path} is {found!r}, asked for was {asked!r}")
