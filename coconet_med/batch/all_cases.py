"""A whole batch: share the cases out, follow them, and write the table and the report."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from coconet_med.batch.case import FINISHED, BatchOptions, Case, Outcome
from coconet_med.batch.pool import run_local
from coconet_med.batch.records import Records
from coconet_med.batch.summary import NAME as SUMMARY
from coconet_med.batch.summary import write_summary
from coconet_med.errors import WriteError

REPORT = "report.html"
#: Called with each outcome as it is known.
Follow = Callable[[Outcome], None]


@dataclass(frozen=True)
class BatchResult:
    """What became of a batch.

    Attributes:
        outcomes: one for each case, in the order of the cases.
        files: what was written beside the results: the table and the report.
        leftover: results of earlier runs whose cases are none of this batch.
    """

    outcomes: tuple[Outcome, ...]
    files: tuple[Path, ...] = ()
    leftover: tuple[Outcome, ...] = ()

    @property
    def failures(self) -> list[Outcome]:
        """Cases without a result that fits their inputs and options; images that were not taken are none."""
        return [outcome for outcome in self.outcomes if outcome.status not in (*FINISHED, "skipped")]

    @property
    def skipped(self) -> list[Outcome]:
        """Images that were not taken, each with the reason."""
        return [outcome for outcome in self.outcomes if outcome.status == "skipped"]


def run_batch(
    cases: Sequence[Case],
    out: str | Path,
    options: BatchOptions | None = None,
    *,
    jobs: int = 1,
    cluster: str | None = None,
    cluster_options: dict[str, str] | None = None,
    overwrite: bool = False,
    timeout: float | None = None,
    follow: Follow | None = None,
    collect: bool = True,
    complete: bool = False,
) -> BatchResult:
    """Fuse many cases; finished ones are kept, and one that fails does not stop the others.

    Args:
        cases: from :func:`coconet_med.batch.find_cases`.
        out: output folder; made if it is not there.
        options: shared by all cases.
        jobs: worker processes (with ``cluster``: workers), each of which loads the model once.
        cluster: ``None`` for this machine, or ``"local"``, ``"slurm"`` or the address of a Dask scheduler.
        cluster_options: see :func:`coconet_med.batch.dask_cluster.run_cluster`.
        overwrite: do finished cases anew, and replace files that no earlier run made.
        timeout: seconds after which a case is ended that hangs; see :func:`coconet_med.batch.pool.run_local`.
        follow: called with each outcome.
        collect: also write ``summary.csv`` and ``report.html``.
        complete: these are all the cases that there are, so that results of others in ``out`` are left over.

    Raises:
        FusionError: nothing could be started (output folder, weights, cluster, a foreign table in the place of ours);
            not for what is wrong with a case.
        KeyboardInterrupt: on SIGINT or SIGTERM, after the workers have ended and ``summary.csv`` is written.
    """
    options, out = options or BatchOptions(), Path(out)
    prepare(out)
    if collect and not overwrite:
        _refuse_foreign(out)
    if cluster is None:
        stream = run_local(cases, options, out, jobs=jobs, overwrite=overwrite, timeout=timeout)
    else:
        from coconet_med.batch.dask_cluster import run_cluster

        more = cluster_options or {}
        stream = run_cluster(
            cases, options, out, cluster, jobs=jobs, options_of_jobs=more, overwrite=overwrite, timeout=timeout
        )
    found: dict[str, Outcome] = {}
    records = Records(out)
    try:
        with _terminated_as_interrupt():
            for outcome in stream:
                found[outcome.id] = outcome
                if outcome.status in ("lost", "timeout"):
                    _remember_lost(records, outcome)
                if follow:
                    follow(outcome)
    except KeyboardInterrupt:
        cast("Generator[Outcome]", stream).close()
        if collect:
            with records.alone([out / SUMMARY]):
                write_summary([found.get(case.id) or Outcome(case.id, "missing") for case in cases], out)
        raise
    outcomes = tuple(found.get(case.id) or Outcome(case.id, "missing", "not done") for case in cases)
    left = tuple(records.leftover({case.id for case in cases}.__contains__)) if complete else ()
    return BatchResult(outcomes, gather(outcomes, out, left) if collect else (), left)


def gather(outcomes: Sequence[Outcome], out: Path, leftover: Sequence[Outcome] = ()) -> tuple[Path, ...]:
    """Write ``summary.csv`` and ``report.html`` of outcomes whose records lie below ``out``.

    Args:
        outcomes: of the cases.
        out: output folder.
        leftover: lines of the table alone.

    Raises:
        WriteError: the disk does not let us.
    """
    from coconet_med.report.batch_page import write_batch_page

    records = Records(out)
    report = out / REPORT
    with records.alone([report, out / SUMMARY]):
        write_batch_page(outcomes, records.folder, report, title=out.absolute().name)
        return write_summary([*outcomes, *leftover], out), report


def prepare(out: Path) -> None:
    """Make the output folder.

    Raises:
        WriteError: it cannot be made, or nothing can be written there.
    """
    try:
        Records(out).folder.mkdir(parents=True, exist_ok=True)
        probe = Records(out).folder / ".writable"  # a disk may be read-only though the folder is there
        probe.touch()
        probe.unlink()
    except OSError as error:
        msg = f"{out}: cannot be used as output folder ({error.strerror}); choose another one"
        raise WriteError(msg) from error


def _refuse_foreign(out: Path) -> None:
    """Refuse to replace a table or a page that no batch has written, such as the manifest itself.

    Raises:
        WriteError: one is there.
    """
    for name, mark in ((SUMMARY, b"id,status,"), (REPORT, b": fusion report</title>")):
        path = out / name
        if not path.exists():
            continue
        with path.open("rb") as file:
            start = file.read(4096)
        if mark not in start:
            msg = f"{path}: is no {name} of a batch, and would be replaced by one; move it away, or give another OUT"
            raise WriteError(f"{msg} (--overwrite replaces it)")


def _remember_lost(records: Records, outcome: Outcome) -> None:
    before = records.load(outcome.id)
    outcome.outputs = before.outputs if before else {}
    outcome.error += records.earlier(outcome.outputs)
    try:
        records.store(outcome)
    except WriteError as error:
        outcome.error = f"{outcome.error}; {error}"


@contextmanager
def _terminated_as_interrupt() -> Iterator[None]:
    """SIGTERM, which schedulers send, ends a batch as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
