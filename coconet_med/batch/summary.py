"""``summary.csv``: one line for each case, for people and spreadsheets."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coconet_med.batch.case import Outcome
from coconet_med.batch.summary_columns import ALIGNMENT_FACTS, MEASURE_FACTS
from coconet_med.system.printable import printable
from coconet_med.writers.atomic import write_together

NAME = "summary.csv"

COLUMNS = (
    "id",
    "status",
    "seconds",
    "finished",
    *ALIGNMENT_FACTS,
    "units",
    "suv",
    "window_low",
    "window_high",
    *MEASURE_FACTS,
    "warnings",
    "output",
    "error",
)


def write_summary(outcomes: Sequence[Outcome], out: Path) -> Path:
    """Write the table of a batch below its output folder, replacing an earlier one.

    Raises:
        WriteError: the disk does not let us.
    """

    def write(part: Path) -> None:
        with part.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(COLUMNS)
            writer.writerows([_harmless(cell) for cell in _row(outcome)] for outcome in outcomes)

    return write_together([(out / NAME, write)], overwrite=True)[0]


def _row(outcome: Outcome) -> list[Any]:
    own = {
        "id": outcome.id,
        "status": outcome.status,
        "seconds": outcome.seconds or "",
        "finished": outcome.finished,
        "warnings": " | ".join(outcome.warnings),
        "output": next(iter(outcome.outputs), "") if outcome.status in ("done", "kept", "leftover") else "",
        "error": outcome.error,
    }
    facts = {name: "" if value is None else value for name, value in outcome.facts.items()}
    return [own.get(name, facts.get(name, "")) for name in COLUMNS]


def _harmless(cell: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front; controls are written out."""
    if not isinstance(cell, str):
        return cell
    cell = printable(cell)
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@") else cell
