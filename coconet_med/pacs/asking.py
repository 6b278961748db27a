"""What dicomweb-client, requests and pydicom raise on a server's answer, as one line about server and request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import requests

from coconet_med.dicom import headers
from coconet_med.errors import FusionError
from coconet_med.pacs.errors import LoginError, ServerAwayError, ServerError
from coconet_med.pacs.words import quoted

if TYPE_CHECKING:
    from collections.abc import Callable

#: Answers that say "later".
BUSY = (408, 425, 429, 500, 502, 503, 504)


@contextmanager
def asking(
    url: str,
    what: str,
    *,
    silence: float,
    last: Callable[[], requests.Response | None] = lambda: None,
    secrets: Callable[[], Sequence[str]] = lambda: (),
) -> Iterator[None]:
    """Turn everything that goes wrong inside into one line.

    Args:
        url: of the server, which begins the line.
        what: name of the request.
        silence: seconds that the server was given.
        last: the answer that came last, for its words.
        secrets: texts that no message may hold.

    Raises:
        LoginError: it does not accept who we are.
        ServerAwayError: waiting may help.
        ServerError: anything else.
    """
    where = f"{url}: {what}"
    with headers.quiet():
        try:
            yield
        except FusionError as error:
            if isinstance(error, ServerError) and not str(error).startswith(url):
                raise type(error)(f"{where}: {error}") from None
            raise
        except requests.exceptions.SSLError as error:
            msg = f"{where}: TLS failed ({_tls_reason(error)}); check --ca-bundle, --client-cert and the address"
            raise ServerError(msg) from None
        except requests.HTTPError as error:
            raise _http_error(where, error, secrets()) from None
        except requests.Timeout:
            raise ServerAwayError(f"{where}: no answer in {silence:.0f} s") from None
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            raise ServerAwayError(f"{where}: the server cannot be reached, or hung up") from None
        except MemoryError:
            raise
        except Exception as error:  # pydicom and json raise almost any kind on what a server may send
            response = last()
            media = headers.printable(response.headers.get("Content-Type", "no media type"), 60) if response else ""
            kind = media or type(error).__name__
            msg = f"{where}: the answer cannot be understood ({kind}){quoted(response, secrets())}"
            raise ServerError(msg) from None


def _http_error(where: str, error: requests.HTTPError, secrets: Sequence[str]) -> ServerError:
    status = error.response.status_code if error.response is not None else 0
    said = quoted(error.response, secrets)
    if status in (401, 403):
        msg = f"{where}: not allowed ({status}); check --user and its password, or the token, and what it may do"
        return LoginError(msg + said)
    if status in BUSY:
        return ServerAwayError(f"{where}: the server has trouble ({status}){said}")
    if status == 404:
        return ServerError(f"{where}: not there (404); check the address and the UID{said}")
    return ServerError(f"{where}: refused ({status}){said}")


def _tls_reason(error: BaseException) -> str:
    """The part of OpenSSL's message that says what is wrong."""
    text = headers.printable(error, limit=2000)
    for word in ("CERTIFICATE_VERIFY_FAILED", "certificate required", "hostname", "WRONG_VERSION_NUMBER", "KEY_VALUES"):
        if word.lower() in text.lower():
            return word.lower().replace("_", " ")
    return "handshake"
