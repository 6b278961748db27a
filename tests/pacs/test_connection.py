"""No image and no secret goes where it should not, and no answer of a server can do harm."""

from __future__ import annotations

import base64
import json
import logging
import pickle
import shutil
import ssl
import subprocess
import threading
import time
import traceback
from pathlib import Path

import pytest
from answering import Handler, QuietServer

from coconet_med.errors import FusionError, OptionError
from coconet_med.pacs.address import parse_address
from coconet_med.pacs.errors import LoginError, ServerAwayError, ServerError
from coconet_med.pacs.secret import Login, Secret, find_login
from coconet_med.pacs.server import Server
from coconet_med.pacs.session import Limits, Tls

PASSWORD = "wißbegierig hunter2"
TOKEN = "abc.DEF-ghi_123"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://pacs.example/dicom-web", "would send patient images unencrypted; use https"),
        ("http://10.0.0.7:8042/dicom-web", "would send patient images unencrypted"),
        ("http://localhost.evil.example/", "unencrypted"),
        ("http://127.0.0.1.evil.example/", "unencrypted"),
        ("https://user:hunter2@pacs.example/", "leave user and password out of the address"),
        ("ftp://pacs.example/", "no http"),
        ("pacs.example/dicom-web", "no http"),
        ("https://pacs.example/x?token=hunter2", "without"),
        ("https://[::1]:8042/dicom-web", "IPv6"),
        ("https://pacs.example:99999/", "cannot be understood"),
        ("https://pacs.exa\nmple/\x00", "no http"),
    ],
)
def test_an_unfit_address_is_refused_before_anything_is_sent(url, words):
    with pytest.raises(OptionError, match=words) as refusal:
        parse_address(url)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8042/dicom-web/", "http://localhost/x", "https://pacs.example/a/b"])
def test_this_machine_and_https_are_fit(url):
    assert parse_address(url).url == url.rstrip("/")


def test_plain_http_over_the_network_must_be_asked_for():
    assert parse_address("http://10.0.0.7/dicom-web", allow_plain_http=True).url == "http://10.0.0.7/dicom-web"


def test_a_secret_shows_in_no_form_of_text():
    login = Login(Secret(PASSWORD), "anna")
    for text in (str(login), repr(login), f"{login.secret}", f"{[login]}", str(vars(login))):
        assert "hunter2" not in text
    with pytest.raises(TypeError):
        pickle.dumps(login)


def test_secrets_come_from_environment_or_file(tmp_path):
    (tmp_path / "secret").write_text(f"{PASSWORD}\n", encoding="utf-8")
    from_file = find_login(user="anna", password_file=tmp_path / "secret", environment={})
    from_environment = find_login(user="anna", environment={"COCONET_MED_PACS_PASSWORD": PASSWORD})
    assert from_file.secret.reveal() == from_environment.secret.reveal() == PASSWORD
    (tmp_path / "token").write_text(TOKEN, encoding="utf-8")
    assert find_login(token_file=tmp_path / "token", environment={}).secret.reveal() == TOKEN
    assert find_login(environment={"COCONET_MED_PACS_TOKEN": TOKEN}).user is None
    assert find_login(environment={}) is None


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        ("hunter2\nmore\n", {"user": "anna", "password_file": "F"}, "expected one line"),
        ("", {"user": "anna", "password_file": "F"}, "expected one line"),
        ("hunter2", {"password_file": "F"}, "needs --user"),
        ("hunter2", {"user": "anna"}, "needs a password"),
        ("hunter2", {"user": "anna", "token_file": "F"}, "two ways"),
        ("hunter2 b", {"token_file": "F"}, "bearer token holds blanks"),
        ("hunter2ü", {"token_file": "F"}, "bearer token holds blanks"),
        ("hunter2", {"user": "a:b", "password_file": "F"}, "no colon"),
        ("hunter2" * 10000, {"user": "anna", "password_file": "F"}, "expected one line"),
        (None, {"user": "anna", "password_file": "F"}, "cannot be read"),
    ],
)
def test_unfit_secrets_are_refused_without_showing_them(tmp_path, content, options, words):
    file = tmp_path / "F"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    given = {key: file if value == "F" else value for key, value in options.items()}
    with pytest.raises(OptionError, match=words) as refusal:
        find_login(**given, environment={})
    assert "hunter2" not in "".join(traceback.format_exception(refusal.value))


@pytest.mark.parametrize(
    ("login", "expected"),
    [
        (Login(Secret(TOKEN)), f"Bearer {TOKEN}"),
        (Login(Secret(PASSWORD), "anna"), "Basic " + base64.b64encode(f"anna:{PASSWORD}".encode()).decode()),
        (None, None),
    ],
)
def test_the_login_is_sent_and_nothing_else_is(answers, login, expected, tmp_path, monkeypatch):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login eve password stray\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    address, asked = answers(lambda h: h.say(200))
    Server(address, login=login).series("1.2.3")
    assert asked[0][1].get("Authorization") == expected


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 500, 503])
@pytest.mark.parametrize("login", [Login(Secret(TOKEN)), Login(Secret(PASSWORD), "anna")])
def test_no_secret_in_errors_and_logs(answers, login, status, caplog):
    address, _ = answers(lambda h: h.say(status, json.dumps(h.headers["Authorization"]).encode()))
    server = Server(address, login=login)
    with caplog.at_level(logging.DEBUG), pytest.raises(ServerError) as failure:
        server.series("1.2.3")
    text = "".join(traceback.format_exception(failure.value)) + caplog.text + repr(vars(server))
    for secret in (TOKEN, PASSWORD, base64.b64encode(f"anna:{PASSWORD}".encode()).decode()):
        assert secret not in text
    assert "\n" not in str(failure.value)
    assert str(failure.value).startswith(f"{address.url}: search: ")


