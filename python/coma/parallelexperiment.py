# SPDX-License-Identifier: BSD-2-Clause
"""An experiment that runs on the engines of an ipyparallel cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any

from coma.errors import ExperimentError
from coma.experiment import Experiment
from coma.running.runner import Function


class ParallelExperiment(Experiment):
    """An `Experiment` whose `run` measures on all engines of a running ipyparallel cluster.

    Parameters
    ----------
    dir, id, description, tags, config
        As for `Experiment`.
    profile
        The IPython profile of the cluster.
    cluster_id
        The cluster, if the profile has several.
    """

    def __init__(
        self,
        dir: str | os.PathLike[str],
        id: int | None = None,
        description: str | None = None,
        tags: Sequence[str] = (),
        config: Mapping[str, Any] | None = None,
        profile: str = "default",
        cluster_id: str = "",
    ) -> None:
        super().__init__(dir, id, description, tags, config)
        self.profile = profile
        self.cluster_id = cluster_id

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
        """Do as `Experiment.run` does, on the cluster's engines.

        Raises
        ------
        ExperimentError
            If ipyparallel is not installed, or no cluster is running.
        """
        if executor is not None:
            return super().run(function, executor, workers, keep_going, progress, timeout, rerun)
        with self._engines() as (engines, number):
            return super().run(function, engines, workers or number, keep_going, progress, timeout, rerun)

    @contextmanager
    def _engines(self) -> Iterator[tuple[Executor, int]]:
        client = self._connect()
        try:
            if not client.ids:
                client.wait_for_engines(1, timeout=10)
            yield client.executor(), len(client.ids)
        finally:
            client.close()

    def _connect(self) -> Any:
        try:
            import ipyparallel
        except ImportError:
            raise ExperimentError(
                "ParallelExperiment needs ipyparallel: pip install 'coma-toolkit[parallel]'"
            ) from None
        try:
            return ipyparallel.Client(profile=self.profile, cluster_id=self.cluster_id, timeout=10)
        except (OSError, TimeoutError) as error:
            raise ExperimentError(
                f"no ipyparallel cluster with profile {self.profile!r} answers ({error}). "
                f"Start one: ipcluster start -n 4 --profile={self.profile}"
            ) from error
