# SPDX-License-Identifier: BSD-2-Clause
"""What processes left in an experiment's directory that died while they wrote: temporary files, a lock."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from coma import files, owners
from coma.errors import ArchiveError, IndexFileError
from coma.storage.indexfile import IndexFile
from coma.storage.listing import Listing

_LOCK_WAIT_SECONDS = 3.0  # a lock without an owner is judged after two


def tidy(index: IndexFile, directory: Path, listing: Listing) -> None:
    """Remove what is left, if a listing of the directory saw anything; a living owner of the lock goes first."""
    with suppress(ArchiveError, IndexFileError):
        if index.is_locked() or owners.leftovers(directory, listing.temporary):
            with index.lock(_LOCK_WAIT_SECONDS):
                remove_leftovers(directory)


def remove_leftovers(directory: Path) -> None:
    """Remove temporary files of processes that died; the caller holds the lock."""
    for path in owners.leftovers(directory, files.names(directory)):
        files.remove(path)
