# SPDX-License-Identifier: BSD-2-Clause
"""The wheel: what is in it, and each way in which a C++ project can use it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

import coma

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
STRICT = "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"
CONSUMER = """\
cmake_minimum_required(VERSION 3.20)
project(consumer LANGUAGES CXX)
{find_coma}
add_executable(consumer main.cpp)
target_link_libraries(consumer PRIVATE coma::coma)
"""
MAIN = """\
#include <coma/coma.hpp>
#include <cstdio>
int main() { std::puts(coma::version()); }
"""

needs_compiler = pytest.mark.skipif(not shutil.which("c++"), reason="there is no C++ compiler: c++")
needs_cmake = pytest.mark.skipif(not shutil.which("cmake"), reason="there is no cmake: pip install cmake")


def run(*command: str | Path, **environment: str) -> str:
    """Run a command, with additions to the environment, and return what it prints."""
    done = subprocess.run(command, env=os.environ | environment, text=True, capture_output=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout.strip()


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source distribution, and the wheel from it, on a machine without a compiler."""
    pytest.importorskip("build")
    pytest.importorskip("scikit_build_core")
    to = tmp_path_factory.mktemp("dist")
    no_compiler = {"CC": "/bin/false", "CXX": "/bin/false"}
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", to, ROOT, **no_compiler)
    return next(to.glob("*.whl"))


@pytest.fixture(scope="session")
def fresh_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel in a new environment, which borrows everything else from this one."""
    environment = tmp_path_factory.mktemp("fresh")
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    python = environment / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", wheel)
    packages = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    (Path(packages) / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    return python


def test_wheel_suits_every_machine(wheel: Path) -> None:
    """There is one wheel for all, with the version that the header says."""
    assert wheel.name == f"coma_toolkit-{coma.__version__}-py3-none-any.whl"


def test_wheel_holds_python_headers_and_cmake_files(wheel: Path) -> None:
    """The wheel holds every module and every header of the repository, three CMake files, and nothing else."""
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    modules = {path.relative_to(ROOT / "python") for path in (ROOT / "python").rglob("*.py")}
    headers = {"coma" / path.relative_to(ROOT / "cpp") for path in (ROOT / "cpp" / "include").rglob("*.hpp")}
    cmake = {f"coma/share/cmake/coma/coma{part}.cmake" for part in ("Config", "ConfigVersion", "Targets")}
    assert names == {*map(str, modules | headers), *cmake, "coma/share/pkgconfig/coma.pc", "coma/py.typed"}


def test_installed_package_says_where_its_headers_are(fresh_python: Path) -> None:
    """``python -m coma`` names directories of the installed package, which hold what they should."""
    include = run(fresh_python, "-m", "coma", "--includes").removeprefix("-I")
    cmake = run(fresh_python, "-m", "coma", "--cmakedir")
    inside = str(fresh_python.parents[1])
    assert include.startswith(inside)
    assert cmake.startswith(inside)
    assert Path(include, "coma", "coma.hpp").is_file()
    assert Path(cmake, "comaConfig.cmake").is_file()


def test_source_tree_knows_its_headers(fresh_python: Path) -> None:
    """Run from its source tree, the package names the tree's headers, and says that CMake files need an installation."""
    here = {"PYTHONPATH": str(ROOT / "python")}
    assert run(fresh_python, "-m", "coma", "--includes", **here) == f"-I{ROOT / 'cpp' / 'include'}"
    code = "import coma\ntry: coma.get_cmake_dir()\nexcept FileNotFoundError as error: print(error)"
    assert "install the package first" in run(fresh_python, "-c", code, **here)


def build_consumer(directory: Path, find_coma: str, options: Mapping[str, str]) -> str:
    """Build a program of two lines by CMake, and return what it prints."""
    (directory / "CMakeLists.txt").write_text(CONSUMER.format(find_coma=find_coma))
    (directory / "main.cpp").write_text(MAIN)
    defines = [f"-D{name}={value}" for name, value in options.items()]
    run("cmake", "-S", directory, "-B", directory / "build", *defines)
    run("cmake", "--build", directory / "build")
    return run(directory / "build" / "consumer")


@pytest.mark.cpp
@needs_cmake
@needs_compiler
def test_plain_cmake_project_adds_the_source_tree(tmp_path: Path) -> None:
    """A CMake project without Python uses ``add_subdirectory``."""
    assert build_consumer(tmp_path, f"add_subdirectory({ROOT} coma)", {}) == coma.__version__


@pytest.mark.cpp
@needs_cmake
@needs_compiler
def test_plain_cmake_project_finds_the_installed_package(tmp_path: Path, fresh_python: Path) -> None:
    """A CMake project without Python uses ``find_package`` and what ``--cmakedir`` prints."""
    options = {"coma_DIR": run(fresh_python, "-m", "coma", "--cmakedir")}
    assert build_consumer(tmp_path, "find_package(coma 3.0 CONFIG REQUIRED)", options) == coma.__version__


@pytest.mark.cpp
@needs_cmake
@needs_compiler
def test_copied_pendulum_finds_coma_by_itself(tmp_path: Path, fresh_python: Path) -> None:
    """The pendulum, copied elsewhere, builds without a warning, and nobody tells it where Coma is."""
    pytest.importorskip("pybind11")
    copy = shutil.copytree(ROOT / "examples" / "pendulum", tmp_path / "copy")
    pip = [sys.executable, "-m", "pip", "--python", str(fresh_python)]
    options = ["--no-build-isolation", "--no-deps", f"--config-settings=build-dir={tmp_path / 'build'}"]
    run(*pip, "install", *options, copy, CXXFLAGS=STRICT)
    cache = (tmp_path / "build" / "CMakeCache.txt").read_text()
    assert f"coma_DIR:PATH={fresh_python.parents[1]}" in cache
    assert run(fresh_python.parent / "pendulum", "--version") == "pendulum 1.0.0"
    assert run(fresh_python, "-c", "import pendulum_ext as p; print(p.swing_time(-5.0, -5.0))") == "0.0"
