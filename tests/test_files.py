# SPDX-License-Identifier: BSD-2-Clause
"""Whole files: replaced at once, published once."""

import os
import threading

import pytest
from helpers import kill, names, start, until

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
