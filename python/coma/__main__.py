# SPDX-License-Identifier: BSD-2-Clause
"""``python -m coma``: where the C++ headers and the CMake package are."""

from __future__ import annotations

import argparse

import coma


def main(arguments: list[str] | None = None) -> None:
    """Print what was asked for, one line each."""
    parser = argparse.ArgumentParser(prog="python -m coma", description="Where the C++ headers and CMake files are.")
    parser.add_argument("--version", action="version", version=coma.__version__)
    parser.add_argument("--includes", action="store_true", help="compiler flags for the C++ headers")
    parser.add_argument("--cmakedir", action="store_true", help="directory of comaConfig.cmake")
    options = parser.parse_args(arguments)
    if not (options.includes or options.cmakedir):
        parser.print_help()
    if options.includes:
        print(f"-I{coma.get_include()}")
    if options.cmakedir:
        print(coma.get_cmake_dir())


if __name__ == "__main__":
    main()
