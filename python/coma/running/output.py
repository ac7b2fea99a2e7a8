# SPDX-License-Identifier: BSD-2-Clause
"""What a program says, however much: the last of it in memory, as much as is asked for in a file."""

from __future__ import annotations

from io import FileIO
from pathlib import Path

from coma.errors import ArchiveError

_TAIL = 64 * 1024
_LINES = 20


class Output:
    r"""One stream of a program.

    Parameters
    ----------
    path
        The file, which is made when there is something to write.
    limit
        How many bytes the file may hold; what follows is counted and dropped.

    Attributes
    ----------
    size : int
        How many bytes came.

    Examples
    --------
    >>> import tempfile
    >>> output = Output(Path(tempfile.mkdtemp()) / 'stdout.txt', limit=4)
    >>> output.take(b'one\ntwo')
    >>> output.close()
    >>> output.size, output.path.read_bytes(), output.lines()
    (7, b'one\n', ['one', 'two'])
    """

    def __init__(self, path: Path, limit: float) -> None:
        self.path = path
        self.limit = limit
        self.size = 0
        self._error: OSError | None = None
        self._tail = bytearray()
        self._file: FileIO | None = None

    def take(self, data: bytes) -> None:
        """Take what came."""
        room = self.limit - self.size
        self.size += len(data)
        self._tail += data
        del self._tail[:-_TAIL]
        if room > 0 and self._error is None:
            self._write(data if room >= len(data) else data[: int(room)])

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            if self._file is None:
                self._file = FileIO(self.path, "w")
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self._error = error

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
        """Close the file."""
        if self._file is not None:
            self._file.close()
