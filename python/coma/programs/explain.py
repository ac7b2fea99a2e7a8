# SPDX-License-Identifier: BSD-2-Clause
"""Why a point would run again: what is there, and how it differs from what is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from coma.parameters.parameterset import Definition, ParameterSet
from coma.programs import executables
from coma.storage.failures import FailureRecord
from coma.storage.measurement import Measurement, Tree
from coma.text import first_line
from coma.trees import identity
from coma.trees import path as paths

_ABSENT = object()
_NEAR = "equal with digits"
_TEXT = "is a text"


class Inquiry:
    """A point that is asked for, and why it would run.

    Parameters
    ----------
    definition
        What the parameters are, and their defaults.
    asked
        The point.
    """

    def __init__(self, definition: Definition, asked: ParameterSet) -> None:
        self.definition = definition
        self.asked = asked
        self._keys = set(asked.candidate_keys())

    def explain(self, measurements: Iterable[Measurement], failures: Iterable[FailureRecord]) -> str:
        """Return in a few sentences whether the point is measured, and if not, why it would run.

        The nearest measurement is the one that agrees in most parameters.
        """
        nearest: tuple[float, Measurement] | None = None
        for measurement in measurements:
            if self._is_measured(measurement.tree):
                known = f"{self.asked} is measurement {measurement.id}; it would not run again.{_rebuilt(measurement)}"
                return " ".join([known, *self._failed(failures, "It failed when it was measured anew")])
            agreement = self._agreement(measurement.tree)
            if nearest is None or agreement > nearest[0]:
                nearest = agreement, measurement
        failed = self._failed(failures, "It failed before")
        return " ".join([f"{self.asked} would run.", *failed, self._compared(nearest)])

    def _is_measured(self, tree: Tree) -> bool:
        found = self.definition.read(tree)
        return found is not None and found.key() in self._keys

    def _agreement(self, tree: Tree) -> float:
        return len(self.asked) - sum(0.5 if _NEAR in text or _TEXT in text else 1 for text in self._differences(tree))

    def _failed(self, failures: Iterable[FailureRecord], what: str) -> list[str]:
        for record in failures:
            if self._is_measured(record.tree):
                error = record.tree.get("error", {})
                reason = f"{error.get('type')}: {first_line(error.get('message'))}"
                return [f'{what}, with {reason} ("{record.path}").']
        return []

    def _compared(self, nearest: tuple[float, Measurement] | None) -> str:
        if nearest is None:
            return "There is no measurement yet."
        agreement, measurement = nearest
        if agreement == 0:
            return "No measurement agrees with it in any parameter."
        return f"The nearest, measurement {measurement.id}, {'; '.join(self._differences(measurement.tree))}."

    def _differences(self, tree: Tree) -> list[str]:
        """Return how a measurement differs, a phrase for each parameter that does."""
        asked = self.asked
        differences = []
        for name, path, value, digits in zip(asked.names, asked.paths, asked.values, asked.digits, strict=True):
            there = paths.get(tree, path) if paths.has(tree, path) else _ABSENT
            found = self.definition.defaults.get(path, _ABSENT) if there is _ABSENT else there
            if found is _ABSENT:
                differences.append(f"has nothing at {path!r}")
            elif not identity.same(found, value, digits):
                lacking = f"has nothing at {path!r}, for which the default is" if there is _ABSENT else f"has {name} ="
                hint = _noise(value, found, digits) or _text_and_number(value, found)
                differences.append(f"{lacking} {found!r}, not {value!r}{hint}")
        return differences


def _rebuilt(measurement: Measurement) -> str:
    """Return a sentence if another program lies now where the one lay that measured."""
    executable, measured = measurement.get("info/executable"), measurement.get("info/sha256")
    present = executables.sha256(executable) if isinstance(executable, str) and measured else measured
    if present is None or present == measured:
        return ""
    return f' Another build of "{executable}" measured it than lies there now; rerun="other-build" measures it anew.'


def _text_and_number(value: Any, found: Any) -> str:
    """Return a remark where two values look alike, and one is a text."""
    if isinstance(value, str) == isinstance(found, str) or str(value).strip() != str(found).strip():
        return ""
    return f" (the {'first' if isinstance(found, str) else 'second'} {_TEXT}, which equals no {_kind(value, found)})"


def _kind(*values: Any) -> str:
    other = next(value for value in values if not isinstance(value, str))
    return (
        "number" if isinstance(other, int | float | complex) and not isinstance(other, bool) else type(other).__name__
    )


def _noise(value: Any, found: Any, digits: int | None) -> str:
    """Return the digits in which two floats would be equal, where only rounding parts them."""
    if not (isinstance(value, float) and isinstance(found, int | float)):
        return ""
    for fewer in range((digits or 17) - 1, 5, -1):
        if identity.same(found, value, fewer):
            return f" ({_NEAR}={fewer})"
    return ""
