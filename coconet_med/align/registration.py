"""Rigid registration of the functional to the anatomical image by mutual information.

The method is Mattes mutual information (Mattes et al., PET-CT image registration in the chest using free-form
deformations, IEEE TMI 2003) with 32 bins over an Euler transform, from coarse to fine, and then a search by the score
itself (mutual information times coverage), and a polish between the voxels.  The best of all places on the way is kept,
by that score: where a field of view cuts the body, the climbs alone drift to places with less overlap, which may be
worse than where they began.
Everything runs on one thread with a regular sampling, so that a second run gives the same numbers to the last bit.
"""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import SimpleITK as sitk

from coconet_med.align.grid import extent_mm, field_center
from coconet_med.align.plausibility import foreground_center
from coconet_med.align.prepared import BINS, Pair, Seen, score
from coconet_med.align.sampled import Sampled
from coconet_med.errors import RegistrationError
from coconet_med.geometry import direction_matrix

#: ``progress(fraction, message)``: how much of the step is done, 0 to 1, and what is being done.
Progress = Callable[[float, str], None]

#: Share of the voxels that a climb looks at.
SAMPLES = 0.10
#: (shrink factor, smoothing sigma in mm) of the anatomical image, first of the coarse one, then of that at 2 mm.
COARSE_LEVEL = ((2, 0.0),)
FINE_LEVELS = ((2, 2.0), (1, 0.0))
#: Steps of the last search, in mm (rotations by the lever of the body): the first, and where it ends; its most places.
FIRST_STEP_MM, LAST_STEP_MM, MOST_PLACES = 4.0, 0.25, 400
#: What the last search finds is taken if it betters the score by this factor.  It sees 4 mm, so a little more is no
#: better place: thighs that fit gained 0.3 % and lost 2 mm; where the climb had drifted, it gained 10 %.
SEARCH_GAIN = 1.02
#: The polish at the end: one level at full resolution, with about so many samples, from a first step of so many mm.
#: Linear interpolation of large voxels draws a climb to places where grids meet: between the voxels of a PET of 5 mm,
#: made smooth by a spline, thighs that had stopped 1.3 to 2.2 mm away came to 0.4 to 0.7 mm.
POLISH_LEVEL, POLISH_POINTS, POLISH_STEP_MM = ((1, 0.0),), 60_000, 0.5
#: Scores are taken at 4 mm: those of places a millimeter apart that fit alike differ by less than this factor.
SAME_SCORE = 0.995
#: Points that the last search looks at.
POINTS = 40_000
#: Distance between starting points along the axis of a functional field of view that is longer than the anatomy.
SLIDE_MM = 40.0


def find_transform(
    pair: Pair, rough: sitk.Euler3DTransform, *, progress: Progress | None = None
) -> sitk.Euler3DTransform:
    """Rigid transform from anatomical to functional points (LPS, mm), its center in the middle of the anatomical body.

    Its score is never below that of ``rough``.

    Args:
        pair: the two images, neither blank nor thin.
        rough: where to begin, from :func:`coarse_match`.
        progress: called with how far the work is.
    """
    report = progress or (lambda fraction, message: None)
    fine = _optimize(pair, rough, FINE_LEVELS, lambda f: report(0.8 * f, "registering"))
    best = max(rough, fine, key=lambda place: score(pair, place))
    searched = _search(pair, best, lambda f: report(0.8 + 0.1 * f, "registering"))
    best = searched if score(pair, searched) > SEARCH_GAIN * score(pair, best) else best
    polished = _optimize(
        pair,
        best,
        POLISH_LEVEL,
        lambda f: report(0.9 + 0.1 * f, "registering"),
        seen=pair.smooth_near(best),
        samples=min(1.0, POLISH_POINTS / np.prod(pair.anatomy.GetSize(), dtype=float)),
        step=POLISH_STEP_MM,
    )
    least = max(SAME_SCORE * score(pair, best), score(pair, rough))
    return polished if score(pair, polished) >= least else best


