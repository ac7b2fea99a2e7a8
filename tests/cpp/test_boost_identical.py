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


TRAITS = """
{first}
{second}
#include <boost/archive/xml_oarchive.hpp>
#include <boost/serialization/level.hpp>
#include <boost/serialization/nvp.hpp>
#include <boost/serialization/tracking.hpp>
#include <boost/serialization/version.hpp>
#include <iostream>
#include <sstream>

struct state {{
    double a = 1, b = 2;
    template <class Archive>
    void serialize(Archive& archive, unsigned version) {{
        archive & BOOST_SERIALIZATION_NVP(a);
        if (version >= 1) archive & BOOST_SERIALIZATION_NVP(b);
    }}
}};
struct always : state {{}};
struct never : state {{}};
struct bare : state {{}};
BOOST_CLASS_VERSION(state, 1)
BOOST_CLASS_VERSION(always, 2)
BOOST_CLASS_TRACKING(always, boost::serialization::track_always)
BOOST_CLASS_TRACKING(never, boost::serialization::track_never)
BOOST_CLASS_IMPLEMENTATION(bare, boost::serialization::object_serializable)

struct all {{
    state s, again;
    always t;
    never u;
    bare v;
    template <class Archive>
    void serialize(Archive& archive, unsigned) {{
        archive & BOOST_SERIALIZATION_NVP(s) & BOOST_SERIALIZATION_NVP(again) & BOOST_SERIALIZATION_NVP(t);
        archive & BOOST_SERIALIZATION_NVP(u) & BOOST_SERIALIZATION_NVP(v);
    }}
}};

int main() {{
    const all object;
    std::ostringstream real;
    {{
        boost::archive::xml_oarchive archive(real);
        archive << boost::serialization::make_nvp("all", object);
    }}
    coma::xml_form form = coma::exact_boost_form;
    const boost::archive::library_version_type version = boost::archive::BOOST_ARCHIVE_VERSION();
    form.version = version;
    const std::string own = coma::to_xml("all", object, form);
    const coma::tree tree = coma::to_tree(object);
    std::cout << tree.has("s/b") << tree.has("t/b") << tree.has("u/b") << (own == real.str());
    if (own != real.str()) std::cout << own << real.str();
}}
"""


@pytest.mark.parametrize("coma_first", [True, False])
def test_what_the_macros_of_boost_say_counts(coma_first, tmp_path):
    """Version, tracking and level are those of BOOST_CLASS_..., whichever header is included first."""
    headers = ["#include <coma/coma.hpp>", "#include <boost/serialization/version.hpp>"]
    first, second = headers if coma_first else reversed(headers)
    program = TRAITS.format(first=first, second=second)
    flags = cppbuild.boost_flags(cppbuild.boost())
    for compiler in cppbuild.COMPILERS:
        said = cppbuild.run(cppbuild.compile_cpp(tmp_path / "traits", [program], *flags, compiler=compiler)).stdout
        assert said == "1101"
