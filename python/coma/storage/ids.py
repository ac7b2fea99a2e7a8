# SPDX-License-Identifier: BSD-2-Clause
"""The ids of an experiment's measurements: the index is a watermark, and files above it are stale."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress

from coma.archives import archive as archives
from coma.errors import ArchiveError, ExperimentError, IndexFileError, warn
from coma.storage.indexfile import IndexFile
from coma.storage.listing import Listing
from coma.storage.names import Names

_FAST_BLOCK_SECONDS = 1.0  # a block of ids that is used up sooner is followed by a larger one
_LARGEST_BLOCK = 1024


class Ids:
    """Which ids are in use in a directory, and which come next.

    Parameters
    ----------
    index
        Holds the last id in use.
    directory
        Where the measurement files lie.
    names
        How they are named.
    """

    def __init__(self, index: IndexFile, directory: str, names: Names) -> None:
        self.index = index
        self._directory = directory
        self._names = names
        self._paths = [names.path_format(directory, suffix) for suffix in archives.FORMATS]
        self._has_no_stale = False

    def listing(self, is_active: Callable[[], bool]) -> Listing:
        """Return the measurement files by id; those above the index are stale and left out.

        Parameters
        ----------
        is_active
            Looks whether the experiment still is active, if there is no index: who archives removes it.
        """
        found = self.listing_with_stale()
        last = self.index.read_if_there()
        if last is None:
            last = self.last(found) if is_active() else 0
        return found.up_to(last)

    def listing_with_stale(self) -> Listing:
        """Return the measurement files by id, stale ones too."""
        return Listing.of(self._directory, self._names)

    def last(self, found: Listing) -> int:
        """Return the index; a lost one is taken for the highest id in `found`."""
        last = self.index.read_if_there()
        if last is not None:
            return last
        if found.last:
            warn(f'"{self.index.filename}" is missing; taking measurement {found.last}, the highest, for the last')
        return found.last

    def create_index(self) -> None:
        """Write the index where there is none; the caller holds the lock."""
        if not self.index.exists():
            self.index.create(self.last(self.listing_with_stale()))

    def take(self, count: int = 1, check: Callable[[], None] = lambda: None) -> int:
        """Take ids from the index, and return the first of them; `check` is called first, under the lock."""
        with self.index.lock():
            check()
            self.create_index()
            return self.index.next_unlocked(count)

    def next_free(self) -> int:
        """Take an id whose file name is free, and return it."""
        while True:
            number = self.take()
            if self.is_free(number):
                return number

    def is_free(self, number: int) -> bool:
        """Tell whether no file has the name that belongs to an id."""
        return not any(os.access(path % number, os.F_OK) for path in self._paths)

    def warn_of_stale(self) -> None:
        """Warn, naming the remedy, of files that the index leaves out."""
        complaint = self._stale()
        if complaint:
            warn(complaint)

    def refuse_stale(self) -> None:
        """Refuse to add measurements where files lie above the index, which would pass over and so adopt them.

        Raises
        ------
        ExperimentError
            If there are any.
        """
        complaint = self._stale()
        if complaint:
            raise ExperimentError(f"Cannot add a measurement: {complaint}, or move them elsewhere")
        self._has_no_stale = True

    def refuse_stale_once(self) -> None:
        """Do the same unless that was done before: it lists the directory."""
        if not self._has_no_stale:
            self.refuse_stale()

    def _stale(self) -> str | None:
        found = self.listing_with_stale()
        last = self.index.read_if_there()
        stale = 0 if last is None else len(found) - len(found.up_to(last))
        if last is None or not stale:
            return None
        first = next(paths[0] for number, paths in found.items() if number > last)
        return (
            f"{stale} measurement file(s), such as {first}, lie above the index, {last}; they are never "
            f'read. To take them in, set {self.index.key} in "{self.index.filename}" to the highest id'
        )


class IdBlocks:
    """Ids taken from the index in blocks, small ones while points are slow and larger ones while they are fast.

    Parameters
    ----------
    ids
        Where they come from.
    check
        Called before each block, under the index's lock; raises where no measurement can be added any more.
    """

    def __init__(self, ids: Ids, check: Callable[[], None]) -> None:
        self._ids = ids
        self._check = check
        self._next = 1
        self._last = 0
        self._size = 1
        self._taken = 0.0

    def next(self) -> int:
        """Return an id that nobody else gets, and whose file name is free."""
        while True:
            if self._next > self._last:
                self._take_block()
            self._next += 1
            if self._ids.is_free(self._next - 1):
                return self._next - 1

    def give_back(self) -> None:
        """Return the ids that were not used, if nobody took any since."""
        index = self._ids.index
        if self._next <= self._last and index.exists():
            with suppress(ArchiveError, IndexFileError), index.lock():  # a full disk, say: gaps mean nothing
                if index.exists() and index.read() == self._last:
                    index.write(self._next - 1)
        self._next, self._last, self._size = 1, 0, 1

    def _take_block(self) -> None:
        fast = time.monotonic() - self._taken < _FAST_BLOCK_SECONDS
        self._size = min(2 * self._size, _LARGEST_BLOCK) if fast else 1
        self._next = self._ids.take(self._size, self._check)
        self._last = self._next + self._size - 1
        self._taken = time.monotonic()
