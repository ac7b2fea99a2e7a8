# SPDX-License-Identifier: BSD-2-Clause
"""Names that files contain: a measurement has files of its own beside it, and says nothing of any other."""

import json
import os
import warnings

import hostile
import numpy as np
import pytest
from helpers import names, snapshot, sweep

import coma
from coma.storage.names import Names
from coma.trees.attachment import Attached

RESERVED = {"__type__": "attached", "suffix": ".x", "content": {"__type__": "bytes", "base64": "AP8="}}


def attach(p):
    """Return a measurement with an attached array."""
    return {"parameters": {"x": p.x}, "results": {"psi": coma.attach(np.arange(3.0) + p.x)}}


def edit(path, change):
    """Change the tree in a JSON file."""
    tree = json.loads(path.read_text())
    change(tree)
    path.write_text(json.dumps(tree))


def messages(function):
    """Return what a function warns of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function()
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize("name", hostile.ODD_NAMES, ids=repr)
@pytest.mark.parametrize("template", ["measurement.${measurement_id}", "m${measurement_id}x", "${measurement_id}"])
def test_no_odd_name_belongs_to_a_measurement(name, template):
    """Neither alone nor after the measurement's id, unless it is a plain one."""
    owner = Names(template)
    stem = owner.name(1)
    assert owner.owner(f"{stem}.run.log") == 1
    if isinstance(name, str):
        found = f"{stem}.{name}"
        is_plain = os.path.basename(found) == found and found.isprintable() and bool(name)
        assert owner.owner(found) == (1 if is_plain else None)


@pytest.mark.parametrize("name", ["json", "JSON", "xml", "json.lock", "Xml.backup"])
def test_a_measurements_own_file_lies_not_beside_it(name):
    """In no spelling: some file systems take them for one."""
    assert Names("measurement.${measurement_id}").owner(f"measurement.000001.{name}") is None


@pytest.mark.parametrize("is_active", [True, False], ids=["active", "inactive"])
@pytest.mark.parametrize("file", ["measurement.000002.results.psi.npy", "experiment.none.json", "notes.npy"])
def test_what_belongs_to_another_is_not_read(directory, file, is_active):
    """The measurement is; what it refers to is an error that names it, once it is used; and stays so in archives."""
    e = sweep(directory, 2)
    e.run(attach)
    np.save(directory / "notes.npy", np.zeros(3))
    edit(directory / "measurement.000001.json", lambda tree: tree["measurement"]["results"]["psi"].update(file=file))
    if not is_active:
        e.deactivate()
    for change in (e.activate if not is_active else e.deactivate, lambda: None):
        first, second = coma.Experiment(directory).measurements()
        for use in (lambda m: m["results/psi"].path, lambda m: np.sum(m["results/psi"]), lambda m: m.verify()):
            with pytest.raises(coma.ArchiveError, match=f"'{file}' does not belong to the measurement"):
                use(first)
        assert np.sum(second["results/psi"]) == 6.0
        change()


def test_zeros_before_an_id_do_not_count(directory):
    """A file that was given more of them has its attachments still."""
    e = sweep(directory, 1)
    e.run(attach)
    (directory / "measurement.000001.json").rename(directory / "measurement.00000001.json")
    assert [np.sum(m["results/psi"]) for m in e.measurements()] == [3.0]


def test_an_attachment_is_not_shared(directory):
    """One measurement would lose it with the other: by hand, by a function and by saving again, it is refused."""
    e = sweep(directory, 2)
    e.run(attach)
    first, second = e.measurements()
    new = e.new_measurement()
    new["a"] = second["a"] = first["results/psi"]
    for m in (new, second):
        with pytest.raises(
            coma.SerializerError, match=r"attached to another measurement.*; attach a copy, by coma.attach"
        ):
            m.save()
    e.add_parameter_set(9.0)
    with pytest.raises(ExceptionGroup) as group:
        e.run(lambda p: {**p.tree(), "a": first["results/psi"]})
    assert "attached to another measurement" in str(group.value.exceptions[0])
    new["a"] = coma.attach(first["results/psi"].path)
    new.save()
    assert np.array_equal(new["a"], first["results/psi"])


@pytest.mark.parametrize("format", ["json", "xml"])
def test_nothing_in_a_file_is_on_its_way(directory, format):
    """A measurement that says so is left out, with its name; an archive is refused, with its own."""
    e = sweep(directory, 2, config={"archive_default_format": format})
    e.run(attach)
    path = directory / f"measurement.000001.{format}"
    coma.Archive(path).save(
        {
            "measurement": {
                "info": {"measurement_id": 1},
                "a": {"__type__": "late", **{key: item for key, item in RESERVED.items() if key == "suffix"}},
            }
        }
    )
    path.write_text(path.read_text().replace("late", "attached"))
    (said,) = messages(lambda: [m.id for m in e.measurements()])
    assert "measurement.000001" in said
    assert "'attached' is reserved" in said
    with pytest.raises(coma.ArchiveError, match=r"measurement.000001.*is reserved"):
        e.deactivate()


