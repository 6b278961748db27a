"""Read one input image, whatever its format, into a :class:`~coconet_med.source.Source`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from coconet_med.errors import OptionError, ReadError
from coconet_med.readers.fetched import not_fetched
from coconet_med.readers.limits import memory_limit
from coconet_med.readers.suffixes import (
    ITK_SUFFIXES,
    MGH_SUFFIXES,
    MINC_SUFFIXES,
    NIFTI_SUFFIXES,
    PAIR_SUFFIXES,
    PICTURE_SUFFIXES,
)

if TYPE_CHECKING:
    from coconet_med.geometry import AffineChoice
    from coconet_med.source import Role, Source

#: Formats that are known but not read: what they are, and how to come from them to one that is.
CONVERSIONS = {
    (".head", ".brik", ".brik.gz"): ("AFNI", "convert it: 3dAFNItoNIFTI DATASET+orig"),
    (".v",): ("ECAT 7", "export DICOM from the scanner, or make NIfTI with pypet2bids (ecatpet2bids)"),
    (".mif", ".mif.gz", ".mih"): ("MRtrix", "convert it: mrconvert IN.mif OUT.nii.gz"),
    (".par", ".rec"): ("Philips PAR/REC", "convert it: parrec2nii IN.par (nibabel), or dcm2niix of its DICOM export"),
    (".zst",): ("Zstandard-compressed", "unpack it first: zstd -d FILE.zst (dcm2niix writes it with -z s)"),
    (".gii",): ("GIFTI (a surface)", "give the volume that it was made of"),
    (".mnc.gz",): ("compressed MINC", "gunzip it first"),
    (".zip", ".tar", ".tgz", ".tar.gz", ".7z", ".rar"): ("an archive", "unpack it, and give its folder"),
}


def read(
    path: str | Path,
    role: Role,
    *,
    affine: AffineChoice = "auto",
    max_memory: float | None = None,
    **dicom_options: Any,
) -> Source:
    """Read the anatomical or functional image at ``path``.

    Args:
        path: NIfTI (``.nii``, ``.nii.gz``, ``.hdr`` and ``.img``), NRRD, MHA/MHD, MGH, MINC 2, PNG, JPEG, TIFF, a DICOM
            file, a DICOMDIR, or a folder with one DICOM series; all of them in ``docs/formats.md``.
        role: ``"anatomy"`` or ``"function"``; it decides which series of a DICOM folder is taken, and whether color
            is allowed.
        affine: NIfTI whose sform and qform disagree: ``"auto"`` takes the sform with a warning and refuses mirrored
            ones, ``"sform"`` or ``"qform"`` takes the one named.
        max_memory: GiB that the image may take in memory (:mod:`coconet_med.readers.limits`).
        dicom_options: passed on to :func:`coconet_med.readers.dicom.read_series`.

    Raises:
        ReadError: no path, no such file, empty, unreadable, of an unknown format, 4-D, constant, too large, or without
            finite values.
        GeometryError: the affine is singular or sheared, or the size is not that of a body.
    """
    if isinstance(path, str) and not path:
        raise ReadError("the path of an image is empty, which would mean the current folder; give its name, or '.'")
    try:
        path = Path(path)
    except TypeError as error:
        msg = f"{type(path).__name__} is no path; give arrays, tensors and images to coconet_med.fuse"
        raise ReadError(msg) from error
    with memory_limit(max_memory):
        return _read(path, role, affine, dicom_options)


def _read(path: Path, role: Role, affine: AffineChoice, dicom_options: dict[str, Any]) -> Source:
    kind = _kind(path)
    if role == "anatomy":  # a frame in time is one of the uptake
        dicom_options = {key: value for key, value in dicom_options.items() if key != "dynamic"}
    if kind == "dicom":
        from coconet_med.readers.dicom import read_series

        return read_series(path, role, **dicom_options)
    if path.stat().st_size == 0:
        msg = f"{path}: the file is empty; export or copy it again"
        raise ReadError(msg)
    if kind == "picture":
        from coconet_med.readers.image import read_picture

        return read_picture(path, role)
    if kind == "nifti":
        if role == "function":
            from coconet_med.readers.dynamic import read_functional

            return read_functional(path, affine=affine, dynamic=dicom_options.get("dynamic", "mean"))
        from coconet_med.readers.nifti import read_nifti

        return read_nifti(path, role, affine=affine)
    if role == "function" and (frame := dicom_options.get("dynamic", "mean")) not in ("mean", 0):
        msg = f"--dynamic {frame}: {path.name} is one volume without frames in time; leave the option out"
        raise OptionError(msg)
    from coconet_med.readers import volumes

    return {"itk": volumes.read_itk, "mgh": volumes.read_mgh, "minc": volumes.read_minc}[kind](path, role)


def is_picture(path: str | Path) -> bool:
    """Whether the name of the file is that of a 2-D picture."""
    return Path(path).name.lower().endswith(PICTURE_SUFFIXES)


def _kind(path: Path) -> str:
    try:
        exists = path.exists()
    except OSError as error:
        msg = f"{path}: {error.strerror}"
        raise ReadError(msg) from error
    missing = not_fetched(path)
    if missing:
        raise ReadError(f"{path}: {missing}")
    if not exists:
        msg = f"{path}: no such file or folder; check the path"
        raise ReadError(msg)
    if path.is_dir():
        return "dicom"
    from coconet_med.readers.files import refuse_endless

    refuse_endless(path)
    name = path.name.lower()
    kinds = ("picture", "nifti", "itk", "mgh", "minc")
    ends = (PICTURE_SUFFIXES, NIFTI_SUFFIXES, ITK_SUFFIXES, MGH_SUFFIXES, MINC_SUFFIXES)
    for kind, suffixes in zip(kinds, ends, strict=True):
        if name.endswith(suffixes):
            return kind
    if _is_dicom(path):
        return "dicom"
    if name.endswith(PAIR_SUFFIXES):
        return "nifti"
    for suffixes, (what, how) in CONVERSIONS.items():
        if name.endswith(suffixes):
            msg = f"{path}: is {what} by its name, which is not read here; {how}"
            raise ReadError(msg)
    msg = (
        f"{path}: not a format that is read here; give NIfTI (.nii, .nii.gz), NRRD, MHA/MHD, MGH, MINC 2, PNG, JPEG, "
        "TIFF, or a DICOM series folder"
    )
    raise ReadError(msg)


def _is_dicom(path: Path) -> bool:
    from coconet_med.readers.files import is_dicom

    try:
        return path.suffix.lower() in (".dcm", ".ima") or is_dicom(path)
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}); check its permissions"
        raise ReadError(msg) from error
