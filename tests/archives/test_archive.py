# SPDX-License-Identifier: BSD-2-Clause
"""A tree in a file."""

import os
import subprocess
import sys

import pytest
from helpers import environment, names, powerless, snapshot

import coma
from coma import Archive, JsonArchive, XMLArchive

TREE = {"data": {"x": [1, 2.5], "s": "12"}}


@pytest.mark.parametrize(
    ("name", "default", "file"),
    [
        ("a", "json", "a.json"),
        ("a", "xml", "a.xml"),
        ("a.xml", "json", "a.xml"),
        ("a.json", "xml", "a.json"),
        ("a.v1", "json", "a.v1.json"),
        ("json", "xml", "json.xml"),
    ],
)
def test_the_suffix_tells_the_format_and_else_the_default(tmp_path, name, default, file):
    """A new archive has the format of its suffix; without, the default's suffix is added."""
    archive = Archive(tmp_path / name, default)
    assert not archive.exists()
    archive.save(TREE)
    assert archive.exists()
    assert names(tmp_path) == [file]
    assert (archive.load(), archive.format) == (TREE, file.rpartition(".")[2])


def test_a_file_that_exists_tells_the_format(tmp_path):
    """The default counts for new files only."""
    XMLArchive(tmp_path / "a").save(TREE)
    assert coma.archive_exists(tmp_path / "a")
    assert coma.archive_exists(tmp_path / "a.xml")
    assert not coma.archive_exists(tmp_path / "a.json")
    assert Archive(tmp_path / "a").load() == TREE
    assert (tmp_path / "a.xml").read_bytes().startswith(b"<data>")


def test_two_formats_of_one_archive_are_an_error(tmp_path):
    """The error names both."""
    JsonArchive(tmp_path / "a").save(TREE)
    XMLArchive(tmp_path / "a").save(TREE)
    with pytest.raises(
        coma.ArchiveError, match=r'multiple files for archive ".*/a": \[.*a\.json.*a\.xml.*remove all but'
    ):
        Archive(tmp_path / "a")
    assert Archive(tmp_path / "a.xml").load() == TREE


def test_saving_in_another_format_replaces_the_file(tmp_path):
    """The archive goes on in the new file."""
    archive = Archive(tmp_path / "a")
    archive.save(TREE)
    archive.save(TREE, format="xml")
    assert names(tmp_path) == ["a.xml"]
    assert (archive.format, archive.load()) == ("xml", TREE)
    archive.save(TREE, format="xml")
    archive.save(TREE, format="json")
    assert names(tmp_path) == ["a.json"]


def test_pretty_print_can_be_switched_off(tmp_path):
    """The text is one line."""
    JsonArchive(tmp_path / "a", pretty_print=False).save(TREE)
    assert (tmp_path / "a.json").read_text() == '{"data": {"x": [1, 2.5], "s": "12"}}'
    XMLArchive(tmp_path / "a", pretty_print=False).save(TREE)
    assert (tmp_path / "a.xml").read_text().count("\n") <= 1


@pytest.mark.parametrize(
    ("tree", "format", "error"),
    [
        ({"a": {1, 2}}, None, coma.SerializerError),
        ({"a": {"b c": 1}}, "xml", coma.XMLArchiveError),
        ({"a": 1, "b": 1}, "xml", coma.XMLArchiveError),
        ([1], "xml", coma.XMLArchiveError),
        ({"a": 1}, "yaml", coma.ArchiveError),
    ],
)
def test_what_cannot_be_saved_leaves_the_old_file(tmp_path, tree, format, error):
    """Everything is checked before anything is written."""
    archive = Archive(tmp_path / "a")
    archive.save(TREE)
    before = snapshot(tmp_path)
    with pytest.raises(error):
        archive.save(tree, format=format)
    assert snapshot(tmp_path) == before
    assert archive.load() == TREE


def test_errors_name_the_file(tmp_path):
    """Missing, a directory, not writable, of an unknown format or damaged."""
    with pytest.raises(coma.ArchiveError, match=r'Cannot read ".*/none\.json": No such file'):
        Archive(tmp_path / "none").load()
    (tmp_path / "dir.json").mkdir()
    with pytest.raises(coma.ArchiveError, match=r'Cannot read ".*/dir\.json": Is a directory'):
        Archive(tmp_path / "dir.json").load()
    with pytest.raises(coma.ArchiveError, match=r'Cannot write ".*/dir\.json": Is a directory'):
        Archive(tmp_path / "dir.json").save(TREE)
    with pytest.raises(coma.ArchiveError, match=r'Cannot write ".*/no/a\.json": No such file'):
        Archive(tmp_path / "no" / "a").save(TREE)
    with pytest.raises(coma.ArchiveError, match=r"unknown format 'yaml'; choose 'json' or 'xml'"):
        Archive(tmp_path / "a", "yaml")
    (tmp_path / "bad.json").write_text('{\n"a": }')
    with pytest.raises(coma.JsonArchiveError, match=r'/bad\.json" is not JSON: .* in line 2, column 6'):
        Archive(tmp_path / "bad").load()
    (tmp_path / "bad.xml").write_text("<a>\n<b></a>")
    with pytest.raises(coma.XMLArchiveError, match=r'/bad\.xml" is not XML: .*line 2'):
        Archive(tmp_path / "bad.xml").load()
    assert names(tmp_path) == ["bad.json", "bad.xml", "dir.json"]


def test_a_file_that_may_not_be_read_is_an_error(tmp_path):
    """The error names the file and the reason."""
    archive = Archive(tmp_path / "a")
    archive.save(TREE)
    os.chmod(archive.filename, 0)
    code = "import coma, sys; coma.Archive(sys.argv[1]).load()"
    command = [*powerless(), sys.executable, "-c", code, archive.filename]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert f'coma.errors.ArchiveError: Cannot read "{archive.filename}": Permission denied' in done.stderr


@pytest.mark.parametrize(
    "name", ["größe ü", "a b\nc", 'it\'s "quoted"', "x" * 200, "-rf", "$HOME", "*?[a]", "a.tar.gz"]
)
def test_odd_names_work(tmp_path, name):
    """A name is a name, whatever characters it has."""
    directory = tmp_path / name
    directory.mkdir()
    for archive in (JsonArchive(directory / name), XMLArchive(directory / name)):
        archive.save(TREE)
        assert Archive(archive.filename).load() == TREE
    assert names(directory) == [f"{name}.json", f"{name}.xml"]
