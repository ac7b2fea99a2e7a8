# SPDX-License-Identifier: BSD-2-Clause
"""Whole files: replaced at once, published once."""

import errno
import os
import threading

import pytest
from helpers import kill, names, square, start, sweep, until

import coma
from coma import files
from coma.storage.flusher import Flusher


def test_publish_writes_the_file_and_nothing_else(tmp_path):
    """The file is there with its content and the usual permissions; no temporary file stays."""
    files.publish(tmp_path / "a", b"text")
    assert (tmp_path / "a").read_bytes() == b"text"
    assert names(tmp_path) == ["a"]
    mask = os.umask(0)
    os.umask(mask)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o666 & ~mask


def test_publish_never_overwrites(tmp_path):
    """A file, directory or dangling link of that name stays as it is."""
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "directory").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("file", "directory", "link"):
        with pytest.raises(FileExistsError):
            files.publish(tmp_path / name, b"new")
    assert (tmp_path / "file").read_bytes() == b"old"
    assert names(tmp_path) == ["directory", "file", "link"]


def test_one_of_many_publishers_wins(tmp_path):
    """Of threads that publish the same name at once, exactly one succeeds, and its text is whole."""
    won = []
    barrier = threading.Barrier(8)

    def publish(number):
        barrier.wait()
        try:
            files.publish(tmp_path / "a", b"%d" % number * 1000)
        except FileExistsError:
            return
        won.append(number)

    threads = [threading.Thread(target=publish, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert (tmp_path / "a").read_bytes() == b"%d" % won[0] * 1000


@pytest.mark.parametrize("missing", ["O_TMPFILE", "links"])
def test_publish_does_without_what_a_system_lacks(tmp_path, monkeypatch, missing):
    """Without unnamed files or links the file is published all the same, and never over another."""
    if missing == "O_TMPFILE":
        monkeypatch.delattr(os, "O_TMPFILE")
    else:
        monkeypatch.setattr(os, "link", _refuse)
    files.publish(tmp_path / "a", b"text")
    with pytest.raises(FileExistsError):
        files.publish(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"text"
    assert names(tmp_path) == ["a"]


def _refuse(*_args, **_options):
    raise PermissionError(1, "no links here")


def test_replace_follows_the_old_file_whole(tmp_path, script):
    """A process that replaces a file without end, killed at any moment, leaves a whole file."""
    target = tmp_path / "a"
    code = script(
        """
        import itertools, sys
        from coma import files
        for i in itertools.count():
            files.replace(sys.argv[1], str(i % 10).encode() * 100_000)
        """
    )
    for _ in range(3):
        process = start(code, target)
        until(target.exists)
        target.unlink()
        until(target.exists)
        kill(process)
        text = target.read_bytes()
        assert len(text) == 100_000
        assert len(set(text)) == 1


@pytest.mark.parametrize("mode", [0o600, 0o664, 0o640, 0o444])
@pytest.mark.parametrize("unnamed", [True, False])
def test_a_file_that_is_replaced_keeps_its_mode(tmp_path, monkeypatch, mode, unnamed):
    """And a new one has the mode that the umask leaves."""
    if not unnamed:
        monkeypatch.delattr(os, "O_TMPFILE")
    path = tmp_path / "a"
    files.replace(path, b"new")
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o7777 == 0o666 & ~mask
    path.chmod(mode)
    files.replace(path, b"newer")
    assert path.read_bytes() == b"newer"
    assert path.stat().st_mode & 0o7777 == mode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_that_is_replaced_keeps_owner_and_group(tmp_path):
    """Where that is permitted."""
    path = tmp_path / "a"
    path.write_bytes(b"old")
    os.chown(path, 12345, 23456)
    path.chmod(0o640)
    files.replace(path, b"new")
    status = path.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (12345, 23456, 0o640)


def test_a_file_of_another_owner_is_replaced_all_the_same(tmp_path, monkeypatch):
    """Whoever may not give files away keeps what is permitted."""

    def refuse(*_arguments):
        raise PermissionError(errno.EPERM, "not permitted")

    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(0o640)
    monkeypatch.setattr(os, "fchown", refuse)
    monkeypatch.setattr(os, "fchmod", refuse)
    files.replace(path, b"new")
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("target", ["elsewhere/b", "{tmp_path}/elsewhere/b", "second"], ids=["short", "long", "two"])
def test_a_link_stays_a_link(tmp_path, target):
    """What it leads to is replaced, at once, in its own directory."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b").write_bytes(b"old")
    (tmp_path / "second").symlink_to("elsewhere/b")
    path = tmp_path / "a"
    path.symlink_to(target.format(tmp_path=tmp_path))
    files.replace(path, b"new")
    assert path.is_symlink()
    assert (tmp_path / "elsewhere" / "b").read_bytes() == b"new"
    assert names(tmp_path / "elsewhere") == ["b"]
    files.replace(path, b"own", through_link=False)
    assert not path.is_symlink()
    assert (tmp_path / "elsewhere" / "b").read_bytes() == b"new"


@pytest.mark.parametrize(
    ("target", "complaint"), [("none", 'a link to "none", where there is no file'), ("a", "levels")]
)
def test_a_link_that_leads_nowhere_is_an_error(tmp_path, target, complaint):
    """Nothing is made where it points: nobody knows who chose that place."""
    (tmp_path / "a").symlink_to(target)
    with pytest.raises(coma.ArchiveError, match=rf'Cannot write "{tmp_path}/a": .*{complaint}'):
        files.replace(tmp_path / "a", b"new")
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").is_symlink()


def test_an_experiment_whose_files_are_links_stays_so(tmp_path):
    """Experiment file and index have other names in their directory; running, archiving and the way back keep that."""
    place = tmp_path / "e"
    sweep(place, 2)
    for name in ("experiment.none.json", "measurement.index.json"):
        (place / name).rename(place / f"real-{name}")
        (place / name).symlink_to(f"real-{name}")
    e = sweep(place, 2)
    assert e.run(square) == (2, 2)
    e.deactivate()
    assert (place / "experiment.none.json").is_symlink()
    assert '"measurements"' in (place / "real-experiment.none.json").read_text()
    e.activate()
    assert [m.results.y for m in coma.Experiment(place).measurements()] == [0, 1]
    assert (place / "experiment.none.json").is_symlink()


def test_a_failure_record_never_goes_through_a_link(directory):
    """It is new, whatever lies there: a file elsewhere to which a link of that name leads stays as it is."""
    e = sweep(directory, 1)
    precious = directory.with_name("precious")
    precious.write_text("precious")
    (directory / "failure.000001.json").symlink_to(precious)
    with pytest.warns(UserWarning, match="Damaged failure record"), pytest.raises(ExceptionGroup):
        e.run(lambda p: p.x / 0)
    assert precious.read_text() == "precious"
    assert not (directory / "failure.000001.json").is_symlink()


def test_a_file_in_another_format_is_no_more_open_than_the_old_one(tmp_path):
    """It has the same mode."""
    archive = coma.Archive(tmp_path / "a.json")
    archive.save({"a": 1})
    (tmp_path / "a.json").chmod(0o600)
    archive.save({"a": 1}, format="xml")
    assert (tmp_path / "a.xml").stat().st_mode & 0o7777 == 0o600


def test_remove_forgives_what_is_gone(tmp_path):
    """Another process may have removed the file."""
    files.remove(tmp_path / "none")


def broken_flush(path):
    """Flush a file of a directory that is none."""
    flusher = Flusher()
    flusher.add(path)
    flusher.flush()


REFUSED = {
    "read": files.read,
    "replace": lambda path: files.replace(path, b"text"),
    "publish": lambda path: files.publish(path, b"text"),
    "publish, not durable": lambda path: files.publish(path, b"text", durable=False),
    "create": lambda path: files.create(path, b"text"),
    "copy to": lambda path: files.publish_copy(path, __file__),
    "copy from": lambda path: files.publish_copy(f"{path}.copy", path),
    "rename": lambda path: files.rename(path, f"{path}.new"),
    "rename over": lambda path: files.rename_over(path, f"{path}.new"),
    "remove": files.remove,
    "make a directory": lambda path: files.make_directory(f"{path}/b"),
    "list": lambda path: list(files.names(path)),
    "flush": broken_flush,
}


@pytest.mark.parametrize("operation", REFUSED.values(), ids=REFUSED)
def test_what_the_system_refuses_is_an_error_that_names_the_file(tmp_path, operation):
    """Every function says it in the same way, and hands no raw error on."""
    (tmp_path / "file").touch()
    path = str(tmp_path / "file" / "a")
    with pytest.raises(coma.ArchiveError, match=rf'^Cannot .*"{path}.*Not a directory'):
        operation(path)
    assert names(tmp_path) == ["file"]
