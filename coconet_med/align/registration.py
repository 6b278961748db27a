"""Rigid registration of the functional to the anatomical image by mutual information.

The method is Mattes mutual information (Mattes et al., PET-CT image registration in the chest using free-form
deformations, IEEE TMI 2003) with 32 bins over an Euler transform, from coarse to fine.  Everything runs on one thread
with a regular sampling, so that a second run gives the same numbers to the last bit.
"""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import SimpleITK as sitk

from coconet_med.align.grid import coarsen, direction_matrix, extent_mm, field_center, field_of_view, resample
from coconet_med.align.plausibility import Plausibility, foreground, foreground_center
from coconet_med.errors import RegistrationError

#: ``progress(fraction, message)``: how much of the step is done, 0 to 1, and what is being done.
Progress = Callable[[float, str], None]

#: The two images of a climb and the region in which the metric is taken.
Seen = tuple[tuple[sitk.Image, sitk.Image], sitk.Image]

#: Voxel size at which registration works; finer images are brought to it (dicom.md, first row of the table).
WORKING_MM = 2.0
#: Voxel size at which starting points are compared.
COARSE_MM = 4.0
BINS = 32
SAMPLES = 0.10
#: Smoothing of both images before the climbs from the starting points.
COARSE_SIGMA_MM = 4.0
#: (shrink factor, smoothing sigma in mm) of the anatomical image, first of the coarse one, then of that at 2 mm.
COARSE_LEVEL = ((2, 0.0),)
FINE_LEVELS = ((2, 2.0), (1, 0.0))
#: Voxels along an axis that are enough for figures of a whole image, such as its dark and its bright end.
SAMPLED = 128
#: Voxels that the coarse images need along every axis to be smoothed and climbed on.
LEAST_VOXELS = 12
#: Width of the air around the body that belongs to the region of the metric.
RIM_MM = 12.0
#: Distance between starting points along the axis of a functional field of view that is longer than the anatomy.
SLIDE_MM = 40.0


@dataclass(frozen=True)
class Pair:
    """Both images prepared for registration: 2 mm and 4 mm, intensities clipped, bodies found."""

    anatomy: sitk.Image
    function: sitk.Image
    coarse_anatomy: sitk.Image
    coarse_function: sitk.Image
    anatomy_body: sitk.Image
    function_body: sitk.Image

    @classmethod
    def of(cls, anatomy: sitk.Image, function: sitk.Image) -> Pair:
        """Prepare two scalar 3-D images."""
        fine = [coarsen(image, WORKING_MM, limits=_limits(image)) for image in (anatomy, function)]
        coarse = [coarsen(image, COARSE_MM) for image in fine]
        return cls(*fine, *coarse, *(foreground(image) for image in coarse))

    @cached_property
    def anatomy_region(self) -> sitk.Image:
        """The anatomical body at 2 mm with a rim of air; found when a registration asks for it.

        Only there the metric is taken: with the whole field of view, turning empty corners out of the functional field
        raises the mutual information, and the SPECT of aanlib_40 ended 19 mm away from its place instead of 7.
        """
        return _surroundings(foreground(self.anatomy))

    @cached_property
    def rough(self) -> Seen:
        """What the climbs from the starting points see: coarse, and smoothed once rather than for each climb."""
        coarse = self.coarse_anatomy, self.coarse_function
        small = min(*coarse[0].GetSize(), *coarse[1].GetSize()) < LEAST_VOXELS
        images = (self.anatomy, self.function) if small else coarse
        smoothed = tuple(sitk.SmoothingRecursiveGaussian(image, [COARSE_SIGMA_MM] * 3) for image in images)
        return smoothed, self.anatomy_region if small else _surroundings(self.anatomy_body)

    @property
    def center(self) -> np.ndarray:
        """World point (LPS, mm) in the middle of the anatomical body."""
        center = foreground_center(self.anatomy_body)
        return field_center(self.anatomy) if center is None else center

    @property
    def lever_mm(self) -> float:
        """How far a rotation by one radian moves the body's points on average (root mean square over points and axes).

        It makes rotations and shifts comparable: with a lever of 80 or 130 mm for a head, whose own is about 50, the
        search stopped up to 8 mm short of the optimum.
        """
        where = np.argwhere(_array(self.anatomy_body)) * np.array(self.coarse_anatomy.GetSpacing())[::-1]
        return max(math.sqrt(2 / 3 * float(where.var(axis=0).sum())), 1.0) if len(where) else 1.0

    @property
    def thin(self) -> bool:
        """Whether one of the images has too few slices to be registered."""
        return min(*self.anatomy.GetSize(), *self.function.GetSize()) < 5

    @property
    def blank(self) -> bool:
        """Whether one of the images is constant, so that nothing can be seen in it."""
        return any(not sitk.GetArrayViewFromImage(mask).any() for mask in (self.anatomy_body, self.function_body))

    def judge(self, transform: sitk.Transform) -> Plausibility:
        """Figures of the fit under ``transform`` (anatomical to functional points), on the 4 mm grid."""
        inside = _array(field_of_view(self.coarse_function, self.coarse_anatomy, transform)) > 0
        body = _array(self.anatomy_body) > 0
        moved = sitk.Resample(self.function_body, self.anatomy_body, transform, sitk.sitkNearestNeighbor, 0)
        here, there = body & inside, (_array(moved) > 0) & inside
        both = int(here.sum() + there.sum())
        distance = math.inf
        if here.any() and there.any():
            apart = (np.argwhere(here).mean(axis=0) - np.argwhere(there).mean(axis=0))[::-1]
            distance = float(np.linalg.norm(apart * np.array(self.coarse_anatomy.GetSpacing())))
        function = resample(self.coarse_function, self.coarse_anatomy, transform)
        return Plausibility(
            coverage=float(here.sum() / max(1, body.sum())),
            overlap=float(2 * (here & there).sum() / both) if both else 0.0,
            center_distance_mm=distance,
            mutual_information=mutual_information(_array(self.coarse_anatomy)[inside], _array(function)[inside]),
        )


