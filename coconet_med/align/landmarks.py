"""Registration that starts from matched points of the two images."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from coconet_med.align.alignment import describe, on_grid
from coconet_med.align.grid import check_grid
from coconet_med.align.prepared import Pair
from coconet_med.align.registration import Progress, displacement_mm, find_transform
from coconet_med.align.result import Alignment
from coconet_med.errors import RegistrationError
from coconet_med.source import Source
from coconet_med.transform_files.points import Landmarks

#: Points that fit worse than this were mistaken for one another, or lie in another person.
LARGEST_RESIDUAL_MM = 15.0
#: A registration that ends farther from the points than this has left them.
LARGEST_MOVE_MM = 20.0


def align_from_landmarks(
    anatomy: Source,
    function: Source,
    landmarks: Landmarks,
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> Alignment:
    """Bring the functional image onto the anatomical grid by points, and register it from there on.

    Whatever turn or shift the points ask for is taken; what is refused (unless ``force``) are points that do not fit
    each other, a registration that leaves them, and images that do not fit in the end.

    Args:
        anatomy: the image that gives the grid.
        function: the image that is brought onto it.
        landmarks: the points.
        force: turn refusals into warnings.
        progress: called with how far the work is (fraction 0 to 1, message).

    Raises:
        RegistrationError: see above, or the images have too little in them to be registered.
        GeometryError: a sheared or singular grid, or fields of view that do not meet.
    """
    report = progress or (lambda fraction, message: None)
    report(0.0, "matching the points")
    for source in (anatomy, function):
        check_grid(source.image, source.name)
    pair = Pair.of(anatomy.image, function.image)
    start = _euler(landmarks.transform, pair.center)
    before = pair.plausibility(sitk.Transform(3, sitk.sitkIdentity))
    count = f"{len(landmarks.names)} landmarks ({landmarks.residual_mm:.1f} mm left between them)"
    transform, reason = start, f"aligned by {count}"
    complaints = []
    if landmarks.residual_mm > LARGEST_RESIDUAL_MM:
        left = f"{landmarks.residual_mm:.0f} mm"
        complaints.append(f"the points fit each other only to {left}: check their names and places")
        _refuse(complaints, force)
    if landmarks.refine:
        if pair.blank or pair.thin:
            words = "is constant" if pair.blank else "has fewer than 5 slices"
            msg = f"--landmarks: one of the two images {words}; --register never takes the points alone"
            raise RegistrationError(msg)
        transform = find_transform(pair, start, progress=lambda part, words: report(0.1 + 0.8 * part, words))
        reason = f"registered from {count}"
        moved = displacement_mm(sitk.CompositeTransform([start.GetInverse(), transform]), pair)
        if moved > LARGEST_MOVE_MM:
            complaints.append(f"the registration ends {moved:.0f} mm from where the points place the image")
    after = pair.plausibility(transform)
    complaints.extend(after.problems)
    _refuse(complaints, force)
    report(0.9, "resampling")
    resampled = on_grid(anatomy, function, transform)
    notes = tuple(complaints)
    return describe(
        resampled, anatomy, function, pair, transform, landmarks.refine, before, after, reason, notes,
        "" if landmarks.refine else f"landmarks {', '.join(landmarks.names)}",
    )  # fmt: skip


def _refuse(complaints: list[str], force: bool) -> None:
    if complaints and not force:
        raise RegistrationError(
            f"--landmarks: {'; '.join(complaints)} (--force takes it, --register never takes the points as they are)."
        )


def _euler(transform: sitk.VersorRigid3DTransform, center: np.ndarray) -> sitk.Euler3DTransform:
    """The same rigid transform about another center."""
    euler = sitk.Euler3DTransform()
    euler.SetCenter(center.tolist())
    euler.SetMatrix(transform.GetMatrix(), 1e-6)
    euler.SetTranslation((np.array(transform.TransformPoint(center.tolist())) - center).tolist())
    return euler
