"""Read a transform of another program, whatever its format, which is recognized by its content."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from coconet_med.errors import GeometryError, OptionError, ReadError
from coconet_med.geometry import matrix_of
from coconet_med.source import Source
from coconet_med.transform_files.flirt import read_flirt
from coconet_med.transform_files.lta import read_lta
from coconet_med.transform_files.spatial_registration import read_registration
from coconet_med.transform_files.stored import StoredTransform, inverse

ITK_SUFFIXES = (".tfm", ".txt", ".h5", ".hdf5", ".mat")
KNOWN = "ITK or 3D Slicer (.tfm, .h5, .mat), FreeSurfer .lta, an FSL FLIRT matrix, or a DICOM Spatial Registration"
#: No transform file is larger; a displacement field is.
LARGEST_BYTES = 64 << 20


def read_transform(
    path: str | Path,
    anatomy: Source,
    function: Source,
    *,
    images: tuple[str | Path, str | Path] | None = None,
    reverse: bool = False,
) -> StoredTransform:
    """Read a linear transform between the two images.

    ITK and 3D Slicer: the file takes a point of the fixed image (the anatomy) to the moving one (the function).
    LTA and DICOM name their two sides.  FLIRT goes from ``-in`` (the function) to ``-ref`` (the anatomy).

    Args:
        path: the file.
        anatomy: volume whose grid the result has.
        function: volume that is brought onto it.
        images: the NIfTI files that were FLIRT's ``-in`` and ``-ref``, where they are not the pair itself.
        reverse: take it for the other direction than the format states.

    Raises:
        ReadError: no such file, unknown format, or damaged.
        GeometryError: singular, mirroring, not linear, or of other images than these two.
        OptionError: ``images`` for a format that needs none, or none for FLIRT where the pair is no NIfTI.
    """
    found = _read(Path(path), anatomy, function, images)
    return found.inverted() if reverse else found


def _read(
    path: Path, anatomy: Source, function: Source, images: tuple[str | Path, str | Path] | None
) -> StoredTransform:
    if anatomy.planar or function.planar:
        raise OptionError(
            f"{path.name}: --transform is for volumes; pictures are matched pixel by pixel, so leave it out"
        )
    if not path.is_file():
        raise ReadError(f"{path}: no such file; give the file of a transform: {KNOWN}")
    size = path.stat().st_size
    if not 0 < size <= LARGEST_BYTES:
        words = "is empty" if not size else f"is too large for a linear transform ({size >> 20} MiB)"
        raise ReadError(f"{path}: {words}; give {KNOWN}")
    content = path.read_bytes()
    dicom = content[128:132] == b"DICM"
    text = "" if dicom or b"\0" in content[:4096] else content.decode("utf-8", "replace")
    matrix = _sixteen(text)
    if images is not None and matrix is None:
        raise OptionError(f"--transform-images: only an FSL FLIRT matrix needs its images, and {path.name} is none")
    if dicom:
        return read_registration(path, anatomy, function)
    if matrix is not None:
        return read_flirt(matrix, path, anatomy, function, images)
    if "src volume info" in text or path.suffix.lower() == ".lta":
        return read_lta(text, path, anatomy, function)
    if how := _foreign(content, text):
        raise ReadError(f"{path}: {how}")
    if path.suffix.lower() in ITK_SUFFIXES:
        return _itk(path)
    raise ReadError(f"{path}: is no transform that is read; give {KNOWN}")


def check_transform(
    path: str | Path, images: tuple[str | Path, str | Path] | None, direction: str, register: str
) -> None:
    """Refuse, before any image is read, what cannot be served.

    Raises:
        ReadError: a file is missing.
        OptionError: a registration was asked for as well, or an unknown direction.
    """
    if direction not in ("stated", "reverse"):
        raise OptionError(f"--transform-direction {direction}: choose stated or reverse")
    if register == "always":
        raise OptionError(f"--transform {path}: with --register always there would be two transforms; leave out one")
    for file in (path, *(images or ())):
        if not Path(file).is_file():
            raise ReadError(f"{file}: no such file; check the path")


def _sixteen(text: str) -> np.ndarray | None:
    """Four lines of four numbers, and nothing else: a FLIRT matrix."""
    rows = [line.split() for line in text.splitlines() if line.strip()]
    if len(rows) != 4 or any(len(row) != 4 for row in rows):
        return None
    try:
        return np.array(rows, float)
    except ValueError:
        return None


def _foreign(content: bytes, text: str) -> str:
    """What a file of another known program is, and the way to one that is read; ``""`` where it is none."""
    start, lines = text.lstrip(), [line.strip() for line in text.splitlines() if line.strip()]
    if start.startswith("MNI Transform File"):
        return "is an .xfm of MINC, which is not read; convert it: itk_convert_xfm IN.xfm OUT.tfm (minc-toolkit)"
    if start.startswith(("(", "//")) and "(Transform " in text:
        return (
            "holds parameters of elastix, which are not read; let elastix write ITK's file as well, with "
            '(ITKTransformOutputFileNameExtension "tfm") among its parameters'
        )
    if len(lines) >= 8 and lines[-1] in ("round", "tkregister", "floor"):
        return (
            "is a register.dat of FreeSurfer, which is not read; convert it: tkregister2 --noedit --reg IN.dat --mov "
            "PET --targ T1 --ltaout OUT.lta"
        )
    if content.startswith(b"MATLAB 5.0"):
        return (
            "is a MATLAB file (SPM?), which is not read; SPM writes what it found into the header of the image that it "
            "moved: give that image, without --transform"
        )
    return ""


def _itk(path: Path) -> StoredTransform:
    try:
        transform = sitk.ReadTransform(str(path))
    except RuntimeError as error:
        raise ReadError(f"{path}: cannot be read as an ITK transform; save it again as .tfm or .h5") from error
    if transform.GetDimension() != 3:
        raise GeometryError(f"{path}: is a transform of {transform.GetDimension()} dimensions; one of 3 is needed")
    if not _is_linear(transform):
        raise GeometryError(
            f"{path}: is not linear (a deformation); only linear transforms are taken: resample the functional image "
            "with the program that made it, and fuse the resampled image with --register never"
        )
    matrix = matrix_of(transform)
    stated = "from the fixed image (the anatomy) to the moving one (the function), as ITK and 3D Slicer write it"
    return StoredTransform(matrix, inverse(matrix, path.name), path.name, "ITK transform", stated)


def _is_linear(transform: sitk.Transform) -> bool:
    """ITK calls a composite linear if its parts are."""
    return transform.IsLinear() or transform.GetTransformEnum() == sitk.sitkIdentity
