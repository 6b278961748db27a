"""What the readers hand on: one image with its geometry, units and provenance.

Inside the package a volume is a :class:`SimpleITK.Image`: it carries spacing (mm), origin (mm) and direction in LPS
(DICOM, ITK) world coordinates.  NumPy arrays taken from it are ordered ``(k, j, i)``, slowest axis first.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import SimpleITK as sitk

if TYPE_CHECKING:
    from coconet_med.geometry import NiftiForms

Role = Literal["anatomy", "function"]

#: Units of values whose meaning the file does not tell (most NIfTI, NRRD and picture files).
RELATIVE_UNITS = "relative"


@dataclass(frozen=True)
class Source:
    """One input image as read from disk or handed over by a caller.

    Attributes:
        image: scalar ``float32`` image, always 3-D (a picture is a volume of one slice), values in ``units``.
        name: what messages and side-cars call it, usually the file name.
        units: ``"SUVbw"`` (g/ml), ``"Bq/ml"``, ``"counts"``, ``"HU"``, ... or :data:`RELATIVE_UNITS`.
        modality: DICOM modality code (``"MR"``, ``"PT"``, ``"NM"``, ``"CT"``) where known, else ``None``.
        planar: whether the input was a 2-D picture or array without a place in the world.
        files: the files that were read, in reading order.
        sha256: hex digest of their content, so that a side-car names exactly what went in.
        frame_of_reference: DICOM Frame of Reference UID where known.  Two equal UIDs mean that the scanner confirms
            the alignment; two different ones mean that nobody does.
        slice_axis: array axis of the image (SimpleITK order: 0 = i, 1 = j, 2 = k) along which slices were acquired,
            where the source says so.
        color: for a pseudo-color picture its RGB ``uint8`` vector image, else ``None``.
        warnings: what the reader noticed and the user should know.
        details: further facts for the side-car (plain JSON types only).
        dicom: what :mod:`coconet_med.writers.dicom` needs of the headers, for DICOM sources only.
        forms: the two affines of a NIfTI header, so that a NIfTI result on this grid can carry them.
    """

    image: sitk.Image
    name: str
    units: str = RELATIVE_UNITS
    modality: str | None = None
    planar: bool = False
    files: tuple[Path, ...] = ()
    sha256: str | None = None
    frame_of_reference: str | None = None
    slice_axis: int | None = None
    color: sitk.Image | None = None
    warnings: tuple[str, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)
    dicom: Any = None
    forms: NiftiForms | None = None


def writable(image: sitk.Image) -> np.ndarray:
    """The memory of an image as an array (k, j, i, ...); valid while the image lives.

    SimpleITK shows its memory for reading only; a volume written through this one is in memory once instead of twice.
    """
    view = sitk.GetArrayViewFromImage(image)
    memory: Any = (ctypes.c_char * view.nbytes).from_address(view.ctypes.data)
    return np.frombuffer(memory, view.dtype).reshape(view.shape)
