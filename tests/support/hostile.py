# SPDX-License-Identifier: BSD-2-Clause
"""Experiments as an enemy would make them: files whose names, texts and links lead elsewhere, or name what is to be run.

Each lies in ``experiment`` within a directory of its own, beside ``outside`` with what an enemy would like to read,
change or remove. Measurement 1 and failure 3 are the enemy's; measurement 2 and failure 4 are innocent. Where an experiment
gets something run, the file ``outside/STARTED`` appears.
"""

from __future__ import annotations

import base64
import json
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Tree = dict[str, Any]
NPY = b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little")
ODD_NAMES = [
    "../outside/thesis.txt",
    "/../../outside/thesis.txt",
    "x/../../../outside/thesis.txt",
    "{outside}/thesis.txt",
    "..",
    ".",
    "",
    "\0",
    "measurement.000002.run.log",
    "measurement.000002.results.psi.npy",
    "measurement.000002.json",
    "failure.000004.run.log",
    "experiment.none.json",
    "measurement.index.json",
    "notes.txt",
    "measurement.000001.json",
    "measurement.000001./../notes.txt",
    "\x1b]0;owned\x07",
    "x" * 300,
    7,
    None,
    ["notes.txt"],
    {"a": "notes.txt"},
]


def attachment(file: Any, size: int = 8, sha256: str = "0" * 64) -> Tree:
    """Return what a tree holds for an attachment."""
    return {"__type__": "attachment", "file": file, "size": size, "sha256": sha256}


def attached(suffix: Any, content: Any = b"owned") -> Tree:
    """Return what once stood for something on its way from a worker."""
    data = {"__type__": "bytes", "base64": base64.b64encode(content).decode()}
    return {"__type__": "attached", "suffix": suffix, "content": data}


class Sandbox:
    """A directory with an experiment and what lies beside it.

    Parameters
    ----------
    root
        The directory, which is empty.
    is_active
        Whether the measurements lie in files of their own.
    """

    def __init__(self, root: Path, is_active: bool = True) -> None:
        self.root = root
        self.experiment = root / "experiment"
        self.outside = root / "outside"
        self.is_active = is_active
        self.info: Tree = {"experiment_id": None, "description": "springs", "tags": []}
        self.first = self.measurement(1)
        self.failure = self.record(3)
        self.files: dict[str, bytes] = {}
        self.links: dict[str, Path] = {}

    def measurement(self, number: int) -> Tree:
        """Return an innocent measurement."""
        info = {"measurement_id": number, "start_date": "2024-01-01T00:00:00Z", "end_date": "2024-01-01T00:00:00Z"}
        return {"info": {**info, "sha256": "0" * 64}, "parameters": {"k": number}, "results": {"E": 0.5}}

    def record(self, number: int) -> Tree:
        """Return an innocent record of a failure."""
        error = {"type": "ValueError", "message": "no", "traceback": []}
        return {"info": {"measurement_id": number}, "parameters": {"k": number}, "error": error}

    def write(self) -> None:
        """Write all files."""
        (self.outside / "victim").mkdir(parents=True)
        self.experiment.mkdir()
        (self.outside / "thesis.txt").write_text("precious")
        np.save(self.outside / "secret.npy", np.arange(3.0))
        self._write_json(self.outside / "victim" / "experiment.none.json", {"experiment": {"info": {}}})
        self._write_json(self.outside / "victim" / "measurement.000001.json", {"measurement": self.measurement(1)})
        self._write_json(self.outside / "victim" / "measurement.index.json", self._index(1))
        np.save(self.experiment / "measurement.000002.results.psi.npy", np.arange(4.0))
        second = self.measurement(2)
        second["info"]["kept_files"] = ["run.log"]
        second["results"]["psi"] = attachment("measurement.000002.results.psi.npy", 160)
        tree: Tree = {"experiment": {"info": self.info}}
        if self.is_active:
            self._write("measurement.000001", {"measurement": self.first})
            self._write("measurement.000002", {"measurement": second})
            self._write("measurement.index", self._index(4))
        else:
            tree["experiment"]["measurements"] = [self.first, second]
        self._write("experiment.none", tree)
        self._write("failure.000003", {"failure": self.failure})
        self._write("failure.000004", {"failure": self.record(4)})
        innocent = ("measurement.000002.run.log", "failure.000004.run.log", "notes.txt")
        for name, content in {**dict.fromkeys(innocent, b"innocent"), **self.files}.items():
            (self.experiment / name).parent.mkdir(parents=True, exist_ok=True)
            (self.experiment / name).write_bytes(content)
        for name, target in self.links.items():
            (self.experiment / name).unlink(missing_ok=True)
            (self.experiment / name).symlink_to(target)

    def _index(self, last: int) -> Tree:
        return {"measurements": {"last_measurement_id": last}}

    def _write(self, stem: str, tree: Tree) -> None:
        self._write_json(self.experiment / f"{stem}.json", tree)

    def _write_json(self, path: Path, tree: Tree) -> None:
        path.write_text(json.dumps(tree))


