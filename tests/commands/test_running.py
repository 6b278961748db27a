"""How a command ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typed import run

from coconet_med.commands.main import main
from coconet_med.commands.progress import Reporter


def test_interruption_is_said_and_exits_with_130(
    pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("coconet_med.fusion.fuse", interrupted)
    assert run("fuse", *pair, "-o", tmp_path / "f.nii.gz") == 130
    assert capsys.readouterr().err.splitlines()[-1] == "interrupted; nothing was left half-written"


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


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is one of Linux")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_cannot_be_written_is_one_line_and_an_exit_code(unbuffered: str) -> None:
    command = [sys.executable, "-m", "coconet_med"]
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with open("/dev/full", "wb") as full:
        how: Any = {"stdin": subprocess.DEVNULL, "env": environment, "encoding": "utf-8", "timeout": 60}
        done = subprocess.run([*command, "--version"], stdout=full, stderr=subprocess.PIPE, **how)
        assert done.returncode == 2
        assert done.stderr.startswith("error: what is printed cannot be written (No space left on device);")
        assert len(done.stderr.splitlines()) == 1
        assert subprocess.run([*command, "fuse", "a", "b"], stderr=full, **how).returncode == 2


def test_other_errors_of_the_system_are_not_taken_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise FileNotFoundError(2, "No such file or directory", "a")

    monkeypatch.setattr("coconet_med.commands.installation.examine", missing)
    with pytest.raises(FileNotFoundError):
        main(["doctor"])


def test_without_standard_error_nothing_is_said_and_standard_output_stays_free_for_results(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr", None)
    with Reporter() as say:
        say.progress("fuse", 1, 2)
        say.warning("something")
    assert capsys.readouterr().out == ""
