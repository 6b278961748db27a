"""Where the files of a result go, and whether they could be written there."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

from coconet_med.errors import WriteError

VOLUME_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".mha")
#: Of pictures: 2-D results pixel by pixel, of volumes an overview.
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
SUFFIXES = (*VOLUME_SUFFIXES, *PICTURE_SUFFIXES)


def split_suffix(path: Path) -> tuple[str, str]:
    """Name without suffix, and the suffix in lower case; the suffix is empty for a folder.

    Raises:
        WriteError: a suffix of a format that is not written.

    Example:
        >>> split_suffix(Path("sub-01.fused.nii.gz"))
        ('sub-01.fused', '.nii.gz')
    """
    if path.name in ("", ".."):
        raise WriteError(f"{path}: is a folder that is there; name a new one, or a file")
    for suffix in SUFFIXES:
        if path.name.lower().endswith(suffix) and len(path.name) > len(suffix):
            return path.name[: -len(suffix)], suffix
    if path.suffix and not path.is_dir():
        msg = f"{path}: {path.suffix} is not written; end the name in {', '.join(SUFFIXES)}, or name a folder for DICOM"
        raise WriteError(msg)
    return path.name, ""


def targets(
    path: Path,
    *,
    luminance: bool = False,
    uptake: bool = False,
    transform: bool = False,
    folder: bool = False,
    legend: bool = True,
) -> dict[str, Path]:
    """Every file that writing to ``path`` makes, by what it holds; where ``folder``, a dot in its name is no suffix.

    Args:
        path: file, or folder of a DICOM series.
        luminance: whether this is written too, as the next ones.
        uptake: likewise.
        transform: likewise.
        folder: a dot in its name is no suffix.
        legend: of a folder, whether the legend has a file of its own; beside a file it always has.
    """
    stem, suffix = (path.name, "") if folder else split_suffix(path)
    beside = {"color" if suffix else "folder": path, "sidecar": path.with_name(f"{stem}.json")}
    scalar = {"": ".nii.gz", **dict.fromkeys(PICTURE_SUFFIXES, ".tiff")}.get(suffix, suffix)
    if suffix or legend:
        beside["legend"] = path.with_name(f"{stem}_legend{'.png' if suffix else '.dcm'}")
    if luminance:
        beside["luminance"] = path.with_name(f"{stem}_luminance{scalar}")
    if uptake:
        beside["uptake"] = path.with_name(f"{stem}_uptake{scalar}")
    if transform:
        beside["transform"] = path.with_name(f"{stem}_transform.tfm")
        if not suffix:
            beside["registration"] = path.with_name(f"{stem}_registration.dcm")
    return beside


def left_beside(path: Path, written: Container[Path]) -> list[Path]:
    """Files with the names of companions of a result (uptake, legend, ...) that it did not write: of an earlier result
    under its name.

    Args:
        path: of the result.
        written: all that it has written.
    """
    stem = split_suffix(path)[0]
    ends = [f"_{what}{suffix}" for what in ("luminance", "uptake") for suffix in SUFFIXES]
    beside = [path.with_name(f"{stem}{end}") for end in (*ends, "_legend.dcm", "_transform.tfm", "_registration.dcm")]
    return [file for file in beside if file.is_file() and file not in written]


def legend_apart(form: str, legend: str) -> bool:
    """Whether a DICOM result of such a form, with its legend in such a place, has a file of its own for the legend."""
    return legend == "own" and form not in ("gray", "navigation")


def check_target(
    path: Path,
    *,
    luminance: bool = False,
    uptake: bool = False,
    transform: bool = False,
    overwrite: bool = False,
    legend: bool = True,
) -> None:
    """Refuse, before any work is done, a target that could not be written.

    Raises:
        WriteError: unknown suffix, existing files without ``overwrite``, or a folder that is missing or read-only.
    """
    kinds = {"luminance": luminance, "uptake": uptake, "transform": transform, "legend": legend}
    for what, target in targets(path, **kinds).items():
        check_file(target, overwrite=overwrite, folder=what == "folder")


def check_file(path: Path, *, overwrite: bool = False, folder: bool = False) -> None:
    """Refuse, before any work is done, one path that could not be written.

    Args:
        path: the file, or where ``folder`` the folder, to be made.
        overwrite: it may exist.
        folder: a folder is wanted; an empty one may exist.

    Raises:
        WriteError: it exists without ``overwrite``, is of the wrong kind, or its folder is missing or read-only.
    """
    import os

    if path.is_dir() and not folder:
        msg = f"{path}: is a folder; give the name of a file"
        raise WriteError(msg)
    free = not path.exists() or (path.is_dir() and not any(path.iterdir()))
    if not free and not overwrite:
        msg = f"{path}: exists already; give --overwrite to replace it, or another name"
        raise WriteError(msg)
    if not path.parent.is_dir():
        msg = f"{path.parent}: no such folder; create it first"
        raise WriteError(msg)
    if not os.access(path.parent, os.W_OK | os.X_OK):
        msg = f"{path.parent}: no permission to write there; choose another folder"
        raise WriteError(msg)