@pytest.mark.parametrize("tree", [{"a": RESERVED}, RESERVED, {"a": [{"b": RESERVED}]}], ids=["item", "root", "deep"])
def test_neither_functions_nor_programs_say_that_something_is_on_its_way(directory, tree, tmp_path):
    """Only what attach() returned is: anything else costs its point."""
    e = sweep(directory, 1)
    text = tmp_path / "said.json"
    text.write_text(json.dumps(tree))
    for function in (lambda _: tree, coma.Program(["/bin/cat", str(text)])):
        with pytest.raises(ExceptionGroup) as group:
            e.run(function)
        assert "attached" in str(group.value.exceptions[0])
        assert [name for name in names(directory) if name.startswith("measurement.0")] == []


@pytest.mark.parametrize("save", [coma.JsonArchive, coma.XMLArchive])
def test_what_is_attached_has_no_place_in_other_files(tmp_path, save):
    """It lies beside a measurement, or nowhere."""
    with pytest.raises(coma.ArchiveError, match=r"coma.attach\(\) is for measurements"):
        save(tmp_path / "data").save({"data": {"x": 1, "list": [coma.attach([1.0])]}})
    assert names(tmp_path) == []


@pytest.mark.parametrize("suffix", ["/../../evil", ".a b\n", ".\x1b[2J", "json", "", ".tar;rm", ".\ud800"])
@pytest.mark.parametrize("key", ["x", "json", "XML"])
def test_suffixes_and_keys_make_plain_names(directory, suffix, key):
    """Beside the measurement, and none of them that of its own file."""
    e = sweep(directory, 1)
    e.run(lambda p: {"parameters": {"x": p.x}, key: Attached(b"data", suffix)})
    (m,) = e.measurements()
    assert Names("measurement.${measurement_id}").owner(m[key].file) == 1
    m.verify()
    e.reset()
    assert names(directory) == ["experiment.none.json", "measurement.index.json"]


def test_what_is_not_removed_is_told(tmp_path):
    """With the file that names it: in a record of a failure and in a measurement of another build."""
    sandbox = hostile.make(tmp_path, "kept")
    e = coma.Experiment(sandbox.experiment)
    e.define_parameter_set(("k", "parameters/k"))
    e.add_parameter_grid(k=[1, 3])
    program = coma.Program(["/bin/sh", "-c", "echo '{{}}'"])
    said = messages(lambda: e.run(program, rerun="other-build"))
    for told in (
        'measurement.000001.json" names files that are none of those beside it',
        'failure.000003.json" is damaged: info/kept_files is no list of names',
    ):
        assert [text for text in said if told in text]


@pytest.mark.parametrize("name", ["experiment.none.json", "measurement.000001.json", "measurement.index.json"])
def test_nothing_is_written_through_a_link_that_leads_out(directory, tmp_path, name):
    """An error names the link and where it leads; a link to a file of the directory is none of that."""
    e = sweep(directory, 1)
    e.run(attach)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (directory / name).rename(elsewhere / name)
    (directory / name).symlink_to(elsewhere / name)
    before = snapshot(elsewhere)
    e = coma.Experiment(directory)
    (m,) = e.measurements()
    m["note"] = "seen"
    save = {"experiment": e.save, "measurement": m.save}[name.split(".")[0]]
    with pytest.raises(coma.ArchiveError, match=f'Cannot write ".*{name}": it is a link to ".*elsewhere'):
        (e.new_measurement if "index" in name else save)()
    assert snapshot(elsewhere) == before
    (directory / name).unlink()
    (elsewhere / name).rename(directory / "kept.json")
    (directory / name).symlink_to("kept.json")
    e = coma.Experiment(directory)
    e.save()
    next(iter(e.measurements())).save()
    assert e.new_measurement().id == 2


def test_attachments_are_read_through_links_of_whoever_put_them_there(directory, tmp_path):
    """Large arrays may have been moved to another disk; what is no file is an error."""
    e = sweep(directory, 1)
    e.run(attach)
    path = directory / "measurement.000001.results.psi.npy"
    path.rename(tmp_path / "moved.npy")
    path.symlink_to(tmp_path / "moved.npy")
    (m,) = e.measurements()
    assert np.sum(m["results/psi"]) == 3.0
    path.unlink()
    os.mkfifo(path)
    (m,) = e.measurements()
    with pytest.raises(coma.ArchiveError, match="is no file"):
        m.verify()
