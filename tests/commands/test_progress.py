"""What is said while work goes on, where there is no terminal: each stage as it begins, and again while it lasts."""

from __future__ import annotations

import pytest

from coconet_med.commands import progress
from coconet_med.commands.progress import Reporter


def test_a_stage_is_said_once_and_again_after_half_a_minute(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with Reporter() as say:
        for second in range(75):
            now[0] = float(second)
            say.progress("prepare", second, 75)
    assert capsys.readouterr().err.splitlines() == [
        "preparing cases",
        "preparing cases: 30 of 75",
        "preparing cases: 60 of 75",
    ]


def test_a_stage_of_unknown_length_ends_with_the_next(capsys: pytest.CaptureFixture[str]) -> None:
    with Reporter() as say:
        say.begin("read")
        say.progress("align", 0, 100)
        say.begin("write")
    assert capsys.readouterr().err.splitlines() == ["reading", "aligning", "writing"]


def test_a_terminal_shows_every_stage_and_finishes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    with Reporter() as say:
        say.begin("read")
        say.progress("align", 3, 100)
        tasks = {task.description: (task.completed, task.total) for task in say._bar.tasks}
    assert tasks == {"reading": (1, 1), "aligning": (3, 100)}


def test_quiet_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with Reporter(quiet=True) as say:
        say.begin("read")
        say.progress("align", 0, 100)
    assert capsys.readouterr().err == ""
