"""A small DICOMweb server on loopback that has the habits of real ones, one by one; see :class:`Habits`."""

from __future__ import annotations

import io
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pydicom

from coconet_med.pacs.address import parse_address
from coconet_med.pacs.server import Server

LEVELS = {
    "studies": ("StudyInstanceUID", "StudyDate", "StudyTime", "PatientID"),
    "series": ("StudyInstanceUID", "SeriesInstanceUID", "Modality", "SeriesDescription", "Manufacturer"),
    "instances": ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"),
}
KEYS = {"studies": "StudyInstanceUID", "series": "SeriesInstanceUID", "instances": "SOPInstanceUID"}


@dataclass
class Habits:
    """What the server does otherwise than the standard says, or than one would guess.

    Attributes:
        cap: most matches in one answer.
        only: matches beyond this are never shown, whatever the offset (Orthanc with LimitFind...).
        offset: ``"kept"``, ``"ignored"``, or ``"refused"`` (400).
        empty: status of an answer without matches.
        late: seconds after which a stored object is found.
        counts: whether numbers of related series and objects are reported.
        includefield: status that refuses it, or 0.
        star: status that refuses ``transfer-syntax=*``, or 0.
        series_images, series_metadata: status that refuses a whole series of them, or 0.
        stow: ``"json"``, ``"empty"``, ``"xml"`` or ``"conflict"``: the answer to a store request.
        most_stored: objects of one store request beyond which it is refused (413).
        wrong: fault of every answer of WADO: ``"503"``, ``"html"``, ``"cut"``.
        modality: whether series are filtered by Modality.
        says_modality: whether a search gives it.
        studies: status that refuses every search for studies, or 0.
        sloppy: LF ends the lines of multipart answers, words stand before them, and a byte order mark before JSON.
        one_type: whether a search or metadata that accepts several media types is refused (406).
        busy: questions that are put off with 429 and a Retry-After of no seconds.
    """

    cap: int = 10**6
    only: int = 10**6
    offset: str = "kept"
    empty: int = 204
    late: float = 0.0
    counts: bool = True
    includefield: int = 0
    star: int = 0
    series_images: int = 0
    series_metadata: int = 0
    stow: str = "json"
    most_stored: int = 10**6
    wrong: str = ""
    modality: bool = True
    says_modality: bool = True
    studies: int = 0
    sloppy: bool = False
    one_type: bool = False
    busy: int = 0


@dataclass
class OddServer:
    """What it holds, how it behaves, and what it was asked: (method, path with query, status)."""

    habits: Habits = field(default_factory=Habits)
    objects: dict[str, bytes] = field(default_factory=dict)
    heads: dict[str, pydicom.Dataset] = field(default_factory=dict)
    since: dict[str, float] = field(default_factory=dict)
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    received: list[str] = field(default_factory=list)
    url: str = ""

    def server(self, **options) -> Server:
        return Server(parse_address(self.url), **options)

    def put(self, folder: Path) -> None:
        for path in sorted(folder.rglob("*.dcm")):
            self.take(path.read_bytes(), old=True)

    def take(self, raw: bytes, *, old: bool = False) -> str:
        head = pydicom.dcmread(io.BytesIO(raw), stop_before_pixels=True)
        uid = str(head.SOPInstanceUID)
        self.objects[uid], self.heads[uid] = raw, head
        self.since.setdefault(uid, 0.0 if old else time.monotonic())
        return uid

    def shown(self) -> list[pydicom.Dataset]:
        return [ds for uid, ds in list(self.heads.items()) if time.monotonic() - self.since[uid] >= self.habits.late]

    def count(self, study_uid: str) -> dict[str, int]:
        """Number of objects that it really holds, by series."""
        found: dict[str, int] = {}
        for ds in self.heads.values():
            if ds.StudyInstanceUID == study_uid:
                found[str(ds.SeriesInstanceUID)] = found.get(str(ds.SeriesInstanceUID), 0) + 1
        return found

    def posts(self) -> int:
        return sum(method == "POST" for method, *_ in self.asked)


