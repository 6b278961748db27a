"""Many evaluated cases: rows, averages per person then over persons, and their text, CSV and JSON forms."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from coconet_med.quality.averages import mean_of
from coconet_med.quality.findings import COUNTED, mean_over

#: Persons count equally however many slices they gave, or every case counts equally.
Over = Literal["persons", "cases"]


@dataclass(frozen=True)
class Row:
    """The measures of one case.

    Attributes:
        case: what the case is called.
        values: measure -> value, nan where it could not be measured.
        method: what made the fused image.
        group: the set that the case belongs to; averages never cross groups.
        person: who is shown; None makes the case a person of its own.
    """

    case: str
    values: dict[str, float]
    method: str = "fused"
    group: str = ""
    person: str | None = None


@dataclass(frozen=True)
class Mean:
    """Averages of one method on one group.

    Attributes:
        group: the group.
        method: the method.
        cases: number of rows.
        persons: number of different persons.
        values: measure -> average of the values that are not nan; nan if all are.
        missing: measure -> number of rows without a value; only measures where that is not 0.
    """

    group: str
    method: str
    cases: int
    persons: int
    values: dict[str, float]
    missing: dict[str, int] = field(default_factory=dict)


class Table:
    """Rows in the order given, and what follows from them.

    Example:
        >>> rows = [Row("1_1", {"H": 0.5}, person="1"), Row("1_2", {"H": 0.7}, person="1"), Row("2_1", {"H": 0.8})]
        >>> Table(rows).means()[0].values["H"]
        0.7
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = list(rows)

    @property
    def measures(self) -> list[str]:
        """Names of all measures, in order of appearance."""
        return list(dict.fromkeys(name for row in self.rows for name in row.values))

    def means(self, *, over: Over = "persons") -> list[Mean]:
        """One :class:`Mean` per group and method, in order of appearance.

        Args:
            over: ``"persons"`` averages the cases of each person first (a person without any value is left out);
                ``"cases"`` takes all cases alike.
        """
        keys = dict.fromkeys((row.group, row.method) for row in self.rows)
        return [self._mean(group, method, over) for group, method in keys]

    def to_text(
        self,
        *,
        measures: Sequence[str] | None = None,
        over: Over = "persons",
        digits: int = 3,
        width: int | None = None,
    ) -> str:
        """The averages as an aligned table for a terminal; ``-`` where nothing could be measured.

        Args:
            measures: those that are shown; all by default.
            over: what counts equally.
            digits: behind the point.
            width: letters of a line; a wider table goes on in blocks below, each with the names of the methods.
        """
        names = [name for name in (measures or self.measures) if name in self.measures]
        means = self.means(over=over)
        head = [*(["set"] if any(mean.group for mean in means) else []), "method", "cases", "persons", *names]
        lines = [head]
        for mean in means:
            numbers = [_shown(mean.values[name], digits) for name in names]
            labels = [mean.group, mean.method] if head[0] == "set" else [mean.method]
            lines.append([*labels, str(mean.cases), str(mean.persons), *numbers])
        left = head.index("method") + 1
        parts = _blocks(lines, left=left, width=width)
        return "\n".join(["\n\n".join(_aligned(part, left=left) for part in parts), *self._missing_note(means, names)])

    def to_csv(self, path: str | Path) -> None:
        """Write one line per row: set, method, person, case, then the measures; an empty cell where one is nan."""
        names = self.measures
        with Path(path).open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["set", "method", "person", "case", *names])
            for row in self.rows:
                cells = (row.values.get(name, float("nan")) for name in names)
                numbers = ["" if np.isnan(x) else repr(float(x)) for x in cells]
                writer.writerow([row.group, row.method, row.person or row.case, row.case, *numbers])

    def to_json(self, path: str | Path, *, over: Over = "persons") -> None:
        """Write ``{"over": ..., "means": [...], "rows": [...]}``; nan becomes null, which any reader takes."""
        means = [
            {"set": m.group, "method": m.method, "cases": m.cases, "persons": m.persons, "missing": m.missing}
            | {"values": _plain(m.values)}
            for m in self.means(over=over)
        ]
        rows = [
            {"set": r.group, "method": r.method, "person": r.person or r.case, "case": r.case}
            | {"values": _plain(r.values)}
            for r in self.rows
        ]
        text = json.dumps({"over": over, "means": means, "rows": rows}, indent=1, allow_nan=False)
        Path(path).write_text(text + "\n", encoding="utf-8")

    def _mean(self, group: str, method: str, over: Over) -> Mean:
        rows = [row for row in self.rows if (row.group, row.method) == (group, method)]
        persons: dict[str, list[Row]] = {}
        for row in rows:
            persons.setdefault(row.person or f"case {row.case}", []).append(row)
        bundles = list(persons.values()) if over == "persons" else [[row] for row in rows]
        nan = float("nan")
        values, missing = {}, {}
        for name in self.measures:
            values[name] = mean_of(mean_over([row.values for row in bundle], name) for bundle in bundles)
            without = sum(bool(np.isnan(row.values.get(name, nan))) for row in rows)
            if without and name not in COUNTED:  # a case without foci is no gap
                missing[name] = without
        return Mean(group, method, len(rows), len(persons), values, missing)

    @staticmethod
    def _missing_note(means: list[Mean], names: list[str]) -> list[str]:
        notes = []
        for mean in means:
            gaps = [f"{name} {count}" for name, count in mean.missing.items() if name in names and count < mean.cases]
            if gaps:
                label = " ".join(part for part in (mean.group, mean.method) if part)
                notes.append(f"not measurable in some cases of {label}: {', '.join(gaps)} of {mean.cases}")
        return notes


def _plain(values: dict[str, float]) -> dict[str, float | None]:
    return {name: None if np.isnan(value) else float(value) for name, value in values.items()}


def _shown(value: float, digits: int) -> str:
    return "-" if np.isnan(value) else f"{value:.{digits}f}"


def _blocks(lines: list[list[str]], *, left: int, width: int | None) -> list[list[list[str]]]:
    """The columns in blocks that fit into ``width`` letters, the first ``left`` of them in each."""
    sizes = [max(len(cell) for cell in column) + 2 for column in zip(*lines, strict=True)]
    blocks: list[list[int]] = [[]]
    for column in range(left, len(sizes)):
        used = sum(sizes[:left]) + sum(sizes[n] for n in blocks[-1]) + sizes[column] - 2
        if width and blocks[-1] and used > width:
            blocks.append([])
        blocks[-1].append(column)
    return [[[*line[:left], *(line[n] for n in block)] for line in lines] for block in blocks]


def _aligned(lines: list[list[str]], *, left: int) -> str:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    padded = (
        (cell.ljust(width) if column < left else cell.rjust(width))
        for line in lines
        for column, (cell, width) in enumerate(zip(line, widths, strict=True))
    )
    cells = list(padded)
    return "\n".join("  ".join(cells[i : i + len(widths)]).rstrip() for i in range(0, len(cells), len(widths)))