def mutual_information(first: np.ndarray, second: np.ndarray) -> float:
    """Mutual information in nat of two equally long lists of values, from a 32 x 32 joint histogram.

    0 for independent values; the entropy of the histogram for equal ones.  Too few values (under 100) give 0.
    """
    if first.size < 100:
        return 0.0
    joint = np.histogram2d(first.ravel(), second.ravel(), bins=BINS)[0] / first.size
    expected = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    seen = joint > 0
    return float((joint[seen] * np.log(joint[seen] / expected[seen])).sum())


def find_transform(pair: Pair, *, trusted: bool = True, progress: Progress | None = None) -> sitk.Euler3DTransform:
    """Rigid transform from anatomical to functional points (LPS, mm), its center in the middle of the anatomical body.

    Args:
        pair: the two images.
        trusted: whether the given affines are a starting point too (beside the centers of the bodies).
        progress: told how far the work is.

    Raises:
        RegistrationError: one image is constant or has fewer than 5 slices, or the optimizer found no overlap.
    """
    if pair.blank:
        raise RegistrationError("registration is not possible: one of the two images is constant; check the input.")
    if pair.thin:
        raise RegistrationError(
            "registration is not possible: one of the two images has fewer than 5 slices; give whole volumes "
            "(or --register never, where the affines are known to be right)."
        )
    tell = progress or (lambda fraction, message: None)
    best = coarse_match(pair, trusted=trusted, progress=lambda f, m: tell(0.4 * f, m))
    return _optimize(pair, best, FINE_LEVELS, lambda f: tell(0.4 + 0.6 * f, "registering"))


def coarse_match(pair: Pair, *, trusted: bool, progress: Progress | None = None) -> sitk.Euler3DTransform:
    """The best of the starting points after a quick search at a quarter of the resolution (good to some mm)."""
    tell = progress or (lambda fraction, message: None)
    scored = [(score(pair, start), start) for start in starting_points(pair, trusted=trusted)]
    starts = sorted(scored, key=lambda each: -each[0])[:3]
    found = []
    for number, (_, start) in enumerate(starts):
        tell(number / len(starts), "looking for the rough position")
        climbed = _optimize(pair, start, COARSE_LEVEL, lambda f: None, seen=pair.rough)
        found.append((score(pair, climbed), climbed))
    return max([*found, *starts], key=lambda each: each[0])[1]


