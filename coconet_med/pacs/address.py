"""The address of a DICOMweb server, checked before anything is sent to it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from coconet_med.errors import OptionError


@dataclass(frozen=True)
class Address:
    """Root of the DICOMweb services, without a slash at the end, such as ``https://pacs.example/dicom-web``."""

    url: str

    @property
    def loopback(self) -> bool:
        """Whether the server is this machine."""
        return _is_loopback(urlsplit(self.url).hostname or "")

    @property
    def parent(self) -> str:
        """The root above the DICOMweb root: of an Orthanc its own REST interface."""
        return self.url.rsplit("/", 1)[0]


def parse_address(url: str, *, option: str = "--url", allow_plain_http: bool = False) -> Address:
    """Check and normalize the address of a server.

    Args:
        url: ``https://host[:port]/path``; ``http`` only for this machine, or with ``allow_plain_http``.
        option: what messages call it.
        allow_plain_http: send images (and a password, if there is one) over the network unencrypted.

    Raises:
        OptionError: not such an address.  The message repeats no part of an address with a password in it.
    """
    example = f"{option}: expected an address such as https://pacs.example/dicom-web"
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise OptionError(f"{example}; this one cannot be understood") from None
    if parts.username is not None or parts.password is not None:
        raise OptionError(f"{option}: leave user and password out of the address; use --user and --password-file")
    if parts.scheme not in ("http", "https") or not host or not url.strip().isascii() or not url.strip().isprintable():
        raise OptionError(f"{example}; this one has no http(s) scheme or no host")
    if parts.query or parts.fragment:
        raise OptionError(f"{example}, without ? and #")
    if ":" in host:
        raise OptionError(f"{option}: IPv6 numbers are not understood by dicomweb-client; give the name of the host")
    if parts.scheme == "http" and not _is_loopback(host) and not allow_plain_http:
        msg = f"{option}: http to {host} would send patient images unencrypted; use https, or --allow-plain-http"
        raise OptionError(f"{msg} inside a protected network")
    where = host if port is None else f"{host}:{port}"
    return Address(f"{parts.scheme}://{where}{parts.path.rstrip('/')}")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
