"""Read one input image, whatever its format, into a :class:`~coconet_med.volume.Source`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from coconet_med.errors import ReadError

if TYPE_CHECKING:
    from coconet_med.volume import Role, Source

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
NIFTI_SUFFIXES = (".nii", ".nii.gz")
ITK_SUFFIXES = (".nrrd", ".nhdr", ".mha", ".mhd")


def read(path: str | Path, role: Role, **dicom_options: Any) -> Source:
    """Read the anatomical or functional image at ``path``.

    Args:
        path: NIfTI (``.nii``, ``.nii.gz``), NRRD, MHA/MHD, PNG, JPEG, TIFF, a DICOM file, or a folder with one DICOM
            series.
        role: ``"anatomy"`` or ``"function"``; it decides which series of a DICOM folder is taken, and whether color
            is allowed.
        dicom_options: passed on to :func:`coconet_med.readers.dicom.read_series`.

    Raises:
        ReadError: no such file, empty, unreadable, of an unknown format, 4-D, constant, or without finite values.
        GeometryError: the affine is singular or sheared.
    """
    path = Path(path)
    kind = _kind(path)
    if kind == "dicom":
        from coconet_med.readers.dicom import read_series

        return read_series(path, role, **dicom_options)
    if path.stat().st_size == 0:
        msg = f"{path}: the file is empty; export or copy it again"
        raise ReadError(msg)
    if kind == "picture":
        from coconet_med.readers.image import read_picture

        return read_picture(path, role)
    from coconet_med.readers.volumes import read_itk, read_nifti

    return read_nifti(path, role) if kind == "nifti" else read_itk(path, role)


def is_picture(path: str | Path) -> bool:
    """Whether the name of the file is that of a 2-D picture."""
    return Path(path).name.lower().endswith(PICTURE_SUFFIXES)


def _kind(path: Path) -> str:
    try:
        exists = path.exists()
    except OSError as error:
        msg = f"{path}: {error.strerror}"
        raise ReadError(msg) from error
    if not exists:
        msg = f"{path}: no such file or folder; check the path"
        raise ReadError(msg)
    if path.is_dir():
        return "dicom"
    name = path.name.lower()
    if name.endswith(PICTURE_SUFFIXES):
        return "picture"
    if name.endswith(NIFTI_SUFFIXES):
        return "nifti"
    if name.endswith(ITK_SUFFIXES):
        return "itk"
    if _is_dicom(path):
        return "dicom"
    msg = (
        f"{path}: not a format that is read here; give NIfTI (.nii, .nii.gz), NRRD, MHA/MHD, PNG, JPEG, TIFF, or a "
        "DICOM series folder"
    )
    raise ReadError(msg)


def _is_dicom(path: Path) -> bool:
    if path.suffix.lower() in (".dcm", ".ima"):
        return True
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"
