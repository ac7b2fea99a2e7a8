# SPDX-License-Identifier: BSD-2-Clause
"""An experiment: a directory of measurements, and the parameter sets that define them."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from coma.archives.archive import Archive
from coma.config import load_config
from coma.parameters.parameterset import ParameterSet
from coma.parameters.parametersets import ParameterSets
from coma.parameters.sweep import Status
from coma.programs import builds
from coma.programs.explain import Inquiry
from coma.programs.program import Program
from coma.results import frames
from coma.results.resultlist import ResultList
from coma.results.retrieval import LEAVE_OUT, Where, retrieve
from coma.running import interrupt, provenance
from coma.running import pool as pools
from coma.running.point import Call, Function
from coma.running.run import Run
from coma.storage.failures import FailureRecord
from coma.storage.globalindex import global_index
from coma.storage.indexfile import IndexFile
from coma.storage.measurement import FileMeasurement, Measurement
from coma.storage.store import Store
from coma.trees.path import TreePath
from coma.trees.serializer import RecursiveSerializer


class Experiment(ParameterSets):
    """A directory with one file per measurement, opened or created.

    Parameters
    ----------
    dir
        The directory; it is made if it does not exist.
    id
        The experiment's id. By default a new experiment takes the next id of the global experiment index, if there is
        one (see `create_default_config`), and else has none.
    description, tags
        Kept in the experiment file.
    config
        Options that override those of the configuration file.

    Raises
    ------
    ExperimentError
        If `dir` is a file, cannot be written, or holds another experiment than `id`; or an argument does not fit.
    ArchiveError
        If the experiment file cannot be read.
    IndexFileError
        If an index is damaged, or its lock is held by another process.
    ConfigError
        If the configuration file cannot be read.

    Examples
    --------
    >>> import coma, tempfile
    >>> e = coma.Experiment(tempfile.mkdtemp() + '/springs')
    >>> e.define_parameter_set(('k', 'parameters/k'), ('x', 'parameters/x'))
    >>> for x in [0.0, 0.5, 1.0]:
    ...     e.add_parameter_set(2.0, x)
    >>> def energy(p):
    ...     return {'parameters': {'k': p.k, 'x': p.x}, 'results': {'E': p.k * p.x**2 / 2}}
    >>> e.run(energy), e.run(energy)
    ((3, 3), (0, 3))
    >>> rs = e.retrieve_results([('x', 'parameters/x'), ('E', 'results/E')], [('k', 'parameters/k')])
    >>> rs[0].table[:, 1].tolist()
    [0.0, 0.25, 1.0]
    """

    def __init__(
        self,
        dir: str | os.PathLike[str],
        id: int | None = None,
        description: str | None = None,
        tags: Sequence[str] = (),
        config: Mapping[str, Any] | None = None,
    ) -> None:
        self.directory = os.path.abspath(dir)
        self.config = load_config(config)
        self.serializer = RecursiveSerializer(self.config["serializer_getstate"], self.config["serializer_setstate"])
        super().__init__()
        self._store = Store(Path(self.directory), self.config, self.serializer).open(id, description, tags)

    @property
    def id(self) -> int | None:
        """The experiment's id, or None."""
        found: int | None = self._store.file.info.get("experiment_id")
        return found

    @property
    def description(self) -> str | None:
        """What the experiment is about; `save` keeps a change."""
        found: str | None = self._store.file.info.get("description")
        return found

    @description.setter
    def description(self, text: str | None) -> None:
        self._store.file.info["description"] = text

    @property
    def tags(self) -> list[str]:
        """Words to find the experiment by; `save` keeps a change."""
        return self._store.file.info.setdefault("tags", [])  # type: ignore[no-any-return]

    @tags.setter
    def tags(self, tags: Sequence[str]) -> None:
        self._store.file.info["tags"] = list(tags)

    @property
    def start_date(self) -> str | None:
        """When the first run began (UTC), as ``2014-02-25T22:50:11Z``."""
        found: str | None = self._store.file.info.get("start_date")
        return found

    @property
    def end_date(self) -> str | None:
        """When the last run ended that measured anything."""
        found: str | None = self._store.file.info.get("end_date")
        return found

    @property
    def archive(self) -> Archive:
        """The experiment file."""
        return self._store.file.archive

    @property
    def mindex(self) -> IndexFile:
        """The measurement index."""
        return self._store.files.index

    @property
    def experiment_index(self) -> IndexFile:
        """The global experiment index, which need not exist."""
        return global_index(self.config)

    def save(self) -> None:
        """Write description, tags and dates to the experiment file.

        Raises
        ------
        ArchiveError
            If it cannot be written.
        IndexFileError
            If the index's lock, under which it is written, is held by another process.
        """
        self._store.save()

    def load(self) -> None:
        """Read the experiment file again, and forget changes that were not saved.

        Raises
        ------
        ArchiveError
            If it cannot be read.
        """
        self._store.file.load()

    def run(
        self,
        function: Function,
        executor: Executor | Callable[[], Executor] | None = None,
        workers: int | None = None,
        keep_going: bool = True,
        progress: bool | None = None,
        timeout: float | None = None,
        rerun: str | None = None,
    ) -> tuple[int, int]:
        """Call `function` for each parameter set that has no measurement, and save each result as it comes.

        Parameters
        ----------
        function
            Takes a `ParameterSet` and returns a nested dictionary, or an object that can be serialised; or a
            `Program`.
        executor
            Where it is called: any `concurrent.futures.Executor`, or a function that makes one; here by default.
        workers
            Shorthand for a local pool of that many threads (for a `Program`) or processes. With an `executor`: how
            many workers that has.
        keep_going
            Whether to go on with the other points after one failed.
        progress
            Show a progress bar; by default on a terminal and in a notebook.
        timeout
            Seconds after which a point fails. A function is interrupted when it comes back to Python, which compiled
            code may never do; a `Program` is ended. On threads, as in dask, a function cannot be interrupted.
        rerun
            ``'other-build'`` measures those points again, too, that another build of the program measured; each old
            measurement is removed once the new one is saved.

        Returns
        -------
        tuple of (int, int)
            How many points were measured, and how many are defined.

        Raises
        ------
        ExceptionGroup
            If points failed; each member has its parameter set as a note. The others are saved, and each failure is
            kept as a record, see `failures`, until a later run succeeds.
        ExperimentError
            If `function` cannot be called; there is something to run and the experiment is inactive; no workers are
            left; `function` cannot be sent to the workers, or not be interrupted there; `rerun` is unknown or
            `function` is no program that has builds; or measurement files lie above the index.
        ProgramError
            If the program is missing or cannot be executed, before anything runs.
        ArchiveError
            If a file cannot be read or written, as on a full disk.
        IndexFileError
            If the index is damaged, or its lock is held by another process.
        """
        pools.check(function, executor, timeout)
        measurements = self._store.measurements()
        outdated = None
        if rerun is not None:
            outdated = builds.outdated(rerun, function, self._sweep, measurements, self._store.files.kept)
        missing = self._sweep.missing(measurements.trees()) if outdated is None else outdated.missing
        self._store.tidy(measurements.listing)
        if not missing:
            return 0, len(self._sweep)
        self._store.require_active("Cannot run a new measurement")
        if isinstance(function, Program):
            function, timeout = function.limited(timeout), None
            function.check(missing[0].names)
        self._store.files.ids.refuse_stale()
        run = Run(self._store, outdated)
        is_wrapped = type(self).run_measurement is not Experiment.run_measurement
        measure = functools.partial(self.run_measurement, function) if is_wrapped else function
        call = Call(measure, self.serializer, timeout, self._store.files.kept)
        where = provenance.environment() if self.config["record_environment"] else None
        with interrupt.ending(), self._pool(function, executor, workers) as pool, self._store.recorded(where):
            run.measure(missing, call, pool, keep_going, progress)
        if run.errors:
            raise ExceptionGroup(f"{len(run.errors)} of {len(missing)} measurements failed", run.errors)
        return run.measured, len(self._sweep)

    def _pool(
        self, function: Function, executor: Any, workers: int | None
    ) -> AbstractContextManager[pools.Pool | None]:
        """Give the pool in which a run measures; None is here."""
        return nullcontext(pools.choose(function, executor, workers))

    def run_measurement(self, function: Function, parameter_set: ParameterSet) -> Any:
        """Call `function` for one parameter set; override this to wrap every call.

        Parameters
        ----------
        function
            What `run` was given.
        parameter_set
            The point.
        """
        return function(parameter_set)

    def new_measurement(self) -> FileMeasurement:
        """Return a measurement with the next id, to be filled and saved.

        Raises
        ------
        ExperimentError
            If the experiment is inactive, or measurement files lie above the index.
        IndexFileError
            If the index is damaged, or its lock is held by another process.
        """
        return self._store.new_measurement()

    def measurements(self) -> Iterator[Measurement]:
        """Yield all measurements in the order of their ids.

        A damaged file is left out, with a warning at the end.

        Raises
        ------
        ArchiveError
            If a file is there and may not be read.
        IndexFileError
            If the index is damaged.
        """
        return iter(self._store.measurements())

    def number_of_measurements(self) -> int:
        """Return how many measurements there are."""
        return len(self._store.measurements())

    def failures(self) -> list[FailureRecord]:
        """Return what is known of the points that failed and were not measured since.

        The next run tries them again, and removes the record of what then succeeds.
        """
        return list(self._store.failures)

    def explain(self, /, *values: Any, **named: Any) -> str:
        """Say why a point would run, or that it would not: what the nearest measurement has, and earlier failures.

        Parameters
        ----------
        *values, **named
            The point, as for `add_parameter_set`; it need not have been added.

        Raises
        ------
        ParameterSetError
            If the values do not fit the definition.
        """
        asked = self._sweep.parameter_set(values, named)
        return Inquiry(self._sweep.defined(), asked).explain(self._store.measurements(), self._store.failures)

    def status(self, program: Program | None = None) -> Status:
        """Return how many of the parameter sets are done, failed, missing; and how many files are damaged.

        Parameters
        ----------
        program
            Count the measurements that come from another build than this one, too.

        Raises
        ------
        ProgramError
            If the program is missing or cannot be read.
        """
        status = self._sweep.status(self._store.measurements(), self._store.failures)
        if program is None:
            return status
        return status._replace(other_build=builds.count_others(self._store.measurements(), program))

    def builds(self) -> dict[builds.Build, int]:
        """Return how many measurements come from each build: executable, its SHA-256, and version."""
        return builds.count(self._store.measurements())

    def retrieve_results(
        self,
        table: Sequence[tuple[str, TreePath]],
        parameter_set: Sequence[tuple[str, TreePath]] = (),
        *,
        fill: Any = LEAVE_OUT,
        on_ragged: str = "error",
        where: Where | None = None,
    ) -> ResultList:
        """Return one table for each distinct value of some parameters.

        Parameters
        ----------
        table
            Name and path of each column, ``[('t', 'results/t')]`` say; a key with a slash is reached by its text, and by
            a sequence, ``['results', 'v (m/s)']``. A list, and what a path with ``*`` finds,
            unfolds to ``t_1``, ``t_2``, ...; a numpy array stays whole.
        parameter_set
            Name and path of each parameter that tells the tables apart.
        fill
            What stands in for absent values; a dictionary says so by name, for columns and parameters. By default a
            measurement that lacks one of the paths is left out, and the list's attribute `missing` says so.
        on_ragged
            What to do when lists vary in length: ``'error'``, or ``'pad'`` with NaN among numbers and else with None.
        where
            Which measurements to take: a condition on names and paths, such as ``'A > 3 and T < 5'``, or a function of
            the measurement.

        Returns
        -------
        ResultList
            In the order of appearance; the rows of each table in the order of the measurements' ids.

        Raises
        ------
        ExperimentError
            If lists vary in length, or `where` is no condition.

        Warns
        -----
        UserWarning
            If there are no measurements, or none has one of the paths.
        """
        trees = self._store.measurements().trees(are_lent=callable(where))
        known = self._sweep.definition
        return retrieve(trees, table, parameter_set, fill=fill, on_ragged=on_ragged, where=where, known=known)

    def to_dataframe(self) -> Any:
        """Return a table of everything scalar: one row for each measurement, one column for each path.

        Defaults of `define_parameter_set` stand in for what older measurements lack.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        ExperimentError
            If pandas is not installed.
        """
        definition = self._sweep.definition
        return frames.measurements_to_dataframe(self._store.measurements(), definition.defaults if definition else {})

    def isactive(self) -> bool:
        """Tell whether the measurements lie in files of their own, so that new ones can be added."""
        return self._store.is_active()

    def deactivate(self) -> None:
        """Archive: move all measurements into the experiment file.

        The measurement files are removed only after the archive was read back and compared. Killed in between, it can
        be repeated. Files that a power cut left without content are renamed, with a warning.

        Raises
        ------
        ExperimentError
            If the experiment is inactive.
        ArchiveError
            If a measurement cannot be read, or the experiment file's format cannot hold it.
        """
        self._store.deactivate()

    def activate(self) -> None:
        """Give each archived measurement a file of its own again.

        Raises
        ------
        ExperimentError
            If the experiment is active, or a file is in the way.
        ArchiveError
            If a file cannot be read or written.
        """
        self._store.activate()

    def reset(self) -> None:
        """Delete all measurements, and start again with id 1."""
        self._store.reset()

    def __str__(self) -> str:
        state = "active" if self.isactive() else "inactive"
        return (
            f"Experiment {self.id} ({state})\n  directory: {self.directory}\n  description: {self.description}\n"
            f"  tags: {self.tags}\n  start_date: {self.start_date}\n  end_date: {self.end_date}\n"
            f"  measurements: {self.number_of_measurements()}"
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.directory!r})"