@pytest.mark.parametrize(
    ("status", "kind"), [(401, LoginError), (403, LoginError), (500, ServerAwayError), (503, ServerAwayError)]
)
def test_errors_tell_whether_waiting_helps(answers, status, kind):
    address, asked = answers(lambda h: h.say(status))
    with pytest.raises(kind):
        Server(address).series("1.2.3")
    assert len(asked) == 1  # and a wrong password is sent once


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


def test_a_silent_server_is_left(answers):
    address, _ = answers(lambda h: time.sleep(1.5))
    with pytest.raises(ServerAwayError, match="no answer"):
        Server(address, limits=Limits(silence=0.3)).series("1.2.3")


def test_a_server_that_trickles_is_left(answers):
    def trickle(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.close_connection = True
        for _ in range(40):
            try:
                handler.wfile.write(b" ")
                time.sleep(0.05)
            except OSError:
                return

    address, _ = answers(trickle)
    with pytest.raises(ServerAwayError, match="took more than"):
        Server(address, limits=Limits(seconds=0.2)).series("1.2.3")


def test_a_compressed_bomb_is_refused(answers):
    import gzip

    bomb = gzip.compress(b" " * 2**26)
    address, _ = answers(lambda h: h.say(200, bomb, Content_Encoding="gzip"))
    with pytest.raises(ServerError, match="more than 4 MiB in one answer; refused"):
        Server(address, limits=Limits(answer_bytes=2**22)).series("1.2.3")


def test_a_server_that_ignores_the_offset_does_not_hold_us(answers):
    one = [{"0020000E": {"vr": "UI", "Value": ["1.2.3.4"]}, "00080060": {"vr": "CS", "Value": ["MR"]}}]
    address, asked = answers(lambda h: h.say(200, json.dumps(one).encode()))
    assert [found.uid for found in Server(address).series("1.2.3")] == ["1.2.3.4"]
    assert len(asked) == 12  # two for each question: all, the study itself, and by modality


def test_an_endless_search_is_refused(answers):
    numbers = iter(range(10**9))

    def answer(handler):
        page = [{"0020000E": {"vr": "UI", "Value": [f"1.2.{next(numbers)}"]}} for _ in range(50)]
        handler.say(200, json.dumps(page).encode())

    address, _ = answers(answer)
    with pytest.raises(ServerError, match=r"more than \d+ results; refused"):
        Server(address, limits=Limits(objects=20)).series("1.2.3")


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


def test_an_encrypted_key_is_refused_rather_than_asked_for(tmp_path):
    (tmp_path / "key.pem").write_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\n", encoding="utf-8")
    (tmp_path / "cert.pem").write_text("-----BEGIN CERTIFICATE-----\n", encoding="utf-8")
    tls = Tls(client_cert=tmp_path / "cert.pem", client_key=tmp_path / "key.pem")
    with pytest.raises(OptionError, match="is encrypted"):
        Server(parse_address("https://pacs.example"), tls=tls)
    with pytest.raises(OptionError, match=r"--ca-bundle .*: no such file"):
        Server(parse_address("https://pacs.example"), tls=Tls(ca_bundle=tmp_path / "none"))


@pytest.fixture
def guarded(tmp_path):
    """A server with TLS that asks for a client certificate and a password; its address and the PEM files.

    Not an Orthanc: that of Debian 12 (1.10.1) dies of a segmentation fault at the first TLS connection.
    """
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make certificates")
    for name in ("server", "other"):
        command = [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            f"/CN={name}",
        ]
        command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{name}.key", "-out", f"{name}.crt"]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
    context.load_verify_locations(tmp_path / "server.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    server = QuietServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    expected = "Basic " + base64.b64encode(b"anna:hunter2").decode()
    server.answer = lambda h: h.say(200 if h.headers["Authorization"] == expected else 401)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield parse_address(f"https://127.0.0.1:{server.server_port}/dicom-web"), tmp_path
    server.shutdown()
    thread.join()
    server.server_close()


def _tls(folder: Path, authority: str = "server", own: str | None = "server") -> Tls:
    mine = (folder / f"{own}.crt", folder / f"{own}.key") if own else (None, None)
    return Tls(folder / f"{authority}.crt", *mine)


def test_tls_client_certificate_and_password_open_the_way(guarded, monkeypatch):
    address, folder = guarded
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(folder / "other.crt"))  # does not overrule the option
    server = Server(address, login=Login(Secret("hunter2"), "anna"), tls=_tls(folder))
    assert server.series("1.2.3") == []


def test_a_server_of_an_unknown_authority_is_not_talked_to(guarded):
    address, folder = guarded
    with pytest.raises(ServerError, match="certificate verify failed"):
        Server(address, login=Login(Secret("hunter2"), "anna"), tls=_tls(folder, "other")).series("1.2.3")


def test_without_our_certificate_there_is_no_way_in(guarded):
    address, folder = guarded
    with pytest.raises(ServerError):
        Server(address, login=Login(Secret("hunter2"), "anna"), tls=_tls(folder, own=None)).series("1.2.3")


def test_a_wrong_password_is_a_login_error(guarded):
    address, folder = guarded
    with pytest.raises(LoginError, match=r"not allowed \(401\); check --user"):
        Server(address, login=Login(Secret("wrong"), "anna"), tls=_tls(folder)).series("1.2.3")
