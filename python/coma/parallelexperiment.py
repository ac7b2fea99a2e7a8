# SPDX-License-Identifier: BSD-2-Clause
"""An experiment that runs on the engines of an ipyparallel cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any

from coma.errors import ExperimentError
from coma.experiment import Experiment
from coma.running import pool as pools
from coma.running.point import Function
from coma.running.pool import Pool

_CONNECT_SECONDS = 10.0  # in which the controller must answer, and an engine must be there


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

    Raises
    ------
    ExperimentError
        From `run`, if there is something to do and ipyparallel is not installed, or no cluster is running.
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

    @contextmanager
    def _pool(self, function: Function, executor: Any, workers: int | None) -> Iterator[Pool | None]:
        """Give the cluster's engines, unless the caller of `run` names an executor."""
        if executor is not None:
            with super()._pool(function, executor, workers) as pool:
                yield pool
            return
        with self._engines() as (engines, number):
            yield pools.choose(function, engines, workers or number)

    @contextmanager
    def _engines(self) -> Iterator[tuple[Executor, int]]:
        client = self._connect()
        try:
            client.wait_for_engines(1, timeout=_CONNECT_SECONDS)
        except TimeoutError:
            client.close()
            raise ExperimentError(
                f"the ipyparallel cluster with profile {self.profile!r} has no engines. "
                f"Start some: ipcluster engines -n 4 --profile={self.profile}"
            ) from None
        try:
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
            return ipyparallel.Client(profile=self.profile, cluster_id=self.cluster_id, timeout=_CONNECT_SECONDS)
        except (OSError, TimeoutError) as error:
            raise ExperimentError(
                f"no ipyparallel cluster with profile {self.profile!r} answers ({error}). "
                f"Start one: ipcluster start -n 4 --profile={self.profile}"
            ) from error
