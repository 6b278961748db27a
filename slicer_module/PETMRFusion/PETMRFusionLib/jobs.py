"""Jobs for the worker: what is written into their folder, how they are watched, and what comes back."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from slicer.i18n import tr as _

from PETMRFusionLib.install import LEAST_VERSION
from PETMRFusionLib.runtime import Runtime, Task
from PETMRFusionLib.slabs import Chore, Work, finish, reading, writing

Result = TypeVar("Result")

#: Names of the folders, before the number of the process; and the age at which one is nobody's any more.
PREFIX, A_DAY_SECONDS = "petmrfusion-", 86400

#: Called with the name of the stage, the finished part and the whole.
Progress = Callable[[str, float, float], None]


class FusionError(RuntimeError):
    """The worker could not do it; the message says why, and what to do.

    Attributes:
        kind: name of the error in the worker, for those that the user is asked about.
        missing: module that could not be imported, where it is that.
    """

    def __init__(self, message: str, kind: str = "", missing: str = "") -> None:
        super().__init__(message)
        self.kind, self.missing = kind, missing


class JobFolder:
    """A temporary folder with orders and arrays for the worker, and its results.

    It holds pixels of a patient, so it goes at the latest when Slicer ends.
    """

    _live: ClassVar[set[Path]] = set()

    def __init__(self) -> None:
        if not JobFolder._live:
            atexit.unregister(JobFolder.remove_all)
            atexit.register(JobFolder.remove_all)
            remove_orphans()
        self.path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        JobFolder._live.add(self.path)

    @staticmethod
    def remove_all() -> None:
        """Delete every folder that is left."""
        while JobFolder._live:
            shutil.rmtree(JobFolder._live.pop(), ignore_errors=True)

    def volume(
        self, file: str, array: np.ndarray, matrix: np.ndarray, name: str = "", kind: Any = np.float32
    ) -> dict[str, Any]:
        """:meth:`adding` at once."""
        return finish(self.adding(file, array, matrix, name, kind))

    def adding(
        self, file: str, array: np.ndarray, matrix: np.ndarray, name: str = "", kind: Any = np.float32
    ) -> Work[dict[str, Any]]:
        """Put an array into the folder, in pieces; the result is what the orders say of it.

        Args:
            file: its name, without suffix.
            array: (k, j, i) or (k, j, i, 3).
            matrix: voxel to RAS.
            name: what messages call it.
            kind: type of the numbers.
        """
        yield from writing(self.path / f"{file}.npy", array, kind)
        return {"array": f"{file}.npy", "ijk_to_ras": np.asarray(matrix, float).tolist(), "name": name or file}

    def order(self, task: str, **orders: Any) -> None:
        """Write the orders."""
        text = json.dumps({"task": task, "least_version": LEAST_VERSION, **orders}, allow_nan=False)
        (self.path / "job.json").write_text(text, encoding="utf-8")

    def facts(self) -> dict[str, Any]:
        """What the worker says about its results."""
        return json.loads((self.path / "result" / "facts.json").read_text(encoding="utf-8"))

    def array(self, name: str) -> np.ndarray:
        """An array of the results."""
        return np.load(self.path / "result" / f"{name}.npy", allow_pickle=False)

    def reading(self, name: str, out: np.ndarray) -> Work[None]:
        """Read an array of the results into one of the same shape and type, in pieces."""
        yield from reading(self.path / "result" / f"{name}.npy", out)

    @classmethod
    @contextlib.contextmanager
    def filled(cls) -> Iterator[JobFolder]:
        """A new folder; deleted again where it cannot be filled, or nobody wants it any more."""
        folder = cls()
        try:
            yield folder
        except BaseException:
            folder.remove()
            raise

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        JobFolder._live.discard(self.path)


def remove_orphans() -> None:
    """Delete folders of a Slicer that crashed: pixels of a patient must not stay."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        with contextlib.suppress(OSError, ValueError):
            owner = int(folder.name[len(PREFIX) :].split("-")[0])
            if owner == os.getpid():
                continue
            old = time.time() - folder.stat().st_mtime > A_DAY_SECONDS
            if old or not _runs(owner):
                shutil.rmtree(folder, ignore_errors=True)


