"""Whether to trust the affines or to register, and whether to believe what the registration found."""

from __future__ import annotations

from typing import Literal

import numpy as np
import SimpleITK as sitk

from coconet_med.align.mirrored import wrong_header
from coconet_med.align.plausibility import Plausibility
from coconet_med.align.prepared import Pair, score
from coconet_med.align.registration import coarse_match, displacement_mm, rotation_deg, starting_points
from coconet_med.errors import GeometryError
from coconet_med.source import Source
from coconet_med.windowing.signed import why_signed

#: A registration that turns the anatomy further than this against the given axes is refused.
LARGEST_ANGLE_DEG = 30.0
#: A registration that ends further than this from every starting point is refused (see :func:`align`).
LARGEST_SHIFT_MM = 60.0
#: A registration that leaves less mutual information (nat) is refused: the images have nothing in common.
LEAST_INFORMATION = 0.05
#: Of affines that no header confirms: a quick search must better the fit by this factor, ...
RIVAL_GAIN = 1.15
#: ... and lie this far from them, before they are doubted.
RIVAL_DISTANCE_MM = 8.0
#: They are also doubted if it lies turned by more than this and betters the fit by this factor: of 32 right pairs the
#: quick search turned none by more than 5 degrees, of heads turned by 10 degrees all but a few by more than 7.
RIVAL_ANGLE_DEG, TURNED_GAIN = 6.0, 1.04
#: A registration is taken only if the fit gains this much, and this much for each mm that it moves the body.
LEAST_GAIN, GAIN_PER_MM = 0.02, 0.015

KEPT = "the affines were taken as they are"


def decide(
    pair: Pair, given: Plausibility, anatomy: Source, function: Source, register: str, force: bool
) -> tuple[bool, str, tuple[str, ...]]:
    """Whether to register, why, and what the user should know of that decision."""
    frames = frames_of_reference(anatomy, function)
    if register == "always":
        return True, "registration was asked for", ()
    if register == "never":
        if frames != "different":
            return False, f"{KEPT}, as asked for", ()
        words = "the two series have different DICOM frames of reference, so no header confirms their alignment"
        if not force:
            raise GeometryError(f"{words} ({anatomy.name}, {function.name}); use --register auto.")
        return False, f"{KEPT}, as asked for", (words,)
    if frames == "different":
        return True, "the two series have different DICOM frames of reference", ()
    if frames == "unknown" and why_signed(function, sitk.GetArrayViewFromImage(function.image)):
        return False, f"{KEPT}: a map of both signs shows no body by which its place could be checked", ()
    if pair.thin or pair.blank:
        problem = (
            f"an image has {'too few slices' if pair.thin else 'nothing in it'}: the alignment could not be checked"
        )
        reason = "both series share one DICOM frame of reference" if frames == "same" else KEPT
        return False, reason, () if frames == "same" else (problem,)
    problems, header = _problems(pair, given)
    if frames == "same":
        advice = "; look at the picture and use --register always if it is displaced"
        notes = (header,) if header else tuple(problem + advice for problem in problems)
        return False, "both series share one DICOM frame of reference", notes
    if header:
        return False, KEPT, (header,)
    if problems:
        return True, f"the affines do not fit: {'; '.join(problems)}", ()
    return False, "the affines look plausible", ()


def _problems(pair: Pair, given: Plausibility) -> tuple[tuple[str, ...], str]:
    """What speaks against the affines, and words about a wrong header, which no registration can mend."""
    if given.problems:
        return given.problems, ""
    rival = coarse_match(pair, trusted=True)
    return rivalry(pair, rival), wrong_header(pair, rival)


def rivalry(pair: Pair, rival: sitk.Euler3DTransform) -> tuple[str, ...]:
    """Words about a clearly better place than that of the affines; empty where a quick search found none."""
    distance, gain = displacement_mm(rival, pair), gain_over(pair, rival, sitk.Transform(3, sitk.sitkIdentity))
    angle = rotation_deg(rival)
    if angle > RIVAL_ANGLE_DEG and gain > TURNED_GAIN:
        return (f"a place turned by {angle:.0f} degrees fits {gain - 1:.0%} better",)
    if distance > RIVAL_DISTANCE_MM and gain > RIVAL_GAIN:
        return (f"a place {distance:.0f} mm away fits {gain - 1:.0%} better",)
    return ()


def fits_already(
    pair: Pair, rough: sitk.Euler3DTransform, place: sitk.Euler3DTransform, gain: float, frames: str
) -> bool:
    """Whether the affines fit as well as can be found: what a registration found is hardly better, for all it moves.

    Smooth images have flat optima: of right pairs the best place lay up to 15 mm off at a gain of 0.1 to 1.6 % for each
    mm; heads that are off by 2 to 6 mm gain 1.5 to 6 %.

    Args:
        pair: two volumes whose affines nothing else speaks against.
        rough: what the quick search found.
        place: what the registration found.
        gain: of its score over that of the affines.
        frames: see :func:`frames_of_reference`; where they differ, only a small move is put down to flatness.
    """
    distance = displacement_mm(place, pair)
    if rivalry(pair, rough) or (frames == "different" and distance > RIVAL_DISTANCE_MM):
        return False
    return gain < 1 + max(LEAST_GAIN, min(GAIN_PER_MM * distance, RIVAL_GAIN - 1))


def frames_of_reference(anatomy: Source, function: Source) -> Literal["same", "different", "unknown"]:
    """What the DICOM headers say about the alignment: confirmed, denied, or nothing."""
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
    found.extend(after.problems)
    if after.mutual_information < LEAST_INFORMATION:
        found.append("the images have no structure in common")
    elif trusted and after.mutual_information * after.coverage < 0.98 * before.mutual_information * before.coverage:
        found.append("the images fit no better than before")
    return tuple(found)
