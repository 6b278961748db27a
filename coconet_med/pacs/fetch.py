"""Fetch the planned series into a folder: bounded, complete, and nothing but what was asked for."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from coconet_med.dicom import headers
from coconet_med.dicom.mapping_objects import MAPPING_CLASS, extent
from coconet_med.dicom.series import IMAGE_CLASSES, Series
from coconet_med.errors import WriteError
from coconet_med.pacs.errors import LimitError, LoginError, ServerAwayError, ServerError
from coconet_med.pacs.plan import grown

if TYPE_CHECKING:
    from pydicom import Dataset

    from coconet_med.pacs.plan import Plan
    from coconet_med.pacs.server import Server

#: Bytes that stay free on the disk of the folder.
RESERVE = 2**28


def fetch(server: Server, plan: Plan, folder: Path, *, progress: Callable[[str, int, int], None] | None = None) -> None:
    """Write the objects of both series, and the mapping objects beside them, into ``folder``.

    Args:
        server: where they are.
        plan: which they are.
        folder: an empty folder.
        progress: called with (``"fetch"``, objects so far, all objects); may raise to stop.

    Raises:
        ServerError: objects of another series, or too many bytes.
        ServerAwayError: the server hung up, objects are missing, or a chosen series has grown since.
        WriteError: the disk does not let us.
    """
    total = sum(len(series.instances) for series in plan.parts)
    keeper = _Keeper(server, plan.study_uid, folder, total, progress)
    chosen = {plan.anatomy.uid, plan.function.uid}
    for series in plan.parts:
        keeper.take(series, whole=series.uid in chosen)


class _Keeper:
    """Counts and checks what comes in."""

    def __init__(
        self,
        server: Server,
        study_uid: str,
        folder: Path,
        total: int,
        progress: Callable[[str, int, int], None] | None,
    ) -> None:
        self._server, self._study_uid, self._folder, self._total = server, study_uid, folder, total
        self._progress = progress or (lambda *_: None)
        self._done = self._bytes = 0

    def take(self, series: Series, *, whole: bool) -> None:
        """Keep what is expected of a series, all of whose images are where it is to be taken ``whole``."""
        expected = {instance.uid: instance.header for instance in series.instances}
        arrived: set[str] = set()
        added: set[str] = set()
        refused = False

        def keep(ds: Dataset) -> None:
            nonlocal refused
            uid = headers.text(ds, "SOPInstanceUID")
            place = headers.text(ds, "StudyInstanceUID"), headers.text(ds, "SeriesInstanceUID")
            if uid not in expected and "" not in (uid, *place) and place == (self._study_uid, series.uid):
                if whole and headers.text(ds, "SOPClassUID") in IMAGE_CLASSES:
                    added.add(uid)  # since the headers were read: the scan is still arriving
                return
            if not _whole(ds, expected.get(uid)):
                return  # the answer was cut inside it; it is missing, and asked for again
            refused = True
            if place != (self._study_uid, series.uid):
                raise ServerError(f"series {series.uid}: the server sent an object of another series")
            if uid in expected and uid not in arrived:
                arrived.add(uid)
                self._save(ds)
            refused = False

        uids = sorted(expected)
        try:
            self._server.fetch(self._study_uid, series.uid, keep, uids)
        except LoginError:
            raise
        except ServerError:  # cut, or a part that is no object: the rest one by one, if that was not all there is
            if refused or not arrived:
                raise
        if added:
            raise ServerAwayError(grown(series.uid, len(added), len(expected)))
        for uid in sorted(expected.keys() - arrived):
            self._server.fetch_object(self._study_uid, series.uid, uid, keep)
        if missing := len(expected.keys() - arrived):
            msg = f"series {series.uid}: {missing} of {len(expected)} objects did not arrive whole; try again"
            raise ServerAwayError(msg)

    def _save(self, ds: Dataset) -> None:
        self._done += 1
        path = self._folder / f"{self._done:06d}.dcm"  # never a name out of a tag
        try:
            if shutil.disk_usage(self._folder).free < RESERVE:
                raise WriteError(f"{self._folder}: less than {RESERVE >> 20} MiB free; free space, or set TMPDIR")
            ds.save_as(path)
            self._bytes += path.stat().st_size
        except OSError as error:
            msg = f"{self._folder}: cannot be written ({error.strerror}); free space, or set TMPDIR"
            raise WriteError(msg) from error
        if self._bytes > self._server.limits.study_bytes:
            most = self._server.limits.study_bytes / 2**30
            raise LimitError(f"study {self._study_uid}: more than {most:.1f} GiB of images; refused")
        self._progress("fetch", self._done, self._total)


def _whole(ds: Dataset, header: Dataset | None) -> bool:
    """Whether an image has all its pixels, a mapping object all that its header states; pydicom reads what was cut
    without a word.

    Uncompressed pixels are counted (PS3.5 section 8.1.1); pydicom drops compressed ones whose end is missing.
    """
    if headers.text(ds, "SOPClassUID") == MAPPING_CLASS:
        return header is None or extent(ds) >= extent(header)
    if "PixelData" not in ds:
        return "FloatPixelData" in ds or "DoubleFloatPixelData" in ds
    element = ds["PixelData"]
    syntax = getattr(getattr(ds, "file_meta", None), "TransferSyntaxUID", None)
    if element.is_undefined_length or (syntax is not None and syntax.is_encapsulated):
        return bool(element.value)
    rows, columns, bits = (headers.whole(ds, tag) or 0 for tag in ("Rows", "Columns", "BitsAllocated"))
    samples, frames = (headers.whole(ds, tag) or 1 for tag in ("SamplesPerPixel", "NumberOfFrames"))
    subsampled = headers.text(ds, "PhotometricInterpretation") in ("YBR_FULL_422", "YBR_PARTIAL_422")
    needed = rows * columns * (2 if subsampled else samples) * frames * bits // 8
    return len(element.value or b"") >= needed
