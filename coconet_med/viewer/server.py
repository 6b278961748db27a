"""The page from this machine alone: a server on 127.0.0.1 whose address holds a random token."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from coconet_med.errors import OptionError
from coconet_med.viewer.content import Content
from coconet_med.viewer.page import served_page

HOST = "127.0.0.1"

#: Bytes written at a time.
_PIECE = 1 << 20


class ViewServer:
    """Serves one study until it is closed.

    Args:
        content: of the study.
        color: voxels of the fused file (k, j, i, 3), for the comparison in the page; those of ``content`` by default.
        foci: looks for the foci, once, when the page asks for them; ``None``: there are none to list.
        port: 0 takes a free one.

    Raises:
        OptionError: the port is taken.
    """

    def __init__(
        self,
        content: Content,
        *,
        color: np.ndarray | None = None,
        foci: Callable[[], Sequence[dict[str, Any]]] | None = None,
        port: int = 0,
    ) -> None:
        self.token = secrets.token_urlsafe(24)
        self._parts = {f"parts/{name}": _bytes(part) for name, part in content.parts.items()}
        file = content.parts.get("color", color)
        if file is not None:
            self._parts["parts/file"] = _bytes(file)
        self._page = "".join(served_page(content)).encode("utf-8")
        self._foci: Sequence[dict[str, Any]] | None = None if foci else []
        self._find = foci
        self._asked = threading.Lock()
        try:
            self._server = ThreadingHTTPServer((HOST, port), _handler(self))
        except (OSError, OverflowError) as error:
            raise OptionError(f"--port {port}: cannot be opened ({error}); leave it out, or choose another") from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="coconet-view", daemon=True)

    @property
    def url(self) -> str:
        """Address of the page."""
        return f"http://{HOST}:{self._server.server_port}/{self.token}/"

    def __enter__(self) -> ViewServer:
        self._thread.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _begin_with_foci(self) -> None:
        """Look for the foci when the page first asks: not before it shows a picture."""
        with self._asked:
            find, self._find = self._find, None
        if find:
            threading.Thread(target=self._look_for_foci, args=(find,), name="coconet-foci", daemon=True).start()

    def _look_for_foci(self, find: Callable[[], Sequence[dict[str, Any]]]) -> None:
        with contextlib.suppress(AttributeError, OSError):  # on Linux threads have priorities of their own
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        try:
            self._foci = list(find())
        except Exception:  # the page goes on without a list, whatever was wrong with it
            self._foci = []
            raise

    def answer(self, path: str) -> tuple[str, bytes | memoryview] | None:
        """Type and content of what lies at a path behind the token; ``None`` where nothing does."""
        if path == "":
            return "text/html; charset=utf-8", self._page
        if path == "foci":
            self._begin_with_foci()
            known = {"ready": self._foci is not None, "foci": self._foci}
            return "application/json", json.dumps(known).encode("utf-8")
        return ("application/octet-stream", self._parts[path]) if path in self._parts else None

    def knows(self, host: str) -> bool:
        """Whether a request's Host is this server: names of others that lead here are not answered (DNS rebinding)."""
        port = self._server.server_port
        return host in (f"{HOST}:{port}", f"localhost:{port}")


def _handler(owner: ViewServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version, sys_version = "coconet-med", ""
        timeout = 60

        def do_GET(self) -> None:
            token, _, path = self.path.removeprefix("/").partition("/")
            found = None
            if owner.knows(self.headers.get("Host", "")) and secrets.compare_digest(
                token.encode("utf-8", "replace"), owner.token.encode()
            ):
                found = owner.answer(path)
            if found is None:
                self.send_error(404)
                return
            kind, body = found
            self.send_response(200)
            for name, value in (
                ("Content-Type", kind),
                ("Content-Length", str(len(body))),
                ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
                ("X-Frame-Options", "DENY"),
                ("Referrer-Policy", "no-referrer"),
                ("Cross-Origin-Resource-Policy", "same-origin"),
            ):
                self.send_header(name, value)
            self.end_headers()
            for start in range(0, len(body), _PIECE):
                self.wfile.write(body[start : start + _PIECE])

        def handle(self) -> None:
            try:
                super().handle()
            except (BrokenPipeError, ConnectionResetError):  # the page was closed while it loaded
                self.close_connection = True

        def log_message(self, *unused: object) -> None:
            """Nothing: addresses hold the token."""

    return Handler


def _bytes(part: np.ndarray) -> memoryview:
    return np.ascontiguousarray(part).data.cast("B")
