# SPDX-License-Identifier: BSD-2-Clause
"""Real engines: how each is started, what it needs, and how it is ended for sure.

Those of `CLUSTERS` run in a process of their own, under a launcher; what they leave behind is found by a variable in its
environment, and killed.
"""

from __future__ import annotations

import contextlib
import getpass
import importlib.util
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from helpers import environment, kill, until


class Started(NamedTuple):
    """An engine that runs: the options of `Experiment.run`, and what takes all workers away."""

    options: dict[str, Any]
    stop_workers: Callable[[], object] | None = None


Engine = Callable[[], AbstractContextManager[Started]]
MARK = "COMA_TEST_ENGINE_DIRECTORY"
CORES = 8


@contextmanager
def here() -> Iterator[Started]:
    """Give this process."""
    yield Started({})


@contextmanager
def workers() -> Iterator[Started]:
    """Give the pool that Coma makes itself."""
    yield Started({"workers": 2})


@contextmanager
def threads() -> Iterator[Started]:
    """Give threads of this process."""
    with ThreadPoolExecutor(2) as executor:
        yield Started({"executor": executor})


def processes(method: str) -> Engine:
    """Return an engine: a process pool of the standard library with a start method."""

    @contextmanager
    def engine() -> Iterator[Started]:
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as executor:
            yield Started({"executor": executor})

    return engine


@contextmanager
def loky() -> Iterator[Started]:
    """Give a process pool of loky."""
    import loky

    with loky.ProcessPoolExecutor(2) as executor:
        yield Started({"executor": executor})


@contextmanager
def dask() -> Iterator[Started]:
    """Give two workers of dask on this machine."""
    distributed: Any = import_module("distributed")
    options = {"host": "127.0.0.1", "dashboard_address": None, "silence_logs": 50}
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, **options) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield Started({"executor": lambda: client.get_executor(pure=False)}, lambda: cluster.scale(0))


@contextmanager
def dask_jobqueue() -> Iterator[Started]:
    """Give two workers of dask, each a Slurm job."""
    distributed: Any = import_module("distributed")
    dask_jobqueue: Any = import_module("dask_jobqueue")
    with (
        dask_jobqueue.SLURMCluster(cores=1, memory="1GiB", walltime="00:05:00") as cluster,
        distributed.Client(cluster) as client,
    ):
        cluster.scale(jobs=2)
        client.wait_for_workers(2, timeout=60)
        yield Started({"executor": lambda: client.get_executor(pure=False)}, cancel_jobs)


def cancel_jobs() -> None:
    """End all jobs of this user."""
    subprocess.run(["scancel", "--user", getpass.getuser()], check=True)


@contextmanager
def executorlib() -> Iterator[Started]:
    """Give two workers within a Slurm allocation."""
    from executorlib import SlurmJobExecutor

    options = {"block_allocation": True, "hostname_localhost": True, "disable_dependencies": True}
    yield Started({"executor": lambda: SlurmJobExecutor(max_workers=2, **options)})


@contextmanager
def mpi() -> Iterator[Started]:
    """Give the other ranks of ``mpiexec -n 3 python -m mpi4py.futures``."""
    from mpi4py.futures import MPIPoolExecutor

    yield Started({"executor": MPIPoolExecutor})


@contextmanager
def ipyparallel() -> Iterator[Started]:
    """Give four engines of ipyparallel."""
    import ipyparallel

    cluster = ipyparallel.Cluster(n=4, controller_args=["--HeartMonitor.period=500"], log_level=40)
    client = cluster.start_and_connect_sync(activate=False)
    try:
        client.wait_for_engines(4, timeout=60)
        yield Started({"executor": client.executor}, cluster.stop_engines_sync)
    finally:
        client.close()
        cluster.stop_cluster_sync()


class Cluster(NamedTuple):
    """An engine of several processes: how it is opened, what it needs, and what Python is started under."""

    open: Engine
    modules: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    launcher: tuple[str, ...] = (sys.executable,)


LOCAL: dict[str, Engine] = {
    "here": here,
    "workers": workers,
    "threads": threads,
    "fork": processes("fork"),
    "forkserver": processes("forkserver"),
    "spawn": processes("spawn"),
    "loky": loky,
}
SLURM = ("slurmctld", "slurmd", "sbatch", "salloc")
CLUSTERS = {
    "ipyparallel": Cluster(ipyparallel, ("ipyparallel",)),
    "dask": Cluster(dask, ("distributed",)),
    "mpi": Cluster(mpi, ("mpi4py",), ("mpiexec",), ("mpiexec", "-n", "3", sys.executable, "-m", "mpi4py.futures")),
    "dask-jobqueue": Cluster(dask_jobqueue, ("dask_jobqueue",), SLURM),
    "executorlib": Cluster(
        executorlib, ("executorlib",), SLURM, ("salloc", "-Q", "-n", "4", "setsid", "--wait", sys.executable)
    ),
}
ENGINES = LOCAL | {name: cluster.open for name, cluster in CLUSTERS.items()}

DASK = {  # what a site configures: the network, and here no web pages
    "DASK_JOBQUEUE__SLURM__INTERFACE": "lo",
    "DASK_JOBQUEUE__SLURM__SCHEDULER_OPTIONS": "{'host': '127.0.0.1', 'dashboard_address': None}",
    "DASK_JOBQUEUE__SLURM__WORKER_EXTRA_ARGS": "['--no-dashboard']",
}


