"""Regions as CSV and JSON."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from coconet_med.measure.regions import Region


def to_csv(regions: Sequence[Region], path: Path, *, units: str) -> None:
    """One line a region, with the units of the uptake, since tables of many persons are put together; what is not known
    is empty.
    """
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*(field.name for field in fields(Region)), "units"], lineterminator="\n")
        writer.writeheader()
        for region in regions:
            row = asdict(region) | {"units": units}
            writer.writerow({key: "" if _unknown(value) else value for key, value in row.items()})


def to_json(regions: Sequence[Region], about: dict[str, Any], path: Path) -> None:
    """The same with all that is known about it; what is not known is null."""
    from coconet_med.writers.sidecar import to_json as text

    rows = [{key: None if _unknown(value) else value for key, value in asdict(region).items()} for region in regions]
    path.write_text(text({**about, "regions": rows}), encoding="utf-8")


def _unknown(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)
