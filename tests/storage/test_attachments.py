# SPDX-License-Identifier: BSD-2-Clause
"""Large results in files beside the measurement's text."""

import hashlib
import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import names, sweep

import coma
from coma.storage import attachments
from coma.trees.equality import equal

FILE = "measurement.000001.results.psi.npy"


def wave(p):
    """Return a measurement with an attached array."""
    psi = p.x + np.arange(1000).reshape(10, 100)
    return {"parameters": {"x": p.x}, "results": {"psi": coma.attach(psi), "n": 1}}


@pytest.fixture
def e(directory):
    """Return an experiment of two measurements with attached arrays."""
    e = sweep(directory, 2)
    e.run(wave)
    return e


def only(e):
    """Return the first measurement."""
    return next(iter(e.measurements()))


def test_the_array_lies_beside_the_text(e, directory):
    """As a file that numpy reads; the text says its name, size and checksum."""
    content = (directory / FILE).read_bytes()
    assert np.load(directory / FILE)[9, 99] == 999.0
    stored = json.loads((directory / "measurement.000001.json").read_text())["measurement"]["results"]["psi"]
    assert stored == {
        "__type__": "attachment",
        "file": FILE,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    assert e.status().done == 2


def test_what_is_read_is_the_array(e):
    """Mapped into memory when it is first used; in arithmetic, in numpy's functions, by its attributes."""
    psi = only(e)["results/psi"]
    assert "array" not in vars(psi)
    assert isinstance(psi.array, np.memmap)
    assert (psi.shape, psi.dtype, len(psi), psi[1, 0], psi.mean()) == ((10, 100), np.float64, 10, 100.0, 499.5)
    assert np.sum(psi) == 499500.0
    assert (2 * psi + psi)[0, 2] == 6.0
    assert np.asarray(psi, dtype=int).dtype == int
    assert ((psi > 5) & (psi == 7)).sum() == 1
    assert repr(psi) == f"<attachment {FILE}: 8128 bytes>"


@pytest.mark.parametrize(
    "array",
    [
        np.array(2.5, dtype="float32"),
        np.zeros((0, 3)),
        np.array([1 + 2j]),
        np.array(["a", "bc"]),
        np.arange(3, dtype="int8"),
        [1, 2],
    ],
    ids=lambda array: str(np.asarray(array).dtype),
)
def test_arrays_of_any_kind_come_back(directory, array):
    """Numbers, strings, no dimensions, no elements."""
    e = sweep(directory, 1)
    e.run(lambda p: {"parameters": {"x": p.x}, "a": coma.attach(array)})
    found = only(e)["a"]
    assert np.array_equal(found, array)
    assert found.dtype == np.asarray(array).dtype


def test_a_programs_own_file_is_attached(directory, tmp_path):
    """A copy with its suffix, which may be anything."""
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"no array")
    e = sweep(directory, 1)
    e.run(lambda p: {"parameters": {"x": p.x}, "results": {"layers": [{"view": coma.attach(picture)}]}})
    picture.unlink()
    view = only(e)["results/layers/0/view"]
    assert view.file == "measurement.000001.results.layers.0.view.png"
    assert Path(view.path).read_bytes() == b"no array"
    assert not hasattr(view, "keys")
    with pytest.raises(coma.ArchiveError, match=r"holds no array .*; open the file at its path"):
        view.mean()


@pytest.mark.slow
@pytest.mark.parametrize("executor", [None, ThreadPoolExecutor], ids=["processes", "threads"])
def test_arrays_travel_from_workers(directory, executor):
    """To the process that publishes them."""
    e = sweep(directory, 3)
    if executor:
        with executor(2) as pool:
            e.run(wave, executor=pool)
    else:
        e.run(wave, workers=2)
    for m in e.measurements():
        assert m["results/psi"][0, 0] == m["parameters/x"]
        assert m["results/psi"].file == f"measurement.{m.id:06d}.results.psi.npy"


@pytest.mark.parametrize("format", ["json", "xml"])
def test_archiving_leaves_the_files_where_they_are(directory, format):
    """Inactive and active again, the measurements are the same, in either format."""
    e = sweep(directory, 2, config={"archive_default_format": format})
    e.run(wave)
    before = [m.tree for m in e.measurements()]
    e.deactivate()
    assert names(directory) == [f"experiment.none.{format}", FILE, FILE.replace("1", "2")]
    e = coma.Experiment(directory)
    assert all(equal(m.tree, tree) for m, tree in zip(e.measurements(), before, strict=True))
    assert only(e)["results/psi"][9, 99] == 999.0
    e.activate()
    only(e).verify()
    assert len(names(directory)) == 6


@pytest.mark.parametrize("active", [True, False], ids=["active", "inactive"])
def test_reset_removes_the_files(e, directory, active):
    """With their measurements; files of another kind stay."""
    (directory / "notes.npy").write_bytes(b"mine")
    if not active:
        e.deactivate()
    e.reset()
    assert [name for name in names(directory) if name.endswith(".npy")] == ["notes.npy"]


def test_conversion_keeps_the_reference(e, directory):
    """A measurement saved as XML refers to the same file."""
    m = only(e)
    m.archive.save({"measurement": m.tree}, "xml")
    assert "measurement.000001.xml" in names(directory)
    assert only(e)["results/psi"] == m["results/psi"]
    only(e).verify()


