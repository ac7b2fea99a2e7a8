# SPDX-License-Identifier: BSD-2-Clause
"""Which parameter sets are there, and which of them are measured."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from coma.errors import ParameterSetError, warn
from coma.parameters.grids import grid, points
from coma.parameters.parameterset import Definition, ParameterSet
from coma.parameters.values import check_value
from coma.storage.failures import FailureRecord
from coma.storage.measurement import Tree
from coma.storage.store import Measurements
from coma.trees import identity
from coma.trees import path as paths
from coma.trees.path import Fixed, TreePath
from coma.trees.serializer import RecursiveSerializer

_SERIALIZER = RecursiveSerializer()


class Status(NamedTuple):
    """What became of the parameter sets.

    Attributes
    ----------
    done : int
        How many are measured.
    failed : int
        How many of the others were tried.
    missing : int
        How many were not.
    damaged : int
        How many measurement files cannot be read.
    total : int
        How many parameter sets there are.
    other_build : tuple of (int, int) or None
        How many measurements come from another build than the program that was asked about, and how many there are.
    failed_anew : int
        How many are measured and failed since, when they were measured anew.

    Examples
    --------
    >>> print(Status(done=57, failed=1, missing=2, damaged=0, total=60))
    57 of 60 done, 1 failed, 2 missing
    """

    done: int
    failed: int
    missing: int
    damaged: int
    total: int
    other_build: tuple[int, int] | None = None
    failed_anew: int = 0

    def __str__(self) -> str:
        text = f"{self.done} of {self.total} done, {self.failed} failed, {self.missing} missing"
        if self.failed_anew:
            text += f"; {self.failed_anew} of those done failed when measured anew"
        if self.damaged:
            text += f"; {self.damaged} damaged measurement file(s)"
        if self.other_build:
            text += "; {} of {} measurements come from another build".format(*self.other_build)
        return text


class Sweep:
    """The parameter sets that were added, each once, in order."""

    def __init__(self) -> None:
        self.definition: Definition | None = None
        self._values: dict[Hashable, tuple[Any, ...]] = {}  # by key, as in `ParameterSet`; they may be millions

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[ParameterSet]:
        return map(self._set, self._values.values())

    def define(
        self,
        items: Sequence[tuple[str, TreePath]],
        digits: int | Mapping[str, int | None] | None,
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        """Say what the parameters are.

        Raises
        ------
        ParameterSetError
            If the definition is wrong, or differs from that of the parameter sets added before.
        """
        definition = Definition(items, digits, defaults)
        _refuse_nested(definition.paths)
        if self._values and definition != self.definition:
            raise ParameterSetError(
                f"{len(self)} parameter sets are defined by {self.definition}; call clear_parameter_sets() before "
                "defining others"
            )
        self.definition = definition

    def parameter_set(self, values: Sequence[Any], named: Mapping[str, Any]) -> ParameterSet:
        """Return the parameter set of some values.

        Raises
        ------
        ParameterSetError
            If parameters are not defined, missing or unknown.
        """
        return ParameterSet(self.defined(), self._all(values, named))

    def _all(self, values: Sequence[Any], named: Mapping[str, Any]) -> Sequence[Any]:
        definition = self.defined()
        return [*values, *_named(definition, len(values), definition.spelt(named))] if named else values

    def defined(self) -> Definition:
        """Return what the parameters are.

        Raises
        ------
        ParameterSetError
            If they are not defined.
        """
        if self.definition is None:
            raise ParameterSetError("call define_parameter_set() before adding parameter sets")
        return self.definition

    def add(self, values: Sequence[Any], named: Mapping[str, Any]) -> None:
        """Add a parameter set, unless an equal one is there.

        Raises
        ------
        ParameterSetError
            If parameters are not defined, missing, unknown, or would not come back from a file as they are.
        """
        definition = self.defined()
        given = self._all(values, named)
        key = identity.firm_key(given, definition.digits) if len(given) == len(definition.digits) else None
        if key is None:
            self._add_patiently(definition.plain(given), definition)
        elif key not in self._values:
            given = tuple(given)
            self._values[given if given == key else key] = given  # one tuple, where that will do

    def _add_patiently(self, values: tuple[Any, ...], definition: Definition) -> None:
        """Add what may be equal but for rounding noise, or no number or string at all."""
        for name, value in zip(definition.names, values, strict=True):
            check_value(name, value)
        keys = identity.candidates(values, definition.digits)
        if self._values.keys().isdisjoint(keys):
            self._values[keys[0]] = values

    def add_grid(self, axes: Mapping[str, Any]) -> None:
        """Add all combinations of the axes' values."""
        for values in grid(self.defined().names, self.defined().spelt(axes)):
            self.add(values, {})

    def add_points(self, rows: Any) -> None:
        """Add many points, the rows of a table say."""
        for values, named in points(rows):
            self.add(values, named)

    def status(self, measurements: Measurements, failures: Iterable[FailureRecord]) -> Status:
        """Return what became of the parameter sets."""
        numbers = itertools.count()
        trees = (tree for tree, _ in zip(measurements.trees(), numbers, strict=False))
        missing = self.missing(trees)
        deque(trees, maxlen=0)  # without a definition, nobody asked for them
        read = self.definition.read if self.definition else lambda _: None
        tried = {p.key() for record in failures if (p := read(record.tree)) is not None}
        failed = sum(not tried.isdisjoint(p.candidate_keys()) for p in missing)
        known = sum(key in self._values for key in tried)
        return Status(
            done=len(self) - len(missing),
            failed=failed,
            missing=len(missing) - failed,
            damaged=len(measurements) - next(numbers),
            total=len(self),
            failed_anew=max(known - failed, 0),
        )

    def clear(self) -> None:
        """Remove all parameter sets."""
        self._values.clear()

    def missing(self, trees: Iterable[Tree]) -> list[ParameterSet]:
        """Return the parameter sets that no measurement has, given their trees."""
        if self.definition is None:
            return []
        read, exact = self.definition.values, identity.exact
        places = {exact(values): place for place, values in enumerate(self._values.values())}
        places.pop(None, None)
        done = bytearray(len(self))
        others: list[Sequence[Any]] = []
        for values in map(read, trees):
            if values is not None:
                place = places.get(exact(values))
                if place is None:
                    others.append(values)
                else:
                    done[place] = True
        rest = [self._set(values) for values, is_done in zip(self._values.values(), done, strict=True) if not is_done]
        return self._unlike(rest, others) if rest and others else rest

    def _set(self, values: Sequence[Any]) -> ParameterSet:
        return ParameterSet(self.defined(), values)

    def _unlike(self, sets: list[ParameterSet], measured: Iterable[Sequence[Any]]) -> list[ParameterSet]:
        """Return the sets that are the same as none that was measured, even but for rounding noise."""
        keys = {self._set(values).key() for values in measured}
        return [p for p in sets if keys.isdisjoint(p.candidate_keys())]


