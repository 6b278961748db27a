"""A batch on a cluster through Dask: this machine, SLURM, or a scheduler that runs already.

A worker of Dask that dies (out of memory, killed by the queue) may take queued cases of others down with it.  So cases
that were lost are tried once more at the end, one by one; what is lost again is to blame itself.

Every worker needs the same view of the input and output folders (a shared file system), and the same coconet-med.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from coconet_med.batch.case import BatchOptions, Case, Outcome
from coconet_med.batch.pool import lost_outcome, timeout_outcome
from coconet_med.batch.records import Records
from coconet_med.errors import OptionError, WriteError, installs

#: What a SLURM job asks for unless ``--cluster-option`` says otherwise: enough for a volume of 512 x 512 x 300.
SLURM_DEFAULTS = {"cores": "2", "memory": "8GB", "walltime": "04:00:00"}

#: One case at a worker and none waiting in it, so that a death costs one case; no second try by Dask itself.
_CONFIG = {"distributed.scheduler.worker-saturation": 1.0, "distributed.scheduler.allowed-failures": 0}

#: Runners of this worker process, so that its model is loaded once.
_runners: dict[tuple[Any, ...], Any] = {}


def run_cluster(
    cases: Sequence[Case],
    options: BatchOptions,
    out: Path,
    cluster: str,
    *,
    jobs: int = 1,
    options_of_jobs: dict[str, str] | None = None,
    overwrite: bool = False,
    timeout: float | None = None,
) -> Iterator[Outcome]:
    """Outcomes of all cases, each as soon as it is known; a cluster that was started here ends with the iteration.

    Args:
        cases: what to do.
        options: of the batch.
        out: output folder, seen by all workers.
        cluster: ``"local"``, ``"slurm"``, or the address of a scheduler, such as ``tcp://10.0.0.1:8786``.
        jobs: workers (``"local"``: processes, ``"slurm"``: jobs), each with one case at a time.
        options_of_jobs: for SLURM: see :func:`slurm_script`.
        overwrite: do finished cases anew.
        timeout: seconds after which the worker of a case is ended.

    Raises:
        OptionError: Dask is not installed, the cluster cannot be reached, or an option is not known.
    """
    dask, distributed = _dask()
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # lost workers are reported as lost cases
    with dask.config.set(_CONFIG), _started(distributed, cluster, jobs, options_of_jobs or {}) as client:
        threads = _threads(cluster, jobs, options_of_jobs or {})
        arguments = (options, out.absolute(), overwrite, threads, timeout)
        again = yield from _first_pass(distributed, client, cases, arguments)
        for case in again:
            future = client.submit(_run_case, _absolute(case), *arguments, pure=False, retries=0)
            try:
                yield future.result()
            except distributed.KilledWorker:
                yield _timed_out(out, case, timeout) or lost_outcome(case)


def slurm_script(options: dict[str, str]) -> str:
    """The job script that ``--cluster slurm`` would submit.

    Args:
        options: of :class:`dask_jobqueue.SLURMCluster`, as text: ``queue``, ``account``, ``cores`` (for one case),
            ``memory``, ``walltime``, ``interface``, ``log_directory``, ``python``, ...; ``extra`` holds further
            ``#SBATCH`` options, separated by blanks, such as ``--gres=gpu:1``; ``prologue`` a command to run first,
            such as ``module load python``.

    Raises:
        OptionError: dask-jobqueue is not installed, or an option is not known.
    """
    with _slurm(options) as cluster:
        return cluster.job_script()


def _first_pass(distributed: Any, client: Any, cases: Sequence[Case], arguments: tuple[Any, ...]) -> Any:
    """Yield what is done; return the cases that were lost with their workers, or that another run was at."""
    futures = {client.submit(_run_case, _absolute(c), *arguments, pure=False, retries=0): c for c in cases}
    again = []
    for future in distributed.as_completed(futures):
        case, outcome = futures[future], None
        try:
            outcome = future.result()
        except distributed.KilledWorker:
            outcome = _timed_out(arguments[1], case, arguments[4])
        if outcome is None or outcome.status == "busy":
            again.append(case)
        else:
            yield outcome
        future.release()
    return again


def _run_case(
    case: Case, options: BatchOptions, out: Path, overwrite: bool, threads: int | None, timeout: float | None
) -> Outcome:
    """Do one case in a worker process."""
    from coconet_med.batch.run import Runner

    clock = threading.Timer(timeout, _give_up, (out, case, timeout)) if timeout else None
    if clock:
        clock.daemon = True
        clock.start()
    try:
        key = (options, out, overwrite)
        if key not in _runners:
            _runners[key] = Runner(out, options, overwrite=overwrite, threads=threads)
        return _runners[key].run(case)
    finally:
        if clock:
            clock.cancel()


def _give_up(out: Path, case: Case, timeout: float) -> None:
    """End this worker, whose case takes too long, and leave word of it; Dask starts another one."""
    records = Records(out)
    before = records.load(case.id)
    with contextlib.suppress(WriteError):
        records.store(replace(timeout_outcome(case, timeout), outputs=before.outputs if before else {}))
    os._exit(1)


def _timed_out(out: Path, case: Case, timeout: float | None) -> Outcome | None:
    """What is said of a case whose worker gave up; ``None`` where it died of something else."""
    record = Records(out).load(case.id) if timeout else None
    return timeout_outcome(case, timeout) if timeout and record and record.status == "timeout" else None


def _threads(cluster: str, jobs: int, options: dict[str, str]) -> int | None:
    """Threads of the engine in each worker; ``None``, all of its machine, where workers were started by others."""
    if cluster == "local":
        return max(1, (os.cpu_count() or 1) // jobs)
    return _cores(SLURM_DEFAULTS | options) if cluster == "slurm" else None


def _absolute(case: Case) -> Case:
    """Workers run in folders of their own.  Links are kept: their targets may have other names (git-annex)."""
    function = case.function.absolute() if case.function else None
    return replace(case, anatomy=case.anatomy.absolute(), function=function)


def _started(distributed: Any, cluster: str, jobs: int, options: dict[str, str]) -> Any:
    if cluster == "local":
        address: Any = distributed.LocalCluster(
            n_workers=jobs, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
        )
    elif cluster == "slurm":
        address = _slurm(options)
        address.scale(jobs=jobs)
    elif "://" in cluster:
        address = cluster
    else:
        raise OptionError(f"--cluster {cluster}: choose local, slurm, or an address such as tcp://10.0.0.1:8786")
    return _Connection(distributed, address)


class _Connection:
    """A client, and the cluster behind it if it was started here."""

    def __init__(self, distributed: Any, cluster: Any) -> None:
        self._distributed, self._cluster = distributed, cluster

    def __enter__(self) -> Any:
        try:
            self._client = self._distributed.Client(self._cluster, timeout=30)
        except (OSError, ValueError) as error:
            msg = f"--cluster {self._cluster}: no scheduler answers there ({type(error).__name__}); check the address"
            raise OptionError(msg) from error
        return self._client

    def __exit__(self, *_: object) -> None:
        self._client.close()
        if not isinstance(self._cluster, str):
            self._cluster.close()


def _slurm(options: dict[str, str]) -> Any:
    _dask()
    try:
        from dask_jobqueue import SLURMCluster
    except ImportError as error:
        raise OptionError(f"dask-jobqueue is not installed: {installs('cluster')}") from error
    chosen: dict[str, Any] = SLURM_DEFAULTS | options
    extra, prologue = chosen.pop("extra", ""), chosen.pop("prologue", "")
    cores = _cores(chosen)
    # What dask-jobqueue calls cores are cases at once in a job: one.  The CPUs are for the threads of the engine.
    chosen |= {"cores": 1, "processes": 1, "job_cpu": cores, "job_extra_directives": extra.split()}
    chosen["job_script_prologue"] = [f"export OMP_NUM_THREADS={cores}", *([prologue] if prologue else [])]
    try:
        return SLURMCluster(**chosen, scheduler_options={"dashboard_address": None})
    except (TypeError, ValueError) as error:
        raise OptionError(f"--cluster-option: {error}; known are queue, account, cores, memory, walltime") from error


def _cores(options: dict[str, str]) -> int:
    if not options["cores"].isdigit() or int(options["cores"]) < 1:
        raise OptionError(f"--cluster-option cores={options['cores']}: give a whole number, for example cores=4")
    return int(options["cores"])


def _dask() -> tuple[Any, Any]:
    try:
        import dask
        import distributed
    except ImportError as error:
        raise OptionError(f"Dask is not installed: {installs('cluster')}") from error
    return dask, distributed
