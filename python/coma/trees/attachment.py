# SPDX-License-Identifier: BSD-2-Clause
"""Large results in files of their own, to which a tree refers."""

from __future__ import annotations

import functools
import hashlib
import io
import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from coma import files
from coma.errors import ArchiveError, SerializerError
from coma.trees import types

TYPE = "attachment"
RESERVED = "attached"  # what is on its way from a worker: no file, program or function may say that something is
ARRAY = ".npy"
NO_PLACE = "coma.attach() is for measurements, beside whose files there is room; store the array itself"
_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")  # before a number


@dataclass(frozen=True, repr=False)
class Attached:
    """What will lie in a file of its own, once its measurement is saved."""

    content: bytes
    suffix: str

    def __repr__(self) -> str:
        return f"<attached: {len(self.content)} bytes, {self.suffix or 'no suffix'}>"


def attach(result: Any) -> Attached:
    """Return a result that is stored in a file beside the measurement, and not in its text.

    Parameters
    ----------
    result
        An array, which becomes a file ``.npy``; or the path of a file, of which a copy with its suffix is made.

    Returns
    -------
    object
        To be put into what a measurement's function returns. The measurement that is read has an `Attachment` there.

    Raises
    ------
    SerializerError
        If it is no array of numbers, strings or dates, or no file that can be read.

    Examples
    --------
    >>> import numpy as np
    >>> attach(np.zeros(3))
    <attached: 152 bytes, .npy>
    """
    return _attach_file(Path(result)) if isinstance(result, str | os.PathLike) else _attach_array(result)


