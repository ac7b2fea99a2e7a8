# SPDX-License-Identifier: BSD-2-Clause
"""Coma as a CMake package: installed, as part of another project, inside a wheel; its own tests under ctest."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import cppbuild
import pytest

pytestmark = pytest.mark.cpp
PROJECT = """
cmake_minimum_required(VERSION 3.20)
project(user LANGUAGES CXX)
{how}
add_executable(user user.cpp)
target_link_libraries(user PRIVATE coma::coma)
"""
USER = "#include <coma/coma.hpp>\nint main() { return coma::tree(1.5).get<double>() == 1.5 ? 0 : 1; }\n"


def cmake(*arguments: object) -> str:
    """Run CMake and return what it says."""
    cppbuild.need("cmake", "g++")
    done = subprocess.run(["cmake", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def use(directory: Path, how: str, *options: str) -> None:
    """Build and run a project that uses Coma."""
    directory.mkdir()
    (directory / "CMakeLists.txt").write_text(PROJECT.format(how=how))
    (directory / "user.cpp").write_text(USER)
    cmake("-S", directory, "-B", directory / "build", *options)
    cmake("--build", directory / "build")
    cppbuild.run(directory / "build" / "user")


def check_pkg_config(directory: Path, include: Path) -> None:
    """Check that pkg-config, where it is installed, finds the headers, wherever the installation was moved."""
    text = (directory / "coma.pc").read_text()
    assert "@" not in text
    if shutil.which("pkg-config"):
        environment = {**os.environ, "PKG_CONFIG_PATH": str(directory)}
        command = ["pkg-config", "--cflags", "coma >= 3.0"]
        said = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
        assert Path(said.strip().removeprefix("-I")).resolve() == include.resolve()


@pytest.mark.parametrize(
    ("options", "include", "package"),
    [([], "include", "share/cmake/coma"), (["-DSKBUILD=2"], "coma/include", "coma/share/cmake/coma")],
)
def test_installed(options, include, package, tmp_path):
    """An installation, into a prefix or into a wheel, has all headers and is found by find_package()."""
    said = cmake("-S", cppbuild.ROOT, "-B", tmp_path / "build", f"-DCMAKE_INSTALL_PREFIX={tmp_path}/prefix", *options)
    assert "compiler" not in said
    cmake("--install", tmp_path / "build")
    prefix = tmp_path / "prefix"
    installed = {p.relative_to(prefix / include) for p in (prefix / include).rglob("*") if p.is_file()}
    assert installed == {p.relative_to(cppbuild.INCLUDE) for p in cppbuild.INCLUDE.rglob("*.hpp")}
    use(tmp_path / "user", "find_package(coma 3.0 CONFIG REQUIRED)", f"-Dcoma_DIR={prefix / package}")
    moved = prefix.rename(tmp_path / "elsewhere")
    check_pkg_config(moved / package.replace("cmake/coma", "pkgconfig"), moved / include)


def test_subdirectory(tmp_path):
    """add_subdirectory() gives the same target, and neither tests nor an installation."""
    use(tmp_path / "user", f"add_subdirectory({cppbuild.ROOT} coma)")
    assert "coma" not in cmake("--install", tmp_path / "user" / "build", "--prefix", tmp_path / "prefix")


def test_fetch_content(tmp_path):
    """FetchContent gives the same target."""
    how = f"include(FetchContent)\nFetchContent_Declare(coma SOURCE_DIR {cppbuild.ROOT})\nFetchContent_MakeAvailable(coma)"
    use(tmp_path / "user", how)


def test_version_is_that_of_the_header(tmp_path):
    """The package's version is read from version.hpp, whose parts agree."""
    header = (cppbuild.INCLUDE / "coma" / "version.hpp").read_text()
    version = re.search(r'^#define COMA_VERSION "(\d+\.\d+\.\d+)', header, re.MULTILINE).group(1)
    parts = re.findall(r"^#define COMA_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header, re.MULTILINE)
    assert ".".join(parts) == version
    cmake("-S", cppbuild.ROOT, "-B", tmp_path)
    assert f'set(PACKAGE_VERSION "{version}")' in (tmp_path / "comaConfigVersion.cmake").read_text()


def test_ctest(tmp_path):
    """The C++ tests are built by CMake; one of them runs under ctest."""
    cmake("-S", cppbuild.ROOT, "-B", tmp_path, "-DCOMA_BUILD_TESTS=ON")
    cmake("--build", tmp_path, "--target", "test_json")
    done = subprocess.run(["ctest", "-R", "test_json"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "100% tests passed" in done.stdout
