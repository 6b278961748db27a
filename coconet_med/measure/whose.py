"""Is a segmentation of the person, and in the space, of the anatomy?  Regions of somebody else measure nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coconet_med.dicom.identity import differences, in_words
from coconet_med.errors import PairError
from coconet_med.measure.labels import other_frame
from coconet_med.pair.patients import other_subjects, people
from coconet_med.pair.spaces import space_warnings

if TYPE_CHECKING:
    import SimpleITK as sitk

    from coconet_med.measure.labels import Labels
    from coconet_med.source import Source


def check_labels(labels: Labels, anatomy: Source, *, different_patients: bool = False) -> tuple[str, ...]:
    """Warnings where the segmentation may not belong to the anatomy.

    Args:
        labels: from :func:`coconet_med.measure.read_labels`.
        anatomy: the image whose regions they are meant to be.
        different_patients: accept a segmentation of another patient, and say so.

    Raises:
        PairError: DICOM headers name two patients, and that is not accepted.
    """
    notes: tuple[str, ...] = ()
    if labels.source is not None:
        described = people(anatomy), people(labels.source)
        different = differences(*described) if all(described) else ()
        if different:
            words = f"{labels.name}: is of another patient than {anatomy.name}: {in_words(different)}"
            if not different_patients:
                raise PairError(
                    f"{words}; give the segmentation of this person, or accept it with --different-patients "
                    "(different_patients=True)"
                )
            notes += (f"{words}, as asked (--different-patients)",)
        notes += (*other_subjects(anatomy, labels.source, "segmentation"), *space_warnings(anatomy, labels.source))
    return (*notes, *other_frame(labels, anatomy), *_elsewhere(labels, anatomy))


def _elsewhere(labels: Labels, anatomy: Source) -> tuple[str, ...]:
    """A warning where the segmentation has the voxels of the anatomy in other places, as after a header was lost."""
    grid, image = labels.grid, anatomy.image
    if sorted(grid.GetSize()) != sorted(image.GetSize()):
        return ()
    far = float(np.linalg.norm(np.subtract(_middle(grid), _middle(image))))
    if far <= max(image.GetSpacing()):
        return ()
    return (
        f"{labels.name}: has as many voxels as {anatomy.name}, but its middle lies {far:.3g} mm away; if made on "
        "that image, its header was changed, and its regions are misplaced",
    )


def _middle(image: sitk.Image) -> tuple[float, ...]:
    """The center of an image, LPS mm."""
    return image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()])
