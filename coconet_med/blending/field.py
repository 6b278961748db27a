"""The field of a volume: how much of each source to take and what to add, smooth in all three directions.

The network sees sources averaged to pixels of about :data:`NETWORK_PIXEL` mm and gives three numbers for each
(:mod:`coconet_med.network.output_mixing`), low-passed within the slice.  Here that field is low-passed across slices as
well, brought up to the resolution of the sources, and mixes them.  So every edge finer than the field comes from a
source, and a picture can be mixed again, weaker or stronger, without the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from coconet_med.blending.blocks import averaged, stretched
from coconet_med.blending.foci import find_foci
from coconet_med.blending.lifting import lift
from coconet_med.blending.small_findings import Spot, find_spots, near_bone
from coconet_med.windowing.levels import BODY

#: Size in mm that a pixel of the network is brought near to, by averaging whole pixels: what it was trained at.
NETWORK_PIXEL = 1.8

#: Most pixels averaged along one axis.
MOST_AVERAGED = 8

#: Pixels averaged where the size of a pixel is not known, as in pictures of 256 x 256.
USUAL_BLOCK = (2, 2)

#: Low pass in the slice, in pixels of the network; it is part of the exported network,
#: :mod:`coconet_med.network.output_mixing`.
WITHIN = 0.8

#: Up to the first of these levels, of the anatomical source or of half the functional one, the network adds nothing;
#: from the second on all that it says.
DIM = (0.05, 0.12)

#: Standard deviation in mm of the low pass across slices.
ACROSS = 3.0

#: Slices that are made smooth at a time.
_BLOCK = 64


@dataclass(frozen=True)
class Grid:
    """How the slices of a volume are brought to the resolution of the network.

    Attributes:
        block: rows and columns of pixels that are averaged.
        spacing: mm between slices, rows and columns; ``None`` for a picture.
    """

    block: tuple[int, int] = USUAL_BLOCK
    spacing: tuple[float, float, float] | None = None

    @classmethod
    def of(cls, spacing: Sequence[float] | None, shape: Sequence[int]) -> Grid:
        """For slices (rows, columns) of ``shape`` with ``spacing`` mm between slices, rows and columns."""
        if spacing is None:
            block = [n if side >= 2 * n else 1 for n, side in zip(USUAL_BLOCK, shape, strict=True)]
            return cls((block[0], block[1]))
        block = [
            int(np.clip(round(NETWORK_PIXEL / mm), 1, min(MOST_AVERAGED, max(side // 8, 1))))
            for mm, side in zip(spacing[1:], shape, strict=True)
        ]
        return cls((block[0], block[1]), (float(spacing[0]), float(spacing[1]), float(spacing[2])))

    @property
    def pixel(self) -> tuple[float, float]:
        """Rows and columns of the sources in mm; 1 where it is not known."""
        return self.spacing[1:] if self.spacing else (1.0, 1.0)

    def side(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of the field of a slice."""
        return -(-height // self.block[0]), -(-width // self.block[1])

    def reduced(self, image: np.ndarray) -> np.ndarray:
        """(B, C, H, W) averaged over blocks, float32; the last rows and columns repeat where a block is not full."""
        # Picture by picture: they stay in the processor's cache.
        return np.stack([[averaged(picture, self.block) for picture in slice_] for slice_ in image]).astype(
            np.float32, copy=False
        )


_PICTURE = Grid()


@dataclass(frozen=True)
class Field:
    """By what a result was mixed; with the sources it is all that mixing them again needs.

    Attributes:
        values: (S, 3, h, w) float32: for each slice of the stack the amount, and how much more of the anatomical and
            of the functional source.
        grid: how it lies over the slices.
    """

    values: np.ndarray
    grid: Grid

    def summary(self) -> dict[str, object]:
        """What the side-car says of it: the size of its pixels, its low passes, and a bound on edges of its own.

        ``largest_step`` is the largest difference between neighboring pixels within a slice, summed over the three
        numbers, in gray levels of 255: as the sources lie in [0, 1], the picture differs from any mix of them with
        constant weights by no more than that over one such pixel.
        """
        pixel = [round(n * mm, 4) for n, mm in zip(self.grid.block, self.grid.pixel, strict=True)]
        out: dict[str, object] = {
            "unit": "mm" if self.grid.spacing else "pixel",
            "pixel": pixel,
            "low_pass_sigma": [round(WITHIN * p, 4) for p in pixel],
            "largest_step": round(255 * slope(self.values), 2),
        }
        if self.grid.spacing:
            out["low_pass_sigma_across_slices"] = ACROSS if len(across_weights(self.grid.spacing[0])) > 1 else 0.0
        return out


def faded_where_dim(values: np.ndarray, image: np.ndarray) -> np.ndarray:
    """A field that adds nothing where neither source shows anything.

    The network judges uptake by its rank in the slice.  On slices that hold little but noise, as above the vertex, that
    makes the hottest noise of the air as light as a lesion: structures that neither source has.  Of the uptake half
    counts, since noise of a reconstruction reaches higher than that of an MRI.

    Args:
        values: (B, 3, h, w), as the network gives it.
        image: (B, 2, h, w) in [0, 1], the sources that it saw.

    Returns:
        As ``values``; the amount fades out below the levels :data:`DIM`.
    """
    shown = np.maximum(image[:, 0], 0.5 * image[:, 1])
    share = np.clip((shown - DIM[0]) / np.float32(DIM[1] - DIM[0]), 0, 1)
    return np.concatenate([values[:, :1] * share[:, None], values[:, 1:]], axis=1)


def smooth_across(values: np.ndarray, known: np.ndarray, step: float, *, sigma: float = ACROSS) -> None:
    """Low-pass a field across slices, in place.

    Args:
        values: (S, 3, h, w).
        known: (S,): slices that the network saw; others are left out of every mean and get one of their neighbors.
        step: mm between slices.
        sigma: standard deviation in mm.
    """
    weights = across_weights(step, sigma=sigma)
    reach = len(weights) // 2
    if reach == 0 or len(values) < 2:
        return
    source, slices = values.reshape(len(values), -1).copy(), np.arange(len(values))
    for start in range(0, len(values), _BLOCK):
        block = slices[start : start + _BLOCK]
        near = slice(max(0, start - reach), start + _BLOCK + reach)
        far = slices[near] - block[:, None]
        share = np.where(np.abs(far) <= reach, weights[np.clip(far + reach, 0, 2 * reach)], 0) * known[near]
        share /= np.maximum(share.sum(axis=1, keepdims=True), 1e-6)
        np.matmul(share.astype(np.float32), source[near], out=values.reshape(len(values), -1)[block[0] : block[-1] + 1])


def across_weights(step: float, *, sigma: float = ACROSS) -> np.ndarray:
    """Gaussian weights of neighboring slices, symmetric, of sum 1; a single 1 where slices are far apart."""
    pixels = sigma / step
    reach = int(2.5 * pixels + 0.5) if pixels > 0.35 else 0
    x = np.arange(-reach, reach + 1) / max(pixels, 1e-6)
    weights = np.exp(-0.5 * x * x).astype(np.float32)
    return weights / weights.sum()


def mixed(image: np.ndarray, field: np.ndarray, block: Sequence[int]) -> np.ndarray:
    """Luminance (B, H, W) in [0, 1] of sources (B, 2, H, W) by a field (B, 3, h, w) that is ``block`` times coarser."""
    out = np.empty((len(image), *image.shape[2:]), np.float32)
    for n, (sources, values) in enumerate(zip(image, field, strict=True)):
        amount, more, of_function = (_enlarged(v, block, sources.shape[1:]) for v in values)
        more += 1
        np.multiply(sources[0], more, out=more)
        more += amount
        of_function *= sources[1]
        more += of_function
        np.clip(more, 0, 1, out=out[n])
    return out


def findings_in(image: np.ndarray, grid: Grid) -> list[Spot]:
    """Small findings of the functional source of one slice (2, H, W)."""
    body = image.max(axis=0) > BODY
    bone = near_bone(image[1], body, grid.pixel)
    how: dict[str, Any] = {"bone": bone, "spacing": grid.pixel, "block": grid.block}
    return find_spots(image[1], body, **how) + find_foci(*image, **how)


def what_findings_lack(
    image: np.ndarray, field: np.ndarray, grid: Grid, *, found: Sequence[Spot] | None = None
) -> np.ndarray | None:
    """What small findings of the functional source lack (:mod:`coconet_med.blending.small_findings`).

    Args:
        image: (2, H, W), one slice of the sources.
        field: (3, h, w), its field.
        grid: how the two belong together.
        found: what :func:`findings_in` found, where that is known.

    Returns:
        What is to be added to the amount of the field, (h, w); ``None`` where nothing is missing.
    """
    spots = findings_in(image, grid) if found is None else found
    added = lift(mixed(image[None], field[None], grid.block)[0], spots) if spots else None
    return None if added is None else averaged(added, grid.block)


def spread_across(added: np.ndarray, step: float, *, sigma: float = ACROSS) -> np.ndarray:
    """What findings lack, slice by slice, made steady across slices.

    Spots are found in one slice at a time, and what is a spot in a slice may be none in the next.  So what was added to
    a slice fades over its neighbors, and of what several slices bring to a place the largest stands: no finding gets
    less than it lacks, and no line of a single slice is seen in the other planes.

    Args:
        added: (S, h, w).
        step: mm between slices.
        sigma: standard deviation in mm of the Gaussian by which it fades.

    Returns:
        (S, h, w), where not 0 of the sign of what was added and at least as large.
    """
    weights = across_weights(step, sigma=sigma)
    reach = len(weights) // 2
    out = added.copy()
    for number in np.flatnonzero(added.any(axis=(1, 2))).tolist():
        rows, columns = (np.flatnonzero(added[number].any(axis=axis)) for axis in (1, 0))
        box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        for other in range(max(0, number - reach), min(len(added), number + reach + 1)):
            brought = added[number][box] * (weights[reach + other - number] / weights[reach])
            there = out[other][box]
            np.copyto(there, brought, where=np.abs(brought) > np.abs(there))
    return out


def keep_findings_in(fused: np.ndarray, image: np.ndarray, *, grid: Grid = _PICTURE) -> np.ndarray | None:
    """What :func:`what_findings_lack` gives for a fused slice (H, W), smooth as a field is; ``None`` where nothing.

    Args:
        fused: (H, W) in [0, 1].
        image: (2, H, W), its sources.
        grid: of the field that it was mixed by.
    """
    spots = findings_in(image, grid)
    added = lift(fused, spots) if spots else None
    return None if added is None else stretched(averaged(added, grid.block), grid.block, fused.shape)


def slope(values: np.ndarray) -> float:
    """Largest step between neighboring pixels of a field within the slice, summed over its three numbers.

    Sources lie in [0, 1], so no edge that neither source has is higher than this over one pixel of the network.
    """
    return max(float(np.abs(np.diff(values, axis=axis)).sum(axis=1).max(initial=0)) for axis in (2, 3))


def _enlarged(values: np.ndarray, block: Sequence[int], shape: tuple[int, ...]) -> np.ndarray:
    return np.ascontiguousarray(stretched(values.astype(np.float32, copy=False), block, shape))
