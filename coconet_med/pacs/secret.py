"""Passwords and tokens: read from the environment or a file, and shown nowhere."""

from __future__ import annotations

import os
import stat
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from coconet_med.errors import OptionError

PASSWORD_VARIABLE = "COCONET_MED_PACS_PASSWORD"
TOKEN_VARIABLE = "COCONET_MED_PACS_TOKEN"
#: A file with more bytes than this is no password.
LARGEST_SECRET = 64 * 1024


class Secret:
    """Text that no ``repr``, ``str``, format, pickle or traceback shows; :meth:`reveal` is called where it is sent."""

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        self.__text = text

    def reveal(self) -> str:
        return self.__text

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __reduce__(self) -> str:
        msg = "a secret is not stored"
        raise TypeError(msg)


@dataclass(frozen=True)
class Login:
    """Basic authentication (``user`` and ``secret``), or a bearer token (``secret`` alone)."""

    secret: Secret
    user: str | None = None

    def header(self) -> str:
        """What the field ``Authorization`` says: bearer token, or name and password in UTF-8 as RFC 7617 allows."""
        if self.user is None:
            return f"Bearer {self.secret.reveal()}"
        pair = f"{self.user}:{self.secret.reveal()}".encode()
        return f"Basic {b64encode(pair).decode('ascii')}"

    def forms(self) -> tuple[str, ...]:
        """The texts that must be cut out of what a server says: it may send back what it was sent."""
        return self.header(), self.header().split()[1], self.secret.reveal()


def find_login(
    *,
    user: str | None = None,
    password_file: Path | None = None,
    token_file: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Login | None:
    """The login that options and environment describe, or ``None``.

    Files win over the variables ``COCONET_MED_PACS_PASSWORD`` and ``COCONET_MED_PACS_TOKEN``.

    Raises:
        OptionError: two ways at once, a user without password, or a file that cannot be read or holds no secret.
    """
    environment = os.environ if environment is None else environment
    if user is None and password_file is not None:
        raise OptionError("--password-file needs --user; give the name that the password belongs to")
    if user is not None and token_file is not None:
        raise OptionError("--user and --token-file are two ways to log in; give one of them")
    if user is not None:
        if not user or ":" in user or not user.isprintable():
            raise OptionError("--user: a user name has no colon and no control characters, and is not empty")
        password = _secret(password_file, "--password-file", environment, PASSWORD_VARIABLE)
        if password is None:
            raise OptionError(f"--user needs a password: set the variable {PASSWORD_VARIABLE}, or give --password-file")
        return Login(password, user)
    token = _secret(token_file, "--token-file", environment, TOKEN_VARIABLE)
    if token is None:
        return None
    text = token.reveal()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise OptionError("the bearer token holds blanks, line breaks or characters other than ASCII; give it alone")
    return Login(token)


def readable_by_others(path: Path | None) -> bool:
    """Whether other users of this machine may read a file with a secret (POSIX only)."""
    return path is not None and os.name == "posix" and bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))


def _secret(file: Path | None, option: str, environment: Mapping[str, str], variable: str) -> Secret | None:
    if file is not None:
        return Secret(_read(file, option))
    if text := environment.get(variable, ""):
        return Secret(text)
    return None


def _read(file: Path, option: str) -> str:
    try:
        with file.open("rb") as stream:
            raw = stream.read(LARGEST_SECRET + 1)
    except OSError as error:
        raise OptionError(f"{option} {file}: cannot be read ({error.strerror}); check path and permission") from None
    try:
        text = raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        text = ""
    if not text or len(raw) > LARGEST_SECRET or any(c in text for c in "\r\n\0"):
        raise OptionError(f"{option} {file}: expected one line of text")
    return text