def _kept(sandbox: Sandbox) -> None:
    """Names of kept files, in a measurement and in the record of a failure."""
    names = [name.format(outside=sandbox.outside) if isinstance(name, str) else name for name in ODD_NAMES]
    sandbox.first["info"]["kept_files"] = names
    sandbox.failure["info"]["kept_files"] = names
    for stem in ("measurement.000001", "failure.000003"):
        sandbox.files[f"{stem}./file"] = b""
        sandbox.files[f"{stem}.x/file"] = b""


def _kept_is_no_list(sandbox: Sandbox) -> None:
    """Put a text where the names of kept files should be."""
    sandbox.first["info"]["kept_files"] = sandbox.failure["info"]["kept_files"] = "../outside/thesis.txt"


def _id_of_another(sandbox: Sandbox) -> None:
    """Claim the id of another, whose kept files are named, in measurement and record."""
    sandbox.first["info"].update(measurement_id=2 if sandbox.is_active else 1, kept_files=["run.log"])
    sandbox.failure["info"].update(measurement_id=4, kept_files=["run.log"])


def _id_is_a_path(sandbox: Sandbox) -> None:
    """Put a path where an id should be."""
    sandbox.failure["info"].update(measurement_id="../outside/thesis.txt", kept_files=[""])


def _attachments(sandbox: Sandbox) -> None:
    """Attachments that are others' files within the directory."""
    plain = [name for name in ODD_NAMES if isinstance(name, str) and name.isprintable() and name and name.strip("./")]
    sandbox.first["results"]["a"] = [attachment(name) for name in plain if "/" not in name]
    sandbox.failure["a"] = attachment("measurement.000002.results.psi.npy", 160)


def _suffixes(sandbox: Sandbox) -> None:
    """Say that something is on its way from a worker, with a suffix that leads elsewhere."""
    sandbox.files["measurement.000001.results.x/file"] = b""
    sandbox.first["results"]["x"] = attached("/../../outside/evil.pth")
    sandbox.failure["x"] = attached("/../../outside/evil.pth")


def _suffix_in_info(sandbox: Sandbox) -> None:
    """Say the same in what the experiment says of its runs."""
    sandbox.info["runs"] = [{"script": attached("/../../outside/evil.pth")}]


def _backup(sandbox: Sandbox) -> None:
    """Put a link where Coma 2.0 left its backups."""
    sandbox.links["experiment.000001.json.backup"] = sandbox.outside / "thesis.txt"
    sandbox.files["measurement.000001.json.backup"] = b"../outside/thesis.txt"


def _links(sandbox: Sandbox) -> None:
    """Links in place of what is written, read and removed."""
    victim = sandbox.outside / "victim"
    names = ["experiment.none.json"]
    names += ["measurement.index.json", "measurement.000001.json"] if sandbox.is_active else []
    sandbox.links = {name: victim / name for name in names}
    sandbox.links["measurement.000001.results.psi.npy"] = sandbox.outside / "secret.npy"
    sandbox.first["info"]["kept_files"] = ["run.log", "results.psi.npy"]
    for name in ("measurement.000001.run.log", "failure.000003.run.log", "measurement.index.json.lock"):
        sandbox.links[name] = sandbox.outside / "thesis.txt"
    sandbox.failure["info"]["kept_files"] = ["run.log"]


def _next_links(sandbox: Sandbox) -> None:
    """Links under the names that come next."""
    for number in range(5, 12):
        for name in (
            f"failure.{number:06d}.json",
            f"measurement.{number:06d}.json",
            f"measurement.{number:06d}.run.log",
        ):
            sandbox.links[name] = sandbox.outside / "thesis.txt"
        for name in (f"measurement.{number:06d}.xml", f"failure.{number:06d}.stdout.txt"):
            sandbox.links[name] = sandbox.outside / "nothing"


def _pickles(sandbox: Sandbox) -> None:
    """Arrays of pickled objects, which run code when they are loaded by who allows that."""
    started = sandbox.outside / "STARTED"

    class Start:
        def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, str]]:
            return open, (str(started), "w")

    head = repr({"descr": "|O", "fortran_order": False, "shape": (1,)}).ljust(117) + "\n"
    content = NPY + head.encode() + pickle.dumps(Start())
    sandbox.files["measurement.000001.results.psi.npy"] = content
    sandbox.files["measurement.000001.results.raw.npy"] = pickle.dumps(Start())
    sandbox.first["results"]["psi"] = attachment("measurement.000001.results.psi.npy", len(content))
    sandbox.first["results"]["raw"] = attachment("measurement.000001.results.raw.npy", len(pickle.dumps(Start())))


