"""``coconet-med evaluate`` as users type it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coconet_med.commands.main import main


def test_the_command_prints_a_table_and_writes_csv_and_json(
    atlas: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", str(atlas), "--set", "mri-pet", "--engine", "onnx", "--no-baselines", "--quiet"]
    with pytest.raises(SystemExit) as stop:
        main([*arguments, "--csv", str(tmp_path / "t.csv"), "--json", str(tmp_path / "t.json")])
    assert not stop.value.code
    assert "mri-pet" in capsys.readouterr().out
    assert len((tmp_path / "t.csv").read_text(encoding="utf-8").splitlines()) == 3
    assert len(json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))["rows"]) == 2
