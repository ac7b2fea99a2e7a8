# SPDX-License-Identifier: BSD-2-Clause
"""Compiles and runs C++ programs for the tests."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = ROOT / "cpp" / "include"
WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror")
SANITIZERS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
COMPILERS = ("g++", "clang++")


def need(*programs: str) -> None:
    """Skip the test if a program is not installed."""
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


@functools.cache
def boost() -> Path | None:
    """Return the prefix of the Boost libraries that the Python package cmeel-boost brings, if it is installed."""
    try:
        files = importlib.metadata.files("cmeel-boost") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.name.startswith("libboost_serialization.so"):
            return Path(str(file.locate())).resolve().parents[1]
    return None


def boosts() -> list[Path | None]:
    """Return the prefixes of all Boost libraries to test with: cmeel-boost's and those named by COMA_TEST_BOOST."""
    return [boost(), *map(Path, filter(None, os.environ.get("COMA_TEST_BOOST", "").split(os.pathsep)))]


def boost_flags(prefix: Path | None) -> list[str]:
    """Return what a program with Boost.Serialization needs, or skip the test; Boost's headers may have warnings."""
    if prefix is None:
        pytest.skip("the package cmeel-boost, which brings Boost.Serialization, is not installed")
    library = next(prefix.glob("lib/**/libboost_serialization.so")).parent
    return ["-isystem", f"{prefix}/include", f"-L{library}", f"-Wl,-rpath,{library}", "-lboost_serialization"]


def compile_cpp(
    target: Path, sources: Sequence[Path | str], *flags: str, compiler: str = "g++", warnings: bool = True
) -> Path:
    """Compile sources (paths, or text of a program) to an executable."""
    need(compiler)
    files = []
    for number, source in enumerate(sources):
        file = source if isinstance(source, Path) else target.with_name(f"{target.name}{number}.cpp")
        if not isinstance(source, Path):
            file.write_text(source)
        files.append(str(file))
    includes = [f"-I{INCLUDE}", f"-I{ROOT / 'tests' / 'cpp'}"]
    command = [compiler, "-std=c++17", *(WARNINGS if warnings else ()), *includes, *files, *flags, "-o", str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"
    return target


def compile_error(directory: Path, source: str, *flags: str) -> str:
    """Return what the compiler says about a program that must not compile."""
    need("g++")
    file = directory / "wrong.cpp"
    file.write_text(source)
    command = ["g++", "-std=c++17", f"-I{INCLUDE}", "-fsyntax-only", str(file), *flags]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    return done.stderr


def run(
    program: Path, *arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None, status: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run a program and check its exit status."""
    environment = {**os.environ, **(env or {})}
    done = subprocess.run(
        [str(program), *arguments], capture_output=True, text=True, cwd=cwd, env=environment, timeout=300, check=False
    )
    assert done.returncode == status, f"exit status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def snippets(page: Path, language: str) -> list[str]:
    """Return the code blocks of one language on a page."""
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)
