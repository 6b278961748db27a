"""How a fusion is shown: how much of it, from which uptake on, and what stands where the function has no data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from coconet_med.align.grid import field_of_view

if TYPE_CHECKING:
    from coconet_med.windowing.window import Window

#: The color fades out between this share of the threshold and the threshold itself.
FADE_FROM = 0.8

#: Width of the hatched border beyond the functional field of view, and how far its stripes are apart: shares of the
#: shorter side of a slice, and the fewest pixels.
BORDER, LEAST_BORDER = 0.025, 3

#: Beyond the field of view: how much is left of the light of the anatomy in the border, and the light of a stripe.
DIMMED, STRIPE = 0.5, 0.25

#: Kinds of voxels beyond the field of view: anatomy alone, its dimmed border, and a stripe on that.
PLAIN, BORDERED, STRIPED = 1, 2, 3


@dataclass(frozen=True)
class Look:
    """Options of what is shown; none of them needs the network.

    Attributes:
        colormap: a name in :data:`coconet_med.color.colormaps.COLORMAPS`.
        strength: linear weight between anatomy alone (0) and the full fusion (1), of lightness and color.
        lightness: linear weight of the lightness alone: at 0 the anatomy's own gray under the full color.
        threshold: uptake in [0, 1] of the window below which nothing of it is shown; ``None``: all is shown.  Of a
            signed map it holds for both signs.
    """

    colormap: str
    strength: float = 1.0
    lightness: float = 1.0
    threshold: float | None = None

    def with_threshold(self, value: float | None, window: Window) -> Look:
        """The same with a threshold in the units of the window."""
        return self if value is None else replace(self, threshold=scaled_threshold(value, window))

    def light(self, anatomy: np.ndarray, fused: np.ndarray, function: np.ndarray) -> np.ndarray:
        """Luminance that is shown; all arrays of one shape, in [0, 1]."""
        weight: float | np.ndarray = self.strength * self.lightness
        if self.threshold is not None:
            weight = weight * opacity(function, self.threshold)
        elif weight == 1:
            return fused
        return (1 - weight) * anatomy + weight * fused

    def uptake(self, function: np.ndarray) -> np.ndarray:
        """Uptake in [0, 1] whose color is shown."""
        return function if self.threshold is None else faded(function, self.threshold)


def scaled_threshold(value: float, window: Window) -> float:
    """A threshold in the units of a window as a share of it, 0 to 1; of a signed map as a share of either side."""
    zero = 0.0 if window.signed else window.low
    return float(np.clip((value - zero) / (window.high - zero), 0, 1))


def opacity(uptake: np.ndarray, threshold: float) -> np.ndarray:
    """How much is shown of uptake in [-1, 1]: 0 up to 0.8 of the threshold, then rising to 1 at the threshold."""
    if threshold <= 0:
        return np.ones_like(uptake)
    return np.clip((np.abs(uptake) - FADE_FROM * threshold) / ((1 - FADE_FROM) * threshold), 0, 1)


def faded(uptake: np.ndarray, threshold: float) -> np.ndarray:
    """Uptake as it is colored: lower near the threshold, and none below it; rises with the uptake all the same."""
    return uptake * opacity(uptake, threshold)


def unfaded(shown: np.ndarray, threshold: float) -> np.ndarray:
    """Inverse of :func:`faded`; no uptake where nothing is shown.

    Within the edge faded(u) = u (u - a t) / ((1 - a) t) with a = 0.8, a parabola that is solved for u.
    """
    if threshold <= 0:
        return shown
    edge = FADE_FROM * threshold
    size = np.abs(shown)
    root = (edge + np.sqrt(edge**2 + 4 * (1 - FADE_FROM) * threshold * size)) / 2
    return np.where(size <= 0, 0, np.where(size < threshold, np.copysign(root, shown), shown)).astype(shown.dtype)


def cut_off(function: sitk.Image, anatomy: sitk.Image, transform: sitk.Transform) -> bool:
    """Whether the functional image may have no data in some voxels of the anatomical grid.

    A field of view is convex and so is the grid: if its eight corners are inside, all of it is.
    """
    size = np.array(anatomy.GetSize())
    reach = np.array(function.GetSize()) - 0.5
    corners = (tuple(int(n) for n in np.array(c) * (size - 1)) for c in np.ndindex(2, 2, 2))
    for corner in corners:
        point = transform.TransformPoint(anatomy.TransformIndexToPhysicalPoint(corner))
        index = np.array(function.TransformPhysicalPointToContinuousIndex(point))
        if np.any(index < -0.5 - 1e-4) or np.any(index > reach + 1e-4):
            return True
    return False


def beyond_field_of_view(function: sitk.Image, anatomy: sitk.Image, transform: sitk.Transform) -> np.ndarray | None:
    """Voxels (k, j, i) of the anatomical grid where the functional image has no data; ``None`` where it has all."""
    if not cut_off(function, anatomy, transform):
        return None
    beyond = sitk.GetArrayFromImage(field_of_view(function, anatomy, transform)) == 0
    return beyond if beyond.any() else None


def hatched(anatomy: np.ndarray, beyond: np.ndarray) -> np.ndarray:
    """The plain anatomy, hatched along the border of where there is no data.

    Args:
        anatomy: (slice, row, column) in [0, 1].
        beyond: likewise, true where there is no data.

    Returns:
        As ``anatomy``; to be taken where ``beyond``.  The border follows the field of view and the edge of the slice,
        so that a slice that lies beyond it as a whole is framed.
    """
    kinds = no_data_kinds(beyond)
    border = np.where(kinds == STRIPED, DIMMED * anatomy + STRIPE, DIMMED * anatomy)
    return np.where(kinds >= BORDERED, border, anatomy).astype(anatomy.dtype)


def no_data_kinds(beyond: np.ndarray) -> np.ndarray:
    """What is shown where there is no data: :data:`PLAIN` anatomy, a dimmed :data:`BORDERED` one, or a stripe on that.

    Args:
        beyond: (slice, row, column), true where there is no data.

    Returns:
        Likewise, ``uint8``; 0 where there is data.
    """
    width = max(LEAST_BORDER, round(BORDER * min(beyond.shape[1:])))
    inner = np.pad(beyond, ((0, 0), (width, width), (width, width)))
    for axis in (1, 2):  # a box as wide as the border on both sides, one axis after the other
        count = np.cumsum(inner, axis=axis, dtype=np.int32)
        count = np.insert(count, 0, 0, axis=axis)
        span = 2 * width + 1
        high = np.take(count, range(span, count.shape[axis]), axis=axis)
        low = np.take(count, range(count.shape[axis] - span), axis=axis)
        inner = high - low == span
    rows, columns = np.ogrid[: beyond.shape[1], : beyond.shape[2]]
    stripe = (rows + columns) % (2 * width) < max(1, width // 3)
    kinds = np.where(stripe, STRIPED, BORDERED).astype(np.uint8)
    return np.where(beyond, np.where(inner, np.uint8(PLAIN), kinds), np.uint8(0))
