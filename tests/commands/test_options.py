"""Options of several commands: two numbers behind a window are one word."""

from __future__ import annotations

from coconet_med.commands.options import windows_joined


def test_two_numbers_behind_a_window_are_one_word_and_a_preset_stays_alone() -> None:
    given = ["fuse", "a", "--window", "0", "6", "b", "--anatomy-window", "-160", "240", "--plane", "axial"]
    joined = ["fuse", "a", "--window", "0 6", "b", "--anatomy-window", "-160 240", "--plane", "axial"]
    assert windows_joined(given) == joined == windows_joined(joined)
    assert windows_joined(["--window", "suv:0-6", "7"]) == ["--window", "suv:0-6", "7"]
