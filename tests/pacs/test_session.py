"""The HTTP session: certificates, login, and bounds on what a server may send."""

from __future__ import annotations

import base64
import shutil
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest
from answering import Handler, QuietServer

from coconet_med.errors import OptionError
from coconet_med.pacs.address import parse_address
from coconet_med.pacs.errors import LoginError, ServerAwayError, ServerError
from coconet_med.pacs.secret import Login, Secret
from coconet_med.pacs.server import Server
from coconet_med.pacs.session import Limits, Tls


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
