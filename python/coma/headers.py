# SPDX-License-Identifier: BSD-2-Clause
"""Where the C++ headers and the CMake files lie."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def get_include() -> str:
    """Return the directory to put on a compiler's include path.

    Returns
    -------
    str
        In an installed package it is the package's own; in a source tree, also one installed for editing, the tree's.

    Examples
    --------
    >>> from pathlib import Path
    >>> (Path(get_include()) / "coma" / "version.hpp").is_file()
    True
    """
    installed = _PACKAGE / "include"
    return str(installed if installed.is_dir() else _PACKAGE.parents[1] / "cpp" / "include")


def get_cmake_dir() -> str:
    """Return the directory of ``comaConfig.cmake``, e.g. for ``cmake -Dcoma_DIR=...``.

    Raises
    ------
    FileNotFoundError
        In a source tree that was not installed: CMake writes these files when it installs.
    """
    installed = files("coma") / "share" / "cmake" / "coma"  # not beside this file, if it is installed for editing
    if not installed.is_dir():
        raise FileNotFoundError(f"no CMake files in {installed}; install the package first: pip install coma-toolkit")
    return str(installed)