class OddHandler(BaseHTTPRequestHandler):
    """Answers for the :class:`OddServer` of its HTTP server."""

    protocol_version = "HTTP/1.1"

    @property
    def odd(self) -> OddServer:
        return self.server.odd

    def log_message(self, *_: object) -> None:
        pass

    def say(self, status: int, body: bytes = b"", media: str = "text/plain", *, promised: int | None = None) -> None:
        if self.command == "GET" and self.odd.habits.busy > 0:
            self.odd.habits.busy -= 1
            status, body = 429, b"too many questions"
        self.odd.asked.append((self.command, self.path, status))
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "0")
        if self.odd.habits.sloppy and body and "json" in media:
            body = b"\xef\xbb\xbf" + body
        if body or status != 204:
            self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body) if promised is None else promised))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        if self.odd.habits.one_type and "json," in self.headers.get("Accept", ""):
            return self.say(406, b"application/dicom+json is all there is")
        parts = urlsplit(self.path)
        steps = [step for step in parts.path.split("/") if step][1:]
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if "includefield" in query and self.odd.habits.includefield:
            return self.say(self.odd.habits.includefield, b"unknown key includefield: only the standard ones are taken")
        where = dict(zip(KEYS.values(), steps[1::2], strict=False))
        if steps[-1:] == ["metadata"]:
            return self._metadata(where)
        if len(steps) % 2:
            return self._search(steps[-1], where, query)
        return self._images(where)

    def _matches(self, where: dict[str, str]) -> list[pydicom.Dataset]:
        return [ds for ds in self.odd.shown() if all(str(ds.get(key)) == uid for key, uid in where.items())]

    def _search(self, level: str, where: dict[str, str], query: dict[str, str]) -> None:
        habits, groups = self.odd.habits, {}
        if level == "studies" and habits.studies:
            return self.say(habits.studies, b"")
        for ds in self._matches(where):
            groups.setdefault(str(ds.get(KEYS[level])), []).append(ds)
        found = [group for group in groups.values() if self._fits(group[0], query)]
        start = int(query.get("offset", 0))
        if start and habits.offset == "refused":
            return self.say(400, b"the parameter offset is not supported")
        start = 0 if habits.offset == "ignored" else start
        page = found[: habits.only][start:][: min(int(query.get("limit", 10**6)), habits.cap)]
        if not page:
            return self.say(habits.empty, b"[]" if habits.empty == 200 else b"", "application/dicom+json")
        answer = [self._describe(level, group) for group in page]
        return self.say(200, json.dumps(answer).encode(), "application/dicom+json")

    def _fits(self, ds: pydicom.Dataset, query: dict[str, str]) -> bool:
        for key, wanted in query.items():
            if key in ("limit", "offset", "includefield") or (key == "Modality" and not self.odd.habits.modality):
                continue
            keyword = key if not re.fullmatch("[0-9A-Fa-f]{8}", key) else pydicom.datadict.keyword_for_tag(key)
            value, (low, _, high) = str(ds.get(keyword, "")), wanted.partition("-")
            if not (low <= value <= high if high else value == wanted):
                return False
        return True

    def _describe(self, level: str, group: list[pydicom.Dataset]) -> dict:
        answer = pydicom.Dataset()
        for keyword in LEVELS[level]:
            if keyword in group[0] and (keyword != "Modality" or self.odd.habits.says_modality):
                answer[keyword] = group[0][keyword]
        if self.odd.habits.counts and level == "series":
            answer.NumberOfSeriesRelatedInstances = len(group)
        if self.odd.habits.counts and level == "studies":
            answer.NumberOfStudyRelatedInstances = len(group)
            answer.NumberOfStudyRelatedSeries = len({ds.SeriesInstanceUID for ds in group})
        return answer.to_json_dict()

    def _metadata(self, where: dict[str, str]) -> None:
        if "SOPInstanceUID" not in where and self.odd.habits.series_metadata:
            return self.say(self.odd.habits.series_metadata, b"metadata of a whole series: not here")
        found = []
        for ds in self._matches(where):
            found.append(ds.to_json_dict())
            found[-1]["00083002"] = {"vr": "UI", "Value": [str(ds.file_meta.TransferSyntaxUID)]}
        if not found:
            return self.say(404, b"")
        return self.say(200, json.dumps(found).encode(), "application/dicom+json")

    def _images(self, where: dict[str, str]) -> None:
        habits, accept = self.odd.habits, self.headers.get("Accept", "")
        if habits.wrong == "503":
            return self.say(503, b"<html><head><title>Archive is being moved to the new shelf</title></head></html>")
        if habits.wrong == "html":
            page = b"<html><head><title>Please log in to the portal</title></head><body>x</body></html>"
            return self.say(200, page, "text/html")
        if "transfer-syntax=*" in accept and habits.star:
            return self.say(habits.star, b"no wildcard for the transfer syntax")
        if "SOPInstanceUID" not in where and habits.series_images:
            return self.say(habits.series_images, b"a whole series: not here")
        body = b""
        for ds in self._matches(where):
            raw = self.odd.objects[str(ds.SOPInstanceUID)]
            end = b"\n" if habits.sloppy else b"\r\n"
            body += b"--limit" + end + b"Content-Type: application/dicom" + end + end + raw + end
        body = (b"Here you are:\n" if habits.sloppy else b"") + body + b"--limit--"
        if habits.wrong == "cut":  # within the pixels of the last object, without a word
            body = body[:-40]
        return self.say(200, body, 'multipart/related; type="application/dicom"; boundary=limit')

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        boundary = re.search('boundary="?([^";]+)', self.headers["Content-Type"])[1].encode()
        parts = [part.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n") for part in raw.split(b"--" + boundary)[1:-1]]
        habits = self.odd.habits
        if len(parts) > habits.most_stored:
            return self.say(413, b"too much at once")
        uids = [self.odd.take(part) for part in parts]
        self.odd.received += uids
        if habits.stow == "empty":
            return self.say(200)
        if habits.stow == "xml":
            return self.say(200, b"<NativeDicomModel/>", "application/dicom+xml")
        sequence = "00081198" if habits.stow == "conflict" else "00081199"
        items = [{"00081155": {"vr": "UI", "Value": [uid]}} for uid in uids]
        if habits.stow == "conflict":
            items = [one | {"00081197": {"vr": "US", "Value": [0x0111]}} for one in items]
        body = json.dumps({sequence: {"vr": "SQ", "Value": items}}).encode()
        return self.say(409 if habits.stow == "conflict" else 200, body, "application/dicom+json")


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        pass  # clients that hang up are part of the tests


@contextmanager
def running(habits: Habits) -> Iterator[OddServer]:
    """A server with these habits."""
    http = _Http(("127.0.0.1", 0), OddHandler)
    http.odd = OddServer(habits, url=f"http://127.0.0.1:{http.server_port}/dicom-web")
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield http.odd
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
