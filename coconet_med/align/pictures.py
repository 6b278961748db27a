"""Two pictures: they are matched pixel by pixel, unless headers of both (MetaImage, NRRD) say that they lie apart."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from coconet_med.align.plausibility import foreground
from coconet_med.align.prepared import mutual_information
from coconet_med.align.resampled import Resampled
from coconet_med.align.result import Alignment
from coconet_med.errors import GeometryError
from coconet_med.geometry import affine_of, corner_distance
from coconet_med.readers.suffixes import PICTURE_SUFFIXES
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
    _refuse_other_places(anatomy, function)
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


def _refuse_other_places(anatomy: Source, function: Source) -> None:
    """Two headers that state where their slices lie are believed: pixel on pixel, two places would be shown as one.

    Raises:
        GeometryError: a corner lies over half a pixel from the other image's.
    """
    if not (_has_place(anatomy) and _has_place(function)):
        return
    apart = corner_distance(affine_of(anatomy.image), affine_of(function.image), anatomy.image.GetSize())
    if apart > min(anatomy.image.GetSpacing()[:2]) / 2:
        raise GeometryError(
            f"{anatomy.name} and {function.name} are of one size, but their headers put their pixels up to {apart:.3g} "
            "apart (spacing, origin or direction): resample one onto the other; if equal pixels do show the same "
            "place, save both as PNG or TIFF, which state none."
        )


def _has_place(source: Source) -> bool:
    """Whether a slice comes from a file whose format states a place, or states one itself."""
    image = source.image
    stated = any(file.suffix.lower() not in PICTURE_SUFFIXES for file in source.files)
    plain = (image.GetSpacing(), image.GetOrigin(), image.GetDirection()) == (
        (1,) * 3,
        (0,) * 3,
        (1, 0, 0, 0, 1, 0, 0, 0, 1),
    )
    return stated or not plain
