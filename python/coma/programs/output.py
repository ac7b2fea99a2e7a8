# SPDX-License-Identifier: BSD-2-Clause
"""What a program says, however much: the last of it in memory, as much as is asked for in a file."""

from __future__ import annotations

import os
from io import FileIO

from coma.errors import ArchiveError

_TAIL = 64 * 1024
_LINES = 20


class Output:
    r"""One stream of a program.

    Parameters
    ----------
    path
        The file, which is made if more came than the memory should hold, or it is kept.
    limit
        How many bytes are held; what follows is counted and dropped.
    is_kept
        Whether there is to be a file at the end, unless nothing came.

    Attributes
    ----------
    size : int
        How many bytes came.

    Examples
    --------
    >>> output = Output('stdout.txt', limit=4)
    >>> output.take(b'one\ntwo')
    >>> output.close()
    >>> output.size, output.text(), output.lines()
    (7, b'one\n', ['one', 'two'])
    """

    def __init__(self, path: str, limit: float, is_kept: bool = False) -> None:
        self.path = path
        self.limit = limit
        self.is_kept = is_kept
        self.size = 0
        self._error: OSError | None = None
        self._waiting = bytearray()
        self._tail = bytearray()
        self._file: FileIO | None = None

    def take(self, data: bytes) -> None:
        """Take what came."""
        room = self.limit - self.size
        self.size += len(data)
        self._tail += data
        del self._tail[:-_TAIL]
        if room > 0 and self._error is None:
            self._waiting += data if room >= len(data) else data[: int(room)]
            if len(self._waiting) > _TAIL:
                self._write()

    def _write(self) -> None:
        """Move what is held in memory to the file."""
        rest, self._waiting = memoryview(self._waiting), bytearray()
        try:
            if self._file is None:
                self._file = FileIO(self.path, "w")
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self._error = error

    def text(self) -> bytes:
        """Return what came, up to the limit; nothing if the file is gone."""
        if self._file is None:
            return bytes(self._waiting)
        if not os.path.isfile(self.path):
            return b""
        with open(self.path, "rb") as file:
            return file.read()

    def lines(self) -> list[str]:
        """Return the last lines."""
        return self._tail.decode("utf-8", "replace").splitlines()[-_LINES:]

    def check(self) -> None:
        """Make sure that the file has all that it may hold.

        Raises
        ------
        ArchiveError
            If it could not be written.
        """
        if self._error is not None:
            raise ArchiveError(f'cannot write "{self.path}": {self._error.strerror}') from self._error

    def close(self) -> None:
        """Close the file; nothing comes any more."""
        if self._waiting and (self.is_kept or self._file is not None):
            self._write()
        if self._file is not None:
            self._file.close()
