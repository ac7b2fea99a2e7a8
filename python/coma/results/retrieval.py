# SPDX-License-Identifier: BSD-2-Clause
"""One pass over measurements: what stands at some paths, grouped by parameters; the trees are not kept."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from coma.errors import ExperimentError, PathError, warn
from coma.parameters.parameterset import Definition, ParameterSet
from coma.results.cells import Cells
from coma.results.expressions import Condition
from coma.results.resultlist import ResultList
from coma.results.results import Missing, Result
from coma.results.tables import Array
from coma.results.unfolding import ABSENT, Column, unfold
from coma.storage.measurement import Measurement, MemoryMeasurement, Tree
from coma.text import suggestion
from coma.trees import identity, readers
from coma.trees import path as paths
from coma.trees.path import Fixed, TreePath

Where = str | Callable[[Measurement], Any]
PARAMETERS = "parameters"
LEAVE_OUT: Any = type("LeaveOut", (), {"__repr__": lambda _: "LEAVE_OUT"})()
_MANY = 256  # rows that wait until they are packed; soon enough that the cycle collector need not look at them twice
_PAD = {"error": False, "pad": True}


class Group:
    """The measurements of one parameter set: their ids, and what stands at the columns' paths.

    Parameters
    ----------
    parameters
        What the measurements have in common.
    width
        The number of columns, with that of the ids, which is the last.
    """

    def __init__(self, parameters: ParameterSet, width: int) -> None:
        self.parameters = parameters
        self._cells = [Cells() for _ in range(width)]
        self._rows: list[Sequence[Any]] = []

    def add(self, row: Sequence[Any]) -> None:
        """Add what one measurement has at the columns' paths, and its id."""
        self._rows.append(row)
        if len(self._rows) == _MANY:
            self._pack()

    def columns(self) -> list[Cells]:
        """Return the cells of each column, and of the ids."""
        self._pack()
        return self._cells

    def _pack(self) -> None:
        for cells, values in zip(self._cells, zip(*self._rows, strict=True), strict=False):
            cells.extend(values)
        self._rows.clear()


class Query:
    """What is asked of the measurements.

    Parameters
    ----------
    table, by
        Name and path of each column, and of each parameter that tells groups apart.
    fill
        Stands in for absent values; a dictionary says so by name.
    on_ragged
        ``'error'`` or ``'pad'``.
    where
        The text of a `Condition`, or a function of the measurement; others are left out.
    known
        The experiment's own parameters, by whose names `where` may ask, and whose defaults stand in for what older
        measurements lack.

    Attributes
    ----------
    missing : list of Missing
        What was lacking, once `groups` was called.
    """

    def __init__(
        self,
        table: Sequence[tuple[str, TreePath]],
        by: Sequence[tuple[str, TreePath]],
        fill: Any = LEAVE_OUT,
        on_ragged: str = "error",
        where: Where | None = None,
        known: Definition | None = None,
    ) -> None:
        self.columns = _checked_columns(table)
        self.known = known or Definition(())
        self._digits = dict(zip(self.known.paths, self.known.digits, strict=True))
        self.by = Definition(by, digits={name: self._digits_at(path) for name, path in Definition(by).items})
        _refuse_twins([*self.columns, *(item for item in self.by.items if item not in self.columns)])
        self._read = readers.reader((*(path for _, path in self.columns), *self.by.paths))
        self.names: dict[Fixed, Fixed] = {**dict(self.known.items), **dict(self.columns), **dict(self.by.items)}
        self.fill = _by_name(fill, [*dict(self.columns), *self.by.names])
        self.pad = _checked_pad(on_ragged)
        self.where = _checked_where(where)
        self.missing: list[Missing] = []

    def groups(self, trees: Iterable[Tree]) -> list[Group]:
        """Return one group for each distinct set of the parameters, in the order of appearance."""
        groups: dict[Hashable, Group] = {}
        quick: dict[Hashable, Group] = {}
        width = len(self.columns)
        places: list[str] = []
        seen = 0
        for tree in trees:
            seen += 1
            places = places or [paths.as_text(path) for path, _ in paths.leaves(tree)]
            found = self._found(tree) if self._is_wanted(tree) else None
            if found is not None:
                exact = identity.exact(found[width:])
                group = quick.get(exact)
                if group is None:
                    group = self._group(groups, found[width:])
                    quick.update({} if exact is None else {exact: group})
                group.add((*found[:width], _id(tree)))
        self._warn_of_absent(seen, places)
        return list(groups.values())

    def unfolded(self, group: Group) -> Iterator[tuple[str, Array]]:
        """Yield name and cells of a group's columns, where a list has become several."""
        *columns, ids = group.columns()
        known = dict.fromkeys([*dict(self.columns), *self.by.names])
        for (name, _), cells in zip(self.columns, columns, strict=True):
            unfolded = unfold(Column(name, cells, group.parameters, ids), self.fill.get(name), self.pad)
            for other in unfolded:
                if other in known and other != name:
                    owner = f"{known[other]!r} has, too" if known[other] else "has a column of its own"
                    raise ExperimentError(f"{name!r} is a list that unfolds to {other!r}, which {owner}; rename it")
            known.update(dict.fromkeys(unfolded, name))
            yield from unfolded.items()

    def _is_wanted(self, tree: Tree) -> bool:
        if not isinstance(self.where, Condition):
            return self.where is None or bool(self.where(MemoryMeasurement(tree)))
        try:
            return self.where(lambda name: self._named(tree, name), self._digits_of)
        except PathError:
            return False

    def _digits_of(self, name: Fixed) -> int | None:
        """Return the digits in which values of a name or path agree."""
        return self._digits_at(self.names.get(name, name), self._digits_at(_within_parameters(name)))

    def _digits_at(self, path: Fixed, default: int | None = identity.DIGITS) -> int | None:
        return self._digits.get(path, default)

    def _named(self, tree: Tree, name: Fixed) -> Any:
        """Return what a condition means by a name: of a column or parameter, or a path, or a path in parameters."""
        path = self.names.get(name, name)
        if name not in self.names and not paths.has(tree, name) and paths.has(tree, _within_parameters(name)):
            path = _within_parameters(name)
        found = self._value(tree, path)
        if found is ABSENT:
            raise PathError(paths.as_text(path))
        return found

    def _found(self, tree: Tree) -> tuple[Any, ...] | None:
        """Return what a measurement has at the paths asked for; None where it is left out."""
        try:
            return self._read(tree)
        except PathError:
            return self._patiently(tree)

    def _patiently(self, tree: Tree) -> tuple[Any, ...] | None:
        asked = [*self.columns, *self.by.items]
        found = [self._value(tree, path) for _, path in asked]
        if any(value is ABSENT and name not in self.fill for (name, _), value in zip(asked, found, strict=True)):
            return None
        row, values = found[: len(self.columns)], found[len(self.columns) :]
        filled = [self.fill[name] if v is ABSENT else v for name, v in zip(self.by.names, values, strict=True)]
        return (*row, *filled)

    def _group(self, groups: dict[Hashable, Group], values: Sequence[Any]) -> Group:
        parameters = ParameterSet(self.by, values)
        return groups.setdefault(parameters.key(), Group(parameters, len(self.columns) + 1))

    def _value(self, tree: Tree, path: Fixed) -> Any:
        try:
            return readers.getter(path)(tree)
        except PathError:
            if path in self.known.defaults:
                return self.known.defaults[path]
            self.missing.append(Missing(_id(tree), path))
            return ABSENT

    def _warn_of_absent(self, seen: int, places: list[str]) -> None:
        if not seen:
            warn("There are no measurements to retrieve results from; is this the right directory?")
        lacking: dict[Fixed, set[int | None]] = {}
        for missing in self.missing:
            lacking.setdefault(missing.path, set()).add(missing.measurement_id)
        for path, ids in lacking.items():
            if len(ids) == seen:
                warn(f"no measurement has {path!r}{suggestion(paths.as_text(path), places)}")


