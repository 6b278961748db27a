"""Rows, averages and their forms."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest

from coconet_med.quality import Row, Table

NAN = float("nan")
ROWS = [
    Row("1_1", {"H": 0.2, "leak": 1.0}, method="net", group="pet", person="1"),
    Row("1_2", {"H": 0.4, "leak": NAN}, method="net", group="pet", person="1"),
    Row("1_3", {"H": 0.6, "leak": NAN}, method="net", group="pet", person="1"),
    Row("2_1", {"H": 0.8, "leak": 2.0}, method="net", group="pet", person="2"),
    Row("2_1", {"H": 0.9, "leak": 0.0}, method="gate", group="pet", person="2"),
]


def test_persons_count_equally_however_many_slices_they_gave() -> None:
    net, gate = Table(ROWS).means()
    assert (net.method, net.cases, net.persons) == ("net", 4, 2)
    assert net.values["H"] == pytest.approx(0.6)
    assert gate.values["H"] == 0.9


def test_over_cases_every_slice_counts_equally() -> None:
    assert Table(ROWS).means(over="cases")[0].values["H"] == pytest.approx(0.5)


def test_what_could_not_be_measured_is_left_out_and_counted() -> None:
    net = Table(ROWS).means()[0]
    assert net.values["leak"] == pytest.approx(1.5)
    assert net.missing == {"leak": 2}


def test_a_measure_nobody_has_averages_to_nan() -> None:
    assert math.isnan(Table([Row("a", {"H": NAN})]).means()[0].values["H"])


def test_cases_without_a_person_stand_for_themselves() -> None:
    assert Table([Row("a", {"H": 0.0}), Row("b", {"H": 1.0})]).means()[0].persons == 2


def test_groups_are_never_mixed() -> None:
    table = Table([Row("a", {"H": 0.0}, group="pet", person="1"), Row("b", {"H": 1.0}, group="ct", person="1")])
    assert [(mean.group, mean.values["H"]) for mean in table.means()] == [("pet", 0.0), ("ct", 1.0)]


def test_the_text_is_aligned_and_tells_the_gaps() -> None:
    assert Table(ROWS).to_text(measures=["H", "leak"]).splitlines() == [
        "set  method  cases  persons      H   leak",
        "pet  net         4        2  0.600  1.500",
        "pet  gate        1        1  0.900  0.000",
        "not measurable in some cases of pet net: leak 2 of 4",
    ]


def test_the_text_of_one_ungrouped_method_needs_no_set_column() -> None:
    assert Table([Row("a", {"H": NAN})]).to_text().splitlines() == [
        "method  cases  persons  H",
        "fused       1        1  -",
    ]


def test_an_empty_table_is_only_a_header() -> None:
    assert Table([]).to_text() == "method  cases  persons"


def test_csv_has_one_line_per_row_and_an_empty_cell_for_nan(tmp_path: Path) -> None:
    Table(ROWS).to_csv(tmp_path / "rows.csv")
    with (tmp_path / "rows.csv").open(newline="", encoding="utf-8") as stream:
        lines = list(csv.DictReader(stream))
    assert len(lines) == 5
    assert lines[1] == {"set": "pet", "method": "net", "person": "1", "case": "1_2", "H": "0.4", "leak": ""}


def test_json_is_strict_and_holds_rows_and_means(tmp_path: Path) -> None:
    Table(ROWS).to_json(tmp_path / "table.json")
    content = json.loads((tmp_path / "table.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert content["over"] == "persons"
    assert content["means"][0]["values"]["H"] == pytest.approx(0.6)
    assert content["rows"][1]["values"] == {"H": 0.4, "leak": None}


def test_a_table_that_is_wider_than_the_terminal_goes_on_below_with_the_names_again() -> None:
    rows = [Row("a", {"H": 0.5, "leak": 1.0}, method="net"), Row("a", {"H": 0.25, "leak": 0.0}, method="gate")]
    assert Table(rows).to_text(width=25).splitlines() == [
        *("method  cases  persons", "net         1        1", "gate        1        1", ""),
        *("method      H   leak", "net     0.500  1.000", "gate    0.250  0.000"),
    ]
    assert Table(rows).to_text(width=200) == Table(rows).to_text()
