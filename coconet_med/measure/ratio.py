"""Uptake as a ratio to that of a reference region: SUVR where it was SUV."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import SimpleITK as sitk

from coconet_med.errors import OptionError
from coconet_med.measure.labels import Labels, read_labels
from coconet_med.measure.reference import mean_in_reference
from coconet_med.measure.whose import check_labels

if TYPE_CHECKING:
    from coconet_med.align import Alignment
    from coconet_med.source import Source

#: Units of uptake over that of a reference region.
SUVR = "SUVR"


def as_ratio(
    function: Source,
    alignment: Alignment,
    reference: str | Path,
    labels: str | Path | None,
    *,
    anatomy: Source,
    names: str | Path | None = None,
    different_patients: bool = False,
) -> tuple[Source, Alignment]:
    """The functional image and its alignment with the mean uptake of the reference region as 1.

    Args:
        function: in its own units.
        alignment: of it on the anatomy.
        reference: see :func:`coconet_med.measure.mean_in_reference`.
        labels: the segmentation that has the labels.
        anatomy: whose region it is.
        names: of the labels; see :func:`coconet_med.measure.names.names_for`.
        different_patients: see :func:`coconet_med.measure.whose.check_labels`.

    Raises:
        PairError: the region is of another patient.
        OptionError: the region is not known, or the image is CT, of which no ratio means anything.
        GeometryError: the functional image does not cover the region.
    """
    if function.units == "HU" or function.color is not None:
        raise OptionError(
            f"{function.name}: is no scalar uptake, so there is no ratio to a reference; leave out --reference"
        )
    known: Labels | None = read_labels(labels, names=names) if labels is not None else None
    found = mean_in_reference(reference, function.image, labels=known, transform=alignment.transform)
    notes = check_labels(found.place, anatomy, different_patients=different_patients)
    details = {
        **function.details,
        "reference": {"region": found.words, "mean": found.mean, "voxels": found.voxels, "units": function.units},
    }
    image = sitk.Cast(function.image / found.mean, sitk.sitkFloat32)
    ratio = replace(alignment, resampled=alignment.resampled.divided_by(found.mean))
    warnings = (*function.warnings, *notes)
    return replace(function, image=image, units=SUVR, details=details, warnings=warnings), ratio
