"""Files appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from coconet_med.errors import WriteError
from coconet_med.writers import atomic


def test_a_failure_half_way_leaves_nothing(tmp_path: Path) -> None:
    def full_disk(path: Path) -> None:
        path.write_text("half", encoding="utf-8")
        raise OSError(28, "No space left on device")

    jobs = [(tmp_path / "a", lambda p: p.write_text("whole", encoding="utf-8")), (tmp_path / "b", full_disk)]
    with pytest.raises(WriteError, match="No space left"):
        atomic.write_together(jobs)
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    def interrupted(path: Path) -> None:
        path.write_text("half", encoding="utf-8")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        atomic.write_together([(tmp_path / "a", interrupted)])
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    def slow(path: Path) -> None:
        path.write_text("ours", encoding="utf-8")
        (tmp_path / "a").write_text("theirs", encoding="utf-8")

    with pytest.raises(WriteError, match="exists already"):
        atomic.write_together([(tmp_path / "a", slow)])
    assert (tmp_path / "a").read_text(encoding="utf-8") == "theirs"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
