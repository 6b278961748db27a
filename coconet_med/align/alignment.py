"""The functional image on the anatomical grid: the step of the way that the rest of the package calls.

All distances are in mm, all points and matrices in LPS world coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import SimpleITK as sitk

from coconet_med.align.decision import RIVAL_DISTANCE_MM, complaints_about, decide, frames_of_reference, gain_over
from coconet_med.align.grid import check_grid, extent_mm, field_center, field_of_view, resample
from coconet_med.align.plausibility import Plausibility, foreground
from coconet_med.align.registration import (
    SAMPLED,
    Pair,
    Progress,
    displacement_mm,
    find_transform,
    mutual_information,
    rotation_deg,
)
from coconet_med.errors import GeometryError, OptionError, RegistrationError
from coconet_med.volume import Source

RegisterMode = Literal["auto", "always", "never"]

#: Background of CT beyond its field of view: air, in HU.
AIR_HU = -1000.0


@dataclass(frozen=True)
class Alignment:
    """The functional image on the anatomical grid, and how it came there.

    Attributes:
        function: ``float32`` image on the anatomical grid, in the units of the functional source, with ``background``
            beyond the functional field of view.
        inside: ``uint8`` mask (0 or 1) on the same grid: the functional field of view.
        transform: takes an anatomical point to its functional point (the sense of :func:`SimpleITK.Resample`); the
            identity unless ``registered``.
        registered: whether ``transform`` was found by registration.
        coverage: part of the anatomical foreground inside the functional field of view, 0 to 1.
        overlap: Dice coefficient of the two foregrounds where both images have data, 0 to 1.
        offset_mm: how far ``transform`` moves the middle of the anatomical foreground.
        angle_deg: rotation angle of ``transform``, 0 to 180.
        mutual_information_before: in nat, under the given affines; 0 where the fields of view do not meet.
        mutual_information_after: in nat, under ``transform``.
        moved_reason: why the images were registered, or why not.
        warnings: what the user should know.
        background: value beyond the functional field of view: -1000 (air) for CT in HU, else 0.
    """

    function: sitk.Image
    inside: sitk.Image
    transform: sitk.Transform
    registered: bool
    coverage: float
    overlap: float
    offset_mm: float
    angle_deg: float
    mutual_information_before: float
    mutual_information_after: float
    moved_reason: str
    warnings: tuple[str, ...] = ()
    background: float = 0.0

    @property
    def matrix(self) -> np.ndarray:
        """``transform`` as a 4 x 4 matrix: homogeneous LPS point of the anatomy to that of the function."""
        zero = np.array(self.transform.TransformPoint((0.0, 0.0, 0.0)))
        columns = [np.array(self.transform.TransformPoint(axis)) - zero for axis in np.eye(3).tolist()]
        return np.vstack([np.column_stack([*columns, zero]), [0.0, 0.0, 0.0, 1.0]])

    def summary(self) -> dict[str, Any]:
        """The facts for a side-car, plain JSON types only."""
        return {
            "registered": self.registered,
            "reason": self.moved_reason,
            "matrix_lps_anatomy_to_function": self.matrix.tolist(),
            "offset_mm": self.offset_mm,
            "angle_deg": self.angle_deg,
            "coverage": self.coverage,
            "overlap": self.overlap,
            "mutual_information_before": self.mutual_information_before,
            "mutual_information_after": self.mutual_information_after,
            "background": self.background,
            "warnings": list(self.warnings),
        }


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
    laid: sitk.Image | None = None,
) -> Alignment:
    """Bring the functional image onto the anatomical grid through the affines, after registration where it is needed.

    Two pictures (planar sources) have no place in the world: they must have equal sizes and are laid pixel on pixel.

    With ``"auto"`` the affines are kept where both volumes share one DICOM frame of reference (the scanner vouches for
    them), and the images are registered where they have two different ones.  Where frames of reference are not known
    (NIfTI, NRRD, ...), the affines are kept unless they are clearly wrong: the fields of view or the bodies hardly meet
    (:class:`~coconet_med.align.plausibility.Plausibility`), or a quick search finds a place over 8 mm away with over
    15 % more mutual information.  Measured on seven real pairs: 0 to 8 % more where the affines are right, 20 to 430 %
    where they are off by 12 mm or more.

    A registration is refused (unless ``force``) if it turns the image by more than 30 degrees against the given axes;
    if the middle of the anatomy ends more than 60 mm from every place where it started (given affines, centers of
    the bodies, of mass and of the fields of view on each other: scanners do not share an origin, so the offset alone
    says nothing); or if coverage, overlap or mutual information are too low or worse than before.

    Args:
        anatomy: the image that gives the grid.
        function: the image that is brought onto it.
        register: ``"auto"``, ``"always"`` or ``"never"`` (affines only).
        force: turn refusals of implausible results into warnings.
        progress: told how far the work is (fraction 0 to 1, message).
        examined: what :func:`examine` found, where that is known already.
        laid: what :func:`lay` made under the given affines, where that is there already.

    Raises:
        GeometryError: sheared or singular grid, unequal sizes of pictures, a picture with a volume, fields of view that
            do not meet, or ``"never"`` with two different frames of reference.
        RegistrationError: registration is not possible, or its result is refused.
        OptionError: ``register`` is none of the three words.
    """
    if register not in ("auto", "always", "never"):
        raise OptionError(f"register is {register!r}; choose auto, always or never.")
    if anatomy.planar or function.planar:
        return _align_pictures(anatomy, function)
    tell = progress or (lambda fraction, message: None)
    tell(0.0, "preparing the alignment")
    examined = examined or examine(anatomy, function, register=register, force=force)
    pair, given, wanted = examined.pair, examined.given, examined.wanted
    reason, notes = examined.reason, examined.notes
    tell(0.2, reason)
    identity = sitk.Transform(3, sitk.sitkIdentity)
    transform, found = identity, given
    if wanted:
        trusted = frames_of_reference(anatomy, function) != "different"
        euler = find_transform(pair, trusted=trusted, progress=lambda part, words: tell(0.2 + 0.7 * part, words))
        after = pair.judge(euler)
        complaints = complaints_about(pair, euler, given, after, trusted)
        if not complaints or force:
            transform, found = euler, after
            notes = (*_words_of_caution(pair, euler, trusted, register, reason), *complaints)
        elif register == "auto" and trusted and not given.doubts:
            # Affines that merely fit less well than a rival are better than a registration that cannot be believed.
            notes = (
                f"{reason}, but no registration can be believed ({'; '.join(complaints)}): affines kept; check it",
            )
            wanted = False
        else:
            raise RegistrationError(_refusal(anatomy, function, complaints, trusted))
    elif register == "never":
        notes = (*notes, *given.doubts)
    tell(0.9, "resampling")
    if laid is None or transform is not identity:
        laid = lay(anatomy, function, transform)
    return _described(laid, anatomy, function, pair, transform, wanted, given, found, reason, notes)


def examine(anatomy: Source, function: Source, *, register: RegisterMode, force: bool = False) -> Examined:
    """Whether two volumes have to be registered; arguments and errors are those of :func:`align`."""
    for source in (anatomy, function):
        check_grid(source.image, source.name)
    pair = Pair.of(anatomy.image, function.image)
    given = pair.judge(sitk.Transform(3, sitk.sitkIdentity))
    return Examined(pair, given, *decide(pair, given, anatomy, function, register, force))


def lay(anatomy: Source, function: Source, transform: sitk.Transform) -> sitk.Image:
    """The functional volume on the anatomical grid under a transform of anatomical to functional points.

    Raises:
        GeometryError: see :func:`coconet_med.align.grid.check_grid`.
    """
    for source in (anatomy, function):
        check_grid(source.image, source.name)
    return resample(function.image, anatomy.image, transform, background=_background(function))


def _words_of_caution(
    pair: Pair, transform: sitk.Euler3DTransform, trusted: bool, register: str, reason: str
) -> tuple[str, ...]:
    notes = (f"{reason}: registered; check the picture",) if register == "auto" else ()
    gain = gain_over(pair, transform, sitk.Transform(3, sitk.sitkIdentity))
    if trusted and displacement_mm(transform, pair) > RIVAL_DISTANCE_MM and gain < 1.1:
        notes = (*notes, "the registration moved the image although it hardly fits better than before")
    return notes


def _refusal(anatomy: Source, function: Source, complaints: tuple[str, ...], trusted: bool) -> str:
    remedy = "use --register never to trust the affines" if trusted else "give images that are registered already"
    return (
        f"the registration of {function.name} to {anatomy.name} is not plausible: {'; '.join(complaints)}; check that "
        f"both show the same body, or {remedy} (--force takes it as it is)."
    )


def _described(
    laid: sitk.Image,
    anatomy: Source,
    function: Source,
    pair: Pair,
    transform: sitk.Transform,
    registered: bool,
    before: Plausibility,
    after: Plausibility,
    reason: str,
    notes: tuple[str, ...],
) -> Alignment:
    inside = field_of_view(function.image, anatomy.image, transform)
    if not sitk.GetArrayViewFromImage(inside).any():
        here, there = field_center(anatomy.image), field_center(function.image)
        raise GeometryError(
            f"{function.name} and {anatomy.name} do not overlap: their centers are at {_point(there)} and "
            f"{_point(here)} mm (LPS), {np.linalg.norm(here - there):.0f} mm apart; use --register always, or "
            "check the files."
        )
    middle = pair.center
    coverage, overlap = _shares(pair, inside, transform)
    return Alignment(
        function=laid,
        inside=inside,
        transform=transform,
        registered=registered,
        coverage=coverage,
        overlap=overlap,
        offset_mm=float(np.linalg.norm(np.array(transform.TransformPoint(middle.tolist())) - middle)),
        angle_deg=rotation_deg(transform) if registered else 0.0,
        mutual_information_before=before.mutual_information,
        mutual_information_after=after.mutual_information,
        moved_reason=reason,
        warnings=notes,
        background=_background(function),
    )


def _background(function: Source) -> float:
    return AIR_HU if function.units == "HU" else 0.0


def _shares(pair: Pair, inside: sitk.Image, transform: sitk.Transform) -> tuple[float, float]:
    """Coverage and overlap on the anatomical grid: on the 4 mm grid, a thin slab may lie between two samples.

    Of a large grid every second or third voxel along an axis will do, unless the functional volume is that thin.
    """
    thin = float(extent_mm(pair.function).min())
    along = zip(inside.GetSize(), inside.GetSpacing(), strict=True)
    steps = [max(1, min(count // SAMPLED, int(thin / (2 * spacing)))) for count, spacing in along]
    inside = inside[tuple(slice(None, None, step) for step in steps)]

    def laid(body: sitk.Image, move: sitk.Transform) -> np.ndarray:
        return _bits(sitk.Resample(body, inside, move, sitk.sitkNearestNeighbor, 0))

    covered = _bits(inside)
    here, there = laid(pair.anatomy_body, sitk.Transform(3, sitk.sitkIdentity)), laid(pair.function_body, transform)
    body = _count(here)
    here &= covered
    there &= covered
    both = _count(here) + _count(there)
    return _count(here) / max(1, body), 2 * _count(here & there) / both if both else 0.0


def _bits(mask: sitk.Image) -> np.ndarray:
    """A mask in an eighth of its memory: three of them are held while the volume is being fused."""
    return np.packbits(sitk.GetArrayViewFromImage(mask))


def _count(bits: np.ndarray) -> int:
    return int(np.bitwise_count(bits).sum())


def _align_pictures(anatomy: Source, function: Source) -> Alignment:
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
        function=moved,
        inside=inside,
        transform=sitk.Transform(3, sitk.sitkIdentity),
        registered=False,
        coverage=1.0,
        overlap=2 * int((bodies[0] & bodies[1]).sum()) / both if both else 0.0,
        offset_mm=0.0,
        angle_deg=0.0,
        mutual_information_before=information,
        mutual_information_after=information,
        moved_reason="pictures have no place in the world: laid pixel on pixel",
    )


def _point(point: np.ndarray) -> str:
    return f"({', '.join(f'{value:.0f}' for value in point)})"