def _classes(sandbox: Sandbox) -> None:
    """Classes, types and conditions that would run something if they were taken at their word."""
    code = f"__import__('pathlib').Path({str(sandbox.outside / 'STARTED')!r}).touch()"
    sandbox.first["results"] = {
        "E": 0.5,
        "a": {"__class__": "subprocess.Popen", "args": ["touch", str(sandbox.outside / "STARTED")]},
        "b": {"__type__": "builtins.eval", "source": code},
        "c": {"__class__": code},
        code: code,
    }
    sandbox.first["info"].update(program=code, executable=sys.executable, command=[sys.executable, "-c", code])
    sandbox.info["runs"] = [{"script": code, "git_commit": code}]


def _modules(sandbox: Sandbox) -> None:
    """Python's modules, tests and configuration in the directory."""
    code = f"open({str(sandbox.outside / 'STARTED')!r}, 'w')\n".encode()
    for name in ("numpy", "json", "orjson", "lxml", "coma", "sitecustomize", "usercustomize", "pandas", "encodings"):
        sandbox.files[f"{name}.py"] = code
    sandbox.files["preferences.conf"] = b"[coma]\nexperiment_index = ../outside/thesis\n"


def _xml(sandbox: Sandbox) -> None:
    """XML with entities that lead to files, or grow."""
    text = f"""<?xml version="1.0"?><!DOCTYPE m [<!ENTITY e SYSTEM "file://{sandbox.outside}/thesis.txt">]>
<failure><info><measurement_id>5</measurement_id></info><parameters><k>5</k></parameters><x>&e;</x></failure>"""
    sandbox.files["failure.000005.xml"] = text.encode()
    sandbox.files["measurement.000003.xml"] = text.replace("failure>", "measurement>").encode()
    sandbox.files[
        "failure.000006.xml"
    ] = b"""<failure><info><measurement_id>2</measurement_id><kept_files><count>1</count>
<item_version>0</item_version><item>/../../outside/thesis.txt</item></kept_files></info><parameters><k>3</k></parameters>
<x><__type__>attached</__type__><suffix>/../../outside/evil</suffix><content>text</content></x></failure>"""


def _repository(sandbox: Sandbox) -> None:
    """Make a repository whose configuration names a program."""
    program = sandbox.outside / "program.sh"
    sandbox.files[".git/config"] = f"[core]\n\tfsmonitor = {program}\n\thooksPath = {sandbox.outside}\n".encode()
    sandbox.files[".git/HEAD"] = b"ref: refs/../../../outside/thesis.txt\n"
    sandbox.files[".git/objects/x"] = sandbox.files[".git/refs/x"] = b""


def _escapes(sandbox: Sandbox) -> None:
    """Texts that a terminal obeys, and such that no terminal can show."""
    text = (
        "".join(map(chr, [*range(32), *range(0x7F, 0xA0), 0x202E, 0x2066, 0xD800, 0x3C8])) + "\x1b]0;owned\x07\x1b[2J"
    )
    sandbox.info.update(description=text, tags=[text])
    sandbox.first["results"] = {"E": 0.5, text: text, "deep": {text: [text]}, "csv": "=cmd|' /C calc'!A0"}
    sandbox.first["parameters"][text] = text
    sandbox.first["info"].update(program=text, kept_files=[text])
    sandbox.failure.update(error={"type": text, "message": text, "command": [text]}, text=text)
    sandbox.failure["parameters"][text] = text


KINDS: dict[str, Callable[[Sandbox], None]] = {
    change.__name__.strip("_"): change
    for change in (
        _kept,
        _kept_is_no_list,
        _id_of_another,
        _id_is_a_path,
        _attachments,
        _suffixes,
        _suffix_in_info,
        _backup,
        _links,
        _next_links,
        _pickles,
        _classes,
        _modules,
        _xml,
        _repository,
        _escapes,
    )
}


def make(root: Path, kind: str, is_active: bool = True) -> Sandbox:
    """Make the experiment of a kind in an empty directory."""
    sandbox = Sandbox(root, is_active)
    KINDS[kind](sandbox)
    sandbox.write()
    return sandbox


if __name__ == "__main__":  # all of them, to look at: python tests/support/hostile.py DIRECTORY
    for name in KINDS:
        for state in (True, False):
            place = Path(sys.argv[1], name, "active" if state else "inactive")
            place.mkdir(parents=True)
            make(place, name, state)
