# SPDX-License-Identifier: BSD-2-Clause
"""One run: measure the missing points, publish each result as it comes, and keep failures as data."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager

from coma import files
from coma.errors import ArchiveError, ComaError, JsonArchiveError, SerializerError, XMLArchiveError, warn
from coma.parameters.parameterset import ParameterSet
from coma.parameters.sweep import warn_of_other_parameters
from coma.programs.builds import Outdated
from coma.running import interrupt, transport
from coma.running.dispatch import Dispatcher, Ended
from coma.running.point import Call, Failure, Job, Outcome, failure_of, outcome_of
from coma.running.pool import Pool
from coma.running.progress import bar
from coma.storage.flusher import Flusher
from coma.storage.ids import IdBlocks
from coma.storage.measurement import Tree
from coma.storage.store import Store
from coma.text import first_line
from coma.trees.path import Fixed

_OF_ONE_POINT = {  # what a file system may say of a file whose next one it takes
    errno.ENAMETOOLONG,
    errno.EFBIG,
    errno.EISDIR,
    errno.EEXIST,
    errno.EINVAL,
    errno.EILSEQ,
    errno.ELOOP,
}


class Run:
    """Measures points and keeps what comes of them.

    Parameters
    ----------
    store
        Where measurements and failure records go.
    outdated
        What the new measurements replace.

    Attributes
    ----------
    measured : int
        How many points were measured.
    errors : list of Exception
        What the others raised, each with its parameter set as a note.
    """

    def __init__(self, store: Store, outdated: Outdated | None = None) -> None:
        self.store = store
        self.outdated = outdated
        self.measured = 0
        self.errors: list[Exception] = []
        self._first = ""
        self._records: dict[Hashable, list[str]] = {}
        self._warned: set[Fixed] = set()
        self._ids = IdBlocks(store.files.ids, store.require_still_active)
        self._flusher = Flusher()

    def measure(
        self,
        missing: Sequence[ParameterSet],
        call: Call,
        pool: Pool | None,
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
                closing(_outcomes(call, jobs, len(missing), pool, is_over)) as outcomes,
                bar(len(missing), progress) as steps,
            ):
                for ended in outcomes:
                    for job, outcome in ended:
                        self._keep(job, outcome)
                    steps.update(len(ended))
                    self.store.require_still_active()  # somebody may have archived the experiment
        except ComaError as error:
            if self.errors:
                error.add_note(f"{len(self.errors)} point(s) had failed before, the first with {self._first}")
            raise
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
        else:
            assert outcome.tree is not None
            self.measured += 1
            self._replace(self._outdated_by(outcome.tree, parameter_set))
            warn_of_other_parameters(outcome.tree, parameter_set, self._warned)
        self._flusher.flush_if_due()

    def _outdated_by(self, tree: Tree, parameter_set: ParameterSet) -> list[str]:
        """Return the files that a new measurement replaces: an earlier failure's, and those from another build."""
        old = self._records.pop(parameter_set.key(), []) if self._records else []
        if self.outdated and parameter_set.like(tree) == parameter_set:
            old += self.outdated.pop(parameter_set)
        return old

    def _replace(self, old: Sequence[str]) -> None:
        """Remove files once what replaces them is durable."""
        if old:
            self._flusher.flush()
            for path in old:
                with _told("what a measurement replaces stays"):
                    files.remove(path)

    def _publish(self, tree: Tree, number: int, kept: Sequence[str]) -> Failure | None:
        """Publish a measurement; the failure, where it alone cannot be held.

        Raises
        ------
        ComaError
            If the next one could not be published either, as on a full disk: to go on would throw results away.
        """
        beside = self.store.files.kept
        if kept:
            self._flusher.add(*beside.paths(number, kept))
        try:
            published, path = self.store.publish(tree, number, self._flusher)
        except Exception as error:
            if _concerns_all(error):
                raise
            return failure_of(error, tree["info"]["start_date"])
        if kept and published != number:
            with _told(f'files that belong to "{path}" stay with id {number}'):
                beside.move(number, kept, published)
                self._flusher.add(*beside.paths(published, kept))
        return None

    def _record(self, failed: Failure, job: Job, kept: Sequence[str]) -> None:
        number, parameter_set = job
        key = parameter_set.key()
        raised = transport.noted(failed, parameter_set)
        self.errors.append(raised)
        self._first = self._first or f"{failed.type}: {first_line(failed.message)}"
        beside: list[str] = []
        try:
            beside = self.store.failures.keep(number, self.store.files.kept.paths(number, kept), kept)
            self._flusher.add(*beside)
        except (ArchiveError, OSError) as error:  # a directory of that name, say
            raised.add_note(f"files that were left behind are not kept beside the record of this failure: {error}")
        try:
            tree = self.store.files.serializer.encode(
                _failure_tree(failed, number, parameter_set, kept if beside else ())
            )
            record = [self.store.failures.add(tree, number), *beside]
        except (ComaError, OSError) as error:  # a full disk, say
            raised.add_note(f"no record of this failure is kept: {error}")
        else:
            self._replace([path for path in self._records.get(key, []) if path not in record])
            self._records[key] = record

    def _earlier_failures(self, missing: Sequence[ParameterSet]) -> dict[Hashable, list[str]]:
        known: dict[Hashable, list[str]] = {}
        for record in self.store.failures:
            found = missing[0].like(record.tree)
            if found is not None:
                beside = self.store.failures.kept.named_in(record.tree, record.id, record.path)
                known.setdefault(found.key(), []).extend([record.path, *beside])
        return known


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Warn of a file that cannot be moved or removed, now that the result is safe."""
    try:
        yield
    except (ArchiveError, OSError) as error:
        warn(f"{what}: {error}")


def _concerns_all(error: Exception) -> bool:
    """Tell whether an error would come again with the next measurement."""
    cause = error if isinstance(error, OSError) else error.__cause__
    if isinstance(cause, OSError):
        return cause.errno not in _OF_ONE_POINT
    return isinstance(error, ComaError) and not isinstance(error, JsonArchiveError | XMLArchiveError | SerializerError)


def _outcomes(
    call: Call,
    jobs: Iterable[Job],
    count: int,
    pool: Pool | None,
    is_over: Callable[[], bool],
) -> Generator[Ended, None, None]:
    if pool is None:
        return _serially(call, jobs, is_over)
    return Dispatcher(call, jobs, count, pool, is_over).outcomes()


def _serially(call: Call, jobs: Iterable[Job], is_over: Callable[[], bool]) -> Generator[Ended, None, None]:
    """Yield the outcome of each job, in order, until it is over; Ctrl-C ends the point that is running."""
    for job in jobs:
        yield [(job, outcome_of(call, job, keep_interrupts=True))]
        if interrupt.is_ending():  # and the function took no notice
            raise KeyboardInterrupt
        if is_over():
            return


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
