"""Which decoder is tried for which transfer syntax, in which order, and how one frame is decoded by one of them.

The first of a list decodes in this process.  Those after it are tried where it fails, in a process of their own
(:mod:`coconet_med.dicom.rescue`): GDCM may end its process on damaged data.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from coconet_med.dicom import headers

if TYPE_CHECKING:
    from pydicom import Dataset

SIMPLEITK = "SimpleITK"
_JPEG_2000 = ("pillow", "gdcm", "pylibjpeg")
_LOSSLESS = ("gdcm", "pylibjpeg", SIMPLEITK)

#: Decoders of a compressed transfer syntax, in the order in which they are tried; those not installed are passed over.
DECODERS: dict[str, tuple[str, ...]] = {
    "1.2.840.10008.1.2.5": ("pydicom", "pylibjpeg"),  # RLE
    "1.2.840.10008.1.2.4.50": ("pillow", "gdcm", "pylibjpeg", SIMPLEITK),  # JPEG baseline, 8 bits
    "1.2.840.10008.1.2.4.51": ("pillow", "gdcm", "pylibjpeg", SIMPLEITK),  # JPEG extended: 12 bits by the last two
    "1.2.840.10008.1.2.4.57": _LOSSLESS,  # JPEG lossless
    "1.2.840.10008.1.2.4.70": _LOSSLESS,  # JPEG lossless, first-order prediction
    "1.2.840.10008.1.2.4.80": ("pyjpegls", "gdcm", "pylibjpeg"),  # JPEG-LS lossless
    "1.2.840.10008.1.2.4.81": ("pyjpegls", "gdcm", "pylibjpeg"),  # JPEG-LS near-lossless
    "1.2.840.10008.1.2.4.90": _JPEG_2000,  # lossless
    "1.2.840.10008.1.2.4.91": _JPEG_2000,
    "1.2.840.10008.1.2.4.201": ("pylibjpeg",),  # High-Throughput JPEG 2000, lossless
    "1.2.840.10008.1.2.4.202": ("pylibjpeg",),
    "1.2.840.10008.1.2.4.203": ("pylibjpeg",),
}
#: Transfer syntaxes whose pixels are as they are; the last is deflated with the rest of the data set.
NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99")
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def installed(syntax: str) -> tuple[str, ...]:
    """The decoders of a compressed transfer syntax that are there, in order."""
    from pydicom.pixels import get_decoder
    from pydicom.uid import UID

    known = get_decoder(UID(syntax)).available_plugins
    return tuple(name for name in DECODERS[syntax] if name in known or (name == SIMPLEITK and find_spec(name)))


def decode(ds: Dataset, indices: Sequence[int], plugin: str) -> list[np.ndarray]:
    """Stored values of frames, each (rows, columns); whatever goes wrong is raised as it comes.

    Args:
        ds: from :func:`dataset`.
        indices: frames, from 0.
        plugin: a name in :data:`DECODERS`; ``""`` for native pixels.
    """
    from pydicom.pixels import get_decoder

    if plugin == SIMPLEITK:
        return _by_simpleitk(ds, indices)
    decoder = get_decoder(ds.file_meta.TransferSyntaxUID)
    return [plane for plane, _ in decoder.iter_array(ds, indices=list(indices), raw=True, decoding_plugin=plugin)]


def dataset(path: Path, syntax: str) -> Dataset:
    """The whole data set of a file, which knows its transfer syntax."""
    import pydicom

    ds = pydicom.dcmread(path, force=True)
    if not getattr(ds, "file_meta", None) or "TransferSyntaxUID" not in ds.file_meta:
        ds.file_meta = pydicom.dataset.FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    return ds


def streams(ds: Dataset) -> Iterator[bytes]:
    """The compressed frames of a data set, one after the other."""
    from pydicom.encaps import generate_frames

    return generate_frames(ds.PixelData, number_of_frames=headers.whole(ds, "NumberOfFrames") or 1)


def whole(stream: bytes, syntax: str) -> bool:
    """Whether a compressed frame begins and ends as its standard says: if not, the file is at fault, no decoder."""
    if syntax == "1.2.840.10008.1.2.5":  # PS3.5 G.5: the number of segments, then their places
        ends = [int.from_bytes(stream[n : n + 4], "little") for n in range(0, 64, 4)]
        return len(stream) > 64 and 1 <= ends[0] <= 15 and all(64 <= end < len(stream) for end in ends[1 : ends[0] + 1])
    begins = stream.startswith((b"\xff\xd8", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP"))
    return begins and stream.rstrip(b"\0").endswith(b"\xff\xd9")  # EOI of JPEG, EOC of JPEG 2000


def _by_simpleitk(ds: Dataset, indices: Sequence[int]) -> list[np.ndarray]:
    """By the GDCM inside SimpleITK, which also knows 12-bit JPEG; slope and intercept stay out of it."""
    import SimpleITK as sitk

    frames, planes = list(streams(ds)), []
    with tempfile.TemporaryDirectory(prefix="coconet-") as folder:
        for index in indices:
            path = Path(folder, f"{index}.dcm")
            _plain_copy(ds, frames[index]).save_as(path, enforce_file_format=True)
            planes.append(sitk.GetArrayFromImage(sitk.ReadImage(str(path), imageIO="GDCMImageIO")).squeeze(0))
    return planes


def _plain_copy(ds: Any, stream: bytes) -> Dataset:
    import pydicom
    from pydicom.encaps import encapsulate

    copy, meta = pydicom.Dataset(), pydicom.dataset.FileMetaDataset()
    for keyword in ("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"):
        setattr(copy, keyword, ds[keyword].value)
    copy.SamplesPerPixel, copy.PhotometricInterpretation = 1, "MONOCHROME2"
    copy.SOPClassUID, copy.SOPInstanceUID = _SECONDARY_CAPTURE, pydicom.uid.generate_uid()
    copy.PixelData = encapsulate([stream])
    copy["PixelData"].VR = "OB"
    copy["PixelData"].is_undefined_length = True
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = copy.SOPClassUID, copy.SOPInstanceUID
    meta.TransferSyntaxUID = ds.file_meta.TransferSyntaxUID
    copy.file_meta = meta
    return copy
