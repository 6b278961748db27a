"""Small findings keep their contrast: spots of the uptake that the mixed picture would hide are lifted out of it again.

Ours.  A lesion of some millimeters decides little in any mean over a picture, so that no loss holds it for sure: a dark
spot of the MRI under a small hot spot of the PET cancels it.  Here that cannot happen.  Spots of the functional source
are found, their contrast in the mixed picture is compared with the least that a reader sees
(:mod:`coconet_med.blending.lifting`), and what is missing is added as a bump of the shape of the uptake, in blocks of
the field: it becomes part of the field's amount.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import SimpleITK as sitk

from coconet_med.blending.blocks import averaged, stretched
from coconet_med.blending.pieces import distance_to, edge_of, pieces_of, within_reach

#: A finding lies so far (of 1) above or below the median of a square of so many mm around it.  45 of 255
#: gray levels in 25 mm, or 40 in 15 mm.
BACKGROUNDS = ((25.0, 45 / 255), (15.0, 40 / 255))

#: Areas of a finding in mm2: two to eighteen millimeters across.
AREAS = (4.0, 260.0)

#: Its ring lies from so many mm to so many mm away.
RING = (2.0, 6.0)

#: Where so much of the ring is nearly as bright as the spot, it is the rim of something large.
_RIM, _NEARLY = 0.4, 0.3

#: A finding of which more than this share is known already is the same one.
_SAME = 0.7

#: The core of a finding: what lies above so much of its range of values, if that is less than so much of its area and
#: stands out of its ring by so much.  Dark anatomy under the core alone would make a hole in a finding seen as a
#: whole.  So much of the contrast of a finding is enough for it.
_CORE, _CORE_AREA, _CORE_CONTRAST, _CORE_ASKS = 0.35, 0.8, 15 / 255, 0.5

#: What is added for a finding follows the uptake, up to so many times its contrast, and falls off like a Gaussian of so
#: many mm outside it.
_PEAK, _SOFT = 1.5, 1.0

#: Where so large a share of the body is at the top of the window, it is the bone of a CT: no finding lies next to it.
_BONE, _BONE_SHARE, _FROM_BONE = 250 / 255, 0.03, 2.0


class Spot:
    """A small finding in one slice.

    Args:
        box: rows and columns around it.
        rows: of its pixels, in the box.
        columns: likewise.
        distance: of each pixel of the box to the spot, in mm; 0 in it.
        block: rows and columns of pixels that one value of the field stands for.
        source: what lies at its box in the functional source.
        asks: share of the contrast of a finding that it shall have in the mixed picture.
        sign: 1, or -1 where it is darker than its surroundings.

    Attributes:
        box: as given.
        distance: as given.
        asks: as given.
        sign: as given.
        ring: pixels of its surroundings, in the box.
        contrast: how much it stands out of the ring in its source, towards its sign, at most 1.
    """

    def __init__(
        self,
        box: tuple[slice, slice],
        rows: np.ndarray,
        columns: np.ndarray,
        distance: np.ndarray,
        block: Sequence[int],
        source: np.ndarray,
        *,
        asks: float = 1.0,
        sign: int = 1,
    ) -> None:
        self.box, self.distance, self.block, self.asks, self.sign = box, distance, block, asks, sign
        self.ring = (distance >= RING[0]) & (distance <= RING[1])
        self.ring_size = int(np.count_nonzero(self.ring))
        # Means as sums with weights: of boxes as small as these, means under a mask take ten times as long.
        self._source = source
        self._inside = np.zeros(distance.shape, np.float32)
        self._inside[rows, columns] = 1 / len(rows)
        self._difference = np.float32(sign) * (self._inside - self.ring * np.float32(1 / max(self.ring_size, 1)))
        self.contrast = self.contrast_of(source)

    @property
    def inside(self) -> np.ndarray:
        """Its pixels, in the box."""
        return self._inside > 0

    @cached_property
    def bump(self) -> tuple[np.ndarray, np.ndarray]:
        """What makes it stand out by 1, shaped as the uptake is, and what comes of that in the blocks of a field."""
        around = float(np.vdot(self._source, self.ring)) / max(self.ring_size, 1)
        bump = (self._source - np.float32(around)) / np.float32(self.sign * max(self.contrast, 1 / 255))
        np.clip(bump, 0, _PEAK, out=bump)
        bump *= np.float32(self.sign) * np.exp((-0.5 / _SOFT**2) * np.square(self.distance, dtype=np.float32))
        bump = self._held(bump)
        held = self._held(bump)
        size = max(self.contrast_of(held), 0.25)
        return bump / size, held / size

    def _held(self, bump: np.ndarray) -> np.ndarray:
        return stretched(averaged(bump, self.block), self.block, bump.shape)

    def contrast_in(self, picture: np.ndarray) -> float:
        """How much it stands out of its ring in any picture (rows, columns), towards the sign that it has."""
        return self.contrast_of(picture[self.box])

    def contrast_of(self, part: np.ndarray) -> float:
        """As :meth:`contrast_in`, of what lies at its box."""
        return float(np.vdot(part, self._difference))

    def mean_of(self, part: np.ndarray) -> float:
        """Mean inside, in what lies at its box."""
        return float(np.vdot(part, self._inside))

    def is_rim(self, source: np.ndarray) -> bool:
        """Whether much of its ring is nearly as bright, in what lies at its box in the functional source."""
        nearly = self.mean_of(source) - _NEARLY * self.contrast
        return int(np.count_nonzero(self.ring & (source > nearly))) > _RIM * self.ring_size


def find_spots(
    function: np.ndarray,
    body: np.ndarray,
    *,
    bone: np.ndarray | None = None,
    spacing: Sequence[float] = (1.0, 1.0),
    block: Sequence[int] = (2, 2),
) -> list[Spot]:
    """Small hot spots of one slice of a functional source.

    Args:
        function: (rows, columns) in [0, 1].
        body: mask of head or body; what lies outside it is no finding.
        bone: what :func:`near_bone` finds, where that is known.
        spacing: of rows and columns in mm; pixels of a picture count as 1 mm.
        block: rows and columns of pixels that one value of the field stands for.
    """
    lowest = min(height for _, height in BACKGROUNDS)
    bright = body & (function > lowest)  # what lies so far above anything is at least as bright
    if not bright.any():
        return []
    bright &= ~(near_bone(function, body, spacing) if bone is None else bone)
    step = [max(1, round(2.0 / s)) for s in spacing]
    coarse = np.rint(255 * averaged(function, step)).astype(np.uint8)
    box = _box(bright, step, coarse.shape)
    if box is None:
        return []
    here = tuple(
        slice(s.start * n, min(s.stop * n, size)) for s, n, size in zip(box, step, function.shape, strict=True)
    )
    source, bright = function[here], bright[here]
    taken = np.zeros(bright.shape, np.uint16)
    found: list[Spot] = []
    for width, height in BACKGROUNDS:
        radius = [max(1, round((width / (s * n) - 1) / 2)) for s, n in zip(spacing, step, strict=True)]
        around = stretched(_medians(coarse, box, radius), step, bright.shape)
        around *= np.float32(1 / 255)
        around += np.float32(height)
        found += _spots(function, (source > around) & bright, here, block, spacing, taken)
    return found


def _box(mask: np.ndarray, step: Sequence[int], coarse: tuple[int, ...]) -> tuple[slice, slice] | None:
    """Blocks around all that is in a mask, and one more on each side; ``None`` where there is nothing."""
    box = []
    for axis, (n, size) in enumerate(zip(step, coarse, strict=True)):
        there = np.flatnonzero(mask.any(axis=1 - axis))
        if not len(there):
            return None
        box.append(slice(max(0, int(there[0]) // n - 1), min(size, int(there[-1]) // n + 2)))
    return box[0], box[1]


def _medians(coarse: np.ndarray, box: tuple[slice, slice], radius: Sequence[int]) -> np.ndarray:
    """Medians of rectangles around the pixels of a box, of uint8 as float32; as of the whole picture."""
    wide = [slice(max(0, s.start - r), s.stop + r) for s, r in zip(box, radius, strict=True)]
    rank = sitk.RankImageFilter()
    rank.SetRank(0.5)
    rank.SetRadius([int(r) for r in radius[::-1]])
    rank.SetNumberOfThreads(1)
    medians = sitk.GetArrayFromImage(rank.Execute(sitk.GetImageFromArray(coarse[tuple(wide)])))
    inside = tuple(slice(s.start - w.start, s.stop - w.start) for s, w in zip(box, wide, strict=True))
    return medians[inside].astype(np.float32)


def near_bone(function: np.ndarray, body: np.ndarray, spacing: Sequence[float]) -> np.ndarray:
    """The bone of a CT and what lies next to it, (rows, columns); nothing where the function is no CT.

    Args:
        function: (rows, columns) in [0, 1].
        body: mask of head or body.
        spacing: of rows and columns in mm.
    """
    top = function >= _BONE
    if np.count_nonzero(top) <= _BONE_SHARE * np.count_nonzero(body):
        return np.zeros_like(body)
    # A small piece at the top of the window is no bone but a finding: a calcification, blood.
    rows, columns, ends = pieces_of(top)
    sizes = np.diff(ends, prepend=0)
    large = np.repeat(sizes * (spacing[0] * spacing[1]) > AREAS[1], sizes)
    bone = np.zeros_like(body)
    bone[rows[large], columns[large]] = True
    return within_reach(bone, _FROM_BONE, spacing) if large.any() else bone


def _spots(
    function: np.ndarray,
    mask: np.ndarray,
    where: tuple[slice, ...],
    block: Sequence[int],
    spacing: Sequence[float],
    taken: np.ndarray,
) -> list[Spot]:
    """Spots among the pixels of a mask, which lies at a box of the picture.

    Args:
        function: the picture.
        mask: what stands out.
        where: rows and columns of the picture that it lies at.
        block: as in :func:`find_spots`.
        spacing: likewise.
        taken: numbers of the spots that are known, in the same box, else 0; those found now are added.
    """
    if not mask.any():
        return []
    rows, columns, ends = pieces_of(mask)
    edge = edge_of(mask)[rows, columns]
    known, count, down, right = taken[rows, columns], int(taken.max()), where[0].start, where[1].start
    margin = [int(np.ceil((RING[1] + 1) / s)) for s in spacing]
    pixel = spacing[0] * spacing[1]
    sizes = np.diff(ends, prepend=0)
    out: list[Spot] = []
    for piece in np.flatnonzero((sizes * pixel >= AREAS[0]) & (sizes * pixel <= AREAS[1])).tolist():
        these = slice(int(ends[piece] - sizes[piece]), int(ends[piece]))
        if np.bincount(known[these])[1:].max(initial=0) > _SAME * sizes[piece]:
            continue
        spot = _spot(function, rows[these] + down, columns[these] + right, edge[these], margin, block, spacing)
        if spot is None:
            continue
        out.append(spot)
        taken[rows[these], columns[these]] = count + len(out)
        core = _core_of(spot, function, spacing)
        if core is not None:
            out.append(core)
    return out


def _spot(
    function: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    edge: np.ndarray,
    margin: Sequence[int],
    block: Sequence[int],
    spacing: Sequence[float],
) -> Spot | None:
    """The spot that some pixels of a picture make, row by row, unless it is the rim of something large."""
    ends = (int(rows[0]), int(rows[-1])), (int(columns.min()), int(columns.max()))
    # The box begins at a block, so that its bump is one that the field can hold.
    top, left = (max(0, first - m) // n * n for (first, _), m, n in zip(ends, margin, block, strict=True))
    bottom, right = (min(size, last + m + 1) for (_, last), m, size in zip(ends, margin, function.shape, strict=True))
    box = slice(top, bottom), slice(left, right)
    rows, columns, source = rows - top, columns - left, function[box]
    spot = Spot(box, rows, columns, distance_to(source.shape, rows, columns, edge, spacing), block, source)
    if not spot.ring_size or spot.contrast <= 0 or spot.is_rim(source):
        return None
    return spot


def _core_of(spot: Spot, function: np.ndarray, spacing: Sequence[float]) -> Spot | None:
    """The brightest part of a finding, where it is much smaller."""
    source, inside = function[spot.box], spot.inside
    values = source[inside]
    lowest = values.min()
    inside &= source >= lowest + _CORE * (values.max() - lowest)
    rows, columns = np.nonzero(inside)
    if not AREAS[0] / (spacing[0] * spacing[1]) <= len(rows) < _CORE_AREA * len(values):
        return None
    distance = distance_to(source.shape, rows, columns, edge_of(inside)[rows, columns], spacing)
    core = Spot(spot.box, rows, columns, distance, spot.block, source, asks=_CORE_ASKS)
    return core if core.ring_size and core.contrast > _CORE_CONTRAST else None
