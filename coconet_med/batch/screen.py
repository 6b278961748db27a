"""What a batch says while it works: a bar with the time left on a terminal, one plain line a case elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from coconet_med.batch.case import FINISHED, Outcome
from coconet_med.system.printable import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Screen:
    """Reports on standard error.

    Args:
        total: number of cases.
        quiet: say nothing but what failed.
        stream: where to write.
    """

    def __init__(self, total: int, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        self._total, self._quiet, self._stream = total, quiet, stream or sys.stderr
        self._count = self._failed = self._worked = 0
        self._start = time.monotonic()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if not self._quiet and self._stream.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(file=self._stream), speed_estimate_period=3600)
            self._task = self._bar.add_task("fusing", total=self._total)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def case(self, outcome: Outcome) -> None:
        """A case is over."""
        self._count += 1
        self._worked += outcome.status not in ("kept", "skipped")
        bad = outcome.status not in (*FINISHED, "skipped")
        self._failed += bad
        if self._bar and self._task is not None:
            self._bar.update(self._task, advance=1, description=self._description())
        if bad or (not self._quiet and (outcome.status == "skipped" or not self._bar)):
            self.line(self._words(outcome))

    def line(self, text: str) -> None:
        """A line of its own; above the bar on a terminal."""
        text = printable(text)
        if self._bar:
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            print(text, file=self._stream, flush=True)

    def _description(self) -> str:
        return f"fusing, {self._failed} failed" if self._failed else "fusing"

    def _words(self, outcome: Outcome) -> str:
        width = len(str(self._total))
        status = "not taken" if outcome.status == "skipped" else outcome.status
        head = f"[{self._count:{width}}/{self._total}] {outcome.id}: {status}"
        if outcome.status == "done":
            head += f" in {outcome.seconds:.1f} s"
            if outcome.warnings:
                head += f", {len(outcome.warnings)} warning{'s' * (len(outcome.warnings) > 1)}"
        if outcome.error and outcome.status != "kept":
            head += f": {outcome.error}"
        return head + self._time_left()

    def _time_left(self) -> str:
        left = self._total - self._count
        if not left or not self._worked:
            return ""
        seconds = (time.monotonic() - self._start) / self._count * left
        return f" (about {duration(seconds)} left)"


def duration(seconds: float) -> str:
    """A duration as people say it.

    Example:
        >>> duration(42), duration(150), duration(7500)
        ('42 s', '2.5 min', '2.1 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
