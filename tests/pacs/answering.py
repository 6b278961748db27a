"""HTTP servers on loopback that answer as a test tells them."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class QuietServer(ThreadingHTTPServer):
    """Keeps what it was asked; clients that hang up are part of these tests."""

    daemon_threads = True

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self.answer, self.asked = (lambda handler: handler.say(200)), []

    def handle_error(self, *_: object) -> None:
        pass


class Handler(BaseHTTPRequestHandler):
    """Answers as its server was reported, and remembers what it was asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        self.server.answer(self)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass

    def say(self, status: int, body: bytes = b"[]", **fields: str) -> None:
        self.send_response(status)
        fields = {"Content_Type": "application/dicom+json", "Content_Length": str(len(body))} | fields
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
