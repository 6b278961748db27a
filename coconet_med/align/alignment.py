"""The functional image on the anatomical grid: the step of the way that the rest of the package calls.

All distances are in mm, all points and matrices in LPS world coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np
import SimpleITK as sitk

from coconet_med.align.decision import LEAST_INFORMATION, complaints_about, decide, fits_already, frames_of_reference
from coconet_med.align.grid import check_grid, field_center, field_of_view
from coconet_med.align.mirrored import wrong_header
from coconet_med.align.pictures import align_pictures
from coconet_med.align.plausibility import COVERS, LITTLE_COVERAGE, Plausibility
from coconet_med.align.prepared import Pair
from coconet_med.align.registration import Progress, coarse_match, displacement_mm, find_transform, rotation_deg
from coconet_med.align.resampled import Resampled
from coconet_med.align.result import Alignment
from coconet_med.align.shares import shares
from coconet_med.choices import RegisterMode, one_of
from coconet_med.errors import GeometryError, RegistrationError
from coconet_med.source import Source

#: Background of CT beyond its field of view: air, in HU.
AIR_HU = -1000.0


@dataclass(frozen=True)
class Examined:
    """Two volumes as their affines have them, and whether to register them.

    Attributes:
        pair: the two volumes, prepared for registration.
        given: figures of the fit under the affines.
        wanted: whether to register.
        reason: why, or why not.
        notes: what the user should know of that decision.
    """

    pair: Pair
    given: Plausibility
    wanted: bool
    reason: str
    notes: tuple[str, ...]


def align(
    anatomy: Source,
    function: Source,
    *,
    register: RegisterMode = "auto",
    force: bool = False,
    progress: Progress | None = None,
    examined: Examined | None = None,
    resampled: Resampled | None = None,
) -> Alignment:
    """Bring the functional image onto the anatomical grid through the affines, after registration where it is needed.

    Two pictures (planar sources) have no place in the world: they must have equal sizes and are matched pixel by pixel.

    With ``"auto"`` the affines are kept where both volumes share one DICOM frame of reference (the scanner states
    them), and the images are registered where they have two different ones.  Where frames of reference are not known
    (NIfTI, NRRD, ...), the affines are kept unless they are clearly wrong: the fields of view or the bodies hardly meet
    (:class:`~coconet_med.align.plausibility.Plausibility`), or a quick search finds a place over 8 mm away that fits
    over 15 % better, or one turned by over 6 degrees that fits over 4 % better.  No registration is tried where a
    mirrored image fits far better: that header is wrong (:mod:`coconet_med.align.mirrored`), which gives a warning.
    Maps of both signs (:mod:`coconet_med.windowing.signed`) stay where their affines put them: they show no body to
    compare.

    A registration that was asked for, or is due because of two frames of reference, leaves the image where it is if
    that fits as well as can be found.  Measured: docs/alignment.md.

    A registration is refused (unless ``force``) if it turns the image by more than 30 degrees against the given axes;
    if the middle of the anatomy ends more than 60 mm from every place where it started (given affines, centers of
    the bodies, of mass and of the fields of view on each other: scanners do not share an origin, so the offset alone
    says nothing); or if coverage, overlap or mutual information are too low or worse than before.

    Args:
        anatomy: the image that gives the grid.
        function: the image that is brought onto it.
        register: ``"auto"``, ``"always"`` or ``"never"`` (affines only).
        force: turn refusals of implausible results into warnings.
        progress: called with how far the work is (fraction 0 to 1, message).
        examined: what :func:`examine` found, where that is known already.
        resampled: what :func:`on_grid` made under the given affines, where that is there already.

    Raises:
        GeometryError: sheared or singular grid, unequal sizes of pictures, a picture with a volume, fields of view that
            do not meet, or ``"never"`` with two different frames of reference.
        RegistrationError: registration is not possible, or its result is refused.
        OptionError: ``register`` is none of the three words.
    """
    one_of("--register", register, get_args(RegisterMode))
    if anatomy.planar or function.planar:
        return align_pictures(anatomy, function)
    report = progress or (lambda fraction, message: None)
    report(0.0, "preparing the alignment")
    examined = examined or examine(anatomy, function, register=register, force=force)
    pair, given, wanted = examined.pair, examined.given, examined.wanted
    reason, notes = examined.reason, examined.notes
    report(0.2, reason)
    identity = sitk.Transform(3, sitk.sitkIdentity)
    transform, found = identity, given
    if wanted:
        frames = frames_of_reference(anatomy, function)
        trusted = frames != "different"
        # Affines may be right although no header says so.
        begun = trusted or not given.problems
        rough = coarse_match(pair, trusted=begun, progress=lambda part, words: report(0.2 + 0.28 * part, words))
        euler = find_transform(pair, rough, progress=lambda part, words: report(0.48 + 0.42 * part, words))
        after = pair.plausibility(euler)
        gain = after.score / max(given.score, 1e-6)
        complaints = complaints_about(pair, euler, given, after, trusted)
        header = wrong_header(pair, euler)
        complaints = (*complaints, header) if header else complaints
        seen = after.mutual_information >= LEAST_INFORMATION and not header
        if not force and seen and not given.problems and fits_already(pair, rough, euler, gain, frames):
            wanted, reason, notes = False, *_kept(pair, euler, gain, reason)
        elif not complaints or force:
            transform, found = euler, after
            notes = (*((f"{reason}: registered; check the picture",) if register == "auto" else ()), *complaints)
        elif register == "auto" and trusted and not given.problems:
            # Affines that merely fit less well than a rival are better than a registration that cannot be believed.
            notes = (
                f"{reason}, but no registration can be believed ({'; '.join(complaints)}): affines kept; check it",
            )
            wanted = False
        else:
            raise RegistrationError(_refusal(anatomy, function, complaints, trusted))
    elif register == "never":
        header = "" if pair.thin or pair.blank else wrong_header(pair)
        notes = (*notes, *given.problems, *((header,) if header else ()))
    report(0.9, "resampling")
    if resampled is None or transform is not identity:
        resampled = on_grid(anatomy, function, transform)
    return describe(resampled, anatomy, function, pair, transform, wanted, given, found, reason, notes)


def examine(anatomy: Source, function: Source, *, register: RegisterMode, force: bool = False) -> Examined:
    """Whether two volumes have to be registered; arguments and errors are those of :func:`align`."""
    for source in (anatomy, function):
        check_grid(source.image, source.name)
    pair = Pair.of(anatomy.image, function.image)
    given = pair.plausibility(sitk.Transform(3, sitk.sitkIdentity))
    return Examined(pair, given, *decide(pair, given, anatomy, function, register, force))


def on_grid(anatomy: Source, function: Source, transform: sitk.Transform) -> Resampled:
    """The functional volume on the anatomical grid under a transform of anatomical to functional points.

    Raises:
        GeometryError: see :func:`coconet_med.align.grid.check_grid`.
    """
    for source in (anatomy, function):
        check_grid(source.image, source.name)
    return Resampled(function.image, anatomy.image, transform, _background(function))


def _kept(pair: Pair, place: sitk.Euler3DTransform, gain: float, reason: str) -> tuple[str, tuple[str, ...]]:
    """Why the affines were kept although a registration was wanted, and what to say about it."""
    moved = displacement_mm(place, pair)
    best = f"the best place found lies {moved:.1f} mm away and fits {max(gain - 1, 0):.1%} better"
    words = f"{reason}, but the images fit already as well as can be found ({best}): they were left as they are"
    return words, (words,)


def _refusal(anatomy: Source, function: Source, complaints: tuple[str, ...], trusted: bool) -> str:
    remedy = "use --register never to trust the affines" if trusted else "give images that are registered already"
    return (
        f"the registration of {function.name} to {anatomy.name} is not plausible: {'; '.join(complaints)}; check that "
        f"both show the same body, or {remedy} (--force takes it as it is)."
    )


def describe(
    resampled: Resampled,
    anatomy: Source,
    function: Source,
    pair: Pair,
    transform: sitk.Transform,
    registered: bool,
    before: Plausibility,
    after: Plausibility,
    reason: str,
    notes: tuple[str, ...],
    stored: str = "",
) -> Alignment:
    """The alignment with all its figures; ``stored`` says which given transform it is.

    Raises:
        GeometryError: the fields of view do not meet.
    """
    inside = field_of_view(function.image, anatomy.image, transform)
    if not sitk.GetArrayViewFromImage(inside).any():
        here, there = field_center(anatomy.image), field_center(function.image)
        raise GeometryError(
            f"{function.name} and {anatomy.name} do not overlap: their centers are at {_point(there)} and "
            f"{_point(here)} mm (LPS), {np.linalg.norm(here - there):.0f} mm apart; use --register always, or "
            "check the files."
        )
    middle = pair.center
    coverage, overlap = shares(pair, inside, transform)
    if coverage < LITTLE_COVERAGE and not any(COVERS in note for note in notes):
        notes = (*notes, f"{COVERS} {coverage:.0%} of the anatomy: elsewhere there is no uptake to show")
    return Alignment(
        resampled=resampled,
        inside=inside,
        transform=transform,
        registered=registered,
        coverage=coverage,
        overlap=overlap,
        offset_mm=float(np.linalg.norm(np.array(transform.TransformPoint(middle.tolist())) - middle)),
        angle_deg=rotation_deg(transform) if registered or stored else 0.0,
        mutual_information_before=before.mutual_information,
        mutual_information_after=after.mutual_information,
        moved_reason=reason,
        warnings=notes,
        background=_background(function),
        given=stored,
    )


def _background(function: Source) -> float:
    return AIR_HU if function.units == "HU" else 0.0


def _point(point: np.ndarray) -> str:
    return f"({', '.join(f'{value:.0f}' for value in point)})"
