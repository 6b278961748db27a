"""Open a NIfTI file with nibabel, whatever the case of its name, and with quaternions that rounding made too long."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

#: A quaternion longer than 1 by more than this is no rounding.
ROUNDED = 1e-3


@dataclass(frozen=True)
class Start:
    """The first bytes of a header, read before any library sees it.

    Attributes:
        kind: ``"single"``, ``"pair"``, ``"analyze"`` (a header of that size without the magic of NIfTI),
            ``"interfile"`` (text), or ``"unknown"``.
        offset: bytes before the voxels.
        newer: whether it is of NIfTI-2.
        sizeless: axes i, j, k (0 to 2) along which ``pixdim`` gives voxels the size 0.
        slope: ``scl_slope`` as it is stored; nibabel forgets one that is not finite.
    """

    kind: str
    offset: float = 0.0
    newer: bool = False
    sizeless: tuple[int, ...] = ()
    slope: float = 1.0


def start_of(path: Path, *, packed: bool | None = None) -> Start:
    """What the first bytes of a header say; never raises for what is wrong with them.

    Args:
        path: the file that holds the header.
        packed: whether to unpack it as gzip; by default as its name says.
    """
    from isal import igzip

    packed = path.name.lower().endswith(".gz") if packed is None else packed
    try:
        with igzip.open(path) if packed else path.open("rb") as file:
            head = file.read(540)
    except Exception:  # not gzip, or damaged: the reader says so
        return Start("unknown")
    if head.lstrip()[:11].upper().startswith((b"!INTERFILE", b"INTERFILE")):
        return Start("interfile")
    for order in ("<", ">"):
        size = int(np.frombuffer(head[:4], f"{order}i4")[0]) if len(head) >= 348 else 0
        if size == 540 and len(head) == 540:
            magic, offset = head[4:7], float(np.frombuffer(head[168:176], f"{order}i8")[0])
            sizes, slope = np.frombuffer(head[112:136], f"{order}f8"), np.frombuffer(head[176:184], f"{order}f8")
        elif size == 348:
            magic, offset = head[344:347], float(np.frombuffer(head[108:112], f"{order}f4")[0])
            sizes, slope = np.frombuffer(head[80:92], f"{order}f4"), np.frombuffer(head[112:116], f"{order}f4")
        else:
            continue
        kinds = {b"n+1": "single", b"n+2": "single", b"ni1": "pair", b"ni2": "pair"}
        sizeless = tuple(np.flatnonzero(sizes == 0).tolist())
        kind = kinds.get(magic, "analyze")
        return Start(kind, offset, newer=size == 540, sizeless=sizeless, slope=float(slope[0]))
    return Start("unknown")


def open_nifti(files: tuple[Path, ...], mended: list[str] | None = None) -> Any:
    """nibabel's image; its voxels are not read yet.

    nibabel looks for ``.nii`` in lower or upper case only, and refuses a header whose three stored parts of a
    quaternion are longer than 1 by 2e-7; the reference reader (nifti1_io.c, ``nifti_quatern_to_mat44``), and with it
    FSL and ITK, shorten them.  Here what rounding can do is shortened, and what is longer is refused with the reason.
    Sizes of 0 behind the third are 1, as they are there.

    Args:
        files: the file, or header and voxels of a pair.
        mended: what nibabel finds wrong in the header, and how it reads it all the same, is put here, not on screen.

    Raises:
        Exception: of many kinds, for damaged headers.
    """
    pair = len(files) > 1
    kind = _kinds()[pair, start_of(files[0]).newer]
    places = kind.make_file_map()
    for name, file in zip(("header", "image") if pair else ("image",), files, strict=True):
        places[name].filename = str(file)
    with _overheard(mended if mended is not None else []):
        return kind.from_file_map(places)


@contextmanager
def _overheard(said: list[str]) -> Iterator[None]:
    """What nibabel logs meanwhile goes into a list, and not to the terminal."""
    from nibabel import imageglobals

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(" ".join(record.getMessage().split()))

    logger: logging.Logger = imageglobals.logger
    usual, logger.handlers = logger.handlers, [Ear()]
    try:
        yield
    finally:
        logger.handlers = usual


@cache
def _kinds() -> dict[tuple[bool, bool], Any]:
    """nibabel's classes by (is a pair, is NIfTI-2), with our reading of quaternions."""
    import nibabel as nib

    bases: dict[tuple[bool, bool], Any] = {
        (False, False): nib.Nifti1Image,
        (True, False): nib.Nifti1Pair,
        (False, True): nib.Nifti2Image,
        (True, True): nib.Nifti2Pair,
    }
    return {
        key: type(base.__name__, (base,), {"header_class": _shortening(base.header_class)})
        for key, base in bases.items()
    }


def _shortening(base: Any) -> Any:
    """A header class that shortens quaternions that are too long by rounding."""

    def get_qform_quaternion(self: Any) -> np.ndarray:
        parts = np.array([self["quatern_b"], self["quatern_c"], self["quatern_d"]], np.float64)
        length = float(np.linalg.norm(parts))
        if length > 1 + ROUNDED:
            msg = f"the quaternion of its qform has the length {length:.4g}, and 1 is the longest"
            raise ValueError(msg)
        if length > 1:
            return np.array((0.0, *(parts / length)))
        return base.get_qform_quaternion(self)

    def get_data_shape(self: Any) -> tuple[int, ...]:
        shape = base.get_data_shape(self)
        return (*shape[:3], *(max(size, 1) for size in shape[3:]))

    ours = {"get_qform_quaternion": get_qform_quaternion, "get_data_shape": get_data_shape}
    return type(base.__name__, (base,), ours)
