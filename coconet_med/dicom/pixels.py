"""Decode pixel data and apply slope and intercept, frame by frame, within the size that the header promised.

Decoders: RLE by pydicom, JPEG-LS by pyjpegls, JPEG 2000 and 8-bit JPEG by Pillow, lossless and 12-bit JPEG by GDCM (the
only one here that knows them; it is used for nothing else, since it may end the process on damaged data).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from coconet_med.dicom import headers
from coconet_med.dicom.frame import Frame
from coconet_med.dicom.series import Instance
from coconet_med.errors import ReadError

PLUGINS = {
    "1.2.840.10008.1.2.5": ("pydicom",),  # RLE
    "1.2.840.10008.1.2.4.50": ("pillow",),  # JPEG baseline
    "1.2.840.10008.1.2.4.51": ("pillow", "gdcm"),  # JPEG extended: Pillow knows 8 bit only
    "1.2.840.10008.1.2.4.57": ("gdcm",),  # JPEG lossless
    "1.2.840.10008.1.2.4.70": ("gdcm",),  # JPEG lossless, first-order prediction
    "1.2.840.10008.1.2.4.80": ("pyjpegls",),  # JPEG-LS lossless
    "1.2.840.10008.1.2.4.81": ("pyjpegls",),  # JPEG-LS near-lossless
    "1.2.840.10008.1.2.4.90": ("pillow",),  # JPEG 2000 lossless
    "1.2.840.10008.1.2.4.91": ("pillow",),  # JPEG 2000
}
NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99")


def read_values(frames: Sequence[Frame]) -> np.ndarray:
    """Rescaled values of frames of one shape.

    Returns:
        float32 array (n, rows, columns) in the order of ``frames``.

    Raises:
        ReadError: pixel data are missing, truncated, compressed in an unknown way, or of another size than the header
            says.
    """
    result = np.empty((len(frames), *frames[0].shape), dtype=np.float32)
    by_file: dict[Path, list[tuple[int, Frame]]] = {}
    for place, frame in enumerate(frames):
        by_file.setdefault(frame.instance.path, []).append((place, frame))
    for wanted in by_file.values():
        stored = _decode(wanted[0][1].instance, [frame.index for _, frame in wanted])
        for (place, frame), plane in zip(wanted, stored, strict=True):
            if plane.shape != frame.shape:
                raise ReadError(f"{frame.instance.name}: decoded pixels are {plane.shape}, header says {frame.shape}")
            slope = 1.0 if frame.slope is None else frame.slope
            values = plane.astype(np.float64) * slope + frame.intercept
            if np.abs(values).max() > 1e30:
                raise ReadError(f"{frame.instance.name}: rescaled values exceed 1e30; slope or intercept is wrong")
            result[place] = values
    return result


def _decode(instance: Instance, indices: list[int]) -> list[np.ndarray]:
    import pydicom
    from pydicom.pixels import get_decoder

    syntax = instance.transfer_syntax
    if syntax not in PLUGINS and syntax not in NATIVE:
        name = pydicom.uid.UID(syntax).name if syntax else "unknown"
        raise ReadError(f"{instance.name}: transfer syntax {headers.printable(name)} cannot be decoded; decompress it")
    problem: Exception | None = None
    with headers.quiet():
        try:
            ds = pydicom.dcmread(instance.path, force=True)
            if "PixelData" not in ds:
                raise ReadError(f"{instance.name}: has no pixel data")
            if not getattr(ds, "file_meta", None) or "TransferSyntaxUID" not in ds.file_meta:
                ds.file_meta = pydicom.dataset.FileMetaDataset()
                ds.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
            decoder = get_decoder(pydicom.uid.UID(syntax))
            if syntax in PLUGINS:
                _refuse_other_size(instance, ds)
            for plugin in PLUGINS.get(syntax, ("",)):
                try:
                    found = decoder.iter_array(ds, indices=indices, raw=True, decoding_plugin=plugin)
                    return [plane for plane, _ in found]
                except Exception as error:  # the next decoder may know it
                    problem = error
        except ReadError:
            raise
        except Exception as error:  # decoders raise almost any kind of error on damaged data
            problem = error
    reason = f"{type(problem).__name__}: {headers.printable(problem)}"
    raise ReadError(f"{instance.name}: pixel data are damaged or truncated ({reason})") from problem


def _refuse_other_size(instance: Instance, ds) -> None:
    """Refuse code streams whose own header promises another size: decoders would allocate that size."""
    from pydicom.encaps import generate_frames

    rows, columns = int(ds.Rows), int(ds.Columns)
    count = headers.whole(ds, "NumberOfFrames") or 1
    for frame in generate_frames(ds.PixelData, number_of_frames=count):
        found = stream_size(frame)
        if found is not None and found != (rows, columns):
            raise ReadError(
                f"{instance.name}: compressed image is {found[0]} x {found[1]}, the header says {rows} x {columns}"
            )


def stream_size(stream: bytes) -> tuple[int, int] | None:
    """Rows and columns stated in a JPEG, JPEG-LS or JPEG 2000 code stream; ``None`` where none is found (RLE)."""
    start = stream.find(b"\xff\x4f\xff\x51", 0, 4096)
    if start >= 0 and len(stream) >= start + 24:  # JPEG 2000: SOC, SIZ (ISO 15444-1 A.5.1)
        width, height, left, top = (int.from_bytes(stream[start + n : start + n + 4], "big") for n in (8, 12, 16, 20))
        return height - top, width - left
    if stream[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 <= len(stream) and stream[at] == 0xFF:  # JPEG: walk the marker segments (ISO 10918-1 B.1)
        marker = stream[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)):
            return int.from_bytes(stream[at + 5 : at + 7], "big"), int.from_bytes(stream[at + 7 : at + 9], "big")
        at += 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
    return None
