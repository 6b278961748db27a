"""Which files an input consists of: what is read, and so what a fingerprint of it must cover."""

from __future__ import annotations

from pathlib import Path

from coconet_med.errors import ReadError
from coconet_med.readers.headers import read_header
from coconet_med.readers.nifti import pair_of
from coconet_med.readers.suffixes import ITK_SUFFIXES, PAIR_SUFFIXES
from coconet_med.system.walk import files_below


def files_of(path: Path) -> tuple[Path, ...]:
    """All files of an input: of a folder (or its DICOMDIR) every file; of a detached header also its voxel files.

    Raises:
        ReadError: a pipe or device, a header that names voxel files that may not be read, or half of a pair is missing.
        OSError: something cannot be read.

    Example:
        >>> files_of(Path("T1.nii.gz"))
        (PosixPath('T1.nii.gz'),)
    """
    refuse_endless(path)
    if is_dicomdir(path):
        path = path.parent
    if path.is_dir():
        return tuple(sorted(files_below(path)))
    if path.name.lower().endswith(ITK_SUFFIXES):
        header = read_header(path)
        return (path, *(header.files if header else ()))
    if path.name.lower().endswith(PAIR_SUFFIXES) and not is_dicom(path):
        return pair_of(path)
    return (path,)


def refuse_endless(path: Path) -> None:
    """Refuse what is neither a regular file nor a folder: reading it may never end.

    Raises:
        ReadError: a pipe, socket or device.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        msg = f"{path}: is a pipe or device, which may never end; save it as a file first"
        raise ReadError(msg)


def is_dicomdir(path: Path) -> bool:
    """Whether a file is the index of a DICOM medium (PS3.10, Media Storage Directory Storage); its folder is meant."""
    if not path.is_file() or not (path.name.upper() == "DICOMDIR" or is_dicom(path)):
        return False
    with path.open("rb") as file:
        start = file.read(1024)
    return start[128:132] == b"DICM" and b"1.2.840.10008.1.3.10" in start


def is_dicom(path: Path) -> bool:
    """Whether a regular file begins as PS3.10 says."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"
