"""Nonsense from a server is one clear error."""

from __future__ import annotations

import pytest

from coconet_med.errors import FusionError
from coconet_med.pacs.server import Server


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"{",
        b"[1, 2]",
        b'[{"0020000E": 7}]',
        b'[{"0020000E": {"vr": "UI", "Value": ["../../etc"]}}]',
        b'[{"0020000E": {"vr": "UI", "Value": ["1.2.3"]}, "00201209": {"vr": "IS", "Value": ["many"]}}]' * 2,
        b"[" * 100_000,
    ],
)
def test_nonsense_is_one_clear_error(answers, body):
    address, _ = answers(lambda h: h.say(200, body))
    with pytest.raises(FusionError) as failure:
        Server(address).series("1.2.3")
    assert "\n" not in str(failure.value)
