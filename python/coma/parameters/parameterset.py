# SPDX-License-Identifier: BSD-2-Clause
"""The values of one point, reached by name, path or position."""

from __future__ import annotations

import copy
import hashlib
import itertools
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from coma.errors import ParameterSetError, PathError
from coma.parameters.values import plain_value
from coma.text import identifier
from coma.trees import identity, readers
from coma.trees import path as paths
from coma.trees.path import Fixed, TreePath


class Definition:
    """The parameters of a sweep: a short name and a path for each.

    Parameters
    ----------
    items
        Tuples of name and path, a text or a sequence of keys.
    digits
        Significant digits in which floats must agree to be the same value; a number for all parameters, or a
        dictionary by name. None compares exactly.
    defaults
        By name, the values that measurements have which lack the parameter.

    Raises
    ------
    ParameterSetError
        If an item is no such tuple, a name or path comes twice, or a name is one of `ParameterSet` itself.

    Examples
    --------
    >>> Definition([('T', 'parameters/T')])
    (('T', 'parameters/T'),)
    """

    def __init__(
        self,
        items: Sequence[tuple[str, TreePath]],
        digits: int | Mapping[str, int | None] | None = identity.DIGITS,
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        self.items = tuple(_checked_item(item) for item in items)
        self.names = tuple(name for name, _ in self.items)
        self.paths = tuple(path for _, path in self.items)
        _refuse_repeats(self.names)
        _refuse_lookalikes(self.names)
        _refuse_repeats(self.paths)
        self.digits = _digits(self.names, digits)
        self.defaults = _by_path(dict(self.items), defaults or {})

    def __len__(self) -> int:
        return len(self.items)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Definition) or (self.items, self.digits) != (other.items, other.digits):
            return False
        return identity.key(self.defaults) == identity.key(other.defaults)

    def __hash__(self) -> int:
        return hash(self.items)

    def __repr__(self) -> str:
        return repr(self.items)

    def plain(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """Return a value for each parameter as a parameter set holds it, numpy scalars as Python numbers.

        Raises
        ------
        ParameterSetError
            If there are too many or too few.
        """
        if len(values) != len(self.items):
            raise ParameterSetError(
                f"expected {len(self)} values, for {_listed(self.names)}; got {len(values)}: {tuple(values)}"
            )
        return tuple(values if identity.are_scalars(values) else map(plain_value, values))

    def read(self, tree: dict[str, Any]) -> ParameterSet | None:
        """Return the parameter set that a measurement's tree holds; None where it lacks a path."""
        values = self.values(tree)
        return None if values is None else ParameterSet(self, values)

    def values(self, tree: dict[str, Any]) -> tuple[Any, ...] | None:
        """Return the values that a measurement's tree holds; None where it lacks a path."""
        try:
            return readers.reader(self.paths)(tree)
        except PathError:
            return self._with_defaults(tree) if self.defaults else None

    def _with_defaults(self, tree: dict[str, Any]) -> tuple[Any, ...] | None:
        absent = [path for path in self.paths if not paths.has(tree, path)]
        if any(path not in self.defaults for path in absent):
            return None
        return tuple(self.defaults[path] if path in absent else paths.get(tree, path) for path in self.paths)

    def position(self, name: Fixed) -> int | None:
        """Return the position of a parameter given by name or path."""
        known: tuple[Sequence[Fixed], ...] = (self.names, self.paths)
        for given in known:
            if name in given:
                return given.index(name)
        alike = list(map(identifier, self.names))
        return alike.index(identifier(name)) if isinstance(name, str) and identifier(name) in alike else None

    def spelt(self, named: Mapping[str, Any]) -> dict[str, Any]:
        """Return values by the parameters' names: Python writes some letters of an argument's name in another form."""
        by_form = dict(zip(map(identifier, self.names), self.names, strict=True))
        return {name if name in self.names else by_form.get(name, name): value for name, value in named.items()}


class ParameterSet:
    """The values of one point.

    A parameter is reached by name, as an attribute; by path or position, as an item. Two more attributes, unless
    parameters have those names, depend on the values alone, and neither on the order of points nor on who runs them:
    ``seed`` (an int of 64 bits) and ``rng`` (a fresh `numpy.random.Generator`).

    Parameters
    ----------
    definition
        Name, path and digits of each parameter.
    values
        A value for each parameter, in this order; numpy scalars become Python numbers.

    Raises
    ------
    ParameterSetError
        If there are too many values or too few.

    Examples
    --------
    >>> import coma
    >>> p = coma.ParameterSet.of(theta_0=-5.0)
    >>> p.theta_0, p['parameters/theta_0'], p[0], p
    (-5.0, -5.0, -5.0, (theta_0=-5.0))
    >>> p.seed, float(p.rng.random()) == float(p.rng.random())
    (13528057218060929760, True)
    """

    __slots__ = ("_definition", "_values")
    _definition: Definition
    _values: tuple[Any, ...]

    def __init__(self, definition: Definition, values: Sequence[Any]) -> None:
        object.__setattr__(self, "_definition", definition)
        object.__setattr__(self, "_values", definition.plain(values))

    @classmethod
    def of(cls, /, **values: Any) -> ParameterSet:
        """Return a parameter set whose paths are ``parameters/<name>``, to try a function or a `Program` by hand.

        Parameters
        ----------
        **values
            The parameters by name.

        Examples
        --------
        >>> import coma
        >>> coma.ParameterSet.of(n=3, L=1.5)
        (n=3,L=1.5)
        """
        return cls(Definition([(name, f"parameters/{name}") for name in values]), list(values.values()))

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters' names."""
        return self._definition.names

    @property
    def paths(self) -> tuple[Fixed, ...]:
        """The parameters' paths in a measurement."""
        return self._definition.paths

    @property
    def values(self) -> tuple[Any, ...]:
        """The parameters' values."""
        return self._values

    @property
    def digits(self) -> tuple[int | None, ...]:
        """The significant digits in which equal floats agree, for each parameter."""
        return self._definition.digits

    def has(self, name: Fixed) -> bool:
        """Tell whether there is a parameter of that name or path.

        Parameters
        ----------
        name
            ``'theta_0'`` or ``'parameters/theta_0'``, say.
        """
        return self._definition.position(name) is not None

    def get(self, name: Fixed, default: Any = None) -> Any:
        """Return the parameter of that name or path, or `default`.

        Parameters
        ----------
        name
            ``'theta_0'`` or ``'parameters/theta_0'``, say.
        default
            What stands in for a parameter that is not there.
        """
        position = self._definition.position(name)
        return default if position is None else self._values[position]

    def tree(self) -> dict[str, Any]:
        """Return the values at their paths, as a measurement holds them."""
        tree: dict[str, Any] = {}
        for path, value in zip(self.paths, self._values, strict=True):
            paths.set_(tree, path, value)
        return tree

    def like(self, tree: dict[str, Any]) -> ParameterSet | None:
        """Return the set that a measurement's tree holds at the same paths; None where it lacks one.

        Parameters
        ----------
        tree
            As `Measurement.tree`.
        """
        return self._definition.read(tree)

    def found_in(self, tree: dict[str, Any]) -> tuple[Any, ...] | None:
        """Return the values that a measurement's tree holds at the same paths; None where it lacks one.

        Parameters
        ----------
        tree
            As `Measurement.tree`.
        """
        return self._definition.values(tree)

    def key(self) -> Hashable:
        """Return the key under which equal sets meet."""
        return tuple(map(identity.key, self._values, self._definition.digits))

    def candidate_keys(self) -> tuple[Hashable, ...]:
        """Return the key, then those of sets that differ by rounding noise alone."""
        return identity.candidates(self._values, self._definition.digits)

    def __getattr__(self, name: str) -> Any:
        if name in self._definition.names:
            return self._values[self._definition.names.index(name)]
        if name == "rng":
            return np.random.default_rng(self._entropy())
        if name == "seed":
            return int(self._entropy().generate_state(1, np.uint64)[0])
        if not name.startswith("_") and self.has(name):
            return self.get(name)
        raise AttributeError(f"no parameter {name!r}; there is {_listed(self.names)}")

    def _entropy(self) -> np.random.SeedSequence:
        """Return what depends on the point alone: of keys on both sides of an edge between two roundings, on one."""
        keys = min(repr((self.paths, key)) for key in self.candidate_keys())
        digest = hashlib.sha256(keys.encode("utf-8", "surrogatepass")).digest()
        return np.random.SeedSequence(int.from_bytes(digest, "big"))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("a parameter set cannot be changed")

    def __getitem__(self, item: int | Fixed) -> Any:
        if isinstance(item, int):
            return self._values[item]
        if item in self._definition.paths:
            return self._values[self._definition.paths.index(item)]
        raise IndexError(f"no parameter at path {item!r}; there is {_listed(self.paths)}")

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ParameterSet) and (self.paths, self.key()) == (other.paths, other.key())

    def __hash__(self) -> int:
        return hash(self.key())

    def __repr__(self) -> str:
        return "(" + ",".join(f"{name}={value}" for name, value in zip(self.names, self._values, strict=True)) + ")"

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.names})

    def __reduce__(self) -> tuple[type[ParameterSet], tuple[Definition, tuple[Any, ...]]]:
        return ParameterSet, (self._definition, self._values)


