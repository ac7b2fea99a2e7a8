# SPDX-License-Identifier: BSD-2-Clause
"""Which measurements come from another build than the program at hand, and what measuring them again replaces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from typing import Any, NamedTuple

from coma import files
from coma.errors import ExperimentError, ProgramError
from coma.parameters.parameterset import ParameterSet
from coma.parameters.sweep import Sweep
from coma.programs.program import Program
from coma.storage.flusher import Flusher
from coma.storage.kept import KeptFiles
from coma.storage.measurement import FileMeasurement, Measurement


class Build(NamedTuple):
    """What measured; None where a measurement does not say.

    Attributes
    ----------
    executable : str or None
        The executable's path.
    sha256 : str or None
        The SHA-256 of its content, in hexadecimal digits.
    version : str or None
        The version that the program said it had.
    """

    executable: str | None
    sha256: str | None
    version: str | None


def count(measurements: Iterable[Measurement]) -> dict[Build, int]:
    """Return how many measurements come from each build."""
    return dict(Counter(map(_build, measurements)))


def count_others(measurements: Iterable[Measurement], program: Program) -> tuple[int, int]:
    """Return how many measurements come from another build than `program`, and how many there are.

    Raises
    ------
    ProgramError
        If the program is missing or cannot be read.
    """
    hash_ = _hash(program)
    builds = [_build(measurement) for measurement in measurements]
    return sum(build.sha256 != hash_ for build in builds), len(builds)


def outdated(rerun: str, function: Any, sweep: Sweep, measurements: Iterable[Measurement], kept: KeptFiles) -> Outdated:
    """Return what a run with ``rerun=`` replaces.

    Raises
    ------
    ExperimentError
        If `rerun` is unknown, or `function` is no program, so that it has no builds.
    ProgramError
        If the program is missing or cannot be read.
    """
    if rerun != "other-build" or not isinstance(function, Program):
        raise ExperimentError(f"rerun={rerun!r} with {function!r}: there is rerun='other-build', which takes a Program")
    return Outdated(sweep, measurements, kept, function)


class Outdated:
    """Files of measurements from another build: they go when their points are measured anew.

    Parameters
    ----------
    sweep
        The points.
    measurements
        All measurements.
    kept
        The files beside them.
    program
        The program at hand.

    Attributes
    ----------
    missing : list of ParameterSet
        The points that this build has not measured.

    Raises
    ------
    ProgramError
        If the program is missing or cannot be read.
    """

    def __init__(self, sweep: Sweep, measurements: Iterable[Measurement], kept: KeptFiles, program: Program) -> None:
        self._paths: dict[Hashable, list[str]] = {}
        self._kept = kept
        current: list[Measurement] = []
        hash_ = _hash(program)
        for measurement in measurements:
            if _build(measurement).sha256 == hash_:
                current.append(measurement)
            elif isinstance(measurement, FileMeasurement):
                self._add(sweep, measurement)
        self.missing = sweep.missing(measurement.tree for measurement in current)
        self._complete(sweep, current)

    def pop(self, measured: ParameterSet) -> list[str]:
        """Return the files of a point that is measured anew: they may go, and are forgotten here."""
        return [path for key in measured.candidate_keys() for path in self._paths.pop(key, [])]

    def _add(self, sweep: Sweep, measurement: FileMeasurement) -> None:
        found = sweep.definition and sweep.definition.read(measurement.tree)
        if found:
            self._paths.setdefault(found.key(), []).extend(self._files(measurement))

    def _files(self, measurement: FileMeasurement) -> list[str]:
        path = measurement.archive.filename
        return [path, *self._kept.named_in(measurement.tree, measurement.id, path)]

    def _complete(self, sweep: Sweep, current: Iterable[Measurement]) -> None:
        """Remove what a run that was killed had replaced already, once what replaces it outlasts a power cut."""
        missing = {p.key() for p in self.missing}
        old = [path for p in sweep if p.key() not in missing for path in self.pop(p)]
        if old:
            flusher = Flusher()
            for measurement in current:
                if isinstance(measurement, FileMeasurement):
                    flusher.add(*self._files(measurement))
            flusher.flush()
        for path in old:
            files.remove(path)


def _build(measurement: Measurement) -> Build:
    found: list[Any] = [measurement.get(f"info/{name}") for name in Build._fields]
    return Build(
        *(repr(value) if isinstance(value, Iterable) and not isinstance(value, str) else value for value in found)
    )


def _hash(program: Program) -> str:
    found = program.sha256
    if found is None:
        raise ProgramError(f'"{program.executable}" cannot be read, so that its builds cannot be told apart')
    return found