def displacement_mm(transform: sitk.Transform, pair: Pair) -> float:
    """Largest distance in mm that ``transform`` moves a corner of the anatomical body's bounding box."""
    where = np.argwhere(_array(pair.anatomy_body))[:, ::-1]
    if not len(where):
        return 0.0
    low, high = where.min(axis=0), where.max(axis=0)
    corners = [np.where([n & 1, n & 2, n & 4], high, low) for n in range(8)]
    points = [pair.anatomy_body.TransformIndexToPhysicalPoint([int(v) for v in corner]) for corner in corners]
    return max(float(np.linalg.norm(np.subtract(transform.TransformPoint(point), point))) for point in points)


def rotation_deg(transform: sitk.Euler3DTransform) -> float:
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
    """Shifts that lay the anatomy at every place along a field of view much longer than it, as of a whole-body PET."""
    extent, axis = extent_mm(pair.function), int(np.argmax(extent_mm(pair.function)))
    if extent[axis] < 1.5 * extent_mm(pair.anatomy).max():
        return []
    along = direction_matrix(pair.function)[:, axis]
    middle = field_center(pair.function)
    line = body + along * np.dot(middle - body, along)
    count = int(extent[axis] / SLIDE_MM)
    return [line + along * SLIDE_MM * (n - (count - 1) / 2) - center for n in range(count)]


def score(pair: Pair, transform: sitk.Transform) -> float:
    """What places are compared by: mutual information times coverage."""
    figures = pair.judge(transform)
    return figures.mutual_information * figures.coverage


def _optimize(
    pair: Pair,
    start: sitk.Euler3DTransform,
    levels: Sequence[tuple[int, float]],
    tell: Callable[[float], None],
    *,
    seen: Seen | None = None,
) -> sitk.Euler3DTransform:
    """Climb from ``start`` to the nearest optimum through ``levels``; a failed climb ends where it began.

    The images at 2 mm are taken unless others are given.
    """
    images, region = seen or ((pair.anatomy, pair.function), pair.anatomy_region)
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentagePerLevel([SAMPLES] * len(levels), seed=1)
    method.SetMetricFixedMask(region)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetShrinkFactorsPerLevel([shrink for shrink, _ in levels])
    method.SetSmoothingSigmasPerLevel([sigma for _, sigma in levels])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetOptimizerAsRegularStepGradientDescent(2.0, 0.005, 200, 0.6, 1e-8)
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
            tell(min(1.0, (method.GetCurrentLevel() + method.GetOptimizerIteration() / 200) / len(levels)))
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


def _limits(image: sitk.Image) -> tuple[float, float]:
    """Where the dark and the bright end are cut, so that 32 bins are not spent on a bladder or on a few wild voxels.

    Of a large image every second or third voxel along an axis is looked at: of a million and more, the percentiles of
    all hardly differ, and nothing but the edges of the bins depends on them.
    """
    values = sitk.GetArrayViewFromImage(image)
    values = values[tuple(slice(None, None, max(1, count // SAMPLED)) for count in values.shape)]
    finite = values[np.isfinite(values)]
    body = finite[finite > finite.mean()] if finite.size else finite
    if not body.size:
        return 0.0, 0.0
    low, high = float(np.percentile(finite, 0.5)), float(np.percentile(body, 99))
    return low, max(low, high)


def _surroundings(body: sitk.Image) -> sitk.Image:
    radius = [round(RIM_MM / spacing) for spacing in body.GetSpacing()]
    # On a mask the same as BinaryDilate, which takes five times as long.
    return sitk.BinaryFillhole(sitk.GrayscaleDilate(body, radius, sitk.sitkBox))


def _center_of_mass(image: sitk.Image) -> np.ndarray:
    """World point (LPS, mm) at the mean of the intensities above the darkest one."""
    values = _array(image).astype(np.float64)
    weights = values - values.min()
    if not weights.any():
        return field_center(image)
    places = [
        np.average(np.arange(n), weights=weights.sum(axis=tuple({0, 1, 2} - {a}))) for a, n in enumerate(values.shape)
    ]
    return np.array(image.TransformContinuousIndexToPhysicalPoint(places[::-1]))


def _array(image: sitk.Image) -> np.ndarray:
    # A copy: a view of an image that nothing else holds points into freed memory.
    return sitk.GetArrayFromImage(image)