def _checked_item(item: Any) -> tuple[str, Fixed]:
    is_pair = isinstance(item, tuple | list) and len(item) == 2 and all(item)
    if not (is_pair and isinstance(item[0], str) and paths.is_path(item[1])):
        raise ParameterSetError(f"{item!r} is no parameter; write ('theta', 'parameters/theta'): a name and a path")
    name, path = item[0], paths.fixed(item[1])
    if hasattr(ParameterSet, name):
        raise ParameterSetError(f"{name!r} is a name that a parameter set uses itself; choose another, {name}_0 say")
    if paths.WILDCARD in paths.parts(path) or "" in paths.parts(path):
        raise ParameterSetError(f"path {path!r} of {name!r} must lead to one place, as 'parameters/theta' does")
    return name, path


def _refuse_repeats(given: tuple[Fixed, ...]) -> None:
    twice = list(dict.fromkeys(item for item in given if given.count(item) > 1))
    if twice:
        raise ParameterSetError(f"defined more than once: {_listed(twice)}")


def _refuse_lookalikes(names: tuple[str, ...]) -> None:
    for name, other in itertools.combinations(names, 2):
        if identifier(name) == identifier(other):
            raise ParameterSetError(
                f"{name!r} and {other!r} are one name to Python, in two Unicode forms: {name!a}, {other!a}"
            )


def _digits(names: tuple[str, ...], digits: int | Mapping[str, int | None] | None) -> tuple[int | None, ...]:
    given = digits if isinstance(digits, Mapping) else dict.fromkeys(names, digits)
    _refuse_unknown("digits", given, names)
    for name, number in given.items():
        if number is not None and not (isinstance(number, int) and 1 <= number <= 17):
            raise ParameterSetError(f"digits of {name!r} must be 1 to 17, or None for exactly equal; got {number!r}")
    return tuple(given.get(name, identity.DIGITS) for name in names)


def _by_path(paths_by_name: Mapping[str, Fixed], defaults: Mapping[str, Any]) -> dict[Fixed, Any]:
    _refuse_unknown("defaults", defaults, tuple(paths_by_name))
    return {paths_by_name[name]: copy.deepcopy(value) for name, value in defaults.items()}


def _refuse_unknown(what: str, given: Mapping[str, Any], names: tuple[str, ...]) -> None:
    unknown = [name for name in given if name not in names]
    if unknown:
        raise ParameterSetError(f"{what} for unknown parameters {_listed(unknown)}; there is {_listed(names)}")


def _listed(names: Sequence[Fixed]) -> str:
    return ", ".join(repr(name) for name in names) or "none"