def retrieve(
    trees: Iterable[Tree],
    table: Sequence[tuple[str, TreePath]],
    by: Sequence[tuple[str, TreePath]],
    *,
    fill: Any = LEAVE_OUT,
    on_ragged: str = "error",
    where: Where | None = None,
    known: Definition | None = None,
) -> ResultList:
    """Return one `Result` for each distinct set of the parameters `by`, in the order of appearance.

    The other arguments are those of `Query`. The measurements are read once, and only what the tables hold is kept.

    Raises
    ------
    ParameterSetError
        If a definition is not made of tuples of name and path.
    ExperimentError
        If a list has another length in one measurement than in the others, or an option is wrong.

    Warns
    -----
    UserWarning
        If there are no measurements, or none has one of the paths.
    """
    query = Query(table, by, fill, on_ragged, where, known)
    results = [_result(group, query) for group in query.groups(trees)]
    return ResultList(results, dict.fromkeys(query.missing))


def _result(group: Group, query: Query) -> Result:
    columns = list(query.unfolded(group))
    names = [name for name, _ in columns]
    ids = group.columns()[-1].array()
    return Result(group.parameters, [cells for _, cells in columns], names, query.columns, ids)


def _within_parameters(name: Fixed) -> Fixed:
    return f"{PARAMETERS}/{name}" if isinstance(name, str) else (PARAMETERS, *name)


def _id(tree: Tree) -> int | None:
    found: int | None = tree.get("info", {}).get("measurement_id")
    return found


def _by_name(fill: Any, names: Sequence[str]) -> dict[str, Any]:
    if fill is LEAVE_OUT:
        return {}
    if not isinstance(fill, Mapping):
        return dict.fromkeys(names, fill)
    for name in fill:
        if name not in names:
            raise ExperimentError(
                f"cannot fill {name!r}: it is neither a column nor a parameter{suggestion(name, names)}"
            )
    return dict(fill)


def _checked_columns(table: Sequence[Any]) -> tuple[tuple[str, Fixed], ...]:
    for item in table:
        if not (
            isinstance(item, tuple | list) and len(item) == 2 and isinstance(item[0], str) and paths.is_path(item[1])
        ):
            raise ExperimentError(f"{item!r} is no column; write ('t', 'results/t'): a name and a path")
    return tuple((name, paths.fixed(path)) for name, path in table)


def _refuse_twins(named: Sequence[tuple[str, Fixed]]) -> None:
    """Refuse one name for two things: some methods would take the one, some the other."""
    names = [name for name, _ in named]
    for name in names:
        if names.count(name) > 1:
            places = " and ".join(repr(path) for other, path in named if other == name)
            raise ExperimentError(f"{name!r} is the name of {places}; give each column and parameter a name of its own")


def _checked_pad(on_ragged: str) -> bool:
    if on_ragged not in _PAD:
        raise ExperimentError(f"on_ragged is {on_ragged!r}; choose 'error' or 'pad'")
    return _PAD[on_ragged]


def _checked_where(where: Any) -> Condition | Callable[[Measurement], Any] | None:
    if isinstance(where, str):
        return Condition(where)
    if where is not None and not callable(where):
        raise ExperimentError(f"where is {where!r}; write 'A > 3 and T < 5', or a function of the measurement")
    return where  # type: ignore[no-any-return]