def coarse_match(pair: Pair, *, trusted: bool, progress: Progress | None = None) -> sitk.Euler3DTransform:
    """The best of the starting points after a quick search at a quarter of the resolution (good to some mm).

    Args:
        pair: the two images.
        trusted: whether the given affines are a starting point too (beside the centers of the bodies).
        progress: called with how far the work is.

    Raises:
        RegistrationError: one image is constant or has fewer than 5 slices.
    """
    if pair.blank:
        raise RegistrationError("registration is not possible: one of the two images is constant; check the input.")
    if pair.thin:
        raise RegistrationError(
            "registration is not possible: one of the two images has fewer than 5 slices; give whole volumes "
            "(or --register never, where the affines are known to be right)."
        )
    report = progress or (lambda fraction, message: None)
    scored = [(score(pair, start), start) for start in starting_points(pair, trusted=trusted)]
    starts = sorted(scored, key=lambda each: -each[0])[:3]
    found = []
    for number, (_, start) in enumerate(starts):
        report(number / len(starts), "looking for the rough position")
        climbed = _optimize(pair, start, COARSE_LEVEL, lambda f: None, seen=pair.rough)
        found.append((score(pair, climbed), climbed))
    return max([*found, *starts], key=lambda each: each[0])[1]


def displacement_mm(transform: sitk.Transform, pair: Pair) -> float:
    """Largest distance in mm that ``transform`` moves a corner of the anatomical body's bounding box."""
    where = np.argwhere(sitk.GetArrayFromImage(pair.anatomy_body))[:, ::-1]
    if not len(where):
        return 0.0
    low, high = where.min(axis=0), where.max(axis=0)
    corners = [np.where([n & 1, n & 2, n & 4], high, low) for n in range(8)]
    points = [pair.anatomy_body.TransformIndexToPhysicalPoint([int(v) for v in corner]) for corner in corners]
    return max(float(np.linalg.norm(np.subtract(transform.TransformPoint(point), point))) for point in points)


def rotation_deg(transform: Any) -> float:
    """Angle of the rotation about its own axis, in degrees, 0 to 180."""
    matrix = np.array(transform.GetMatrix()).reshape(3, 3)
    return math.degrees(math.acos(float(np.clip((np.trace(matrix) - 1) / 2, -1, 1))))


def starting_points(pair: Pair, *, trusted: bool) -> list[sitk.Euler3DTransform]:
    """Pure shifts to start from: the given affines where ``trusted``, center of body on center of body, center of mass
    on center of mass, middle of field on middle of field, and, where the functional field of view is much longer than
    the anatomical one (a whole-body PET), a row of places along it."""
    center = pair.center
    body = foreground_center(pair.function_body)
    mass = _center_of_mass(pair.coarse_function) - _center_of_mass(pair.coarse_anatomy)
    shifts = [mass, field_center(pair.function) - field_center(pair.anatomy)]
    if trusted:
        shifts.append(np.zeros(3))
    if body is not None:
        shifts.append(body - center)
        shifts.extend(_slides(pair, center, body))
    return [_rigid(center, shift) for shift in shifts]


def _slides(pair: Pair, center: np.ndarray, body: np.ndarray) -> list[np.ndarray]:
    """Shifts that put the anatomy at every place along a field of view much longer than it, as of a whole-body PET."""
    extent, axis = extent_mm(pair.function), int(np.argmax(extent_mm(pair.function)))
    if extent[axis] < 1.5 * extent_mm(pair.anatomy).max():
        return []
    along = direction_matrix(pair.function)[:, axis]
    middle = field_center(pair.function)
    line = body + along * np.dot(middle - body, along)
    count = int(extent[axis] / SLIDE_MM)
    return [line + along * SLIDE_MM * (n - (count - 1) / 2) - center for n in range(count)]


