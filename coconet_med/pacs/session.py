"""The HTTP session: certificates, login, and bounds on what a server may send."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from requests import Session
from requests.auth import AuthBase
from requests.exceptions import RequestException
from requests.utils import get_environ_proxies

from coconet_med.errors import OptionError
from coconet_med.pacs.errors import LimitError, ServerAwayError, ServerError
from coconet_med.pacs.multipart import as_standard

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

    from coconet_med.pacs.address import Address
    from coconet_med.pacs.secret import Login


#: How often one question is put again to a server that is too busy and says when to come back, and after how many
#: seconds at most; longer ones are left to the watcher.
PAUSES, LONGEST_PAUSE = 4, 15
DICOM_JSON = "application/dicom+json"


@dataclass(frozen=True)
class Limits:
    """What a server may cost us.

    Attributes:
        objects: images of one series.
        study_bytes: bytes of the images fetched for one study.
        answer_bytes: bytes of one answer that is not images.
        connect: seconds until a connection stands.
        silence: seconds without a byte.
        seconds: seconds for one answer, however steadily it trickles.
        index: seconds that a server may take to show what it has just taken.
    """

    objects: int = 20_000
    study_bytes: int = 8 * 2**30
    answer_bytes: int = 256 * 2**20
    connect: float = 10.0
    silence: float = 60.0
    seconds: float = 1800.0
    index: float = 60.0


@dataclass(frozen=True)
class Tls:
    """Certificates: the authorities trusted, and our own with its key (PEM files)."""

    ca_bundle: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None


def make_session(address: Address, *, login: Login | None, tls: Tls, limits: Limits) -> Session:
    """A session for one server.

    ``.netrc`` and a ``REQUESTS_CA_BUNDLE`` that would overrule ``--ca-bundle`` are not looked at; proxies of the
    environment are used, but not for this machine.

    Raises:
        OptionError: a certificate file is missing or unfit.
    """
    session = Session()
    session.trust_env = False
    if not address.loopback:
        session.proxies = get_environ_proxies(address.url)
    session.verify = _authorities(tls)
    session.cert = _own_certificate(tls)
    if login is not None:
        session.auth = _Authorization(login)
    bounds = _Bounds(limits)
    session.hooks["response"] = [bounds]
    return session


class _Authorization(AuthBase):
    """Puts the secret into the request at the last moment."""

    def __init__(self, login: Login) -> None:
        self._login = login

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = self._login.header()
        return request


class _Bounds:
    """Called with every response before its body is read."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def __call__(self, response: Response, **sending: Any) -> Response:
        response = _after_pauses(_as_json_alone(response, sending), sending)
        if response.is_redirect:
            # Followed, it could carry images or a password to another host or out of TLS.
            response.close()
            raise ServerError("the server redirects to another address; give the final address as --url")
        media = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
        images = media in ("multipart/related", "application/dicom")
        most = self._limits.study_bytes if images else self._limits.answer_bytes
        # .content and .json() use it too
        response.iter_content = _bounded(response, most, self._limits.seconds)  # type: ignore[method-assign]
        return response


def _as_json_alone(response: Response, sending: dict[str, Any]) -> Response:
    """The answer to a question that was put again for DICOM JSON alone, to a server that refuses a list of types."""
    request = response.request
    accepted = str(request.headers.get("Accept", ""))
    if response.status_code != 406 or request.method != "GET" or not accepted.startswith(f"{DICOM_JSON},"):
        return response
    response.close()
    request.headers["Accept"] = DICOM_JSON
    return response.connection.send(request, **sending)


def _after_pauses(response: Response, sending: dict[str, Any]) -> Response:
    """The answer to a question that was put again as often and as late as the server asked for (RFC 9110, 10.2.3)."""
    for _ in range(PAUSES):
        asked_for = response.headers.get("Retry-After", "")
        again = response.status_code in (429, 503) and response.request.method == "GET" and asked_for.isdigit()
        if not again or int(asked_for) > LONGEST_PAUSE:
            break
        response.close()
        time.sleep(int(asked_for))
        response = response.connection.send(response.request, **sending)
    return response


def _bounded(response: Response, most: int, seconds: float) -> Callable[..., Iterator[Any]]:
    """``response.iter_content`` that ends after so many bytes and seconds."""
    unbounded: Callable[..., Iterator[Any]] = response.iter_content
    late = threading.Event()

    def cut() -> None:
        late.set()
        response.raw.shutdown()  # wakes a read that a trickle of bytes would keep waiting

    def counted(chunk_size: int | None, decode_unicode: bool) -> Iterator[Any]:
        received = 0
        for chunk in unbounded(min(chunk_size or 2**20, 2**20), decode_unicode):
            received += len(chunk)
            if received > most:
                raise LimitError(f"the server sent more than {most / 2**20:.0f} MiB in one answer; refused")
            yield chunk

    def bounded(chunk_size: int | None = 1, decode_unicode: bool = False) -> Iterator[Any]:
        timer = threading.Timer(seconds, cut)
        timer.daemon = True
        timer.start()
        try:
            yield from as_standard(counted(chunk_size, decode_unicode), response.headers.get("Content-Type", ""))
        except RequestException:
            if not late.is_set():
                raise
        finally:
            timer.cancel()
            response.close()
        if late.is_set():
            raise ServerAwayError(f"the server took more than {seconds:.0f} s for one answer")

    return bounded


def _authorities(tls: Tls) -> str | bool:
    if tls.ca_bundle is not None:
        if not tls.ca_bundle.exists():
            raise OptionError(f"--ca-bundle {tls.ca_bundle}: no such file")
        return str(tls.ca_bundle)
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE") or True


def _own_certificate(tls: Tls) -> str | tuple[str, str] | None:
    if tls.client_cert is None:
        if tls.client_key is not None:
            raise OptionError("--client-key needs --client-cert")
        return None
    for option, path in (("--client-cert", tls.client_cert), ("--client-key", tls.client_key)):
        if path is None:
            continue
        try:
            content = path.read_bytes()[: 2**20]
        except OSError as error:
            raise OptionError(f"{option} {path}: cannot be read ({error.strerror})") from None
        if b"ENCRYPTED" in content:  # OpenSSL would stop and ask for the passphrase on the terminal
            raise OptionError(
                f"{option} {path}: the key is encrypted; give one without passphrase, readable by you only"
            )
    return str(tls.client_cert) if tls.client_key is None else (str(tls.client_cert), str(tls.client_key))
