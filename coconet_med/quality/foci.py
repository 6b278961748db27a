"""Small findings of either source, hot and cold, and what a fused picture keeps of them.

H and the usual measures look at whole regions; a focus of some millimeters that vanishes does not move them.  Here
every focus is found in its source and looked up in the result:

* its **contrast** is the mean of the spot minus the mean of the ring around it, 2 to 6 mm away from its edge;
* in the fused lightness it is **lost** if it stands out of its ring by at most :data:`LOST` gray levels in the
  direction of its source, and **reversed** if by at least as many in the other direction (those are lost as well);
* in the colors it is lost if spot and ring differ by less than a just noticeable difference in OKLab, where a
  difference of lightness in the wrong direction does not count.

Foci are blobs in scale space (:mod:`coconet_med.filters.blobs`) of stated diameters and contrast.
:mod:`coconet_med.quality.spots` has a plainer way, by which published shares of lost foci were counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from coconet_med.filters import fill_holes, large_parts, mean_filter
from coconet_med.filters.blobs import find_blobs
from coconet_med.quality.oklab import JUST_NOTICEABLE, oklab_of_picture
from coconet_med.quality.pixels import Floats, Mask, check_same_size, luminance
from coconet_med.quality.regions import head_of

SourceName = Literal["anatomy", "function"]

#: Diameters of the foci that are looked for, mm: a factor of sqrt 2 apart.
DIAMETERS: Final = (4.0, 5.7, 8.0, 11.3, 16.0)
#: Contrast of a focus in its source from which on it counts, gray levels of 255 (spot minus ring).  Emission images are
#: smooth, those of 8 % of the window are plain; in CT that is noise, and the MRI is full of small structures.
CONTRAST: Final[dict[str, float]] = {"function": 20.0, "ct": 30.0, "anatomy": 40.0}
#: Contrast in the fused lightness up to which a focus is lost, gray levels of 255.
LOST: Final = 3.0
#: Distance of a focus of the anatomy from the outline of the head, mm: scalp and skull are full of bright spots of fat.
RIM: Final = 12.0
#: CT: gray level from which on a pixel of a brain window is bone, and the distance kept from it, pixels.
BONE, FROM_BONE = 250.0, 2


@dataclass(frozen=True)
class Focus:
    """One focus.

    Attributes:
        source: the picture that shows it.
        hot: brighter than its surroundings; else darker.
        center: row and column, pixels.
        radius: of a disk of its area, pixels.
        contrast: spot minus ring in its source, gray levels of 255; negative where cold.
        spot: indices of its pixels in the flattened picture.
        ring: indices of the ring's pixels.
    """

    source: SourceName
    hot: bool
    center: tuple[float, float]
    radius: float
    contrast: float
    spot: np.ndarray
    ring: np.ndarray

    def contrast_in(self, picture: np.ndarray) -> np.ndarray:
        """Mean of the spot minus mean of the ring in another picture ``(j, i)`` or ``(j, i, channel)``."""
        flat = picture.reshape(-1, *picture.shape[2:])
        return flat[self.spot].mean(axis=0) - flat[self.ring].mean(axis=0)


def foci_of(
    anatomy: ArrayLike,
    function: ArrayLike,
    *,
    sources: Sequence[SourceName] = ("function", "anatomy"),
    spacing: float | tuple[float, float] = 1.0,
    ct: bool = False,
    contrast: float | None = None,
    diameters: Sequence[float] = DIAMETERS,
) -> list[Focus]:
    """The foci of a pair of slices.

    Args:
        anatomy: MRI, ``(j, i)`` or RGB, 0..255.
        function: scalar uptake scaled to 0..255 where known, else the picture; or CT.
        sources: whose foci.
        spacing: size of a pixel, mm, one number or along rows and columns (j, i); where it is not known, 1, which makes
            the millimeters below pixels.
        ct: the function is a CT: its foci are looked for inside the skull, :data:`FROM_BONE` pixels from bone.
        contrast: least contrast of a focus in its source, gray levels; by default that of :data:`CONTRAST`.
        diameters: mm, ascending; neighbors by a factor of about sqrt 2.

    Returns:
        Foci of the first source, strongest first, then those of the second.  No center lies in a focus of the same
        source and sign that has a stronger response.

    Raises:
        GeometryError: if the pictures differ in size.
    """
    pictures: dict[SourceName, Floats] = {"anatomy": luminance(anatomy), "function": luminance(function)}
    check_same_size(**pictures)
    down, along = np.broadcast_to(np.asarray(spacing, dtype=np.float64), 2).tolist()
    step = (down, along)
    head = head_of(pictures["anatomy"], pictures["function"])
    found: list[Focus] = []
    for source in sources:
        kind = "ct" if ct and source == "function" else source
        where = inside_skull(pictures["function"]) if kind == "ct" else head
        least = CONTRAST[kind] if contrast is None else contrast
        blobs = _blobs(pictures[source], where, source, step, least, diameters)
        if kind == "anatomy":
            deep = _without_rim(head, step)
            blobs = [blob for blob in blobs if deep[int(blob.center[0]), int(blob.center[1])]]
        found += blobs
    return found


def measure(foci: Iterable[Focus], luminance: ArrayLike, rgb: ArrayLike | None = None) -> dict[str, float]:
    """What a fused picture shows of foci that were found in its sources.

    Args:
        foci: from :func:`foci_of` or :func:`coconet_med.quality.spots.spots_of`, on the grid of the picture.
        luminance: fused lightness ``(j, i)``, 0..255.
        rgb: fused picture ``(j, i, 3)``, 0..255; gray (the lightness) if left out.

    Returns:
        ``foci``: their number; ``lost`` and ``reversed``: shares of them in the lightness; ``kept``: mean of fused
        over source contrast (1: kept whole, negative: reversed); ``lost_oklab``: share lost in the colors, ``seen``:
        how many just noticeable differences they stand out by there, on average.  nan without foci.
    """
    foci = list(foci)
    if not foci:
        nan = float("nan")
        return {"foci": 0.0, "lost": nan, "reversed": nan, "kept": nan, "lost_oklab": nan, "seen": nan}
    light, lab = np.asarray(luminance, dtype=np.float64), oklab_of_picture(luminance if rgb is None else rgb)
    sign = np.array([1.0 if focus.hot else -1.0 for focus in foci])
    shown = sign * np.array([focus.contrast_in(light) for focus in foci])
    color = np.array([focus.contrast_in(lab) for focus in foci])
    color[:, 0] = np.maximum(sign * color[:, 0], 0.0)
    distance = np.linalg.norm(color, axis=1)
    return {
        "foci": float(len(foci)),
        "lost": float((shown <= LOST).mean()),
        "reversed": float((shown <= -LOST).mean()),
        "kept": float((shown / np.abs([focus.contrast for focus in foci])).mean()),
        "lost_oklab": float((distance < JUST_NOTICEABLE).mean()),
        "seen": float(distance.mean() / JUST_NOTICEABLE),
    }


def inside_skull(ct: Floats) -> Mask:
    """What lies inside the skull of a CT slice ``(j, i)`` in a brain window, :data:`FROM_BONE` pixels from bone.

    Bone is dilated by that distance before holes are filled, which closes the thin places of the skull as well.  Only
    large pieces are bone: a small one may be a calcification or a clip, which is a focus itself.
    """
    bone = large_parts(ct >= BONE, share=0.1)
    rows, columns = bone.shape
    wide = np.pad(bone, FROM_BONE)
    moves = range(2 * FROM_BONE + 1)
    near = np.logical_or.reduce([wide[j : j + rows, i : i + columns] for j in moves for i in moves])
    return large_parts(fill_holes(near) & ~near, share=0.1)


def _without_rim(head: Mask, step: tuple[float, float]) -> Mask:
    """The head without what lies within :data:`RIM` of its outline along rows and columns; the frame is no outline."""
    width = 2 * round(RIM / float(np.sqrt(step[0] * step[1]))) + 1
    return mean_filter(head.astype(np.float64), width) > 1 - 0.5 / width**2


def _blobs(
    picture: Floats,
    where: Mask,
    source: SourceName,
    step: tuple[float, float],
    least: float,
    diameters: Sequence[float],
) -> list[Focus]:
    """Foci of one source, strongest first; ``step``: size of a pixel along rows and columns, mm."""
    in_pixels = 1 / float(np.sqrt(step[0] * step[1]))
    return [
        Focus(source, blob.hot, blob.center, blob.radius * in_pixels, blob.contrast, blob.spot, blob.ring)
        for blob in find_blobs(picture, where, spacing=step, least=least, diameters=diameters)
    ]
