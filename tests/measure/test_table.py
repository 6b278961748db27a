"""Regions as CSV and JSON: one line each, and nothing where a figure is not known."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import fields

from coconet_med.measure.regions import Region
from coconet_med.measure.table import to_csv, to_json


def _region(**known: object) -> Region:
    return Region(**({field.name: math.nan for field in fields(Region)} | known))


def test_what_is_not_known_is_empty_in_csv_and_null_in_json(tmp_path) -> None:
    names = [field.name for field in fields(Region)]
    first, second = names[:2]
    regions = [_region(**{first: 8, second: "Left-Cerebellum-Cortex"}), _region(**{first: 17, second: "a, b"})]
    to_csv(regions, tmp_path / "r.csv", units="SUVbw")
    with (tmp_path / "r.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [*names, "units"]
    assert [row["units"] for row in rows] == ["SUVbw", "SUVbw"]
    assert [row[second] for row in rows] == ["Left-Cerebellum-Cortex", "a, b"]
    assert rows[0][names[-1]] == ""
    to_json(regions, {"units": "SUVR"}, tmp_path / "r.json")
    reported = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert reported["units"] == "SUVR"
    assert [row[first] for row in reported["regions"]] == [8, 17]
    assert reported["regions"][1][names[-1]] is None