def _refuse_nested(given: Sequence[Fixed]) -> None:
    """Refuse a parameter within another: a measurement has no room for both."""
    places = {path: paths.parts(path) for path in given}
    for inner, place in places.items():
        for outer, around in places.items():
            if inner != outer and place[: len(around)] == around:
                raise ParameterSetError(f"path {inner!r} lies within {outer!r}, which is a parameter itself")


def warn_of_other_parameters(tree: Tree, asked: ParameterSet, known: set[Fixed]) -> None:
    """Warn, once for each path in `known`, that a result will not be found again by the parameters asked for."""
    exact = identity.exact(asked.values)
    if exact is not None and exact == identity.exact(asked.found_in(tree) or ()):
        return
    for path, value, digits in zip(asked.paths, asked.values, asked.digits, strict=True):
        found = _SERIALIZER.decode(paths.get(tree, path)) if paths.has(tree, path) else None
        if path in known or (paths.has(tree, path) and identity.key(found, digits) == identity.key(value, digits)):
            continue
        known.add(path)
        what = f"has {found!r}" if paths.has(tree, path) else "has nothing"
        warn(
            f"The result for {asked} {what} at {path!r}, where {value!r} was expected; it will be computed again by "
            f"each run. Put the parameters into what the function returns"
        )


def _named(definition: Definition, given: int, named: Mapping[str, Any]) -> list[Any]:
    """Return the values of the parameters that were named, after the first `given`."""
    unknown = [name for name in named if name not in definition.names[given:]]
    if unknown:
        raise ParameterSetError(
            f"unknown or repeated parameters {', '.join(unknown)}; there is {', '.join(definition.names)}"
        )
    missing = [name for name in definition.names[given:] if name not in named]
    if missing:
        raise ParameterSetError(f"no value for {', '.join(missing)}")
    return [named[name] for name in definition.names[given:] if name in named]