def search_path() -> str:
    """Return where commands are looked for: beside this Python, and where the system keeps its daemons."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"], "/usr/sbin", "/sbin"])


def needs(name: str) -> Cluster:
    """Return what belongs to a name: a cluster, a local engine, or Slurm alone."""
    return CLUSTERS.get(name) or Cluster(LOCAL.get(name, here), (), SLURM if name == "slurm" else ())


def missing(cluster: Cluster) -> str:
    """Return the parts that an engine needs and that are not there; an empty string if it can run."""
    parts = [name for name in cluster.modules if importlib.util.find_spec(name) is None]
    return ", ".join(parts + [name for name in cluster.commands if not shutil.which(name, path=search_path())])


def settings(directory: Path) -> dict[str, str]:
    """Return an environment in which engines keep what they write within a directory."""
    own = {"IPYTHONDIR": "ipython", "DASK_CONFIG": "dask", "HOME": "home", MARK: "engine"}
    for name in own.values():
        (directory / name).mkdir(exist_ok=True)
    places = {name: str(directory / folder) for name, folder in own.items()}
    return {**environment(), **places, **DASK, "PATH": search_path()}


def run(command: list[str], directory: Path, env: Mapping[str, str], seconds: float = 120) -> tuple[int, str]:
    """Run a command; return its code, -9 if it did not end in time, and what it printed."""
    with started(command, directory, env) as process, contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    return process.returncode, (directory / "output").read_text(errors="replace")


@contextmanager
def started(command: list[str], directory: Path, env: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Start a command in a process group of its own; at the end, nothing that it started stays."""
    with open(directory / "output", "w") as file:
        options: Any = {"stdin": subprocess.DEVNULL, "stdout": file, "stderr": subprocess.STDOUT, "text": True}
        process = subprocess.Popen(command, cwd=directory, env=dict(env), start_new_session=True, **options)
    try:
        yield process
    finally:
        kill(process)
        kill_marked(env[MARK])


def kill_marked(directory: str) -> None:
    """Kill every process with this directory in its environment."""
    for pid in [int(name) for name in os.listdir("/proc") if name.isdigit()] if os.path.isdir("/proc") else []:
        if pid != os.getpid() and f"{MARK}={directory}\0" in variables(pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def variables(pid: int) -> str:
    """Return the environment of a process, as text."""
    try:
        return Path(f"/proc/{pid}/environ").read_text(errors="replace")
    except OSError:
        return ""


SLURM_CONF = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/none
CredType=cred/none
SlurmctldPort={controller_port}
SlurmdPort={node_port}
StateSaveLocation={directory}/state
SlurmdSpoolDir={directory}/spool
SlurmctldPidFile={directory}/slurmctld.pid
SlurmdPidFile={directory}/slurmd.pid
SlurmctldLogFile={directory}/slurmctld.log
SlurmdLogFile={directory}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
SchedulerParameters=batch_sched_delay=0
SlurmdParameters=config_overrides
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
MailProg=/bin/true
KillWait=2
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory=16000 State=UNKNOWN
PartitionName=main Nodes=n1 Default=YES MaxTime=INFINITE State=UP
"""


@contextmanager
def slurm(directory: Path) -> Iterator[dict[str, str]]:
    """Run Slurm with one node, this machine, as this user, and without munge; give the environment that finds it."""
    for name in ("state", "spool"):
        (directory / name).mkdir()
    conf = directory / "slurm.conf"
    host, user = socket.gethostname().partition(".")[0], getpass.getuser()
    ports = dict(zip(("controller_port", "node_port"), free_ports(2), strict=True))
    conf.write_text(SLURM_CONF.format(host=host, user=user, directory=directory, cores=CORES, **ports))
    env = {**os.environ, "SLURM_CONF": str(conf), "PATH": search_path(), MARK: str(directory)}
    try:
        for command in (["slurmctld", "-c"], ["slurmd", "-c", "-N", "n1"]):
            subprocess.run(command, env=env, check=True, stdin=subprocess.DEVNULL)
        until(lambda: ask(env, "sinfo", "-h", "-o", "%t") == "idle", 30)
        yield {"SLURM_CONF": str(conf)}
    finally:
        ask(env, "scancel", "--user", user)
        stop_slurm(directory, env)


def stop_slurm(directory: Path, env: Mapping[str, str]) -> None:
    """End the daemons once no job is left, as otherwise its keeper stays; and kill what is left after all."""
    with contextlib.suppress(AssertionError):
        until(lambda: ask(env, "squeue", "-h") == "", 10)
    for name in ("slurmd", "slurmctld"):
        with contextlib.suppress(OSError, ValueError):
            os.kill(int((directory / f"{name}.pid").read_text()), signal.SIGTERM)
    time.sleep(0.5)
    kill_marked(str(directory))


def ask(env: Mapping[str, str], *command: str) -> str | None:
    """Return what a command of Slurm answers, None if it fails."""
    try:
        done = subprocess.run(command, env=dict(env), capture_output=True, text=True, timeout=5, check=False)
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def free_ports(count: int) -> list[int]:
    """Return ports on which nobody listens."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
