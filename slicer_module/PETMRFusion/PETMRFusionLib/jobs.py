"""Jobs for the worker: what is written into their folder, how they are watched, and what comes back."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from PETMRFusionLib.runtime import Runtime

Result = TypeVar("Result")

#: Called with the name of the stage, the finished part and the whole.
Progress = Callable[[str, float, float], None]


class FusionError(RuntimeError):
    """The worker could not do it; the message says why, and what to do.

    Attributes:
        kind: name of the error in the worker, for those that the user is asked about.
    """

    def __init__(self, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.kind = kind


class JobFolder:
    """A temporary folder with orders and arrays for the worker, and its results.

    It holds pixels of a patient, so it goes at the latest when Slicer ends.
    """

    _live: ClassVar[set[Path]] = set()

    def __init__(self) -> None:
        if not JobFolder._live:
            atexit.unregister(JobFolder.remove_all)
            atexit.register(JobFolder.remove_all)
        self.path = Path(tempfile.mkdtemp(prefix="petmrfusion-"))
        JobFolder._live.add(self.path)

    @staticmethod
    def remove_all() -> None:
        """Delete every folder that is left."""
        while JobFolder._live:
            shutil.rmtree(JobFolder._live.pop(), ignore_errors=True)

    def volume(self, file: str, array: np.ndarray, matrix: np.ndarray, name: str = "") -> dict[str, Any]:
        """Put an array into the folder; returns what the orders say of it.

        Args:
            file: its name, without suffix.
            array: (k, j, i) or (k, j, i, 3).
            matrix: voxel to RAS.
            name: what messages call it.
        """
        np.save(self.path / f"{file}.npy", array, allow_pickle=False)
        return {"array": f"{file}.npy", "ijk_to_ras": np.asarray(matrix, float).tolist(), "name": name or file}

    def order(self, task: str, **orders: Any) -> None:
        """Write the orders."""
        text = json.dumps({"task": task, **orders}, allow_nan=False)
        (self.path / "job.json").write_text(text, encoding="utf-8")

    def facts(self) -> dict[str, Any]:
        """What the worker says about its results."""
        return json.loads((self.path / "result" / "facts.json").read_text(encoding="utf-8"))

    def array(self, name: str) -> np.ndarray:
        """An array of the results."""
        return np.load(self.path / "result" / f"{name}.npy", allow_pickle=False)

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        JobFolder._live.discard(self.path)


class Running(Generic[Result]):
    """A job under way.  Call :meth:`poll` from a timer, or :meth:`wait`.

    Args:
        runtime: what does the job.
        folder: the job.
        finish: turns the results into nodes; called once, only when all of them are there.
        progress: told how far the work is.
        notice: told what the user should know meanwhile (a fall-back to smaller batches or to the CPU).

    Attributes:
        outcome: ``None`` while it runs, then ``"done"``, ``"canceled"`` or ``"failed"``.
        value: what ``finish`` returned.
        error: why it failed.
    """

    def __init__(
        self,
        runtime: Runtime,
        folder: JobFolder,
        finish: Callable[[JobFolder], Result],
        *,
        progress: Progress | None = None,
        notice: Callable[[str], None] | None = None,
        on_event: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self.outcome: str | None = None
        self.value: Result | None = None
        self.error: Exception | None = None
        self._folder, self._finish = folder, finish
        self._progress, self._notice, self._on_event = progress, notice, on_event
        self._said = self._kind = ""
        self._canceled = False
        self.task = runtime.start(folder.path, self._hear)

    def poll(self) -> bool:
        """Deliver news; False once it is over."""
        if self.outcome is not None:
            return False
        if self.task.poll():
            return True
        try:
            self._end()
        finally:
            self._folder.remove()
        return False

    def wait(self, idle: Callable[[], None] | None = None) -> Result | None:
        """Wait for the end.

        Args:
            idle: called again and again meanwhile; may call :meth:`cancel`.

        Returns:
            What came out, ``None`` where it was canceled.

        Raises:
            FusionError: it failed.
        """
        import time

        while self.poll():
            if idle:
                idle()
            time.sleep(0.01)
        if self.error is not None:
            raise self.error
        return self.value

    def cancel(self) -> None:
        """Stop; what was computed so far is thrown away."""
        if self.outcome is None:
            self._canceled = True
            self.task.cancel()

    def _hear(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "progress" and self._progress:
            self._progress(event["stage"], event["done"], event["total"])
        elif kind == "fallback" and self._notice:
            self._notice(f"Memory ran out; going on with {event['to']}")
        elif kind == "failed":
            self._said, self._kind = event["message"], event.get("kind", "")
        if self._on_event:
            self._on_event(event)

    def _end(self) -> None:
        if self._canceled:
            self.outcome = "canceled"
        elif self.task.code == 0:
            try:
                self.value = self._finish(self._folder)
                self.outcome = "done"
            except Exception as error:
                self.outcome, self.error = "failed", error
        else:
            last = "\n".join(self.task.log[-5:])
            words = self._said or f"The worker ended with code {self.task.code}. {last}".strip()
            self.outcome, self.error = "failed", FusionError(words, self._kind)