def _search(pair: Pair, start: sitk.Euler3DTransform, report: Callable[[float], None]) -> sitk.Euler3DTransform:
    """Step along one parameter after the other while the score rises, then halve the step.

    Hooke and Jeeves, Direct search solution of numerical and statistical problems, J. ACM 8:212, 1961.
    """
    sampled, place = Sampled(pair, POINTS), sitk.Euler3DTransform(start)
    unit = np.array([1 / pair.lever_mm] * 3 + [1.0] * 3)

    def value(parameters: np.ndarray) -> float:
        place.SetParameters(parameters.tolist())
        return sampled.score(np.reshape(place.GetMatrix(), (3, 3)), np.array(place.TransformPoint((0.0, 0.0, 0.0))))

    here = np.array(start.GetParameters())
    best, step, seen = value(here), FIRST_STEP_MM, 1
    while step >= LAST_STEP_MM and seen < MOST_PLACES:
        risen = False
        for number in range(6):
            for sign in (1, -1):
                there = here.copy()
                there[number] += sign * step * unit[number]
                new, seen = value(there), seen + 1
                if new > best:
                    here, best, risen = there, new, True
                    break
        report(min(1.0, seen / MOST_PLACES))
        step = step if risen else step / 2
    place.SetParameters(here.tolist())
    return place


def _optimize(
    pair: Pair,
    start: sitk.Euler3DTransform,
    levels: Sequence[tuple[int, float]],
    report: Callable[[float], None],
    *,
    seen: Seen | None = None,
    samples: float = SAMPLES,
    step: float = 2.0,
) -> sitk.Euler3DTransform:
    """Climb from ``start`` to the nearest optimum through ``levels``; a failed climb ends where it began.

    The images at 2 mm are taken unless others are given.
    """
    images, region = seen or ((pair.anatomy, pair.function), pair.anatomy_region)
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentagePerLevel([samples] * len(levels), seed=1)
    method.SetMetricFixedMask(region)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetShrinkFactorsPerLevel([shrink for shrink, _ in levels])
    method.SetSmoothingSigmasPerLevel([sigma for _, sigma in levels])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetOptimizerAsRegularStepGradientDescent(step, 0.005, 200, 0.6, 1e-8)
    method.SetOptimizerScales([pair.lever_mm**2] * 3 + [1.0] * 3)
    result = sitk.Euler3DTransform(start)
    method.SetInitialTransform(result, inPlace=True)
    stopped: list[BaseException] = []

    def watch() -> None:
        # An exception must not pass through ITK: it is kept, the search stops, and it is raised again below.
        if stopped:
            method.StopRegistration()
            return
        try:
            report(min(1.0, (method.GetCurrentLevel() + method.GetOptimizerIteration() / 200) / len(levels)))
        except BaseException as error:
            stopped.append(error)
            method.StopRegistration()

    method.AddCommand(sitk.sitkIterationEvent, watch)
    try:
        with _one_thread(), _interrupt_kept(stopped):
            method.Execute(*images)
    except RuntimeError:
        result = sitk.Euler3DTransform(start)
    if stopped:
        raise stopped[0]
    return result


@contextmanager
def _one_thread() -> Iterator[None]:
    """Sums over several threads differ in the last bit from run to run.  The method's own number of threads does not
    reach its metric (SimpleITK 2.5), so the global one is set for the while."""
    before = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(before)


@contextmanager
def _interrupt_kept(stopped: list[BaseException]) -> Iterator[None]:
    """Ctrl-C raises wherever Python is, and ITK swallows what is raised on the way into a callback: so it is noted.

    Only where Python's own handler is in place, and in the main thread, where alone handlers can be set.
    """
    usual = signal.default_int_handler
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is not usual:
        yield
        return
    signal.signal(signal.SIGINT, lambda *_: stopped.append(KeyboardInterrupt()))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)


def _rigid(center: np.ndarray, shift: np.ndarray) -> sitk.Euler3DTransform:
    transform = sitk.Euler3DTransform()
    transform.SetCenter(center.tolist())
    transform.SetTranslation(shift.tolist())
    return transform


def _center_of_mass(image: sitk.Image) -> np.ndarray:
    """World point (LPS, mm) at the mean of the intensities above the darkest one."""
    values = sitk.GetArrayFromImage(image).astype(np.float64)
    weights = values - values.min()
    if not weights.any():
        return field_center(image)
    places = [
        np.average(np.arange(n), weights=weights.sum(axis=tuple({0, 1, 2} - {a}))) for a, n in enumerate(values.shape)
    ]
    return np.array(image.TransformContinuousIndexToPhysicalPoint(places[::-1]))
