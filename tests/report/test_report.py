"""A report replaces nothing unasked."""

from __future__ import annotations

import pytest

from coconet_med.errors import WriteError


def test_a_report_is_not_overwritten_unasked(result, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(WriteError, match="exists already"):
        result.report(path)
    assert path.read_text(encoding="utf-8") == "mine"
    first = result.report(path, overwrite=True).read_bytes()
    assert result.report(path, overwrite=True).read_bytes() == first, "no time of day in it"
