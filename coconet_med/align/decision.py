"""Whether to trust the affines or to register, and whether to believe what the registration found."""

from __future__ import annotations

from typing import Literal

import numpy as np
import SimpleITK as sitk

from coconet_med.align.plausibility import Plausibility
from coconet_med.align.registration import (
    Pair,
    coarse_match,
    displacement_mm,
    rotation_deg,
    score,
    starting_points,
)
from coconet_med.errors import GeometryError
from coconet_med.volume import Source

#: A registration that turns the anatomy further than this against the given axes is refused.
LARGEST_ANGLE_DEG = 30.0
#: A registration that ends further than this from every starting point is refused (see :func:`align`).
LARGEST_SHIFT_MM = 60.0
#: A registration that leaves less mutual information (nat) is refused: the images have nothing in common.
LEAST_INFORMATION = 0.05
#: Of affines that nobody vouches for: a quick search must better the fit by this factor, ...
RIVAL_GAIN = 1.15
#: ... and lie this far from them, before they are doubted.
RIVAL_DISTANCE_MM = 8.0


def decide(
    pair: Pair, given: Plausibility, anatomy: Source, function: Source, register: str, force: bool
) -> tuple[bool, str, tuple[str, ...]]:
    """Whether to register, why, and what the user should know of that decision."""
    frames = frames_of_reference(anatomy, function)
    if register == "always":
        return True, "registration was asked for", ()
    if register == "never":
        if frames != "different":
            return False, "the affines were taken as they are, as asked for", ()
        words = "the two series have different DICOM frames of reference, so nobody vouches for their alignment"
        if not force:
            raise GeometryError(f"{words} ({anatomy.name}, {function.name}); use --register auto.")
        return False, "the affines were taken as they are, as asked for", (words,)
    if frames == "different":
        return True, "the two series have different DICOM frames of reference", ()
    if frames == "same":
        doubts = () if pair.thin or pair.blank else given.doubts or _rival(pair)
        advice = "; look at the picture and use --register always if it is displaced"
        return False, "both series share one DICOM frame of reference", tuple(doubt + advice for doubt in doubts)
    if pair.thin or pair.blank:
        doubt = f"an image has {'too few slices' if pair.thin else 'nothing in it'}: the alignment could not be checked"
        return False, "the affines were taken as they are", (doubt,)
    doubts = given.doubts or _rival(pair)
    if doubts:
        return True, f"the affines do not fit: {'; '.join(doubts)}", ()
    return False, "the affines look plausible", ()


def _rival(pair: Pair) -> tuple[str, ...]:
    """Words about a clearly better place than that of the affines; empty where a quick search finds none."""
    rival = coarse_match(pair, trusted=True)
    distance, gain = displacement_mm(rival, pair), gain_over(pair, rival, sitk.Transform(3, sitk.sitkIdentity))
    if distance <= RIVAL_DISTANCE_MM or gain <= RIVAL_GAIN:
        return ()
    return (f"a place {distance:.0f} mm away fits {gain - 1:.0%} better",)


def frames_of_reference(anatomy: Source, function: Source) -> Literal["same", "different", "unknown"]:
    """What the DICOM headers say about the alignment: vouched for, denied, or nothing."""
    if not anatomy.frame_of_reference or not function.frame_of_reference:
        return "unknown"
    return "same" if anatomy.frame_of_reference == function.frame_of_reference else "different"


def gain_over(pair: Pair, better: sitk.Transform, worse: sitk.Transform) -> float:
    """Ratio of the two transforms' scores."""
    return score(pair, better) / max(score(pair, worse), 1e-6)


def complaints_about(
    pair: Pair, transform: sitk.Euler3DTransform, before: Plausibility, after: Plausibility, trusted: bool
) -> tuple[str, ...]:
    """Why a registration should not be believed; empty where it should."""
    found = []
    angle = rotation_deg(transform)
    if angle > LARGEST_ANGLE_DEG:
        found.append(f"it turns the image by {angle:.0f} degrees")
    middle = pair.center.tolist()
    end = np.array(transform.TransformPoint(middle))
    starts = [np.array(start.TransformPoint(middle)) for start in starting_points(pair, trusted=trusted)]
    shift = min(float(np.linalg.norm(end - start)) for start in starts)
    if shift > LARGEST_SHIFT_MM:
        found.append(f"it ends {shift:.0f} mm from where it started")
    found.extend(after.doubts)
    if after.mutual_information < LEAST_INFORMATION:
        found.append("the images have no structure in common")
    elif trusted and after.mutual_information * after.coverage < 0.98 * before.mutual_information * before.coverage:
        found.append("the images fit no better than before")
    return tuple(found)
