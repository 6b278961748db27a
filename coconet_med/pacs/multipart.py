"""Answers as the standards have them, for dicomweb-client, which takes no others.

Some servers begin a multipart answer with words (RFC 2046 section 5.1.1 allows such a preamble), end its lines with LF
alone, or put a byte order mark before JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

#: Bytes in which the first part has to begin.
LONGEST_PREAMBLE = 2**16
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def as_standard(chunks: Iterable[bytes], content_type: str) -> Iterator[bytes]:
    """The bytes of an answer without preamble, with CRLF around its parts, and without a byte order mark.

    Args:
        chunks: of the answer, decompressed.
        content_type: its header.
    """
    media, *parameters = (word.strip() for word in content_type.split(";"))
    if media.lower() == "multipart/related":
        named = (word.partition("=") for word in parameters)
        boundary = next((value.strip('"') for key, _, value in named if key.strip().lower() == "boundary"), "")
        return _multipart(iter(chunks), f"--{boundary}".encode()) if boundary else iter(chunks)
    if "json" in media.lower():
        return _unmarked(iter(chunks))
    return iter(chunks)


def _unmarked(chunks: Iterator[bytes]) -> Iterator[bytes]:
    start = b""
    for chunk in chunks:
        start += chunk
        if len(start) >= len(BYTE_ORDER_MARK):
            break
    yield start.removeprefix(BYTE_ORDER_MARK)
    yield from chunks


def _multipart(chunks: Iterator[bytes], marker: bytes) -> Iterator[bytes]:
    start = bytearray()
    at = -1
    for chunk in chunks:
        start += chunk
        at = _first(start, marker)
        if (at >= 0 and len(start) >= at + len(marker) + 2) or len(start) > LONGEST_PREAMBLE:
            break
    if at < 0:
        yield bytes(start)
        yield from chunks
        return
    del start[:at]
    rest = chain([bytes(start)], chunks)
    yield from _with_crlf(rest, marker) if start[len(marker) : len(marker) + 1] == b"\n" else rest


def _first(data: bytearray, marker: bytes) -> int:
    """Where the first marker at the beginning of a line stands, -1 where there is none yet."""
    at = data.find(marker)
    while at > 0 and data[at - 1 : at] != b"\n":
        at = data.find(marker, at + 1)
    return at


def _with_crlf(chunks: Iterator[bytes], marker: bytes) -> Iterator[bytes]:
    """Parts whose headers and boundaries end with LF; their bodies stay as they are."""
    data = bytearray()
    in_body = False
    for chunk in chunks:
        data += chunk
        while True:
            sought = b"\n" + marker if in_body else b"\n\n"
            at = data.find(sought)
            if at < 0:
                break
            part = bytes(data[:at])
            yield part + b"\r\n" + marker if in_body else part.replace(b"\n", b"\r\n") + b"\r\n\r\n"
            del data[: at + len(sought)]
            in_body = not in_body
        if in_body and len(data) > len(marker):
            yield bytes(data[: -len(marker)])
            del data[: -len(marker)]
    yield bytes(data) if in_body else bytes(data).replace(b"\n", b"\r\n")
