# SPDX-License-Identifier: BSD-2-Clause
"""The C++ tests below tests/cpp, compiled with all warnings as errors."""

import shutil
import subprocess
from pathlib import Path

import cppbuild
import pytest

pytestmark = pytest.mark.cpp
SOURCES = sorted((cppbuild.ROOT / "tests" / "cpp").glob("test_*.cpp"))
HEADERS = sorted(p.relative_to(cppbuild.INCLUDE).as_posix() for p in cppbuild.INCLUDE.rglob("*.hpp"))


def compiles(*command: str) -> bool:
    """Tell whether a compiler makes a program at all with these options."""
    program = b"#include <string>\nint main() { return std::string().size(); }"
    wanted = [*command, "-x", "c++", "-", "-o", "/dev/null"]
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(wanted, input=program, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.stem)
def test_with_sanitizers(source: Path, tmp_path: Path) -> None:
    """Each test passes under the address and undefined behaviour sanitizers."""
    cppbuild.run(cppbuild.compile_cpp(tmp_path / "test", [source], *cppbuild.SANITIZERS), cwd=tmp_path)


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.stem)
def test_with_clang(source: Path, tmp_path: Path) -> None:
    """Each test passes when clang compiles and optimises it."""
    cppbuild.run(cppbuild.compile_cpp(tmp_path / "test", [source], "-O1", compiler="clang++"), cwd=tmp_path)


@pytest.mark.parametrize("compiler", cppbuild.COMPILERS)
@pytest.mark.parametrize("flag", ["-ffast-math", "-Ofast"])
def test_where_compilers_take_it_that_all_numbers_are_finite(compiler: str, flag: str, tmp_path: Path) -> None:
    """Each test passes with fast mathematics: what is infinite or no number is told by its bits."""
    for source in SOURCES:
        flags = ["-O2", flag] if flag != "-Ofast" else [flag]
        cppbuild.run(cppbuild.compile_cpp(tmp_path / source.stem, [source], *flags, compiler=compiler), cwd=tmp_path)


def test_with_the_standard_library_of_llvm(tmp_path: Path) -> None:
    """Each test passes with libc++, of which older versions read no floating point numbers."""
    if not compiles("clang++", "-stdlib=libc++"):
        pytest.skip("libc++ is not installed")
    for source in SOURCES:
        program = cppbuild.compile_cpp(tmp_path / source.stem, [source], "-stdlib=libc++", compiler="clang++")
        cppbuild.run(program, cwd=tmp_path)


def test_with_32_bits(tmp_path: Path) -> None:
    """Each test compiles without warnings and passes where sizes and addresses have 32 bits."""
    if not compiles("g++", "-m32"):
        pytest.skip("no compiler for 32 bits is installed")
    for source in SOURCES:
        cppbuild.run(cppbuild.compile_cpp(tmp_path / source.stem, [source], "-m32"), cwd=tmp_path)


@pytest.mark.parametrize("compiler", cppbuild.COMPILERS)
def test_several_translation_units(compiler: str, tmp_path: Path) -> None:
    """Two translation units that include everything link to one program."""
    sources = [cppbuild.ROOT / "tests" / "cpp" / "units" / name for name in ("main.cpp", "other.cpp")]
    cppbuild.run(cppbuild.compile_cpp(tmp_path / "units", sources, compiler=compiler))


def test_each_header_stands_alone(tmp_path: Path) -> None:
    """Every header can be the only one that a program includes."""
    wanted = [h for h in HEADERS if h not in ("coma/pybind11.hpp", "coma/detail/numpy.hpp")]
    sources = [
        f"#include <{header}>\nint unit_{number}();\nint unit_{number}() {{ return {number}; }}\n"
        for number, header in enumerate(wanted)
    ]
    cppbuild.compile_cpp(tmp_path / "headers", [*sources, "int main() {}\n"])


def test_headers_use_cheap_parts_of_the_standard_library_only() -> None:
    """What is expensive to compile is included by the headers in types/ alone, by those that are about it."""
    expensive = (
        "regex",
        "filesystem",
        "functional",
        "map",
        "iostream",
        "sstream",
        "algorithm",
        "variant",
        "thread",
        "chrono",
    )
    for header in HEADERS:
        if "/types/" not in header:
            text = (cppbuild.INCLUDE / header).read_text()
            assert not [name for name in expensive if f"#include <{name}>" in text], header


@pytest.mark.parametrize("header", HEADERS)
def test_header_is_tidy(header: str) -> None:
    """Each header has a licence, a guard, one sentence about itself and short lines."""
    lines = (cppbuild.INCLUDE / header).read_text().splitlines()
    assert lines[:2] == ["// SPDX-License-Identifier: BSD-2-Clause", r"/// \file"]
    assert lines[2].startswith("/// ")
    assert any(line.startswith("#ifndef COMA_") for line in lines)
    assert max(map(len, lines)) <= 120


REFUSED = """
#include <coma/coma.hpp>
struct shape {{
    virtual ~shape() = default;
    template <class Archive>
    void serialize(Archive&, unsigned) {{}}
}};
struct bare {{}};
int main() {{
    std::string text;
    coma::xml_oarchive archive(text);
    {statement}
}}
"""


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("shape* s = nullptr; archive << COMA_NVP(s);", "a pointer to a polymorphic class cannot be saved"),
        (
            "bare b; archive << COMA_NVP(b);",
            "give the class a member serialize(Archive&, unsigned), or include the header",
        ),
        ("int* p = nullptr; archive << COMA_NVP(p);", "only pointers to objects of classes can be saved"),
        ("int i = 1; archive << i;", "values need names: write archive << COMA_NVP(x)"),
        ("coma::tree t; t.get<bare>();", "use coma::from_tree() for a class with serialize()"),
    ],
)
def test_what_does_not_compile_says_why(statement: str, words: str, tmp_path: Path) -> None:
    """Wrong uses are refused by the compiler in a sentence that says what to do."""
    said = cppbuild.compile_error(tmp_path, REFUSED.format(statement=statement))
    assert words in said


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("-std=c++14", "Coma needs C++17: compile with -std=c++17 or newer"),
        ("-fno-exceptions", "compile without -fno-"),
    ],
)
@pytest.mark.parametrize("compiler", cppbuild.COMPILERS)
def test_what_a_compiler_must_be_told(compiler: str, flag: str, words: str, tmp_path: Path) -> None:
    """Each header that users include says in a sentence what is missing, before anything else."""
    cppbuild.need(compiler)
    for header in HEADERS:
        if "/detail/" not in header and header != "coma/pybind11.hpp":
            (tmp_path / "user.cpp").write_text(f"#include <{header}>\n")
            command = [compiler, "-std=c++17", flag, f"-I{cppbuild.INCLUDE}", "-fsyntax-only", tmp_path / "user.cpp"]
            said = subprocess.run(command, capture_output=True, text=True, check=False).stderr
            assert words in next(line for line in said.splitlines() if " error: " in line), header
