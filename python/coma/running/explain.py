# SPDX-License-Identifier: BSD-2-Clause
"""Why a point would run again: what is there, and how it differs from what is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from coma.running.parameterset import ParameterSet
from coma.storage.failures import FailureRecord
from coma.storage.measurement import MemoryMeasurement, Tree
from coma.trees import identity
from coma.trees import path as paths

_ABSENT = object()
_NEAR = "equal with digits"


def explain(asked: ParameterSet, measurements: Iterable[MemoryMeasurement], failures: Iterable[FailureRecord]) -> str:
    """Return in a few sentences whether a point is measured, and if not, why it would run.

    The nearest measurement is the one that agrees in most parameters.
    """
    keys = set(asked.candidate_keys())
    nearest: tuple[float, MemoryMeasurement] | None = None
    for measurement in measurements:
        found = asked.like(measurement.tree)
        if found is not None and found.key() in keys:
            return f"{asked} is measurement {measurement.id}; it would not run again."
        agreement = len(asked) - sum(0.5 if _NEAR in text else 1 for text in _differences(asked, measurement.tree))
        if nearest is None or agreement > nearest[0]:
            nearest = agreement, measurement
    return " ".join([f"{asked} would run.", *_failed(asked, keys, failures), _compared(asked, nearest)])


def _failed(asked: ParameterSet, keys: set[Any], failures: Iterable[FailureRecord]) -> list[str]:
    for record in failures:
        found = asked.like(record.tree)
        if found is not None and found.key() in keys:
            error = record.tree.get("error", {})
            return [f'It failed before, with {error.get("type")}: {error.get("message")} ("{record.path}").']
    return []


def _compared(asked: ParameterSet, nearest: tuple[float, MemoryMeasurement] | None) -> str:
    if nearest is None:
        return "There is no measurement yet."
    agreement, measurement = nearest
    if agreement == 0:
        return "No measurement agrees with it in any parameter."
    differences = _differences(asked, measurement.tree)
    return f"The nearest, measurement {measurement.id}, {'; '.join(differences)}."


def _differences(asked: ParameterSet, tree: Tree) -> list[str]:
    """Return how a measurement differs, a phrase for each parameter that does."""
    differences = []
    for name, path, value, digits in zip(asked.names, asked.paths, asked.values, asked.digits, strict=True):
        found = paths.get(tree, path) if paths.has(tree, path) else _ABSENT
        if found is _ABSENT:
            differences.append(f"has nothing at {path!r}")
        elif identity.key(found, digits) not in set(identity.neighbours(value, digits)):
            differences.append(f"has {name} = {found!r}, not {value!r}{_noise(value, found, digits)}")
    return differences


def _noise(value: Any, found: Any, digits: int | None) -> str:
    """Return the digits in which two floats would be equal, where only rounding parts them."""
    if not (isinstance(value, float) and isinstance(found, int | float)):
        return ""
    for fewer in range((digits or 17) - 1, 5, -1):
        if identity.key(found, fewer) in set(identity.neighbours(value, fewer)):
            return f" ({_NEAR}={fewer})"
    return ""
