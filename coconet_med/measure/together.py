"""A pair read and aligned without being fused, and its uptake as a ratio to a reference region."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from coconet_med.align import Alignment, align, align_as_given
from coconet_med.errors import OptionError
from coconet_med.measure.labels import Labels, read_labels
from coconet_med.measure.reference import mean_in_reference
from coconet_med.options import RegisterMode
from coconet_med.pair import check_pair
from coconet_med.readers import read
from coconet_med.readers.pet_suv import insist_on_suv
from coconet_med.source import Source
from coconet_med.transform_files import StoredTransform, check_transform, read_transform
from coconet_med.transform_files.points import Landmarks

#: Units of uptake over that of a reference region.
SUVR = "SUVR"


def bring_together(
    anatomy: Path,
    function: Path,
    *,
    register: RegisterMode = "auto",
    suv: bool = False,
    transform: Path | None = None,
    transform_images: tuple[Path, Path] | None = None,
    transform_direction: str = "stated",
    progress: Callable[[str, int, int], None] | None = None,
) -> tuple[Source, Source, Alignment, tuple[str, ...]]:
    """Read two volumes and align them as :func:`coconet_med.fuse` does; with all warnings.

    Raises:
        FusionError: those of :func:`coconet_med.fuse`.
    """
    if transform is not None:
        check_transform(transform, transform_images, transform_direction, register)
    first, second = read(anatomy, "anatomy"), read(function, "function")
    if first.planar or second.planar:
        raise OptionError(f"{anatomy.name}: is a picture, which has no millimeters; measure volumes")
    pair = check_pair(first, second)
    second = insist_on_suv(second) if suv else second
    stored = None
    if transform is not None:
        reverse = transform_direction == "reverse"
        stored = read_transform(transform, first, second, images=transform_images, reverse=reverse)
    told = (lambda part, _: progress("align", round(100 * part), 100)) if progress else None
    found = aligned(first, second, stored, register=register, progress=told)
    return first, second, found, (*pair.warnings, *first.warnings, *second.warnings, *found.warnings)


def aligned(
    anatomy: Source,
    function: Source,
    stored: StoredTransform | Landmarks | None,
    *,
    register: RegisterMode,
    force: bool = False,
    progress: Any,
) -> Alignment:
    """By a given transform, or as :func:`coconet_med.align.align` does."""
    if stored is not None:
        return align_as_given(anatomy, function, stored, force=force, progress=progress)
    return align(anatomy, function, register=register, force=force, progress=progress)


def as_ratio(
    function: Source, alignment: Alignment, reference: str | Path, labels: str | Path | None
) -> tuple[Source, Alignment]:
    """The functional image and its alignment with the mean uptake of the reference region as 1.

    Raises:
        OptionError: the region is not known, or the image is CT, of which no ratio means anything.
        GeometryError: the functional image does not cover the region.
    """
    if function.units == "HU" or function.color is not None:
        raise OptionError(
            f"{function.name}: is no scalar uptake, so there is no ratio to a reference; leave out --reference"
        )
    known: Labels | None = read_labels(labels) if labels is not None else None
    found = mean_in_reference(reference, function.image, labels=known, transform=alignment.transform)
    details = {
        **function.details,
        "reference": {"region": found.words, "mean": found.mean, "voxels": found.voxels, "units": function.units},
    }
    image, laid = (sitk.Cast(part / found.mean, sitk.sitkFloat32) for part in (function.image, alignment.function))
    return replace(function, image=image, units=SUVR, details=details), replace(alignment, function=laid)
