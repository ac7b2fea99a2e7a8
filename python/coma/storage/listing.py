# SPDX-License-Identifier: BSD-2-Clause
"""Which files a directory has for which ids: eight bytes for each, as there may be millions."""

from __future__ import annotations

import heapq
import os
from array import array
from collections.abc import Iterator
from typing import Any, Self

import numpy as np

from coma import files, owners
from coma.archives.archive import FORMATS
from coma.storage.names import Names

_SUFFIXES = tuple(FORMATS)
_LARGEST = 2**62 // len(_SUFFIXES)
Codes = np.ndarray[Any, np.dtype[np.uint64]]


class Listing:
    """Paths by id, in the order of the ids.

    Most ids have one file of the usual name: they are kept as a number that tells id and suffix.

    Parameters
    ----------
    directory
        Where the files lie.
    names
        How they are named.
    codes
        Id and suffix of each id that has one file, of the usual name; sorted.
    others
        The paths of other ids.

    Attributes
    ----------
    temporary : list of str
        Names in the directory that look like those of temporary files.
    """

    def __init__(self, directory: str, names: Names, codes: Codes, others: dict[int, list[str]]) -> None:
        self._directory = directory
        self._names = names
        self._codes = codes
        self._others = others
        self.temporary: list[str] = []
        self._paths = [names.path_format(directory, suffix) for suffix in _SUFFIXES]

    @classmethod
    def of(cls, directory: str, names: Names) -> Self:
        """Return the listing of a directory."""
        found, others, temporary = array("Q"), dict[int, list[str]](), list[str]()
        for name in files.names(directory):
            parts = names.parts(name)
            if parts is None:
                temporary += [name] if owners.looks_temporary(name) else []
                continue
            number, suffix, is_usual = parts
            if is_usual and number < _LARGEST:
                found.append(number * len(_SUFFIXES) + _SUFFIXES.index(suffix))
            else:
                others.setdefault(number, []).append(f"{directory}{os.sep}{name}")
        codes = np.frombuffer(found, dtype=np.uint64)
        codes.sort()
        listing = cls(directory, names, codes, others)._with_several_apart()
        listing.temporary = temporary
        return listing

    def _with_several_apart(self) -> Self:
        """Return the same with each id among the others that has several files."""
        numbers = self._codes // len(_SUFFIXES)
        repeated = numbers[1:][numbers[1:] == numbers[:-1]].tolist()
        if not repeated and not self._others:
            return self
        several = np.isin(numbers, [*repeated, *(number for number in self._others if number < _LARGEST)])
        others = {number: list(paths) for number, paths in self._others.items()}
        for code in self._codes[several].tolist():
            others.setdefault(code // len(_SUFFIXES), []).append(self._path(code))
        ordered = {number: sorted(others[number]) for number in sorted(others)}
        return type(self)(self._directory, self._names, self._codes[~several], ordered)

    def up_to(self, last: int) -> Self:
        """Return the part with ids up to `last`."""
        codes = self._codes[: np.searchsorted(self._codes, np.uint64(min(last + 1, _LARGEST) * len(_SUFFIXES)))]
        others = {number: paths for number, paths in self._others.items() if number <= last}
        return type(self)(self._directory, self._names, codes, others)

    @property
    def last(self) -> int:
        """The highest id; 0 where there is none."""
        usual = int(self._codes[-1]) // len(_SUFFIXES) if len(self._codes) else 0
        return max(usual, *self._others, 0)

    def items(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each id and the paths of its file(s)."""
        known, formats = len(_SUFFIXES), self._paths
        usual = ((code // known, [formats[code % known] % (code // known)]) for code in self._codes.data)
        return heapq.merge(usual, self._others.items()) if self._others else usual

    def values(self) -> Iterator[list[str]]:
        """Yield the paths of each id's file(s)."""
        return (paths for _, paths in self.items())

    def __contains__(self, number: int) -> bool:
        place = np.searchsorted(self._codes, np.uint64(min(number, _LARGEST) * len(_SUFFIXES)))
        usual = self._codes[place : place + 1].tolist()
        return number in self._others or any(code // len(_SUFFIXES) == number for code in usual)

    def __len__(self) -> int:
        return len(self._codes) + len(self._others)

    def _path(self, code: int) -> str:
        number, suffix = divmod(code, len(_SUFFIXES))
        return self._paths[suffix] % number
