"""Errors tell whether waiting helps."""

from __future__ import annotations

import pytest

from coconet_med.pacs.errors import LoginError, ServerAwayError
from coconet_med.pacs.server import Server


@pytest.mark.parametrize(
    ("status", "kind"), [(401, LoginError), (403, LoginError), (500, ServerAwayError), (503, ServerAwayError)]
)
def test_errors_tell_whether_waiting_helps(answers, status, kind):
    address, asked = answers(lambda h: h.say(status))
    with pytest.raises(kind):
        Server(address).series("1.2.3")
    assert len(asked) == 1  # and a wrong password is sent once
