"""What a command says while it works: a bar on a terminal, a line now and then elsewhere, nothing when quiet."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from coconet_med.system.printable import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_LABELS = {
    "read": "reading",
    "fetch": "fetching",
    "align": "aligning",
    "fuse": "fusing slices",
    "phantom": "generating the head",
    "measure": "measuring",
    "train": "training",
    "prepare": "preparing cases",
    "quick_validate": "looking at the network",
    "validate": "validating",
    "export": "exporting",
    "write": "writing",
}

#: Where there is no terminal a stage that goes on says so again after so many seconds.
AGAIN_S = 30.0


class Reporter:
    """Reports on standard error, so that standard output stays free for results.

    Args:
        quiet: say nothing (errors are the business of the caller).
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet or sys.stderr is None  # closed, or a program of Windows without a console
        self._bar: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._open = ""
        self._said: dict[str, float] = {}

    def __enter__(self) -> Self:
        if not self._quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def begin(self, stage: str) -> None:
        """A stage begins whose length is not known; it ends with the next one."""
        self.progress(stage, 0, None)
        self._open = stage

    def progress(self, stage: str, done: int, total: int | None) -> None:
        """Called by the core: ``done`` of ``total`` parts of a stage are finished."""
        label = _LABELS.get(stage, stage)
        if self._open not in ("", stage):
            ended, self._open = self._open, ""
            self.progress(ended, 1, 1)
        if self._bar:
            if stage not in self._tasks:
                self._tasks[stage] = self._bar.add_task(label, total=total)
            self._bar.update(self._tasks[stage], completed=done, total=total)
        elif not self._quiet and stage not in self._said:
            self._said[stage] = time.monotonic()
            self._line(label)
        elif not self._quiet and time.monotonic() - self._said[stage] >= AGAIN_S:
            self._said[stage] = time.monotonic()
            self._line(f"{label}: {done} of {total}")

    def warning(self, text: str) -> None:
        """Something the user should know."""
        if not self._quiet:
            self._line(f"warning: {text}")

    def done(self, text: str) -> None:
        """Something finished."""
        if not self._quiet:
            self._line(text)

    def _line(self, text: str) -> None:
        print(printable(text), file=sys.stderr, flush=True)
