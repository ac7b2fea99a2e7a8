# SPDX-License-Identifier: BSD-2-Clause
"""A tree in a file: the format told by the suffix, by what exists, or by default."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Protocol

from coma import files
from coma.archives import jsonarchive, xmlarchive
from coma.errors import ArchiveError
from coma.trees import attachment, types
from coma.trees.serializer import RecursiveSerializer, Serializer


class Format(Protocol):
    """What a format is: a suffix and two functions."""

    SUFFIX: str

    def dumps(self, tree: Any, pretty: bool = True) -> bytes:
        """Return a plain tree as text."""

    def loads(self, text: bytes, name: str = ..., restore: types.Restore = ...) -> Any:
        """Return the tree that `text` holds, with what `restore` returns for a dictionary with a ``__type__``."""


_REGISTERED = types.TYPE.encode()
_QUICK = f".{jsonarchive.SUFFIX}"
_SHORT = 4096  # bytes; longer texts gain nothing from being read at once
FORMATS: dict[str, Format] = {jsonarchive.SUFFIX: jsonarchive, xmlarchive.SUFFIX: xmlarchive}


def read(path: str | os.PathLike[str], is_measurement: bool = False) -> Any:
    """Return the tree in the file `path`, whose format its suffix tells.

    Raises
    ------
    ArchiveError
        If it cannot be read.
    """
    return loads(files.read(path), os.fspath(path), is_measurement)


def loads(text: bytes, path: str, is_measurement: bool = False) -> Any:
    """Return the tree that the text of the file `path` holds, whose format its suffix tells.

    What is attached to a measurement has a name that begins as that of its file; other trees may refer to any file of
    their directory.

    Raises
    ------
    ArchiveError
        If it holds none.
    """
    parse = FORMATS[format_of(path)].loads
    if _REGISTERED not in text:
        return parse(text, path)
    return parse(text, path, attachment.restorer(path, is_measurement))


def loads_all(texts: Sequence[bytes], paths: Sequence[str]) -> list[Any] | None:
    """Return the trees of several files at once, which is quicker; None where each has to be read by `loads`."""
    is_worth_it = 0 < sum(map(len, texts)) < _SHORT * len(texts)
    return jsonarchive.loads_all(texts) if is_worth_it and all(path.endswith(_QUICK) for path in paths) else None


def dumps(tree: Any, format: str, pretty: bool = True) -> bytes:
    """Return a plain tree as text in `format`."""
    return FORMATS[format].dumps(tree, pretty)


def format_of(path: str) -> str:
    """Return ``'json'`` or ``'xml'``, whatever the suffix says.

    Raises
    ------
    ArchiveError
        If it says neither.
    """
    suffix = path[path.rfind(".") + 1 :]
    if suffix not in FORMATS:
        raise ArchiveError(f'"{path}" has no known format; its name must end with .json or .xml')
    return suffix


def find(stem: str | os.PathLike[str]) -> list[str]:
    """Return the files that hold the archive `stem`, a path with or without its suffix."""
    name = os.fspath(stem)
    candidates = [name] if name.rpartition(".")[2] in FORMATS else [f"{name}.{suffix}" for suffix in FORMATS]
    return [path for path in candidates if os.path.isfile(path)]


def archive_exists(filename: str | os.PathLike[str]) -> bool:
    """Tell whether an archive exists, whatever its format.

    Parameters
    ----------
    filename
        Path of the archive, with or without suffix.

    Examples
    --------
    >>> archive_exists('no/such/archive')
    False
    """
    return bool(find(filename))


class Archive:
    """A tree in a file.

    Parameters
    ----------
    filename
        Path of the file. Without a known suffix, the file that exists is taken; where there is none, the default
        format's suffix is added.
    default_format
        ``'json'`` or ``'xml'``.
    pretty_print
        Indent the text.
    serializer
        Turns what is saved into a plain tree; a `RecursiveSerializer` by default.

    Raises
    ------
    ArchiveError
        If the archive exists in more than one format, or `default_format` is unknown.

    Examples
    --------
    >>> import tempfile
    >>> directory = tempfile.mkdtemp()
    >>> archive = Archive(directory + '/data')
    >>> archive.save({'data': {'x': [1, 2.5]}})
    >>> archive.filename.removeprefix(directory), archive.load()
    ('/data.json', {'data': {'x': [1, 2.5]}})
    """

    def __init__(
        self,
        filename: str | os.PathLike[str],
        default_format: str = "json",
        pretty_print: bool = True,
        serializer: Serializer | None = None,
    ) -> None:
        self.filename = _with_suffix(os.fspath(filename), default_format)
        self.pretty_print = pretty_print
        self.serializer = serializer or RecursiveSerializer()

    @property
    def format(self) -> str:
        """``'json'`` or ``'xml'``."""
        return format_of(self.filename)

    def exists(self) -> bool:
        """Tell whether the file exists."""
        return os.path.isfile(self.filename)

    def load(self) -> Any:
        """Return the tree in the file.

        Raises
        ------
        ArchiveError
            If it cannot be read.
        """
        return read(self.filename)

    def save(self, tree: Any, format: str | None = None) -> None:
        """Replace the file's content by `tree`; with another `format`, replace the file too.

        Parameters
        ----------
        tree
            A tree, or objects that the serializer turns into one; XML wants a dictionary.
        format
            ``'json'`` or ``'xml'``; that of the file by default.

        Raises
        ------
        SerializerError
            If something has no lossless form, before anything is written.
        ArchiveError
            If the format cannot hold the tree, before anything is written; or the file cannot be written.
        """
        if format is None or format == self.format:
            self._write(self.filename, tree)
            return
        old, new = self.filename, f"{self.filename.removesuffix('.' + self.format)}.{_known(format)}"
        self._write(new, tree, like=old)
        self.filename = new
        files.remove(old)

    def _write(self, path: str, tree: Any, like: str | None = None) -> None:
        files.replace(path, self._text(tree, path), like)

    def _text(self, tree: Any, path: str) -> bytes:
        return dumps(self.serializer.encode(tree), format_of(path), self.pretty_print)


class EnclosedArchive(Archive):
    """A tree in a file of an experiment, whose directory others may have made.

    Parameters
    ----------
    filename, default_format, pretty_print, serializer
        As for `Archive`.
    """

    def save(self, tree: Any, format: str | None = None) -> None:
        """Do as `Archive.save`, but write through no link that leads out of the directory.

        Parameters
        ----------
        tree, format
            As for `Archive`.

        Raises
        ------
        ArchiveError
            If the file, or that of the other format, is such a link; and as for `Archive`.
        """
        for suffix in {format or self.format, self.format}:
            _refuse_way_out(f"{self.filename.removesuffix('.' + self.format)}.{suffix}")
        super().save(tree, format)


class JsonArchive(Archive):
    """A tree in a JSON file; the suffix ``.json`` is added to a name without.

    Parameters
    ----------
    filename, pretty_print, serializer
        As for `Archive`.

    Examples
    --------
    >>> JsonArchive('data').filename
    'data.json'
    """

    def __init__(
        self, filename: str | os.PathLike[str], pretty_print: bool = True, serializer: Serializer | None = None
    ) -> None:
        super().__init__(_in_format(filename, jsonarchive.SUFFIX), jsonarchive.SUFFIX, pretty_print, serializer)


class XMLArchive(Archive):
    """A tree in an XML file; the suffix ``.xml`` is added to a name without.

    Parameters
    ----------
    filename, pretty_print, serializer
        As for `Archive`.
    boost
        Write the full form of Boost's archives, with header and class attributes, which a program reads with a default
        ``boost::archive::xml_iarchive`` into a struct with the same members. Both forms are read.
    """

    def __init__(
        self,
        filename: str | os.PathLike[str],
        pretty_print: bool = True,
        serializer: Serializer | None = None,
        boost: bool = False,
    ) -> None:
        super().__init__(_in_format(filename, xmlarchive.SUFFIX), xmlarchive.SUFFIX, pretty_print, serializer)
        self.boost = boost

    def _text(self, tree: Any, path: str) -> bytes:
        if self.boost and format_of(path) == xmlarchive.SUFFIX:
            return xmlarchive.dumps(self.serializer.encode(tree), boost=True)
        return super()._text(tree, path)


def _refuse_way_out(path: str) -> None:
    """Refuse to write through a link that leads out of its directory, where somebody else may have put it."""
    if os.path.islink(path):
        directory, target = os.path.realpath(os.path.dirname(os.path.abspath(path))), os.path.realpath(path)
        if os.path.dirname(target) != directory:
            raise ArchiveError(
                f'Cannot write "{path}": it is a link to "{target}", which lies in another directory; put a copy in its '
                "place, or open the experiment there"
            )


def _known(format: str) -> str:
    if format not in FORMATS:
        raise ArchiveError(f"unknown format {format!r}; choose 'json' or 'xml'")
    return format


def _with_suffix(name: str, default_format: str) -> str:
    if name.rpartition(".")[2] in FORMATS:
        return name
    found = find(name)
    if len(found) > 1:
        raise ArchiveError(f'Found multiple files for archive "{name}": {found}; remove all but one')
    return found[0] if found else f"{name}.{_known(default_format)}"


def _in_format(filename: str | os.PathLike[str], suffix: str) -> str:
    name = os.fspath(filename)
    return name if name.endswith("." + suffix) else f"{name}.{suffix}"
