"""The functional image on the anatomical grid by a transform that the user gave, its direction checked by the fit."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from coconet_med.align.alignment import describe, on_grid
from coconet_med.align.grid import check_grid
from coconet_med.align.landmarks import align_from_landmarks
from coconet_med.align.prepared import Pair
from coconet_med.align.registration import Progress, displacement_mm
from coconet_med.align.result import Alignment
from coconet_med.errors import RegistrationError
from coconet_med.geometry import linear
from coconet_med.source import Source
from coconet_med.transform_files import StoredTransform
from coconet_med.transform_files.points import Landmarks

#: Two directions whose places lie closer than this cannot be distinguished at 4 mm; the difference is as small.
TELLING_MM = 3.0
#: A rival (the other direction, or no transform) that fits better by this factor is believed.
REVERSE_GAIN, UNMOVED_GAIN = 1.02, 1.05
#: Scales beyond these are warned of: one person's images hardly differ so much.
SCALES = (0.95, 1.05)


def align_as_given(
    anatomy: Source,
    function: Source,
    stored: StoredTransform | Landmarks,
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> Alignment:
    """Bring the functional image onto the anatomical grid by a given transform.

    Args:
        anatomy: the image that gives the grid.
        function: the image that is brought onto it.
        stored: the transform; or points of both images, see :mod:`coconet_med.align.landmarks`.
        force: turn refusals into warnings.
        progress: called with how far the work is (fraction 0 to 1, message).

    Raises:
        RegistrationError: the other direction of the same file fits better, or the images do not fit under it at all.
        GeometryError: a sheared or singular grid, or fields of view that do not meet.
    """
    if isinstance(stored, Landmarks):
        return align_from_landmarks(anatomy, function, stored, force=force, progress=progress)
    report = progress or (lambda fraction, message: None)
    report(0.0, "checking the given transform")
    for source in (anatomy, function):
        check_grid(source.image, source.name)
    pair = Pair.of(anatomy.image, function.image)
    transform, identity = linear(stored.matrix), sitk.Transform(3, sitk.sitkIdentity)
    before, after = pair.plausibility(identity), pair.plausibility(transform)
    complaints, notes = _checked(pair, stored, transform)
    if complaints and not force:
        raise RegistrationError(f"--transform {stored.name}: {'; '.join(complaints)} (--force takes it as it is).")
    report(0.5, "resampling")
    resampled = on_grid(anatomy, function, transform)
    reason = f"the given transform was taken, {stored.stated}"
    words = f"{stored.kind} {stored.name}, {stored.stated}"
    said = (*complaints, *notes)
    return describe(resampled, anatomy, function, pair, transform, False, before, after, reason, said, words)


def _checked(pair: Pair, stored: StoredTransform, transform: sitk.AffineTransform) -> tuple[list[str], list[str]]:
    """Why a transform should not be believed, and what else should be known of it."""
    low, high = stored.scales.min(), stored.scales.max()
    notes = []
    if low < SCALES[0] or high > SCALES[1]:
        notes.append(
            f"the given transform {stored.name} scales the image by {low:.2f} to {high:.2f}: images of one person "
            "hardly differ so much; check the picture"
        )
    if pair.thin or pair.blank:
        return [], [*notes, f"an image has too little in it: the direction of {stored.name} could not be checked"]
    fit, reverse = pair.plausibility(transform), linear(stored.reverse)
    other = pair.plausibility(reverse)
    complaints = []
    apart = displacement_mm(_after(transform, reverse), pair)
    better = other.score / max(fit.score, 1e-6)
    if other_kind := _other_kind(pair, stored, transform, max(fit.score, other.score)):
        complaints.append(other_kind)
    elif apart > TELLING_MM and better > REVERSE_GAIN and not other.problems:
        complaints.append(
            f"taken {stored.stated}, the images fit worse than the other way round (by {better - 1:.0%}, "
            f"{apart:.0f} mm apart); give --transform-direction reverse if it was made for the other direction"
        )
    elif fit.problems:
        complaints.append(f"under it {'; '.join(fit.problems)}; check that it belongs to these two images")
    elif pair.plausibility(sitk.Transform(3, sitk.sitkIdentity)).score > UNMOVED_GAIN * fit.score:
        notes.append(f"the images fit better without the given transform {stored.name}; check the picture")
    return complaints, notes


def _other_kind(pair: Pair, stored: StoredTransform, transform: sitk.AffineTransform, score: float) -> str:
    """What to say where the numbers of a file fit better than by ``score`` as those of another kind, or ``""``."""
    for words, matrix in stored.otherwise:
        if np.linalg.det(matrix[:3, :3]) <= 0:
            continue
        found = pair.plausibility(linear(matrix))
        better = found.score / max(score, 1e-6)
        apart = displacement_mm(_after(transform, linear(matrix)), pair)
        if apart > TELLING_MM and better > REVERSE_GAIN and not found.problems:
            return (
                f"taken as {stored.kind}, {stored.stated}, the images fit worse than with the same numbers as a matrix "
                f"{words}, as greedy, NiftyReg and MRtrix write (by {better - 1:.0%}, {apart:.0f} mm apart); convert "
                "it to ITK's .tfm, for example with c3d_affine_tool FILE -oitk FILE.tfm"
            )
    return ""


def _after(first: sitk.AffineTransform, second: sitk.AffineTransform) -> sitk.CompositeTransform:
    """From a place under the first transform to the place under the second."""
    return sitk.CompositeTransform([second, sitk.AffineTransform(first.GetInverse())])
