"""A server's own words are one clean line."""

from __future__ import annotations

import json

import pytest

from coconet_med.pacs.errors import LoginError, ServerError
from coconet_med.pacs.secret import Login, Secret


@pytest.mark.parametrize(
    ("body", "media", "words"),
    [
        (b'{"Message": "Bad request", "Details": "Unknown DICOM tag: \\"Foo\\""}', "application/json",
         "\"Unknown DICOM tag: 'Foo': Bad request\""),
        (b"<html><style>p{}</style><body><h1>Bad &amp; wrong</h1>\n<p>no</p></body></html>", "text/html",
         '"Bad & wrong no"'),
        (b"line one\r\n\x1b[31mline two", "text/plain", '"line one [31mline two"'),
        (b"x" * 5000, "text/plain", '"' + "x" * 159 + '…"'),
        (b"\x00\x01", "application/octet-stream", None),
        (b"", "text/plain", None),
    ],
)  # fmt: skip
def test_the_words_of_the_server_are_one_clean_line(answers, body, media, words):
    from coconet_med.pacs.server import Server

    address, _ = answers(lambda h: h.say(409, body, Content_Type=media))
    with pytest.raises(ServerError) as failure:
        Server(address).series("1.2.3")
    said = f"; the server says: {words}" if words else ""
    assert str(failure.value) == f"{address.url}: search: refused (409){said}"


def test_a_secret_that_the_server_sends_back_is_cut_out(answers):
    from coconet_med.pacs.server import Server

    login = Login(Secret("abc.DEF-ghi"))
    address, _ = answers(lambda h: h.say(403, json.dumps({"Message": h.headers["Authorization"]}).encode()))
    with pytest.raises(LoginError) as failure:
        Server(address, login=login).series("1.2.3")
    assert "abc" not in str(failure.value)
    assert str(failure.value).endswith('the server says: "[…]"')
