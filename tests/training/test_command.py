"""``coconet-med import-weights``."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from coconet_med.commands.main import main


def test_the_command_writes_weights_that_the_torch_engine_loads(
    theirs: dict[str, torch.Tensor], tmp_path: Path, capsys
):
    from coconet_med import load_model

    given = {f"module.{key}": value for key, value in theirs.items()}
    torch.save({"state_dict": given, "epoch": 3, "optimizer": {"state": {}}}, tmp_path / "latest.pth")
    with pytest.raises(SystemExit) as left:
        main(["import-weights", str(tmp_path / "latest.pth")])
    assert left.value.code in (0, None)
    written = tmp_path / "latest.coconet-med.pt"
    assert str(written) in capsys.readouterr().out
    assert load_model(written, engine="torch", device="cpu").engine.gives_field is False
    with pytest.raises(SystemExit) as left:
        main(["import-weights", str(tmp_path / "latest.pth")])
    assert left.value.code == 2
    assert "exists" in capsys.readouterr().err
