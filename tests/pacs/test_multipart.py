"""What servers write around the parts of an answer changes nothing in the parts."""

from __future__ import annotations

import pytest

from coconet_med.pacs.multipart import as_standard

MEDIA = 'multipart/related; type="application/dicom"; boundary="limit"'
#: Bytes that look like line ends and like half of a boundary.
PARTS = (b"one\n\ntwo\r\n--lim", b"\n\n", b"-" * 40 + b"\n--limi\nt")


def _message(end: bytes, *, before: bytes = b"", after: bytes = b"") -> bytes:
    head = b"--limit" + end + b"Content-Type: application/dicom" + end + b"Content-Length: 9" + end + end
    return before + b"".join(head + part + end for part in PARTS) + b"--limit--" + end + after


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize(
    "answer",
    [
        _message(b"\r\n"),
        _message(b"\n"),
        _message(b"\r\n", before=b"words\r\n", after=b"more"),
        _message(b"\n", before=b"a word with --limit in it\n"),
        _message(b"\r\n", before=b"\r\n"),
    ],
)
def test_parts_arrive_as_they_are(answer, size):
    chunks = [answer[at : at + size] for at in range(0, len(answer), size)]
    assert b"".join(as_standard(chunks, MEDIA)).startswith(_message(b"\r\n").removesuffix(b"\r\n"))


@pytest.mark.parametrize("answer", [b"", b"no boundary in it", b"--limit", b"--limit\n", b"--limit\nX: y\n\ncut with"])
def test_what_is_cut_stays_cut(answer):
    found = b"".join(as_standard([answer], MEDIA))
    assert found.replace(b"\r\n", b"\n") == answer


def test_a_byte_order_mark_before_json_is_left_out_and_images_are_not_touched():
    marked = [b"\xef", b"\xbb\xbf[", b"]"]
    assert b"".join(as_standard(marked, "application/dicom+json; charset=UTF-8")) == b"[]"
    assert b"".join(as_standard(marked, "application/dicom")) == b"".join(marked)
    assert b"".join(as_standard([], "application/json")) == b""
