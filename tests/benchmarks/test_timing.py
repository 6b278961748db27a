"""What the benchmarks of speed share."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
timing = pytest.importorskip("timing")


def test_runs_take_turns_and_the_first_call_of_a_turn_is_not_counted() -> None:
    called: list[str] = []
    seconds = timing.in_turn(
        {"a": lambda: called.append("a"), "b": lambda: called.append("b")}, repeat=2, calls={"b": 2}
    )
    assert "".join(called) == "aabbb" * 2
    assert set(seconds) == {"a", "b"}


def test_the_table_is_markdown_and_the_report_is_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    timing.report(("what", "s"), [("x", 0.12345)], tmp_path / "a.json", repeat=3)
    assert capsys.readouterr().out.splitlines()[2] == "| x | 0.123 |"
    document = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert document["rows"] == [{"what": "x", "s": 0.12345}]
    assert document["machine"]["cores"] >= 1


def test_the_peak_of_memory_is_that_of_this_process() -> None:
    assert 0.01 < timing.peak_memory() < 100
