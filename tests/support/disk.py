# SPDX-License-Identifier: BSD-2-Clause
"""What a power cut leaves: by the order in which a process wrote and synced, and on a file system that is cut off."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_FINISHED = re.compile(r"(measurement|failure|experiment)\.(\d|none).*(?<!\.lock)")
_WRITES = ("write", "sendfile", "sendfile64", "copy_file_range")


class Order:
    """Follows the calls that were logged, and knows at each moment what a power cut might take.

    Attributes
    ----------
    mistakes : list of str
        Finished files that went, or were replaced, while others were not yet on the disk.
    """

    def __init__(self, log: Path, below: Path) -> None:
        self.mistakes: list[str] = []
        self.calls: list[str] = []
        self._inodes: dict[str, str] = {}
        self._unwritten: set[str] = set()
        self._unnamed: set[str] = set()
        for line in log.read_text().splitlines():
            self.calls.append(line)
            self._follow(*line.split("\t"), below=str(below))

    def at_risk(self) -> list[str]:
        """Return what a power cut might take now: finished files and directories."""
        unwritten = {path for path, inode in self._inodes.items() if inode in self._unwritten}
        return sorted(filter(self._counts, unwritten | self._unnamed))

    def _counts(self, path: str) -> bool:
        return path in self._inodes and bool(_FINISHED.fullmatch(os.path.basename(path)) or self._inodes[path] == "/")

    def _follow(self, call: str, inode: str, path: str, old: str, below: str) -> None:
        if call == "syncfs":
            self._unwritten.clear()
            self._unnamed.clear()
        elif call == "fsync":
            self._unwritten.discard(inode)
            self._unnamed -= {name for name in self._unnamed if os.path.dirname(name) == path}
        elif call in _WRITES:
            self._unwritten.add(inode)
        elif not path.startswith(below):
            return
        elif call in ("unlink", "unlinkat"):
            self._judge(f"{path} was removed")
            self._inodes.pop(path, None)
        elif call in ("link", "linkat", "rename", "renameat", "create", "mkdir"):
            if path in self._inodes and call.startswith("rename"):
                self._inodes.pop(old, None)
                self._judge(f"{path} was replaced", inode)
            self._inodes.pop(old, None)
            self._inodes[path] = "/" if call == "mkdir" else inode
            self._unnamed.add(path)

    def _judge(self, what: str, inode: str = "") -> None:
        """Note a mistake if a finished file goes that others may have to replace."""
        if self._counts(what.split()[0]) and (self.at_risk() or inode in self._unwritten):
            self.mistakes.append(f"{what} before these were on the disk: {self.at_risk() or 'its content'}")


class Ext4:
    """A file system in a file, which can be seen as a power cut would leave it."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._image = place / "image"
        self.path = place / "disk"

    @contextmanager
    def mounted(self) -> Iterator[None]:
        """Make it and mount it, or skip the test."""
        if os.geteuid() != 0:
            pytest.skip("mounting a file system needs root")
        if shutil.which("mkfs.ext4") is None:
            pytest.skip("there is no mkfs.ext4")
        self._image.touch()
        os.truncate(self._image, 64 * 1024**2)
        subprocess.run(["mkfs.ext4", "-q", str(self._image)], check=True)
        with _mounted(self._image, self.path):
            yield

    @contextmanager
    def cut(self) -> Iterator[Path]:
        """Give what is on the disk now, as it is found after a power cut."""
        copy, path = self._place / "copy", self._place / "after"
        subprocess.run(["cp", "--sparse=always", str(self._image), str(copy)], check=True)
        with _mounted(copy, path):
            yield path


@contextmanager
def _mounted(image: Path, path: Path) -> Iterator[None]:
    path.mkdir(exist_ok=True)
    done = subprocess.run(["mount", "-o", "loop", str(image), str(path)], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"there are no loop devices: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)
