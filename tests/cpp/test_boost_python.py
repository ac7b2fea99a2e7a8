# SPDX-License-Identifier: BSD-2-Clause
"""What Python writes, read by a real ``boost::archive::xml_iarchive``; and no reader falls over what it is given."""

import os
import subprocess

import cppbuild
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coma
from coma.archives import boostxml, jsonarchive, xmlarchive
from coma.errors import ArchiveError

READER = """
#include <boost/archive/xml_iarchive.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/vector.hpp>
#include <cstdio>
#include <fstream>

struct parameters {
    double theta_0 = 0;
    int steps = 0;
    bool hot = false;
    std::string model, empty;
    template <class Archive> void serialize(Archive& ar, unsigned) {
        ar & BOOST_SERIALIZATION_NVP(theta_0) & BOOST_SERIALIZATION_NVP(steps) & BOOST_SERIALIZATION_NVP(hot);
        ar & BOOST_SERIALIZATION_NVP(model) & BOOST_SERIALIZATION_NVP(empty);
    }
};

struct measurement_type {
    parameters p;
    std::vector<double> t;
    std::vector<std::vector<int>> nested;
    template <class Archive> void serialize(Archive& ar, unsigned) {
        ar & boost::serialization::make_nvp("parameters", p);
        ar & BOOST_SERIALIZATION_NVP(t) & BOOST_SERIALIZATION_NVP(nested);
    }
};

int main(int, char** argv) {
    std::ifstream in(argv[1]);
    measurement_type m;
    {
        boost::archive::xml_iarchive ar(in, argv[2][0] == 'h' ? boost::archive::no_header : 0u);
        ar >> boost::serialization::make_nvp("measurement", m);
    }
    std::printf("%a %d %d [%s] [%s]", m.p.theta_0, m.p.steps, m.p.hot, m.p.model.c_str(), m.p.empty.c_str());
    for (double t : m.t) std::printf(" %a", t);
    for (auto& row : m.nested) for (int i : row) std::printf(" %d", i);
}
"""
TREE = {
    "measurement": {
        "parameters": {"theta_0": -5.1, "steps": 12, "hot": True, "model": ' "12" <ä>\r\n', "empty": ""},
        "t": [0.1, 1e-320, 1.7976931348623157e308, -0.0],
        "nested": [[1, 2], [3]],
    }
}


@pytest.mark.cpp
@pytest.mark.parametrize("prefix", cppbuild.boosts(), ids=str)
def test_real_boost_reads_both_forms_that_python_writes(prefix, tmp_path):
    """The full form by default, the plain form with no_header; every double to the last bit."""
    flags = cppbuild.boost_flags(prefix)
    reader = cppbuild.compile_cpp(tmp_path / "reader", [READER], *flags, warnings=False)
    full = coma.XMLArchive(tmp_path / "full", boost=True)
    full.save(TREE)
    plain = coma.XMLArchive(tmp_path / "plain")
    plain.save(TREE)
    for archive, form in ((full, "full"), (plain, "header off")):
        done = subprocess.run([reader, archive.filename, form], capture_output=True, check=True)
        parameters, _, numbers = done.stdout.decode().partition("[] ")
        theta_0, rest = parameters.split(" ", 1)
        assert (float.fromhex(theta_0), rest) == (-5.1, '12 1 [ "12" <ä>\r\n] ')
        assert [float.fromhex(word) for word in numbers.split()[:4]] == TREE["measurement"]["t"]
        assert numbers.split()[4:] == ["1", "2", "3"]


FUZZED = [
    jsonarchive.dumps(coma.RecursiveSerializer().encode({"r": {"a": np.arange(3.0), "z": 1j, "s": "x", "n": None}})),
    xmlarchive.dumps(coma.RecursiveSerializer().encode({"r": {"a": np.arange(3.0), "b": True, "s": "1", "d": {}}})),
    xmlarchive.dumps({"r": {"x": [1.5, 2.5], "n": None}}, boost=True),
    (
        b'<v class_id="0" tracking_level="1" version="0" object_id="_0"><count>1</count><item_version>0</item_version>'
        b'<item><first>a</first><second class_id="-1"></second></item></v><w object_id_reference="_0"></w>'
    ),
]
READERS = (jsonarchive.loads, xmlarchive.loads, boostxml.loads)
CUTS = st.tuples(st.integers(0, 2000), st.integers(0, 2000), st.binary(max_size=6))


@settings(max_examples=int(os.environ.get("COMA_FUZZ", "500")), deadline=None)
@given(st.sampled_from(FUZZED), st.lists(CUTS, min_size=1, max_size=3))
def test_damaged_text_is_read_or_refused_with_an_archive_error(text, cuts):
    """No reader lets another exception through, whatever is cut out or put in."""
    for begin, length, inserted in cuts:
        begin %= len(text) + 1
        text = text[:begin] + inserted + text[begin + length % 40 :]
    for read in READERS:
        assert "damaged" in (complaint(read, text) or "damaged")


def complaint(read, text):
    """Return what a reader says of text that it refuses."""
    try:
        read(text, "damaged")
    except ArchiveError as error:
        return str(error)
    return None
