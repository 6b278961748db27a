"""The server of the viewer shows its page to this machine alone, to who knows the token."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from urllib.parse import urlsplit

import numpy as np
import pytest

from coconet_med.errors import OptionError
from coconet_med.viewer.content import Content
from coconet_med.viewer.page import embedded_json, served_page
from coconet_med.viewer.server import ViewServer

NASTY = '</script><script>alert("x")</script>&\'\u2028'

PARTS = {"anatomy": np.arange(24, dtype=np.int16).reshape(2, 3, 4), "color": np.zeros((2, 3, 4, 3), np.uint8)}


@pytest.fixture
def server():
    found = threading.Event()

    def foci():
        found.wait(5)
        return [{"kept": 0.5}]

    with ViewServer(Content({"name": NASTY}, PARTS), foci=foci) as running:
        running.found = found
        yield running


def get(server: ViewServer, path: str, *, host: str | None = None, method: str = "GET") -> tuple[int, dict, bytes]:
    port = urlsplit(server.url).port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, headers={"Host": host or f"127.0.0.1:{port}"})
    answer = connection.getresponse()
    got = answer.status, dict(answer.getheaders()), answer.read()
    connection.close()
    return got


def test_the_token_opens_the_page_and_the_arrays(server):
    status, headers, body = get(server, f"/{server.token}/")
    assert status == 200
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert b"connect-src &#x27;self&#x27;" in body or b"connect-src 'self'" in body
    assert get(server, f"/{server.token}/parts/anatomy")[2] == PARTS["anatomy"].tobytes()
    assert get(server, f"/{server.token}/parts/file")[2] == PARTS["color"].tobytes()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/wrong/",
        "/wrong/parts/anatomy",
        "/{token}x/",
        "/{token}/../etc/passwd",
        "/{token}/parts/other",
        "/%C3%A9/",
    ],
)
def test_nothing_else_is_answered(server, path):
    assert get(server, path.format(token=server.token))[0] == 404


def test_another_name_for_this_machine_is_not_answered(server):
    for host in ("evil.example", "evil.example:80", "127.0.0.1", ""):
        assert get(server, f"/{server.token}/", host=host or " ")[0] == 404
    port = urlsplit(server.url).port
    assert get(server, f"/{server.token}/", host=f"localhost:{port}")[0] == 200


def test_nothing_can_be_sent_to_it(server):
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert get(server, f"/{server.token}/", method=method)[0] == 501


def test_it_listens_on_this_machine_alone_with_another_token_each_time(server):
    assert urlsplit(server.url).hostname == "127.0.0.1"
    assert len(server.token) >= 32
    with ViewServer(Content({"name": "x"}, {})) as other:
        assert other.token != server.token
    address = server._server.socket.getsockname()
    assert address[0] == "127.0.0.1"


def test_foci_come_when_they_are_found(server):
    assert json.loads(get(server, f"/{server.token}/foci")[2]) == {"ready": False, "foci": None}
    server.found.set()
    for _ in range(50):
        answer = json.loads(get(server, f"/{server.token}/foci")[2])
        if answer["ready"]:
            break
        threading.Event().wait(0.05)
    assert answer == {"ready": True, "foci": [{"kept": 0.5}]}


def test_a_taken_port_is_said():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OptionError, match=r"--port \d+: cannot be opened"):
            ViewServer(Content({"name": "x"}, {}), port=taken.getsockname()[1])


def test_no_text_of_a_file_can_become_a_script():
    page = "".join(served_page(Content({"name": NASTY, "warnings": [NASTY]}, {})))
    assert NASTY not in page
    assert "<script>alert" not in page
    assert "'unsafe-inline'" not in page.partition("script-src")[2].partition(";")[0]
    assert json.loads(embedded_json({"x": NASTY})) == {"x": NASTY}
