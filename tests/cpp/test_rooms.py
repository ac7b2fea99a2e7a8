# SPDX-License-Identifier: BSD-2-Clause
"""The rooms of the C++ headers: who includes whom, what users include, and that nothing is included in vain."""

import fnmatch
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cppbuild
import pytest

COMA = cppbuild.INCLUDE / "coma"
HEADERS = sorted(path.relative_to(COMA).with_suffix("").as_posix() for path in COMA.rglob("*.hpp"))
PUBLIC = [header for header in HEADERS if not header.startswith("detail/")]
FLOORS = [
    ["detail/requirements"],
    ["version", "nvp", "traits", "detail/boost_says"],
    ["detail/text", "detail/minimal_vector", "detail/pod_vector", "detail/key_index"],
    ["errors"],
    [
        "detail/reals",
        "detail/numbers",
        "detail/utf8",
        "detail/path",
        "detail/system",
        "detail/files",
        "detail/replace_file",
        "detail/lock",
    ],
    ["tree", "detail/tree_class", "detail/tree_values", "detail/tree_paths", "detail/tree_get", "detail/stand_in"],
    ["detail/collection", "types/*"],
    ["detail/oarchive", "detail/iarchive", "detail/tree_oarchive", "detail/tree_iarchive"],
    ["detail/json/*", "detail/xml/text", "detail/xml/marks", "detail/xml/writer"],
    ["detail/xml/document", "detail/xml/parser", "detail/xml/reader"],
    ["detail/text_sink", "detail/xml/form", "detail/xml/object_table", "detail/xml/boost_*"],
    ["detail/xml/cursor", "detail/xml/loaded_objects"],
    ["xml_oarchive", "xml_iarchive", "json"],
    ["detail/tree_file", "measurement"],
    ["detail/file_names", "detail/index_file", "experiment"],
    ["detail/declared_parameters", "detail/command_line", "parameters"],
    ["program"],
    ["coma", "detail/numpy", "pybind11"],
]


def included(header: str) -> set[str]:
    """Return the headers of Coma that a header includes."""
    file = COMA / f"{header}.hpp"
    names = re.findall(r'^#include "(.*)\.hpp"', file.read_text(), re.MULTILINE)
    return {(file.parent / name).resolve().relative_to(COMA).as_posix() for name in names}


def floors(header: str) -> list[int]:
    """Return the numbers of the floors that a header is listed on."""
    return [i for i, rooms in enumerate(FLOORS) if any(fnmatch.fnmatchcase(header, room) for room in rooms)]


@pytest.mark.parametrize("header", HEADERS)
def test_a_header_includes_only_from_its_floor_and_below(header):
    """Each header lies on one floor, and nothing that it includes lies above."""
    (own,) = floors(header)
    assert [name for name in included(header) if floors(name) > [own]] == []


def test_there_are_no_circles():
    """Within a floor neither."""
    uses = {header: included(header) for header in HEADERS}
    while free := [header for header, others in uses.items() if not others]:
        uses = {header: others - set(free) for header, others in uses.items() if header not in free}
    assert uses == {}


def test_what_users_include():
    """Outside of types/ there is one header for each thing that users name."""
    top = [header for header in PUBLIC if "/" not in header]
    assert top == [
        "coma", "errors", "experiment", "json", "measurement", "nvp", "parameters", "program", "pybind11", "traits",
        "tree", "version", "xml_iarchive", "xml_oarchive",
    ]  # fmt: skip


@pytest.mark.parametrize("folder", ["README.md", "docs", "examples", "tests"])
def test_the_public_face_needs_no_detail(folder):
    """No example, page or test of what users see includes an internal header; tests of the inside say so by name."""
    inside = {
        "test_rooms.py", "test_json.cpp", "test_numbers.cpp", "test_xml.cpp", "test_experiment.cpp", "xml.cpp",
        "test_boost_corpus.py", "test_cpp_program.py",
    }  # fmt: skip
    root = cppbuild.ROOT / folder
    files = (
        [root]
        if root.is_file()
        else [p for p in root.rglob("*") if p.suffix in (".md", ".ipynb", ".cpp", ".hpp", ".py")]
    )
    assert [p for p in files if p.name not in inside and "<coma/detail/" in p.read_text()] == []


def test_only_the_two_archives_know_the_form_of_boost():
    """Class ids, tracking and object tables are one wing, which trees and JSON can do without."""
    wing = {header for header in HEADERS if re.search("xml/(boost_|object_table|loaded_objects)", header)}
    users = {header for header in HEADERS if included(header) & wing}
    assert users - wing == {"xml_oarchive", "xml_iarchive"}


@pytest.mark.parametrize("header", HEADERS)
def test_a_header_is_short_and_has_one_namespace(header):
    """At most 300 lines; what is internal is in coma::detail, and nothing has a namespace of its own."""
    text = (COMA / f"{header}.hpp").read_text()
    assert len(text.splitlines()) <= 300
    assert set(re.findall(r"^namespace ([\w:]*)", text, re.MULTILINE)) <= {
        "coma", "detail", "coma::detail", "pybind11::detail", "boost::serialization",
    }  # fmt: skip


def test_a_public_header_includes_what_it_uses_and_no_more():
    """Each #include is used by the header itself; those that only gather others say so."""
    tidy = shutil.which("clang-tidy", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if tidy is None:
        pytest.skip("clang-tidy is not installed")
    files = [f"{COMA}/{header}.hpp" for header in PUBLIC if header != "pybind11"]
    options = [f"--config-file={cppbuild.ROOT}/.clang-tidy", "--checks=-*,misc-include-cleaner", "--quiet"]
    command = [tidy, *options, *files, "--", "-x", "c++", "-std=c++17"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_check_that_fails_prints_both_values(tmp_path):
    """Numbers, texts, trees and lists are shown as they are."""
    program = """
    #include "check.hpp"
    int main() {
        CHECK_EQUAL(1, 2);
        CHECK_EQUAL(std::string("left"), "right");
        CHECK_EQUAL(coma::tree::list({1}), coma::tree("x"));
        CHECK_EQUAL(std::vector<int>{7}, std::vector<int>());
        CHECK_THROWS(coma::error, "wanted", throw coma::error("found"));
        return check::result();
    }"""
    said = cppbuild.run(cppbuild.compile_cpp(tmp_path / "fails", [program]), status=1).stdout
    for value in ("1", "2", "left", "right", "x", "7", "wanted", "found"):
        assert re.search(rf"^  +.*\b{value}\b|expected: {value}", said, re.MULTILINE), value