def _runs(process: int) -> bool:
    """Whether a process is there; on Windows, where asking would end it, it is taken to be."""
    if os.name == "nt":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class Running(Generic[Result]):
    """A job under way: orders are written, the worker works, its results are taken up.

    Call :meth:`poll` from a timer, or :meth:`wait`.  No call of :meth:`poll` takes longer than a window may wait,
    however large the volumes are.

    Args:
        runtime: what does the job.
        orders: the job, or work that writes it.
        finish: turns the results into nodes, at once or in pieces; only when all of them are there.
        progress: called with how far the work is.
        notice: called with what the user should know meanwhile (a fall-back to smaller batches or to the CPU).

    Attributes:
        outcome: ``None`` while it runs, then ``"done"``, ``"canceled"`` or ``"failed"``.
        value: what ``finish`` returned.
        error: why it failed.
        task: what the runtime started; ``None`` while the orders are written.
    """

    def __init__(
        self,
        runtime: Runtime,
        orders: JobFolder | Work[JobFolder],
        finish: Callable[[JobFolder], Result | Work[Result]],
        *,
        progress: Progress | None = None,
        notice: Callable[[str], None] | None = None,
        on_event: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self.outcome: str | None = None
        self.value: Result | None = None
        self.error: Exception | None = None
        self.task: Task | None = None
        self._runtime, self._finish = runtime, finish
        self._progress, self._notice, self._on_event = progress, notice, on_event
        self._said = self._kind = self._missing = ""
        self._canceled = False
        self._folder = orders if isinstance(orders, JobFolder) else None
        self._orders = None if isinstance(orders, JobFolder) else Chore(orders)
        self._results: Chore[Result] | None = None
        self._order()

    def poll(self) -> bool:
        """Deliver news; False once it is over."""
        if self.outcome is not None:
            return False
        if self._canceled and self.task is None:
            self._orders.drop()
            self.outcome = "canceled"
        elif self.task is None:
            self._order()
        elif self.task.poll():
            return True
        else:
            self._take_up()
        if self.outcome is not None and self._folder is not None:
            self._folder.remove()
        return self.outcome is None

    def wait(self, idle: Callable[[], None] | None = None) -> Result | None:
        """Wait for the end.

        Args:
            idle: called again and again meanwhile; may call :meth:`cancel`.

        Returns:
            What came out, ``None`` where it was canceled.

        Raises:
            FusionError: it failed.
        """
        while self.poll():
            if idle:
                idle()
            if self._results is None:
                time.sleep(0.01)
        if self.error is not None:
            raise self.error
        return self.value

    def cancel(self) -> None:
        """Stop; what was computed so far is thrown away."""
        if self.outcome is None:
            self._canceled = True
            if self.task is not None:
                self.task.cancel()

    def kill(self) -> None:
        """Stop at once, without waiting for the worker to end by itself."""
        self.cancel()
        if self.task is not None:
            self.task.kill()
        self.wait()

    def _order(self) -> None:
        """Write the orders, or a part of them; start the worker where they are complete."""
        try:
            if self._orders is not None:
                if self._orders.advance():
                    return
                self._folder = self._orders.value
            self.task = self._runtime.start(self._folder.path, self._hear)
        except Exception as error:
            self._fail(error)

    def _take_up(self) -> None:
        """Take the results up, or a part of them."""
        if self._canceled:
            if self._results is not None:
                self._results.drop()
            self.outcome = "canceled"
        elif self.task.code != 0:
            last = "\n".join(self.task.log[-5:])
            crash = _("The worker ended with code {code}. {last}").format(code=self.task.code, last=last).strip()
            words = self._said or crash
            self._fail(FusionError(words, self._kind, self._missing))
        else:
            try:
                if self._results is None:
                    made = self._finish(self._folder)
                    self._results = Chore(made if isinstance(made, Generator) else _at_once(made))
                if not self._results.advance():
                    self.value, self.outcome = self._results.value, "done"
            except Exception as error:
                self._fail(error)

    def _fail(self, error: Exception) -> None:
        self.outcome, self.error = "failed", error
        if self._folder is not None:
            self._folder.remove()

    def _hear(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "progress" and self._progress:
            self._progress(event["stage"], event["done"], event["total"])
        elif kind == "fallback" and self._notice:
            self._notice(_("Memory ran out; going on with {to}").format(to=event["to"]))
        elif kind == "failed":
            self._said, self._kind = event["message"], event.get("kind", "")
            self._missing = event.get("missing", "")
        if self._on_event:
            self._on_event(event)


def _at_once(value: Result) -> Work[Result]:
    return value
    yield
