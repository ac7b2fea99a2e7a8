# SPDX-License-Identifier: BSD-2-Clause
"""The experiment file: what an experiment says of itself and, while it is inactive, all of its measurements."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from coma import files
from coma.archives import archive as archives
from coma.archives.archive import FORMATS, Archive, EnclosedArchive
from coma.config import Config
from coma.errors import ArchiveError, ComaError, ExperimentError, warn
from coma.storage import attachments
from coma.storage.globalindex import global_index
from coma.storage.indexfile import is_id
from coma.storage.measurement import Tree, now
from coma.storage.names import Names
from coma.text import cut
from coma.trees import attachment
from coma.trees.serializer import MAX_DEPTH, RecursiveSerializer

ROOT = "experiment"
MEASUREMENTS = "measurements"
LAST_ID = "last_measurement_id"  # of an inactive experiment, if that is higher than those of its measurements
_LEVELS = 3  # from the root to what a measurement holds


class ExperimentFile:
    """The tree of an experiment, in its file.

    Attributes
    ----------
    archive : Archive
        The file.
    tree : dict
        ``info``, and ``measurements`` while the experiment is inactive.
    version : int
        Grows whenever another text was read from the file.
    """

    def __init__(self, archive: Archive, tree: Tree, config: Config) -> None:
        self.archive = archive
        self._names = Names(config["measurement_file"])
        self.tree = tree
        self.version = 0
        self._text: bytes | None = None  # what the file held when the tree was read, unless the tree may have changed
        self._stored = copy.deepcopy(self.info)

    @property
    def info(self) -> Tree:
        """Id, description, tags and dates."""
        info: Tree = self.tree["info"]
        return info

    @property
    def is_active(self) -> bool:
        """Whether the measurements lie in files of their own."""
        return MEASUREMENTS not in self.tree

    @property
    def measurements(self) -> list[Tree]:
        """The trees of an inactive experiment's measurements."""
        found = self.tree[MEASUREMENTS]
        if not isinstance(found, list) or not all(isinstance(tree, dict) for tree in found):
            raise ExperimentError(f'"{self.archive.filename}" is damaged: "{MEASUREMENTS}" is no list of measurements')
        for number in map(id_of, found):
            if not is_id(number):
                raise ExperimentError(
                    f'"{self.archive.filename}" is damaged: measurement id {cut(repr(number), 40)} is no id of its own'
                )
        return found

    def load(self) -> None:
        """Read the file again."""
        self._take(files.read(self.archive.filename))

    def _take(self, text: bytes) -> None:
        name = self.archive.filename
        self.tree, self._text = _checked(archives.loads(text, name), name), text
        if attachment.TYPE.encode() in text and not self.is_active:
            self.tree[MEASUREMENTS] = [self._bound(tree) for tree in self.measurements]
        self._stored = copy.deepcopy(self.info)
        self.version += 1

    def _bound(self, tree: Tree) -> Tree:
        """Return a measurement with its attachments as its own, or as foreign: their names say so."""
        info = tree.get("info")
        number = info.get("measurement_id") if isinstance(info, dict) else None
        stem = self._names.name(number if is_id(number) else None)
        bound: Tree = attachments.mapped(tree, lambda attached: attached.beside(stem))
        return bound

    def lend(self) -> None:
        """Note that somebody else has the tree and may change it, so that the next `refresh` reads the file again."""
        self._text = None

    def save(self) -> None:
        """Replace the file by the tree."""
        self._text = None
        self.archive.save({ROOT: self.tree})
        self._stored = copy.deepcopy(self.info)

    @contextmanager
    def recorded(
        self, environment: Mapping[str, Any] | None, lock: Callable[[], AbstractContextManager[None]]
    ) -> Iterator[None]:
        """Record that a run takes place meanwhile: dates, and where it runs, if that is known."""
        with lock():
            self._begin_run(environment)
        try:
            yield
        except BaseException as error:
            self._end_run(environment, lock, error.add_note)
            raise
        self._end_run(environment, lock, warn)

    def _begin_run(self, environment: Mapping[str, Any] | None) -> None:
        self.refresh()
        self.info["start_date"] = self.info.get("start_date") or now()
        if environment is not None:
            entry = {"start_date": now(), "end_date": None, **environment}
            self.info["runs"] = [*self.info.get("runs", []), entry]
        self.save()

    def _end_run(
        self,
        environment: Mapping[str, Any] | None,
        lock: Callable[[], AbstractContextManager[None]],
        say: Callable[[str], None],
    ) -> None:
        """Record the end of a run, or `say` why that is not possible, so that what became of the points is not hidden."""
        try:
            with lock():
                self.refresh()
                self.info["end_date"] = now()
                if environment is not None:
                    ours = [run for run in self.info.get("runs", []) if environment.items() <= run.items()]
                    for run in ours[-1:]:
                        run["end_date"] = now()
                self.save()
        except ComaError as error:  # a full disk, say
            say(f"the end of the run is not recorded: {error}")

    def refresh(self) -> None:
        """Take over from the file what another process changed there; keep what we changed in our own info."""
        if not self.archive.exists() and not self._follow():
            return
        try:
            text = files.read(self.archive.filename)
        except ArchiveError:  # it was given another format just now
            if self.archive.exists() or not self._follow():
                raise
            text = files.read(self.archive.filename)
        if text != self._text:
            ours, before = self.info, self._stored
            self._take(text)
            ours.update({key: value for key, value in self.info.items() if ours.get(key) == before.get(key)})
            if LAST_ID not in self.info:
                ours.pop(LAST_ID, None)
            self.tree["info"] = ours

    def _follow(self) -> bool:
        """Take the file in another format, if somebody gave it one; tell whether there is one."""
        found = archives.find(os.path.splitext(self.archive.filename)[0])
        if len(found) == 1:
            self.archive = Archive(found[0], pretty_print=self.archive.pretty_print, serializer=self.archive.serializer)
        return len(found) == 1


