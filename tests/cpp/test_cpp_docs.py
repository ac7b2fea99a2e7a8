# SPDX-License-Identifier: BSD-2-Clause
"""Every C++ program in the documentation compiles, without warnings, and does what it says."""

import cppbuild
import pytest

pytestmark = pytest.mark.cpp
PAGE = cppbuild.ROOT / "docs" / "cpp.md"
PROGRAMS = cppbuild.snippets(PAGE, "cpp")


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_program_runs(number, tmp_path):
    """Each program ends with success; the first one needs a parameter."""
    program = cppbuild.compile_cpp(tmp_path / "program", [PROGRAMS[number]])
    cppbuild.run(program, *(["--theta_0=-5"] if number == 0 else []), cwd=tmp_path)
