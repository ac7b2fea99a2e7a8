# SPDX-License-Identifier: BSD-2-Clause
"""Archives that real Boost wrote, read by the C++ half as trees, without knowing their classes."""

import cppbuild
import pytest

pytestmark = pytest.mark.cpp
GOLDEN = cppbuild.ROOT / "tests" / "golden" / "boost"
REFERENCES = {
    "cycle", "flag_no_tracking", "polymorphic", "polymorphic_plain", "polymorphic_static", "ptr_untracked", "ptr_vec",
    "raw_ptr", "shared_poly_map",
}  # fmt: skip
NO_TREES = {"eigen_user", "names_digit_first", "repeated_names", "strings_control", "strings_latin1", "strings_nul"}

PROGRAM = r"""
#include <coma/detail/files.hpp>
#include <coma/detail/json/writer.hpp>
#include <coma/detail/xml/reader.hpp>

#include <cstdio>

int main(int, char** argv) {
    try {
        coma::detail::xml_document read(coma::detail::read_file(argv[1]), argv[1]);
        parse_xml(read, {});
        const auto* root = read.first_child(read.top());
        for (const auto* e = read.is_boost() ? read.first_child(*root) : root; e; e = read.next(*e)) {
            coma::tree t;
            t.add("value", coma::detail::xml_reader(read).value(*e));
            std::printf("%s\n", coma::detail::json_text(t).c_str());
        }
    } catch (const coma::error& e) {
        std::printf("refused: %s\n", e.what());
    }
}
"""


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """Compile the program once."""
    return cppbuild.compile_cpp(tmp_path_factory.mktemp("corpus") / "reader", [PROGRAM], *cppbuild.SANITIZERS)


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("*.xml")), ids=lambda p: p.stem)
def test_archive_is_read_or_refused(reader, file):
    """Every archive is read as trees; what refers to other objects or fits no tree is refused with file and line."""
    said = cppbuild.run(reader, str(file)).stdout
    assert ("refused: " in said) == (file.stem in REFERENCES | NO_TREES)
    if "refused: " in said:
        assert f"{file}:" in said
        assert ("refers to another object" in said) == (file.stem in REFERENCES)
