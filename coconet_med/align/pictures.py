"""Two pictures: they have no place in the world and are matched pixel by pixel."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from coconet_med.align.plausibility import foreground
from coconet_med.align.prepared import mutual_information
from coconet_med.align.resampled import Resampled
from coconet_med.align.result import Alignment
from coconet_med.errors import GeometryError
from coconet_med.source import Source


def align_pictures(anatomy: Source, function: Source) -> Alignment:
    if not (anatomy.planar and function.planar):
        picture, volume = (anatomy, function) if anatomy.planar else (function, anatomy)
        raise GeometryError(
            f"{picture.name} is a picture without a place in the world and {volume.name} is a volume; "
            "give two pictures or two volumes."
        )
    sizes = [source.image.GetSize()[:2] for source in (anatomy, function)]
    if anatomy.image.GetSize() != function.image.GetSize():
        (w, h), (v, g) = sizes
        raise GeometryError(
            f"the pictures have different sizes: {anatomy.name} {w} x {h}, {function.name} {v} x {g} pixels; "
            "bring them to one size so that equal pixels show the same place."
        )
    moved = sitk.Cast(function.image, sitk.sitkFloat32)
    moved.CopyInformation(anatomy.image)
    inside = sitk.Image(moved.GetSize(), sitk.sitkUInt8) + 1
    inside.CopyInformation(moved)
    bodies = [sitk.GetArrayFromImage(foreground(image)) > 0 for image in (anatomy.image, moved)]
    both = int(bodies[0].sum() + bodies[1].sum())
    values = [sitk.GetArrayViewFromImage(image) for image in (anatomy.image, moved)]
    seen = np.isfinite(values[0]) & np.isfinite(values[1])
    information = mutual_information(values[0][seen], values[1][seen])
    return Alignment(
        resampled=Resampled.as_it_is(moved),
        inside=inside,
        transform=sitk.Transform(3, sitk.sitkIdentity),
        registered=False,
        coverage=1.0,
        overlap=2 * int((bodies[0] & bodies[1]).sum()) / both if both else 0.0,
        offset_mm=0.0,
        angle_deg=0.0,
        mutual_information_before=information,
        mutual_information_after=information,
        moved_reason="pictures have no place in the world: matched pixel by pixel",
    )
