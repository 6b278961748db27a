"""A proxy on loopback in front of a DICOMweb server that spoils what it is reported to, as proxies and networks do."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from answering import QuietServer

PAGE = b"<html><head><title>Maintenance until noon</title></head><body>Please be patient.</body></html>"
#: What can go wrong, and on which requests.
FAULTS = {
    "503 from WADO": "images",
    "a web page from WADO": "images",
    "cut within the last object": "images",
    "connection lost within the images": "images",
    "a web page instead of headers": "headers",
    "502 from the search for series": "series",
    "an empty search for series": "series",
    "503 from STOW, nothing stored": "store",
    "stored, and the answer is lost": "store",
}


class FaultProxy:
    """``fault`` is one of :data:`FAULTS`, or ``""``; ``hits`` counts the answers that it spoiled."""

    def __init__(self, target: str) -> None:
        self.target, self.url, self.fault, self.hits = target, "", "", 0

    def applies(self, method: str, path: str) -> bool:
        steps = [step for step in urlsplit(path).path.split("/") if step][1:]
        if method == "POST":
            kind = "store"
        elif steps[-1:] == ["metadata"]:
            kind = "headers"
        else:
            kind = "images" if len(steps) % 2 == 0 else steps[-1]
        return FAULTS.get(self.fault) == kind


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        spoil = proxy.fault if proxy.applies(self.command, self.path) else ""
        proxy.hits += bool(spoil)
        if spoil.startswith(("503", "502")):
            return self._say(int(spoil[:3]), "text/html", PAGE)
        if spoil.startswith("a web page"):
            return self._say(200, "text/html", PAGE)
        if spoil.startswith("an empty search"):
            return self._say(200, "application/dicom+json", b"[]")
        status, media, answer = self._ask(body)
        if spoil.startswith("cut"):
            return self._say(status, media, answer[: -len(answer) // 30])
        if spoil.startswith("connection lost"):
            self._say(status, media, answer[: len(answer) // 2], promised=len(answer))
            self.close_connection = True
            return None
        if spoil.startswith("stored"):
            self.close_connection = True
            return None
        return self._say(status, media, answer)

    do_POST = do_GET  # noqa: N815

    def _ask(self, body: bytes) -> tuple[int, str, bytes]:
        there = http.client.HTTPConnection(urlsplit(self.server.proxy.target).netloc, timeout=60)
        kept = {
            name: value
            for name, value in self.headers.items()
            if name.lower() not in ("host", "connection", "accept-encoding")
        }
        there.request(self.command, self.path, body=body or None, headers=kept)
        answer = there.getresponse()
        content = answer.read()
        there.close()
        return answer.status, answer.headers.get("Content-Type", ""), content

    def _say(self, status: int, media: str, body: bytes, *, promised: int | None = None) -> None:
        self.send_response(status)
        if media:
            self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body) if promised is None else promised))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def spoiled(target: str) -> Iterator[FaultProxy]:
    """A proxy in front of ``target``, the root of an Orthanc; ``url`` is its DICOMweb root."""
    http_server = QuietServer(("127.0.0.1", 0), _Handler)
    http_server.proxy = FaultProxy(target)
    http_server.proxy.url = f"http://127.0.0.1:{http_server.server_port}/dicom-web"
    thread = threading.Thread(target=http_server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield http_server.proxy
    finally:
        http_server.shutdown()
        thread.join()
        http_server.server_close()
