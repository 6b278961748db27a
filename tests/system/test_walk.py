"""Which files below a folder are read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coconet_med.system.walk import files_below, walk


def test_hidden_files_and_what_is_left_out_are_passed_over_and_circles_end(tmp_path: Path) -> None:
    for name in ("b/2", "b/1", "a/x", ".git/objects", "out/result", "._a"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    try:
        (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    except OSError:
        pytest.skip("links cannot be made here")
    found = [(where.relative_to(tmp_path).as_posix(), names) for where, names in walk(tmp_path)]
    assert found == [(".", []), ("a", ["x"]), ("b", ["1", "2"]), ("out", ["result"])]
    without = [where.name for where, _ in walk(tmp_path, without=lambda folder: folder.name == "out")]
    assert "out" not in without
    assert files_below(tmp_path / "a" / "x") == [tmp_path / "a" / "x"]
    assert files_below(tmp_path / "nothing") == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(b"x")
    assert files_below(tmp_path) == [tmp_path / "file"]
