"""The table of a batch runs nothing in a spreadsheet."""

from __future__ import annotations

from coconet_med.batch.case import Outcome
from coconet_med.batch.summary import write_summary


def test_a_spreadsheet_runs_no_formula_out_of_the_table(tmp_path):
    path = write_summary([Outcome("=HYPERLINK(1)", "failed", '@x, "y"')], tmp_path)
    head, row = path.read_text(encoding="utf-8").splitlines()
    assert head.startswith("id,status,seconds,finished,registered,")
    assert row.startswith("'=HYPERLINK(1),failed,")
    assert row.endswith(',"\'@x, ""y"""')
