"""Searches end, whatever the server answers."""

from __future__ import annotations

import json

import pytest

from coconet_med.pacs.errors import ServerError
from coconet_med.pacs.server import Server
from coconet_med.pacs.session import Limits


def test_a_server_that_ignores_the_offset_does_not_hold_us(answers):
    one = [{"0020000E": {"vr": "UI", "Value": ["1.2.3.4"]}, "00080060": {"vr": "CS", "Value": ["MR"]}}]
    address, asked = answers(lambda h: h.say(200, json.dumps(one).encode()))
    assert [found.uid for found in Server(address).series("1.2.3")] == ["1.2.3.4"]
    assert len(asked) == 14  # two for each question: all, the study itself, and by each of five modalities


def test_an_endless_search_is_refused(answers):
    numbers = iter(range(10**9))

    def answer(handler):
        page = [{"0020000E": {"vr": "UI", "Value": [f"1.2.{next(numbers)}"]}} for _ in range(50)]
        handler.say(200, json.dumps(page).encode())

    address, _ = answers(answer)
    with pytest.raises(ServerError, match=r"more than \d+ results; refused"):
        Server(address, limits=Limits(objects=20)).series("1.2.3")
