"""What a command says while it works: a bar on a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from coconet_med.printable import printable

_LABELS = {
    "align": "aligning",
    "fuse": "fusing slices",
    "phantom": "generating the head",
    "measure": "measuring",
    "train": "training",
    "prepare": "preparing studies",
}


class Reporter:
    """Reports on standard error, so that standard output stays free for results.

    Args:
        quiet: say nothing (errors are the business of the caller).
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._bar = None
        self._tasks: dict[str, int] = {}
        self._said: set[str] = set()

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

    def progress(self, stage: str, done: int, total: int) -> None:
        """Called by the core: ``done`` of ``total`` parts of a stage are finished."""
        label = _LABELS.get(stage, stage)
        if self._bar:
            if stage not in self._tasks:
                self._tasks[stage] = self._bar.add_task(label, total=total)
            self._bar.update(self._tasks[stage], completed=done, total=total)
        elif not self._quiet and stage not in self._said:
            self._said.add(stage)
            self._line(label)

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
