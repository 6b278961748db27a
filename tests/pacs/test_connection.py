"""No image and no secret goes where it should not, and no answer of a server can do harm."""

from __future__ import annotations

import pytest

from coconet_med.pacs.address import parse_address
from coconet_med.pacs.errors import ServerAwayError, ServerError
from coconet_med.pacs.secret import Login, Secret
from coconet_med.pacs.server import Server

TOKEN = "abc.DEF-ghi_123"


def test_a_redirect_is_not_followed(answers):
    elsewhere, stolen = answers(lambda h: h.say(200))
    address, _ = answers(lambda h: h.say(307, Location=elsewhere.url))
    server = Server(address, login=Login(Secret(TOKEN)))
    with pytest.raises(ServerError, match="redirects to another address; give the final address"):
        server.series("1.2.3")
    assert stolen == []


def test_a_closed_port_is_a_server_that_is_away():
    with pytest.raises(ServerAwayError, match="cannot be reached"):
        Server(parse_address("http://127.0.0.1:9/dicom-web")).series("1.2.3")
