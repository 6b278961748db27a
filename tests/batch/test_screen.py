from __future__ import annotations

import io

import pytest

from coconet_med.batch.case import Outcome
from coconet_med.batch.screen import Screen, duration


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(stream: io.StringIO, *, quiet: bool = False) -> str:
    with Screen(3, quiet=quiet, stream=stream) as screen:
        screen.case(Outcome("a", "done", seconds=2.0, warnings=["w"]))
        screen.case(Outcome("b", "failed", "b.nii: no such file"))
        screen.case(Outcome("c", "kept"))
    return stream.getvalue()


def test_elsewhere_each_case_is_a_plain_line():
    lines = shown(io.StringIO()).splitlines()
    assert lines[0].startswith("[1/3] a: done in 2.0 s, 1 warning (about ")
    assert lines[1].startswith("[2/3] b: failed: b.nii: no such file (about ")
    assert lines[2] == "[3/3] c: kept"


def test_a_terminal_gets_a_bar_and_a_line_for_what_failed():
    text = shown(Terminal())
    assert "3/3" in text
    assert "fusing, 1 failed" in text
    assert "b.nii: no such file" in text
    assert "a: done" not in text


def test_quiet_says_only_what_failed():
    assert shown(io.StringIO(), quiet=True).splitlines() == ["[2/3] b: failed: b.nii: no such file (about 0 s left)"]


@pytest.mark.parametrize(("seconds", "said"), [(42, "42 s"), (150, "2.5 min"), (7500, "2.1 h")])
def test_durations_are_said_as_people_say_them(seconds, said):
    assert duration(seconds) == said
