"""The command line as users type it: what it writes, what it says, and its exit codes."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from typed import run


def test_a_wrong_option_is_refused_by_name(pair: tuple[Path, Path], tmp_path: Path) -> None:
    assert run("fuse", *pair, "-o", tmp_path / "f.nii.gz", "--strength", "7") == 2
    assert run("fuse", *pair, "-o", tmp_path / "f.nii.gz", "--no-such-option") == 2
    assert run("no-such-command") == 2


def test_help_answers_at_once() -> None:
    command = [sys.executable, "-m", "coconet_med", "--help"]
    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(seconds) < 1.0


def test_version_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    import coconet_med

    assert run("--version") == 0
    assert coconet_med.__version__ in capsys.readouterr().out


@pytest.mark.parametrize("place", [0, 1])
def test_an_empty_argument_is_not_the_current_folder(
    pair: tuple[Path, Path], tmp_path: Path, place: int, capsys: pytest.CaptureFixture[str]
) -> None:
    images = ["", ""]
    images[1 - place] = str(pair[1 - place])
    assert run("fuse", *images, "-o", tmp_path / "f.nii.gz") == 2
    assert "is empty" in (said := capsys.readouterr().err)
    assert "is a variable of the shell not set?" in said
    assert list(tmp_path.iterdir()) == []
