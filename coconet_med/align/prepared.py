"""Two volumes prepared for their alignment: coarse images, bodies, and figures of how well they fit.

All points, distances and matrices are LPS, mm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
import SimpleITK as sitk

from coconet_med.align.grid import coarsen, extent_mm, field_center, field_of_view, resample
from coconet_med.align.plausibility import Plausibility, above_mean, foreground, foreground_center

#: The two images of a climb and the region in which the metric is taken.
Seen = tuple[tuple[sitk.Image, sitk.Image], sitk.Image]

#: Voxel size at which registration works; finer images are brought to it.
WORKING_MM = 2.0
#: Voxel size at which places are compared.
COARSE_MM = 4.0
BINS = 32
#: Smoothing of both images before the climbs from the starting points.
COARSE_SIGMA_MM = 4.0
#: Voxels along an axis that are enough for figures of a whole image, such as its dark and its bright end.
SAMPLED = 128
#: Voxels that the coarse images need along every axis to be smoothed and climbed on.
LEAST_VOXELS = 12
#: What is kept of the functional image around the anatomy for the last climb, and the voxels that a spline needs.
REFINED_RIM_MM, LEAST_REFINED = 20.0, 4
#: Width of the air around the body that belongs to the region of the metric.
RIM_MM = 12.0


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

    def smooth_near(self, place: sitk.Transform) -> Seen:
        """What the last climb sees: the images at 2 mm, the functional one between its voxels by a cubic B-spline.

        Of the functional image only what the anatomy covers in this place, and a rim: a whole body would take much
        memory.
        """
        ends = [(0, count - 1) for count in self.anatomy.GetSize()]
        corners = [self.anatomy.TransformIndexToPhysicalPoint(corner) for corner in product(*ends)]
        index = [self.function.TransformPhysicalPointToContinuousIndex(place.TransformPoint(p)) for p in corners]
        rim = REFINED_RIM_MM / np.array(self.function.GetSpacing())
        low = np.clip(np.floor(np.min(index, axis=0) - rim), 0, None).astype(int)
        high = np.minimum(np.ceil(np.max(index, axis=0) + rim) + 1, self.function.GetSize()).astype(int)
        part = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        function = self.function[part] if (high - low >= LEAST_REFINED).all() else self.function
        return (self.anatomy, _refined(function, WORKING_MM)), self.anatomy_region

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

    def plausibility(self, transform: sitk.Transform) -> Plausibility:
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


def score(pair: Pair, transform: sitk.Transform) -> float:
    """What places are compared by: mutual information times coverage."""
    return pair.plausibility(transform).score


def _limits(image: sitk.Image) -> tuple[float, float]:
    """Where the dark and the bright end are cut, so that 32 bins are not spent on a bladder or on a few wild voxels.

    Of a large image every second or third voxel along an axis is looked at: of a million and more, the percentiles of
    all hardly differ, and nothing but the edges of the bins depends on them.
    """
    values = sitk.GetArrayViewFromImage(image)
    values = values[tuple(slice(None, None, max(1, count // SAMPLED)) for count in values.shape)]
    finite = values[np.isfinite(values)]
    body = above_mean(finite)
    if not body.size:
        return 0.0, 0.0
    low, high = float(np.percentile(finite, 0.5)), float(np.percentile(body, 99))
    return low, max(low, high)


def _refined(image: sitk.Image, mm: float) -> sitk.Image:
    """The image over the same field of view with voxels of at most about ``mm``; itself where it has such."""
    size = np.maximum(np.rint(extent_mm(image) / mm), image.GetSize()).astype(int)
    if (size == image.GetSize()).all():
        return image
    grid = sitk.ResampleImageFilter()
    grid.SetSize(size.tolist())
    grid.SetOutputSpacing((extent_mm(image) / size).tolist())
    grid.SetOutputDirection(image.GetDirection())
    first = (np.array(image.GetSize()) / size - 1) / 2
    grid.SetOutputOrigin(image.TransformContinuousIndexToPhysicalPoint(first.tolist()))
    grid.SetInterpolator(sitk.sitkBSpline3)
    grid.UseNearestNeighborExtrapolatorOn()  # the outer half of the outermost voxels
    return grid.Execute(image)


def _surroundings(body: sitk.Image) -> sitk.Image:
    radius = [round(RIM_MM / spacing) for spacing in body.GetSpacing()]
    # On a mask the same as BinaryDilate, which takes five times as long.
    return sitk.BinaryFillhole(sitk.GrayscaleDilate(body, radius, sitk.sitkBox))


def _array(image: sitk.Image) -> np.ndarray:
    # A copy: a view of an image that nothing else holds points into freed memory.
    return sitk.GetArrayFromImage(image)
