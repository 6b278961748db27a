"""How a command ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from typed import run


def test_interruption_exits_with_130(pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("coconet_med.fusion.fuse", interrupted)
    assert run("fuse", *pair, "-o", tmp_path / "f.nii.gz") == 130
