"""A server's own words about what went wrong, as one clean line for an error message."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from html import unescape
from typing import TYPE_CHECKING, Any

from coconet_med.dicom.headers import printable

if TYPE_CHECKING:
    from requests import Response

#: Bytes of an answer that are looked at, and letters of it that are shown.
MOST_BYTES, MOST_LETTERS = 64 * 1024, 160
#: Keys under which servers put their reason into JSON: Orthanc, dcm4chee, Google, Azure, RFC 9457.
KEYS = ("Details", "Message", "OrthancError", "errorMessage", "message", "detail", "error", "title", "HttpError")
#: Fields of the answer that carry words where its body has none (Warning of PS3.18 section 8.4).
FIELDS = ("Warning", "Reason", "X-Error")


def own_words(response: Response | None, secrets: Iterable[str] = ()) -> str:
    """What the server says in an answer; ``""`` where it says nothing that can be read.

    Args:
        response: any answer; of one that streams only the beginning is read.
        secrets: texts that are never shown, for servers that send back what they were sent.

    Returns:
        Printable text of one line without markup, ready to be put between quotation marks.
    """
    if response is None:
        return ""
    said = _said(_beginning(response), response.headers.get("Content-Type", "").lower())
    said = said or next((response.headers[name] for name in FIELDS if name in response.headers), "")
    for secret in secrets:
        if secret:
            said = said.replace(secret, "[…]")
    return printable(said.replace('"', "'"), limit=MOST_LETTERS)


def quoted(response: Response | None, secrets: Iterable[str] = ()) -> str:
    """The same for the end of a message: ``; the server says: "…"``, or nothing."""
    said = own_words(response, secrets)
    return f'; the server says: "{said}"' if said else ""


def _beginning(response: Response) -> bytes:
    try:
        if getattr(response, "_content_consumed", False):
            return (response.content or b"")[:MOST_BYTES]
        return bytes(next(iter(response.iter_content(MOST_BYTES)), b""))[:MOST_BYTES]
    except Exception:  # an answer that is cut or silent says nothing; the status is known all the same
        return b""


def _said(body: bytes, media: str) -> str:
    if not body or "dicom;" in media or media.startswith(("multipart/", "image/", "application/octet-stream")):
        return ""
    text = body.decode("utf-8", errors="replace")
    if "json" in media or text.lstrip()[:1] in "{[":
        try:
            return _of_json(json.loads(text))
        except (ValueError, RecursionError):
            return "" if "json" in media else text
    if "html" in media or "xml" in media or text.lstrip().startswith("<"):
        return _without_markup(text)
    return "" if "\x00" in text else text


def _of_json(answer: Any) -> str:
    if isinstance(answer, list):
        answer = answer[0] if answer else ""
    if isinstance(answer, str):
        return answer
    if not isinstance(answer, dict):
        return ""
    found = []
    for key in KEYS:
        value = answer.get(key)
        said = _of_json(value) if isinstance(value, dict) else value
        if isinstance(said, str) and said.strip() and said not in found:
            found.append(said.strip())
    return ": ".join(found[:2])


def _without_markup(text: str) -> str:
    """The title of a page, else its text."""
    if title := re.search(r"<title[^>]*>(.*?)</title", text, re.IGNORECASE | re.DOTALL):
        return unescape(title[1])
    text = re.sub(r"(?is)<(script|style|head)\b.*?</\1\s*>", " ", text)
    return unescape(re.sub(r"<[^>]*>", " ", text))
