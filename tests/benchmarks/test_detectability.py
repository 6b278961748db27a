"""The benchmark of detectability: balanced, resumable, and its table says what its observers saw."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from coconet_med.model import Model

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
detectability = pytest.importorskip("detectability")


def test_every_condition_comes_about_equally_often_in_both_halves() -> None:
    grounds = [type("Ground", (), {"places": np.zeros((n, 2))})() for n in (9, 14, 11, 12)]
    looks = detectability.plan(grounds, 40)
    count = len(detectability.KINDS) * len(detectability.DIAMETERS) * len(detectability.CONTRASTS)
    for half in range(2):
        numbers = np.concatenate([x.conditions for x in looks if x.head % 2 == half])
        assert np.ptp(np.bincount(numbers, minlength=count)) <= 1
    assert len({x.noise for x in looks}) == len(looks)


def test_a_run_prints_a_row_for_each_kind_and_remembers_what_it_saw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], mean_model: Model
) -> None:
    monkeypatch.setattr(detectability, "load_model", lambda *_: mean_model)
    command = f"d --model mean --heads 2 --looks 10 --size 64 --out {tmp_path} --json {tmp_path / 'a.json'}"
    monkeypatch.setattr(sys, "argv", command.split())
    detectability.main()
    first = capsys.readouterr().out.splitlines()
    rows = {line.split(" | ")[0].strip("| "): line for line in first[2:]}
    assert set(detectability.KINDS) | {"all"} < set(rows)
    names = [cell.strip() for cell in first[0].strip("|").split("|")]
    cells = dict(zip(names, [c.strip() for c in rows["all"].strip("|").split("|")], strict=True))
    assert float(cells["mean, gray"]) == pytest.approx(float(cells["average, gray"]), abs=0.02)
    assert float(cells["side by side"]) > 0.5
    monkeypatch.setattr(detectability, "see", lambda *_: pytest.fail("was seen before"))
    detectability.main()
    assert capsys.readouterr().out.splitlines() == first
