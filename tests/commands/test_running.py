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


def test_a_name_that_the_system_cannot_express_is_one_line(
    pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ascii_only(*_: object, **__: object) -> None:
        "Müller.nii".encode("ascii")

    monkeypatch.setattr("coconet_med.fusion.fuse", ascii_only)
    assert run("fuse", *pair, "-o", tmp_path / "f.nii.gz") == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("error: M")
    assert line.endswith("encoding (ascii) has no such characters; set PYTHONUTF8=1")
