"""Write a fused volume as DICOM, whole or not at all."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from coconet_med.choices import LegendPlace
from coconet_med.dicom import headers
from coconet_med.errors import WriteError
from coconet_med.geometry import same_grid
from coconet_med.writers.atomic import work_prefix
from coconet_med.writers.dicom.enhanced import enhanced_color
from coconet_med.writers.dicom.form import GRAY, Form, check_form
from coconet_med.writers.dicom.legend import legend_object, with_margin
from coconet_med.writers.dicom.navigation import for_navigation
from coconet_med.writers.dicom.parts import FusedParts
from coconet_med.writers.dicom.plane import SlicePlanes
from coconet_med.writers.dicom.single import gray_images, secondary_captures

if TYPE_CHECKING:
    from pydicom import Dataset

#: File names come from the slice number only, never from a tag.
OWN_FILE = re.compile(r"IM\d{5}\.dcm")


def write_dicom(
    parts: FusedParts,
    folder: Path | str,
    *,
    form: Form = "sc",
    overwrite: bool = False,
    legend: np.ndarray | None = None,
    legend_in: LegendPlace = "none",
) -> list[Path]:
    """Write the DICOM series of a fused volume into ``folder``.

    Args:
        parts: image, sources and provenance; the anatomy must come from DICOM.
        folder: made by this call; it holds nothing else.  The files appear under it all at once.
        form: ``"sc"``: RGB Secondary Capture, one file a slice, with geometry.  ``"enhanced"``: one Enhanced MR Color
            file.  ``"gray"``: the luminance as derived MR Image, 12 bits.  ``"navigation"``: the same on straight axial
            slices with square pixels (:func:`coconet_med.writers.dicom.navigation.for_navigation`).
        overwrite: replace the series that an earlier call left in ``folder``.
        legend: RGB ``uint8`` (rows, columns, 3).
        legend_in: ``"series"``: it is the last image of the series; ``"margin"``: it stands beside each slice.  One
            in a series of its own is written by :func:`coconet_med.writers.study.write_study`.

    Returns:
        The files, in slice order, and the legend.

    Raises:
        WriteError: no DICOM headers to write for, an image of the wrong kind or grid, or a folder that is not free.
        OptionError: unknown ``form``.
    """
    target = Path(folder)
    _check(parts, form)
    _check_target(target, overwrite)
    planes = SlicePlanes.of(parts.image)
    with headers.quiet():
        objects = _objects(parts, planes, form, legend if legend_in == "margin" else None)
        if legend is not None and legend_in == "series":
            count = 1 if form == "enhanced" else len(planes.positions)
            objects = chain(objects, [legend_object(parts, legend, form=form, instance=count + 1)])
        return _save(objects, target)


def _objects(parts: FusedParts, planes: SlicePlanes, form: Form, margin: np.ndarray | None) -> Iterable[Dataset]:
    import SimpleITK as sitk

    pixels = sitk.GetArrayViewFromImage(parts.image)
    pixels = pixels if margin is None else with_margin(pixels, margin)
    if form == "sc":
        return secondary_captures(parts, planes, pixels)
    if form == "enhanced":
        return [enhanced_color(parts, planes, pixels)]
    gray = np.rint(np.clip(pixels, 0.0, 1.0) * 4095.0).astype(np.uint16)
    return gray_images(parts, planes, gray, form=form)


def _check(parts: FusedParts, form: str) -> None:
    record = parts.record  # raises WriteError without DICOM headers
    check_form(form, parts.anatomy)
    if not record.series.study_uid:
        raise WriteError(f"{parts.anatomy.name}: no Study Instance UID to write the result into")
    image, grid = parts.image, parts.anatomy.image
    grid = for_navigation(grid) if form == "navigation" else grid
    if not same_grid(image, grid):
        raise WriteError(f"the fused image {image.GetSize()} does not lie on the anatomical grid {grid.GetSize()}")
    components, pixel = image.GetNumberOfComponentsPerPixel(), image.GetPixelIDTypeAsString()
    if form in GRAY and (components != 1 or "float" not in pixel):
        raise WriteError(f"--dicom-form {form} needs the luminance, scalar float in [0, 1]; got {pixel}")
    if form not in GRAY and (components != 3 or "8-bit unsigned" not in pixel):
        raise WriteError(f"--dicom-form {form} needs an RGB image of 8-bit unsigned vectors; got {pixel}")
    if max(image.GetSize()[:2]) > 65535:
        raise WriteError(f"DICOM holds at most 65535 rows and columns; got {image.GetSize()}")


def _check_target(target: Path, overwrite: bool) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise WriteError(f"{target}: is a file; a DICOM result needs a folder")
    names = [path.name for path in target.iterdir()]
    foreign = [name for name in names if not OWN_FILE.fullmatch(name)]
    if foreign:
        raise WriteError(f"{target}: holds other files ({headers.printable(foreign[0])}); name a new folder")
    if names and not overwrite:
        raise WriteError(f"{target}: exists already; use --overwrite to replace it")


def _save(objects: Iterable[Dataset], target: Path) -> list[Path]:
    """Write into a hidden folder beside the target, then rename it: nothing half-written bears the final name."""
    names: list[str] = []
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=target.parent, prefix=work_prefix(target)))
    except OSError as error:
        raise WriteError(f"{target}: cannot be written ({error.strerror})") from error
    try:
        fresh, old = work / "new", work / "old"
        fresh.mkdir()
        for number, ds in enumerate(objects, start=1):
            names.append(f"IM{number:05d}.dcm")
            save_one(ds, fresh / names[-1])
        if target.exists():
            target.rename(old)
        try:
            fresh.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise
    except OSError as error:
        raise WriteError(f"{target}: cannot be written ({error.strerror})") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return [target / name for name in names]


def save_one(ds: Dataset, path: Path) -> None:
    """Write one object with its file meta information, and have it on the disk."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import PYDICOM_IMPLEMENTATION_UID, ExplicitVRLittleEndian

    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
    ds.file_meta.ImplementationVersionName = "COCONET_MED"
    with path.open("wb") as file:
        ds.save_as(file, enforce_file_format=True)
        file.flush()
        os.fsync(file.fileno())
