# SPDX-License-Identifier: BSD-2-Clause
"""Coma's C++ archives against real Boost: the same bytes, and each reads what the other wrote."""

from pathlib import Path

import cppbuild
import pytest

pytestmark = pytest.mark.cpp
SOURCES = cppbuild.ROOT / "tests" / "cpp" / "boost"
PAGE = cppbuild.ROOT / "docs" / "boost.md"


def found(name: str, prefix: Path | None, directory: Path) -> list[str]:
    """Compile and run one of the comparisons; return its lines, one for each type."""
    flags = cppbuild.boost_flags(prefix)
    program = cppbuild.compile_cpp(directory / name, [SOURCES / f"{name}.cpp"], *flags)
    return cppbuild.run(program).stdout.splitlines()


def table(lines: list[str]) -> str:
    """Return the rows of the documentation's table."""
    return "\n".join(f"| {line} |" for line in lines)


@pytest.mark.parametrize("prefix", cppbuild.boosts(), ids=str)
def test_every_type_has_the_bytes_of_boost(prefix, tmp_path):
    """For each type the files are equal, each library reads the other's, and the documentation lists it."""
    lines = found("identical", prefix, tmp_path)
    assert len(lines) > 90
    assert table(lines) in PAGE.read_text()


def test_newer_types_have_the_bytes_of_boost(tmp_path):
    """The same for what only newer versions of Boost know."""
    lines = found("identical_newer", cppbuild.boost(), tmp_path)
    assert table(lines) in PAGE.read_text()


def test_forms(tmp_path):
    """Boost reads measurements, trees and numbers that are not finite; Coma reads Boost's without a schema."""
    flags = cppbuild.boost_flags(cppbuild.boost())
    cppbuild.run(cppbuild.compile_cpp(tmp_path / "forms", [SOURCES / "forms.cpp"], *flags))
