"""Worker processes on this machine: one model load each, one case at a time, and a death that concerns one case only.

A pool of the standard library gives up all its work when one process dies (out of memory, a crash inside a library).
Here each process holds exactly one case; when it dies, that case is lost, a new process takes its place, and lost cases
are tried once more at the end, one by one, when nothing else needs the memory.
"""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import cast

from coconet_med.batch.case import BatchOptions, Case, Outcome

#: Seconds that a worker gets to put its files in order when it is asked to stop.
GRACE = 10.0


def run_local(
    cases: Sequence[Case],
    options: BatchOptions,
    out: Path,
    *,
    jobs: int = 1,
    overwrite: bool = False,
    timeout: float | None = None,
) -> Iterator[Outcome]:
    """Outcomes of all cases, each as soon as it is known; the workers end when the iteration does.

    Args:
        cases: what to do.
        options: of the batch.
        out: output folder.
        jobs: processes; each needs the memory of one case.
        overwrite: do finished cases anew.
        timeout: seconds after which the process of a case is ended; the first case of a process also loads the model.
    """
    count = max(1, min(jobs, len(cases)))
    threads = max(1, (os.cpu_count() or 1) // count)
    crew = [_Worker(options, out, overwrite, threads) for _ in range(count)]
    again: list[Case] = []
    try:
        for outcome, case in _share_out(crew, list(cases), timeout):
            if outcome is None or outcome.status == "busy":  # another run may be done with it by then
                again.append(case)
            else:
                yield outcome
        for worker in crew[1:]:
            worker.stop()
        for case in again:
            for outcome, _ in _share_out(crew[:1], [case], timeout):
                yield outcome or lost_outcome(case, crew[0].died_with)
    finally:
        for worker in crew:
            worker.process.terminate()
        for worker in crew:
            worker.stop()


def lost_outcome(case: Case, code: int | None = None) -> Outcome:
    """What is said of a case whose process died twice, at last with this exit code."""
    text = "the process died, twice (often: not enough memory); use fewer --jobs, or crop the images"
    if code == 1:  # an error of Python's, outside the case: most are those of a script that starts itself anew
        text = "the process ended twice before the case was done; its error stands on the screen (a script that calls "
        text += "run_batch must do so under if __name__ == '__main__':, as each process reads the script)"
    return Outcome(case.id, "lost", text)


def timeout_outcome(case: Case, seconds: float) -> Outcome:
    """What is said of a case that took too long."""
    text = f"took longer than {seconds:g} s and was ended; look at its files, or give a longer --case-timeout"
    return Outcome(case.id, "timeout", text)


def _share_out(crew: list[_Worker], todo: list[Case], timeout: float | None) -> Iterator[tuple[Outcome | None, Case]]:
    """(outcome, case) in the order of completion; no outcome where the process died with the case."""
    todo = todo[::-1]
    busy: dict[Connection, tuple[_Worker, Case, float]] = {}
    idle = list(crew)
    while todo or busy:
        while idle and todo:
            worker, case = idle.pop(), todo.pop()
            worker.give(case)
            busy[worker.pipe] = (worker, case, time.monotonic() + (timeout or math.inf))
        first = min(end for _, _, end in busy.values())
        ready = wait(list(busy), None if timeout is None else max(0.0, first - time.monotonic()))
        for pipe in [pipe for pipe, (*_, end) in busy.items() if pipe not in ready and time.monotonic() >= end]:
            worker, case, _ = busy.pop(pipe)
            worker.process.kill()
            worker.process.join()
            worker.restart()
            idle.append(worker)
            yield timeout_outcome(case, timeout or 0), case
        for answering in ready:
            worker, case, _ = busy.pop(cast("Connection", answering))
            try:
                outcome = worker.pipe.recv()
            except (EOFError, OSError):
                outcome = None
                worker.bury()
            idle.append(worker)
            yield outcome, case


class _Worker:
    def __init__(self, options: BatchOptions, out: Path, overwrite: bool, threads: int) -> None:
        self._arguments = (options, out, overwrite, threads)
        self.restart()

    process: SpawnProcess
    pipe: Connection
    died_with: int | None = None

    def bury(self) -> None:
        """Start a new process in place of one that died."""
        self.process.join(10)
        self.died_with = self.process.exitcode
        self.restart()

    def restart(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, far_end = context.Pipe()
        self.process = context.Process(target=_work, args=(far_end, *self._arguments), daemon=True)
        self.process.start()
        far_end.close()

    def give(self, case: Case) -> None:
        with contextlib.suppress(OSError):  # a worker that just died is noticed when its answer is awaited
            self.pipe.send(case)

    def stop(self) -> None:
        self.pipe.close()
        self.process.join(GRACE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def _work(pipe: Connection, options: BatchOptions, out: Path, overwrite: bool, threads: int) -> None:
    """Life of a worker process: cases in, outcomes out, until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interruption means
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    from coconet_med.batch.run import Runner

    runner = Runner(out, options, overwrite=overwrite, threads=threads)
    _limit_threads(threads)
    while True:
        try:
            case = pipe.recv()
        except (EOFError, OSError):
            return
        pipe.send(runner.run(case))


def _leave(*_: object) -> None:
    raise SystemExit(143)  # an exception, so that unfinished files are removed on the way out


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)


def _limit_threads(threads: int) -> None:
    """So that N workers do not ask for N times all cores."""
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
