"""The score of a place in a millisecond: at a sample of points, by table look-up.

It is what :func:`coconet_med.align.prepared.score` is, but for the sampling: mutual information times coverage.  So a
search can ask for hundreds of places, also for mirrored ones, which no rigid registration visits.
"""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from coconet_med.align.grid import extent_mm
from coconet_med.align.prepared import BINS, COARSE_SIGMA_MM, Pair
from coconet_med.geometry import direction_matrix

#: Voxel size to which the functional image is interpolated, so that its nearest voxel is near enough.
LOOKED_UP_MM = 2.0
#: With fewer points in the functional field of view nothing is said.
LEAST_POINTS = 100


class Sampled:
    """Two volumes as lists of values.

    Args:
        pair: the volumes.
        points: about how many of the anatomical volume are looked at.
        smooth: whether both are smoothed first, for a look at the whole rather than at details.
    """

    def __init__(self, pair: Pair, points: int, *, smooth: bool = False) -> None:
        anatomy, function = pair.coarse_anatomy, pair.coarse_function
        if smooth:
            anatomy, function = (_smoothed(image) for image in (anatomy, function))
        else:
            function = _interpolated(function)
        step = max(1, round((np.prod(anatomy.GetSize(), dtype=float) / points) ** (1 / 3)))
        part = tuple(slice((min(step, n) - 1) // 2, None, step) for n in anatomy.GetSize()[::-1])
        values = sitk.GetArrayFromImage(anatomy)
        index = np.stack(np.meshgrid(*(np.arange(n) for n in values.shape), indexing="ij"), axis=-1)[part]
        axes = direction_matrix(anatomy) * np.array(anatomy.GetSpacing())
        self._points = index.reshape(-1, 3)[:, ::-1] @ axes.T + np.array(anatomy.GetOrigin())
        self._anatomy = _binned(values)[part].ravel() * BINS
        self._body = sitk.GetArrayFromImage(pair.anatomy_body)[part].ravel() > 0
        self._function = _binned(sitk.GetArrayFromImage(function)).ravel()
        self._size = np.array(function.GetSize())
        self._strides = np.array([1, self._size[0], self._size[0] * self._size[1]])
        self._origin = np.array(function.GetOrigin())
        self._to_index = np.linalg.inv(direction_matrix(function) * np.array(function.GetSpacing()))

    def score(self, matrix: np.ndarray, offset: np.ndarray) -> float:
        """Mutual information (nat) times coverage where a point p of the anatomy lies at ``matrix @ p + offset``."""
        where = self._points @ (self._to_index @ matrix).T + self._to_index @ (offset - self._origin)
        index = np.rint(where).astype(np.int64)
        inside = ((index >= 0) & (index < self._size)).all(axis=1)
        count = int(inside.sum())
        if count < LEAST_POINTS:
            return 0.0
        pairs = self._anatomy[inside] + self._function[index[inside] @ self._strides]
        joint = np.bincount(pairs, minlength=BINS * BINS).reshape(BINS, BINS) / count
        expected = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
        seen = joint > 0
        information = float((joint[seen] * np.log(joint[seen] / expected[seen])).sum())
        return information * float((self._body & inside).sum()) / max(1, int(self._body.sum()))


def _binned(values: np.ndarray) -> np.ndarray:
    low, high = float(values.min()), float(values.max())
    return np.minimum((values - low) * (BINS / max(high - low, 1e-12)), BINS - 1).astype(np.int64)


def _smoothed(image: sitk.Image) -> sitk.Image:
    return sitk.SmoothingRecursiveGaussian(image, [COARSE_SIGMA_MM] * 3) if min(image.GetSize()) >= 4 else image


def _interpolated(image: sitk.Image) -> sitk.Image:
    """The image over the same field of view with voxels of about 2 mm."""
    size = np.maximum(np.rint(extent_mm(image) / LOOKED_UP_MM), 1).astype(int)
    first = (np.array(image.GetSize()) / size - 1) / 2
    grid = sitk.ResampleImageFilter()
    grid.SetSize(size.tolist())
    grid.SetOutputSpacing((extent_mm(image) / size).tolist())
    grid.SetOutputDirection(image.GetDirection())
    grid.SetOutputOrigin(image.TransformContinuousIndexToPhysicalPoint(first.tolist()))
    grid.SetInterpolator(sitk.sitkLinear)
    return grid.Execute(image)
