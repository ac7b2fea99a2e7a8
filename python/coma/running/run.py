# SPDX-License-Identifier: BSD-2-Clause
"""One run: measure the missing points, publish each result as it comes, and keep failures as data."""

from __future__ import annotations

import socket
from collections.abc import Callable, Generator, Hashable, Iterable, Sequence
from contextlib import closing

from coma import files
from coma.errors import JsonArchiveError, XMLArchiveError
from coma.parameters.parameterset import ParameterSet
from coma.parameters.sweep import warn_of_other_parameters
from coma.programs.builds import Outdated
from coma.running import runner
from coma.running.dispatch import Dispatcher
from coma.running.pool import Pool
from coma.running.progress import bar
from coma.running.runner import Call, Failure, Job, Outcome
from coma.storage.failures import Failures
from coma.storage.measurement import Tree
from coma.storage.measurements import FileMeasurements, Ids


class Run:
    """Measures points and keeps what comes of them.

    Parameters
    ----------
    home, failures
        Where measurements and failure records go.
    check
        Raises where no measurement can be added any more.
    outdated
        What the new measurements replace.

    Attributes
    ----------
    measured : int
        How many points were measured.
    errors : list of Exception
        What the others raised, each with its parameter set as a note.
    """

    def __init__(
        self,
        home: FileMeasurements,
        failures: Failures,
        check: Callable[[], None],
        outdated: Outdated | None = None,
    ) -> None:
        self.home = home
        self.failures = failures
        self.outdated = outdated
        self.measured = 0
        self.errors: list[Exception] = []
        self._records: dict[Hashable, list[str]] = {}
        self._warned: set[str] = set()
        self._check = check
        self._ids = Ids(home, check)
        self._flusher = files.Flusher()

    def measure(
        self,
        missing: Sequence[ParameterSet],
        call: Call,
        pool: Pool | None,
        workers: int | None,
        keep_going: bool,
        progress: bool | None,
    ) -> None:
        """Measure all points, or up to the first failure; what runs then may end."""
        self._records = self._earlier_failures(missing)
        jobs = ((self._ids.next(), p) for p in missing)

        def is_over() -> bool:
            return bool(self.errors) and not keep_going

        try:
            with (
                closing(_outcomes(call, jobs, len(missing), pool, workers, is_over)) as outcomes,
                bar(len(missing), progress) as steps,
            ):
                for ended in outcomes:
                    self._check()  # a point may have taken longer than somebody needed to archive the experiment
                    for job, outcome in ended:
                        self._keep(job, outcome)
                    steps.update(len(ended))
        finally:
            self._flusher.flush()
            self._ids.give_back()

    def _keep(self, job: Job, outcome: Outcome) -> None:
        number, parameter_set = job
        failed = outcome.failure
        if outcome.tree is not None:
            failed = self._publish(outcome.tree, number, outcome.kept)
        if failed is not None:
            self._record(failed, job, outcome.kept)
            return
        assert outcome.tree is not None
        self.measured += 1
        self._forget(parameter_set)
        self._replace(outcome.tree, parameter_set)
        warn_of_other_parameters(outcome.tree, parameter_set, self._warned)

    def _replace(self, tree: Tree, parameter_set: ParameterSet) -> None:
        """Remove what a measurement replaces, once it is durable."""
        if self.outdated and parameter_set.like(tree) == parameter_set:
            self._flusher.flush()
            self.outdated.remove(parameter_set)

    def _publish(self, tree: Tree, number: int, kept: Sequence[str]) -> Failure | None:
        """Publish a measurement; the failure, where its file's format cannot hold it."""
        start = tree["info"]["start_date"]
        try:
            path = self.home.add(tree, number, durable=False)
        except (JsonArchiveError, XMLArchiveError) as error:
            return runner.failure(error, start)
        self._flusher.add(path)
        if kept:
            self.home.kept.move(number, kept, self.home.id_of(path))
        return None

    def _record(self, failed: Failure, job: Job, kept: Sequence[str]) -> None:
        number, parameter_set = job
        self._forget(parameter_set)
        tree = self.home.serializer.encode(_failure_tree(failed, number, parameter_set, kept))
        beside = self.failures.keep(number, self.home.kept.paths(number, kept), kept)
        self._records[parameter_set.key()] = [self.failures.add(tree, number), *beside]
        self.errors.append(_noted(failed, parameter_set))

    def _forget(self, parameter_set: ParameterSet) -> None:
        if self._records:
            for path in self._records.pop(parameter_set.key(), []):
                files.remove(path)

    def _earlier_failures(self, missing: Sequence[ParameterSet]) -> dict[Hashable, list[str]]:
        known: dict[Hashable, list[str]] = {}
        for record in self.failures:
            found = missing[0].like(record.tree)
            if found is not None:
                beside = self.failures.kept.paths(record.id, record.get("info/kept_files", []))
                known.setdefault(found.key(), []).extend([record.path, *beside])
        return known


def _outcomes(
    call: Call,
    jobs: Iterable[Job],
    count: int,
    pool: Pool | None,
    workers: int | None,
    is_over: Callable[[], bool],
) -> Generator[list[tuple[Job, Outcome]], None, None]:
    if pool is None:
        return runner.serially(call, jobs, is_over)
    return Dispatcher(call, jobs, count, pool, workers, is_over).outcomes()


def _failure_tree(failed: Failure, number: int, parameter_set: ParameterSet, kept: Sequence[str]) -> Tree:
    return {
        "info": {
            "measurement_id": number,
            "start_date": failed.start_date,
            "end_date": failed.end_date,
            "host": socket.gethostname(),
            **({"kept_files": list(kept)} if kept else {}),
        },
        **parameter_set.tree(),
        "error": {
            "type": failed.type,
            "message": failed.message,
            **failed.details,
            "traceback": failed.traceback.splitlines(),
        },
    }


def _noted(failed: Failure, parameter_set: ParameterSet) -> Exception:
    """Return the exception of a failed point, with its parameter set as a note."""
    return runner.noted(failed, f"for the parameter set {parameter_set}")