class Attachment(np.lib.mixins.NDArrayOperatorsMixin):
    """A file beside a measurement; one that holds an array is used as the array itself.

    The array is mapped into memory when it is first needed, and read as far as it is used: ``m['results/psi'][3]``,
    ``2 * m['results/psi']`` and ``np.sum(m['results/psi'])`` work.

    Parameters
    ----------
    file
        The file's name; an attribute, as are `size`, `sha256` and `is_foreign`.
    size
        How many bytes it has.
    sha256
        The checksum of its content, in hexadecimal digits.
    directory
        Where the file lies; None where that is not known.
    is_foreign
        Whether the file's name is none of a file beside the measurement, so that it is not read.

    Examples
    --------
    >>> import coma, tempfile
    >>> import numpy as np
    >>> m = coma.Experiment(tempfile.mkdtemp()).new_measurement()
    >>> m['results'] = {'psi': coma.attach(np.arange(4.0))}
    >>> m.save()
    >>> m.load()
    >>> m['results/psi'], m['results/psi'].shape, float(2 * m['results/psi'][3])
    (<attachment measurement.000001.results.psi.npy: 160 bytes>, (4,), 6.0)
    """

    def __init__(
        self, file: str, size: int, sha256: str, directory: str | None = None, is_foreign: bool = False
    ) -> None:
        self.file = file
        self.size = size
        self.sha256 = sha256
        self._directory = directory
        self.is_foreign = is_foreign

    @property
    def path(self) -> str:
        """The file.

        Raises
        ------
        ArchiveError
            If the attachment was not read from a file, so that it is not known where its own file lies; or the name
            is that of a file that belongs to something else.
        """
        if self.is_foreign:
            raise ArchiveError(
                f"{self.file!r} does not belong to the measurement that refers to it, and is not read; a measurement has "
                "attachments of its own: attach() takes an array, or the path of a file"
            )
        if self._directory is None:
            raise ArchiveError(f'it is not known where "{self.file}" lies: read the measurement from its file')
        return os.path.join(self._directory, self.file)

    def within(self, directory: str) -> Attachment:
        """Return the same attachment, whose file lies in `directory`.

        Parameters
        ----------
        directory
            Where the measurement lies, and the file beside it.
        """
        return Attachment(self.file, self.size, self.sha256, directory, self.is_foreign)

    def beside(self, stem: str) -> Attachment:
        """Return the same attachment as that of a measurement, which is foreign if its file's name does not say so.

        Parameters
        ----------
        stem
            The name of the measurement's file without its suffix; zeros before its id do not count.
        """
        start = _ZEROS.sub("", f"{stem}.")
        is_foreign = not _ZEROS.sub("", self.file).startswith(start)
        return Attachment(self.file, self.size, self.sha256, self._directory, is_foreign)

    @functools.cached_property
    def array(self) -> np.ndarray[Any, Any]:
        """The array in the file, read-only and mapped into memory.

        Raises
        ------
        ArchiveError
            If the file is missing, has another size than the measurement says, or holds no array.
        """
        self._check_size()
        try:
            return _load(self.path)
        except ValueError as error:
            raise ArchiveError(f'"{self.path}" holds no array ({error}); open the file at its path') from None

    def verify(self) -> None:
        """Read the whole file and compare its checksum.

        Raises
        ------
        ArchiveError
            If the file is missing, or its content is not what was stored.
        """
        self._check_size()
        with files.reported(f'read "{self.path}"'), open(self.path, "rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != self.sha256:
            raise ArchiveError(f'"{self.path}" was changed: its sha256 is {found}, stored was {self.sha256}')

    def _check_size(self) -> None:
        try:
            status = os.stat(self.path)
        except OSError as error:
            raise ArchiveError(
                f'Cannot read "{self.path}": {error.strerror}; the measurement refers to it, keep both in one directory'
            ) from None
        if not stat.S_ISREG(status.st_mode):
            raise ArchiveError(f'"{self.path}" is no file; remove it, and put the file there that was attached')
        if status.st_size != self.size:
            raise ArchiveError(
                f'"{self.path}" is damaged: it has {status.st_size} bytes, the measurement says {self.size}'
            )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(np.ndarray, name):
            raise AttributeError(f"an attachment has no attribute {name!r}")
        return getattr(self.array, name)

    def __getitem__(self, item: Any) -> Any:
        return self.array[item]

    def __len__(self) -> int:
        return len(self.array)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        array = np.asarray(self.array, dtype)
        return array.copy() if copy else array

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        arrays = (item.array if isinstance(item, Attachment) else item for item in inputs)
        return getattr(ufunc, method)(*arrays, **options)

    def __eq__(self, other: object) -> Any:
        """Tell whether two attachments have the same content; compare the array with anything else, item by item."""
        return self.sha256 == other.sha256 if isinstance(other, Attachment) else self.array == other

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __repr__(self) -> str:
        return f"<attachment {self.file}: {self.size} bytes>"

    def __reduce__(self) -> tuple[type[Attachment], tuple[str, int, str, str | None, bool]]:
        return Attachment, (self.file, self.size, self.sha256, self._directory, self.is_foreign)


def restorer(path: str, is_measurement: bool = False) -> Callable[[types.State], Any]:
    """Return a function that restores as `types.restore` does, and looks for attachments where the file `path` lies.

    Those of a measurement lie beside it: their names begin as that of its file.
    """
    directory, name = os.path.split(os.path.abspath(path))

    def restore(state: types.State) -> Any:
        found = types.restore(state)
        if type(found) is not Attachment:
            return found
        bound = found.within(directory)
        return bound.beside(os.path.splitext(name)[0]) if is_measurement else bound

    return restore


def _attach_array(array: Any) -> Attached:
    if hasattr(array, "to_numpy"):
        raise SerializerError(f"cannot attach a {type(array).__name__}, which loses its labels; attach its .to_numpy()")
    if isinstance(array, np.ma.MaskedArray):
        raise SerializerError("cannot attach a masked array, which loses its mask; attach array.data and array.mask")
    buffer = io.BytesIO()
    try:
        np.save(buffer, np.asarray(array), allow_pickle=False)
    except ValueError:
        raise SerializerError(
            f"cannot attach a {type(array).__name__} of objects; attach() takes arrays of numbers, strings or dates, "
            "and paths of files"
        ) from None
    return Attached(buffer.getvalue(), ARRAY)


def _attach_file(path: Path) -> Attached:
    try:
        return Attached(files.read(path), path.suffix)
    except ArchiveError as error:
        raise SerializerError(f'cannot attach "{path}": {getattr(error.__cause__, "strerror", error)}') from None


def _load(path: str) -> np.ndarray[Any, Any]:
    with open(path, "rb") as file:
        if file.read(6) != b"\x93NUMPY":
            raise ValueError("it does not begin as a .npy file does")
    try:
        array: np.ndarray[Any, Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError:  # an array without elements cannot be mapped
        array = np.load(path, allow_pickle=False)
    return array


def _encode(attachment: Attachment) -> types.State:
    return {"file": attachment.file, "size": attachment.size, "sha256": attachment.sha256}


def _decode(state: types.State) -> Attachment:
    file = state["file"]
    if not files.is_plain_name(file):
        raise SerializerError(f"damaged attachment: {file!r} is no name of a file beside the measurement")
    return Attachment(file, int(state["size"]), str(state["sha256"]))


def _refuse(_state: Any) -> NoReturn:
    raise SerializerError(
        f"{RESERVED!r} is reserved for what is on its way from a worker; an attachment is made by coma.attach() alone"
    )


types.add(types.RegisteredType(Attachment, TYPE, _encode, _decode))
types.add(types.RegisteredType(Attached, RESERVED, _refuse, _refuse))