def find(directory: Path, config: Config, id: int | None) -> ExperimentFile | None:
    """Return the experiment file in `directory`, or None where there is none.

    Raises
    ------
    ExperimentError
        If there are several, or the experiment has another id than `id`.
    """
    found = _candidates(directory, config)
    if len(found) > 1:
        raise ExperimentError(f'"{directory}" holds several experiment files: {found}; remove all but one')
    file = _load(directory / found[0], config) if found else _load_backup(directory, config)
    if file is None:
        return None
    stored = file.info.get("experiment_id")
    if id is not None and stored != id:
        raise ExperimentError(f'"{directory}" holds experiment {stored}, not {id}; open it without an id')
    return file


def create(
    directory: Path, config: Config, id: int | None, description: str | None, tags: Sequence[str]
) -> ExperimentFile:
    """Write the experiment file; without `id`, take one from the global index if that exists."""
    index = global_index(config)
    number = index.next() if id is None and index.exists() else id
    info = {
        "experiment_id": number,
        "description": description,
        "tags": list(tags),
        "start_date": None,
        "end_date": None,
    }
    stem = Names(config["experiment_file"]).name(number)
    file = ExperimentFile(_archive(directory / stem, config), {"info": info}, config)
    file.save()
    return file


def _candidates(directory: Path, config: Config) -> list[str]:
    names = Names(config["experiment_file"])
    try:
        return sorted(filter(names.matches, files.names(directory)))
    except ArchiveError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return []
        if isinstance(error.__cause__, NotADirectoryError):
            raise ExperimentError(f'"{directory}" is a file, not a directory; an experiment is a directory') from None
        raise ExperimentError(str(error)) from error


def _load(path: Path, config: Config) -> ExperimentFile:
    file = ExperimentFile(_archive(path, config), {"info": {}}, config)
    file.load()
    return file


def _load_backup(directory: Path, config: Config) -> ExperimentFile | None:
    """Return the experiment that Coma 2.0 left as a backup alone, when it was killed while it saved."""
    names = Names(config["experiment_file"])
    found = [path for path in directory.glob("*.backup") if names.matches(path.stem)]
    if len(found) != 1:
        return None
    archive = _archive(found[0].with_suffix(""), config)
    warn(f'Reading "{found[0]}", as "{archive.filename}" is missing; save() restores it')
    text = files.read(found[0])
    tree = _checked(FORMATS[archive.format].loads(text, str(found[0])), str(found[0]))
    return ExperimentFile(archive, tree, config)


def check(id: Any, description: Any, tags: Any) -> None:
    """Refuse what an experiment file cannot say of its experiment.

    Raises
    ------
    ExperimentError
        If an argument is of the wrong kind.
    """
    if id is not None and (not isinstance(id, int) or isinstance(id, bool) or id < 0):
        raise ExperimentError(f"an experiment's id is a whole number >= 0 or None, not {id!r}")
    if description is not None and not isinstance(description, str):
        raise ExperimentError(f"an experiment's description is a text, not {description!r}")
    if isinstance(tags, str) or not all(isinstance(tag, str) for tag in tags):
        raise ExperimentError(f"an experiment's tags are a list of words, not {tags!r}")


def make_directory(directory: Path) -> None:
    """Make the directory of an experiment.

    Raises
    ------
    ExperimentError
        If it is a file or cannot be written.
    """
    try:
        files.make_directory(directory)
    except (ArchiveError, FileExistsError) as error:
        raise ExperimentError(str(error)) from error
    if not os.access(directory, os.W_OK | os.X_OK):
        raise ExperimentError(f'Directory "{directory}" is not writable')


def _archive(path: Path, config: Config) -> EnclosedArchive:
    serializer = RecursiveSerializer(max_depth=MAX_DEPTH + _LEVELS)
    return EnclosedArchive(path, config["archive_default_format"], config["archive_pretty_print"], serializer)


def _checked(tree: Any, name: str) -> Tree:
    content = tree.get(ROOT) if isinstance(tree, dict) else None
    if not isinstance(content, dict) or not isinstance(content.get("info"), dict):
        raise ArchiveError(f'"{name}" is no experiment file: it has no {ROOT!r} with an "info"')
    for item, (fits, kind) in _KINDS.items():
        found = content["info"].get(item)
        if item in content["info"] and not fits(found):
            raise ArchiveError(f'"{name}" is damaged: info/{item} is {cut(repr(found), 40)}, where {kind} should be')
    return content


def id_of(tree: Tree) -> Any:
    """Return what a measurement's tree says is its id; None where it says nothing."""
    info = tree.get("info")
    return info.get("measurement_id") if isinstance(info, dict) else None


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "experiment_id": (lambda value: value is None or is_id(value), "a whole number >= 0 or null"),
    "description": (_is_text, "a text or null"),
    "tags": (lambda value: isinstance(value, list) and all(isinstance(tag, str) for tag in value), "a list of words"),
    "start_date": (_is_text, "a date or null"),
    "end_date": (_is_text, "a date or null"),
    "runs": (lambda value: isinstance(value, list) and all(isinstance(run, dict) for run in value), "a list of runs"),
    LAST_ID: (is_id, "a whole number >= 0"),
}
