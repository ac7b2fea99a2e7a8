# SPDX-License-Identifier: BSD-2-Clause
"""The two halves of Coma read each other's files and write the same bytes."""

import math
import struct
import subprocess

import cppbuild
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coma.archives import jsonarchive, xmlarchive

pytestmark = pytest.mark.cpp

# In a German locale, of C (where it is installed) and of C++: reads texts from standard input, each preceded by its
# length; writes the tree of each as XML, as Boost XML and as JSON.
PROGRAM = r"""
#include <coma/coma.hpp>

#include <clocale>
#include <iostream>
#include <locale>

namespace {

struct german : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
};

void put(const std::string& text) { std::cout << text.size() << ' ' << text << std::flush; }

}  // namespace

int main() {
    std::setlocale(LC_ALL, "de_DE.UTF-8");
    std::locale::global(std::locale(std::locale::classic(), new german));
    std::size_t size = 0;
    while (std::cin >> size) {
        std::string text(size, ' ');
        std::cin.get();
        std::cin.read(text.data(), static_cast<std::streamsize>(size));
        coma::tree tree;
        coma::from_xml(text, "r", tree, "input");
        put(coma::to_xml("r", tree));
        put(tree.is_dict() && tree.size() ? coma::to_xml("r", tree, coma::boost_form) : std::string());
        const std::string json = coma::to_json("r", tree);
        put(json);
        coma::tree copy;
        coma::from_json(json, "r", copy);
        if (!same(copy, tree)) return 1;
    }
}
"""
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,5}", fullmatch=True) | st.sampled_from(
    ["count", "item_version", "item", "größe"]
)
TEXTS = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff") | st.sampled_from("\t\n\r")
)
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
    | st.sampled_from(["1", "nan", "1e5", " a", "", "True", "&<>\"'", "\xa012", "1_000", "0x10"])
)  # fmt: skip
TREES = st.recursive(LEAVES, lambda t: st.lists(t, max_size=4) | st.dictionaries(NAMES, t, max_size=4), max_leaves=20)


@pytest.fixture(scope="module")
def echo(tmp_path_factory):
    """Return a function that sends XML through the C++ half and returns what it writes."""
    program = cppbuild.compile_cpp(tmp_path_factory.mktemp("echo") / "echo", [PROGRAM], *cppbuild.SANITIZERS)
    process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def receive() -> bytes:
        size = b""
        while not size.endswith(b" "):
            byte = process.stdout.read(1)
            assert byte, "the program ended"
            size += byte
        return process.stdout.read(int(size))

    def send(text: bytes) -> tuple[bytes, bytes, bytes]:
        process.stdin.write(b"%d " % len(text) + text)
        process.stdin.flush()
        return receive(), receive(), receive()

    yield send
    process.stdin.close()
    assert process.wait(10) == 0
    process.stdout.close()


@settings(deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow])
@given(tree=TREES)
def test_any_tree_has_the_same_text(echo, tree):
    """Plain XML, Boost's full form and JSON of any tree are the same bytes in C++ and in Python."""
    plain = xmlarchive.dumps({"r": tree})
    xml, boost, json = echo(plain)
    assert xml == plain
    assert json == jsonarchive.dumps({"r": tree})
    if boost and list(tree)[:2] != ["count", "item_version"]:  # a root of this form cannot say that it is no list
        assert xmlarchive.loads(boost).keys() == {"r"}
        assert xmlarchive.dumps(xmlarchive.loads(boost)) == plain


@settings(deadline=None, max_examples=200)
@given(bits=st.lists(st.integers(0, 2**64 - 1), min_size=50, max_size=50))
def test_doubles_are_laid_out_as_python_does(echo, bits):
    """The digits of any double are those of Python's repr."""
    values = [x for x in struct.unpack("50d", struct.pack("50Q", *bits)) if math.isfinite(x)]
    plain = xmlarchive.dumps({"r": values})
    assert echo(plain)[0] == plain
