"""Decode pixel data and apply slope and intercept, frame by frame, within the size that the header promised.

Which decoder does what: :mod:`coconet_med.dicom.decoders`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from coconet_med.dicom import headers
from coconet_med.dicom.decoders import DECODERS, NATIVE, dataset, decode, installed, streams, whole
from coconet_med.dicom.frame import Frame
from coconet_med.dicom.rescue import Job, decode_apart
from coconet_med.dicom.series import Instance
from coconet_med.errors import ReadError
from coconet_med.readers.limits import check_promise

if TYPE_CHECKING:
    from pydicom import Dataset

#: What brings further decoders, by the end of the transfer syntax UID.
_MORE = {"5": "pylibjpeg-rle", "90": "pylibjpeg-openjpeg", "91": "pylibjpeg-openjpeg"}
_MORE |= dict.fromkeys(("201", "202", "203"), "pylibjpeg-openjpeg")


def read_values(frames: Sequence[Frame]) -> np.ndarray:
    """Rescaled values of frames of one shape.

    Returns:
        float32 array (n, rows, columns) in the order of ``frames``.

    Raises:
        ReadError: pixel data are missing, truncated, compressed in an unknown way, or of another size than the header
            says; or they are more than may be held in memory.
    """
    by_file: dict[Path, list[tuple[int, Frame]]] = {}
    for place, frame in enumerate(frames):
        by_file.setdefault(frame.instance.path, []).append((place, frame))
    _refuse_promises(list(by_file.values()))
    result = np.empty((len(frames), *frames[0].shape), dtype=np.float32)
    failed: dict[int, Job] = {}
    reasons: dict[int, list[str]] = {}
    wanted = list(by_file.values())
    for number, some in enumerate(wanted):
        instance, indices = some[0][1].instance, tuple(frame.index for _, frame in some)
        planes = _decode(instance, indices)
        if isinstance(planes, str):
            failed[number] = Job(instance.path, instance.transfer_syntax, indices)
            reasons[number] = [planes]
        else:
            _fill(result, some, planes)
    for plugin in dict.fromkeys(p for job in failed.values() for p in installed(job.syntax)[1:]):
        able = {number: job for number, job in failed.items() if plugin in DECODERS[job.syntax]}
        for number, planes in (decode_apart(able, plugin) if able else {}).items():
            if isinstance(planes, str):
                reasons[number].append(f"{plugin}: {planes}")
            else:
                _fill(result, wanted[number], planes)
                del failed[number]
    for number in failed:
        raise ReadError(_verdict(wanted[number][0][1].instance, reasons[number]))
    return result


def _fill(result: np.ndarray, wanted: Sequence[tuple[int, Frame]], planes: Sequence[np.ndarray]) -> None:
    for (place, frame), plane in zip(wanted, planes, strict=True):
        if plane.shape != frame.shape:
            raise ReadError(f"{frame.instance.name}: decoded pixels are {plane.shape}, header says {frame.shape}")
        slope = 1.0 if frame.slope is None else frame.slope
        raw = plane.astype(np.float64)
        values = (raw if frame.mirror is None else frame.mirror - raw) * slope + frame.intercept
        if np.abs(values).max() > 1e30:
            raise ReadError(f"{frame.instance.name}: rescaled values exceed 1e30; slope or intercept is wrong")
        result[place] = values


def _refuse_promises(files: Sequence[Sequence[tuple[int, Frame]]]) -> None:
    """Hold rows x columns x frames against the bytes of the files, before anything is allocated."""
    from coconet_med.dicom.scan import DEFLATED

    first = files[0][0][1]
    count, there = 0, 0
    packed = False
    for some in files:
        instance = some[0][1].instance
        bits = headers.whole(instance.header, "BitsAllocated") or 8
        need, size = len(some) * first.shape[0] * first.shape[1] * bits // 8, instance.path.stat().st_size
        plain = instance.transfer_syntax in NATIVE and instance.transfer_syntax != DEFLATED
        if plain and "FloatPixelData" not in instance.header and size < need:
            raise ReadError(
                f"{instance.name}: pixel data are damaged or truncated ({size} bytes of file, {need} promised)"
            )
        packed |= not plain
        count, there = count + len(some), there + size
    bits = headers.whole(first.instance.header, "BitsAllocated") or 8
    folder = first.instance.path if len(files) == 1 else first.instance.path.parent
    there = there if packed else count * first.shape[0] * first.shape[1] * max(bits // 8, 1)
    check_promise(folder, (*first.shape, count), max(bits // 8, 1), there, packing="other" if packed else "raw")


def _decode(instance: Instance, indices: Sequence[int]) -> list[np.ndarray] | str:
    """The planes; or, where another decoder may still know them, why the first one did not.

    Raises:
        ReadError: nobody could.
    """
    syntax = instance.transfer_syntax
    if syntax not in DECODERS and syntax not in NATIVE:
        raise ReadError(f"{instance.name}: transfer syntax {_name(syntax)} cannot be decoded; decompress it")
    decoders = installed(syntax) if syntax in DECODERS else ("",)
    if not decoders:
        raise ReadError(
            f"{instance.name}: transfer syntax {_name(syntax)} needs a decoder that is not installed; "
            f"pip install pylibjpeg {_more(syntax)}, or decompress it"
        )
    try:
        with headers.quiet():
            ds = dataset(instance.path, syntax)
            if "PixelData" not in ds:
                floats = "FloatPixelData" in ds or "DoubleFloatPixelData" in ds
                held = "holds floating-point pixels, which no MR, CT, PET or NM object may; " if floats else ""
                raise ReadError(f"{instance.name}: {held or 'has no pixel data; '}export it again")
            _refuse_longer(instance, ds)
            if syntax in DECODERS:
                _refuse_other_size(instance, ds)
            return decode(ds, indices, decoders[0])
    except ReadError:
        raise
    except Exception as error:  # decoders raise almost any kind of error on damaged data
        reason = f"{type(error).__name__}: {headers.printable(error)}"
        if syntax in NATIVE:
            raise ReadError(f"{instance.name}: pixel data are damaged or truncated ({reason})") from error
        return f"{decoders[0]}: {reason}"


def _verdict(instance: Instance, reasons: Sequence[str]) -> str:
    """Whose fault it is that no decoder could: of the file, if its streams do not begin and end as they should."""
    syntax = instance.transfer_syntax
    try:
        with headers.quiet():
            sound = all(whole(stream, syntax) for stream in streams(dataset(instance.path, syntax)))
    except Exception:  # not even the frames can be separated
        sound = False
    tried = "; ".join(reasons)
    if not sound:
        return f"{instance.name}: pixel data are damaged or truncated ({tried})"
    return (
        f"{instance.name}: no installed decoder can decode its {_name(syntax)} ({tried}); decompress it with the "
        f"program that wrote it, or pip install pylibjpeg {_more(syntax)}"
    )


def _name(syntax: str) -> str:
    from pydicom.uid import UID

    return headers.printable(UID(syntax).name if syntax else "unknown")


def _more(syntax: str) -> str:
    return _MORE.get(syntax.rpartition(".")[2], "pylibjpeg-libjpeg")


def _refuse_longer(instance: Instance, ds: Dataset) -> None:
    """Refuse pixel data that hold more than the header says: which of the two is wrong cannot be seen.

    Padding of less than one row is accepted.
    """
    bits, samples = headers.whole(ds, "BitsAllocated") or 0, headers.whole(ds, "SamplesPerPixel") or 1
    row = (headers.whole(ds, "Columns") or 0) * samples * bits // 8
    count = headers.whole(ds, "NumberOfFrames") or 1
    if instance.transfer_syntax in NATIVE and row:
        promised = row * (headers.whole(ds, "Rows") or 0) * count
        if len(ds.PixelData) >= promised + max(row, 2):
            raise ReadError(
                f"{instance.name}: pixel data hold {len(ds.PixelData)} bytes, Rows x Columns x frames make {promised}; "
                "export the file again"
            )
    elif instance.transfer_syntax in DECODERS:
        from pydicom.encaps import parse_basic_offsets

        offsets = parse_basic_offsets(ds.PixelData)
        if len(offsets) > count:
            raise ReadError(f"{instance.name}: pixel data hold {len(offsets)} frames, the header says {count}")


def _refuse_other_size(instance: Instance, ds: Dataset) -> None:
    """Refuse code streams whose own header promises another size: decoders would allocate that size."""
    rows, columns = int(ds.Rows), int(ds.Columns)
    for frame in streams(ds):
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
