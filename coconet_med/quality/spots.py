"""Foci of the functional source found the plain way, by which published shares of lost foci were counted.

A spot is a connected set of 6 to 250 pixels (not over diagonals) that lie more than 45 gray levels above the median of
the 25 x 25 pixels around each, inside the head; in CT more than 40 above that of 15 x 15, inside the skull and 2 pixels
from bone.  Its ring lies 2 to 6 pixels from its nearest pixel.  The scale-space foci of
:mod:`coconet_med.quality.foci` know sizes in mm, cold foci and those of the MRI; these do not.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import SimpleITK as sitk
from numpy.typing import ArrayLike

from coconet_med.filters import components
from coconet_med.quality.foci import Focus, inside_skull
from coconet_med.quality.pixels import Floats, check_same_size, luminance
from coconet_med.quality.regions import head_of

#: Pixels of a spot.
FEWEST, MOST = 6, 250
#: Gray levels above the local median, and width of its window in pixels.
EMISSION: Final = (45.0, 25)
CT: Final = (40.0, 15)
#: Distance of the ring from the spot, pixels.
NEAR, FAR = 2.0, 6.0


def spots_of(anatomy: ArrayLike, function: ArrayLike, *, ct: bool = False) -> list[Focus]:
    """Hot spots of the functional source of a pair of slices, in order of their first pixels.

    Args:
        anatomy: MRI, ``(j, i)`` or RGB, 0..255.
        function: scalar uptake scaled to 0..255 where known, else the picture; or CT.
        ct: the function is a CT.

    Raises:
        GeometryError: if the pictures differ in size.
    """
    m, p = luminance(anatomy), luminance(function)
    check_same_size(anatomy=m, function=p)
    above, width = CT if ct else EMISSION
    where = inside_skull(p) if ct else head_of(m, p)
    labels = components((p - local_median(p, width) > above) & where)
    sizes = np.bincount(labels.ravel())
    chosen = [n for n in range(1, len(sizes)) if FEWEST <= sizes[n] <= MOST]
    return [_spot(p, np.argwhere(labels == n)) for n in chosen]


def local_median(picture: Floats, width: int) -> Floats:
    """Median of ``width`` x ``width`` pixels (odd) of whole numbers 0..255; the picture continued symmetrically."""
    reach = width // 2
    wide = sitk.GetImageFromArray(np.pad(picture, reach, mode="symmetric").astype(np.uint8))
    # A moving histogram: 10 ms for 256 x 256, where sorting each window takes 400.
    found = sitk.GetArrayFromImage(sitk.Rank(wide, 0.5, [reach, reach]))
    return found[reach:-reach, reach:-reach].astype(np.float64)


def _spot(picture: Floats, pixels: np.ndarray) -> Focus:
    shape = np.array(picture.shape)
    low = np.maximum(pixels.min(axis=0) - int(FAR), 0)
    high = np.minimum(pixels.max(axis=0) + int(FAR) + 1, shape)
    around = np.moveaxis(np.mgrid[low[0] : high[0], low[1] : high[1]], 0, -1).reshape(-1, 2)
    distance = np.sqrt(((around[:, None] - pixels[None]) ** 2).sum(axis=-1).min(axis=1))
    ring = around[(distance >= NEAR) & (distance <= FAR)]
    spot_index, ring_index = (np.ravel_multi_index(part.T, picture.shape) for part in (pixels, ring))
    contrast = picture.ravel()[spot_index].mean() - picture.ravel()[ring_index].mean()
    center = pixels.mean(axis=0)
    radius = float(np.sqrt(len(pixels) / np.pi))
    return Focus("function", True, (float(center[0]), float(center[1])), radius, contrast, spot_index, ring_index)