def test_damage_is_noticed(e, directory):
    """Another size at first use, another content by verify(), a missing file by both."""
    path = directory / FILE
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"\1")
    assert only(e)["results/psi"].shape == (10, 100)
    with pytest.raises(coma.ArchiveError, match=r"results.psi.npy\" was changed: its sha256 is \w+, stored was"):
        only(e).verify()
    path.write_bytes(content[:-1])
    with pytest.raises(coma.ArchiveError, match="is damaged: it has 8127 bytes, the measurement says 8128"):
        only(e)["results/psi"].sum()
    path.unlink()
    with pytest.raises(coma.ArchiveError, match="No such file or directory; the measurement refers to it, keep both"):
        only(e).verify()


def test_a_reference_leads_to_no_other_directory(e, directory):
    """A file of another directory is a damaged measurement."""
    file = directory / "measurement.000001.json"
    file.write_text(file.read_text().replace(FILE, "../secret.npy"))
    with pytest.warns(UserWarning, match="damaged attachment: '../secret.npy' is no name of a file"):
        assert [m.id for m in e.measurements()] == [2]


def test_a_file_in_the_way_is_not_overwritten(directory):
    """The array takes another name."""
    e = sweep(directory, 1)
    (directory / FILE).write_bytes(b"another's")
    e.run(wave)
    assert (directory / FILE).read_bytes() == b"another's"
    assert only(e)["results/psi"].file == "measurement.000001.results.psi-2.npy"
    only(e).verify()


def test_nothing_stays_where_the_measurement_cannot_be_published(tmp_path):
    """The files that were published before it go again."""
    with pytest.raises(FileExistsError), attachments.published(tmp_path, {"a.npy": b"a", "b.npy": b"b"}):
        raise FileExistsError
    assert names(tmp_path) == []


def test_nothing_stays_where_the_format_cannot_hold_the_rest(directory):
    """The point fails before its array is published."""
    e = sweep(directory, 1, config={"archive_default_format": "xml"})
    with pytest.raises(ExceptionGroup):
        e.run(lambda p: {"parameters": {"x": p.x}, "psi": coma.attach([1]), "text": "\0"})
    assert not [name for name in names(directory) if name.endswith(".npy")]


def test_a_measurement_by_hand(e, directory):
    """save() puts the array aside, once; saving again refers to the same file."""
    m = e.new_measurement()
    m["parameters/x"] = 7.0
    m["results/psi"] = coma.attach(np.arange(3))
    m.save()
    assert m["results/psi"].file == "measurement.000003.results.psi.npy"
    m["results/n"] = 2
    m.save()
    assert len([name for name in names(directory) if name.startswith("measurement.000003")]) == 2
    m["results/psi"] = coma.attach(np.arange(4))
    m.save()
    assert m["results/psi"].file == "measurement.000003.results.psi-2.npy"
    assert len(m["results/psi"]) == 4


def test_tables_hold_the_arrays_unread(e):
    """As objects, so that a table of large arrays is small."""
    (r,) = e.retrieve_results([("x", "parameters/x"), ("psi", "results/psi")])
    assert r["psi"].dtype == object
    assert all("array" not in vars(psi) for psi in r["psi"])
    assert r.table[1, 1][0, 0] == 1.0
    data = e.retrieve_results([("psi", "results/psi")], [("x", "parameters/x")]).to_xarray()
    assert data.psi.sel(x=1.0).item()[0, 0] == 1.0


def test_a_failed_point_leaves_no_file(directory):
    """Nothing is published before the function has returned."""
    e = sweep(directory, 1)

    def fails(p):
        coma.attach(np.zeros(3))
        raise ValueError(p.x)

    with pytest.raises(ExceptionGroup):
        e.run(fails)
    assert not [name for name in names(directory) if name.endswith(".npy")]


def test_an_attachment_alone_is_no_measurement(directory):
    """It belongs into a dictionary."""
    with pytest.raises(ExceptionGroup) as group:
        sweep(directory, 1).run(lambda _: coma.attach(np.zeros(3)))
    assert "it must return a dictionary" in str(group.value.exceptions[0])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.array([{}]), "cannot attach a ndarray of objects"),
        ({"a": 1}, "cannot attach a dict of objects; attach.. takes arrays of numbers, strings or dates, and paths"),
        (np.ma.masked_array([1, 2], [True, False]), "masked array, which loses its mask"),
        (pd.DataFrame({"a": [1.5]}), r"cannot attach a DataFrame, which loses its labels; attach its \.to_numpy\(\)"),
        ("no/such/file.npy", 'cannot attach "no/such/file.npy": No such file or directory'),
    ],
    ids=["objects", "dictionary", "masked", "frame", "missing"],
)
def test_what_cannot_be_attached_is_refused(value, text):
    """At once, where the function made it."""
    with pytest.raises(coma.SerializerError, match=text):
        coma.attach(value)


def test_attachments_pickle_small(e):
    """As references."""
    psi = only(e)["results/psi"]
    assert psi.sum() > 0
    data = pickle.dumps(psi)
    assert len(data) < 1000
    assert np.array_equal(pickle.loads(data), psi)


def test_odd_keys_make_names_of_files(directory):
    """What is no letter, digit, dot, dash or underscore is one; names that become the same are told apart."""
    e = sweep(directory, 1)
    e.run(lambda p: {"parameters": {"x": p.x}, "a b": coma.attach([1]), "a/b": coma.attach([2]), "ψ": coma.attach([3])})
    m = only(e)
    assert [m[[key]].file for key in ("a b", "a/b", "ψ")] == [
        "measurement.000001.a_b.npy",
        "measurement.000001.a_b-2.npy",
        "measurement.000001.ψ.npy",
    ]
    assert [m[[key]][0] for key in ("a b", "a/b", "ψ")] == [1, 2, 3]
