# SPDX-License-Identifier: BSD-2-Clause
"""Archives that real Boost wrote, read without knowing the classes."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import coma
from coma.trees.equality import equal

GOLDEN = Path(__file__).parents[1] / "golden" / "boost"
INDEX = json.loads((GOLDEN / "index.json").read_text())
REFUSED = {
    "names_digit_first": r"line 4, column 2",
    "strings_control": r"line 4, column 8",
    "strings_nul": r"line 4, column 7",
    "strings_latin1": r"line 4, column 9",
    "cycle": r"element 'next' in line 8 refers to object _0, which contains it",
}
AMBIGUOUS = {  # what an archive does not tell apart without its program
    "struct_like_vector": {"r": [5]},
}


def test_every_public_case_is_here():
    """The corpus holds 78 archives, each with its values."""
    assert len(INDEX) == 78
    assert all((GOLDEN / f"{case}.expected.json").is_file() for case in INDEX)


@pytest.mark.parametrize("case", sorted(INDEX))
def test_an_archive_of_real_boost_is_read_or_refused(case):
    """Every archive gives its values; one that is no XML, or no tree, is refused with the line."""
    file = GOLDEN / f"{case}.xml"
    if case in REFUSED:
        with pytest.raises(coma.XMLArchiveError, match=f"{case}.xml.*{REFUSED[case]}"):
            coma.load_boost(file)
        return
    roots = json.loads((GOLDEN / f"{case}.expected.json").read_text())["roots"]
    found = coma.load_boost(file)
    assert same(found, AMBIGUOUS.get(case) or collected(roots)), (found, collected(roots))
    assert equal(coma.XMLArchive(file).load(), found) or not found


def same(found, wanted):
    """Compare a tree with what is expected; an empty element may be an empty string or an empty struct."""
    if isinstance(wanted, np.float32):
        return np.float32(found) == wanted
    if isinstance(wanted, float):
        return equal(found, wanted)
    if isinstance(wanted, dict) and wanted:
        return (
            isinstance(found, dict) and list(found) == list(wanted) and all(same(found[k], wanted[k]) for k in wanted)
        )
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(same, found, wanted))
    return (type(found) is type(wanted) and found == wanted) or (wanted in ({}, b"") and found in ("", "\n"))


def collected(members):
    """Return named members as `coma.load_boost` does: those of one name in a list."""
    names = [name for name, _ in members]
    values = [plain(value) for _, value in members]
    return {
        name: value if names.count(name) == 1 else [v for n, v in zip(names, values, strict=True) if n == name]
        for name, value in zip(names, values, strict=True)
    }


def plain(value):
    """Return a typed value of the expectations as the plain tree that a reader without schema can give."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    return KINDS[next(iter(value))](value)


OBJECTS = {}  # tracked objects by their number, which each case begins anew


def tracked(value):
    """Return a tracked object, or the one that an alias means."""
    if "$alias" in value:
        return OBJECTS[value["$alias"]]
    OBJECTS[value["$obj"]] = plain(value["$value"])
    return OBJECTS[value["$obj"]]


def mapped(value):
    """Return a map: a dictionary if its keys are strings, and distinct."""
    pairs = [(plain(key), plain(item)) for key, item in value["$map"]]
    keys = [key for key, _ in pairs]
    if pairs and all(isinstance(key, str) for key in keys) and len(set(keys)) == len(keys):
        return dict(pairs)
    return [{"first": key, "second": item} for key, item in pairs]


KINDS = {
    "$float": lambda value: float(value["$float"]),
    "$float32": lambda value: np.float32(value["$float32"]),
    "$longdouble": lambda value: float(value["$longdouble"]),
    "$map": mapped,
    "$pair": lambda value: {"first": plain(value["$pair"][0]), "second": plain(value["$pair"][1])},
    "$complex": lambda value: complex(*map(plain, value["$complex"])),
    "$bitset": lambda value: value["$bitset"],
    "$struct": lambda value: collected(value["$struct"]),
    "$optional": lambda value: plain(value["$optional"]),
    "$variant": lambda value: plain(value["$v"]),
    "$binary": lambda value: bytes.fromhex(value["$binary"]),
    "$pointee": lambda value: plain(value["$pointee"]),
    "$shared_ptr": lambda value: plain(value["$shared_ptr"]),
    "$unique_ptr": lambda value: plain(value["$unique_ptr"]),
    "$weak_ptr": lambda value: plain(value["$weak_ptr"]),
    "$obj": tracked,
    "$alias": tracked,
}


def test_a_measurement_of_a_boost_program_is_one_like_any_other(tmp_path):
    """It is found in an experiment directory, takes its id from its name, and gives rows."""
    experiment = coma.Experiment(tmp_path / "e")
    shutil.copy(GOLDEN / "measurement.xml", tmp_path / "e" / "measurement.000001.xml")
    experiment.mindex.write(1)
    (measurement,) = experiment.measurements()
    assert (measurement.id, measurement.info.program) == (1, "ising")
    (result,) = experiment.retrieve_results([("E", "results/energy/mean")], [("beta", "parameters/beta")])
    assert (result.parameters.beta, result.table.tolist()) == (0.44, [[-1.41]])


def test_carriage_returns_in_strings_are_kept(tmp_path):
    """Boost writes them raw, where an XML parser would read a newline."""
    file = tmp_path / "archive.xml"
    file.write_bytes(b"<s>a\r\nb\rc</s><n>1</n>\n")
    assert coma.load_boost(file) == {"s": "a\r\nb\rc", "n": 1}
