"""Small findings keep their contrast: spots of the uptake that the mixed picture would hide are lifted out of it again.

Ours.  A lesion of some millimeters decides little in any mean over a picture, so that no loss holds it for sure: a dark
spot of the MRI under a small hot spot of the PET cancels it.  Here that cannot happen.  Spots of the functional source
are found, their contrast in the mixed picture is compared with the least that a reader sees, and what is missing is
added as a bump no sharper than the field itself: it becomes part of the field's amount.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce

import numpy as np
import SimpleITK as sitk

#: A finding lies so far (of 1) above or below the median of a square of so many mm around it.  45 of 255
#: gray levels in 25 mm, or 40 in 15 mm.
BACKGROUNDS = ((25.0, 45 / 255), (15.0, 40 / 255))

#: Areas of a finding in mm2: two to eighteen millimeters across.
AREAS = (4.0, 260.0)

#: Its ring lies from so many mm to so many mm away.
RING = (2.0, 6.0)

#: Where so much of the ring is nearly as bright as the spot, it is the rim of something large.
_RIM, _NEARLY = 0.4, 0.3

#: Least contrast of a finding to its ring in the mixed picture: so much of 1, and such a share of that in its source.
LEAST, SHARE = 18 / 255, 0.3

#: What lacks less is left: so little that the picture hardly depends on the digits that the network is computed in.
_NOTHING = 0.1 / 255

#: Largest change made for one finding at a time; how often the others' changes are taken into account.
_MOST, _ROUNDS = 0.35, 3

#: A bump falls like a Gaussian of so many mm outside its finding.
_SOFT = 2.0

#: Where so large a share of the body is at the top of the window, it is the bone of a CT: no finding lies next to it.
_BONE, _BONE_SHARE, _FROM_BONE = 250 / 255, 0.03, 2.0


@dataclass(frozen=True)
class Spot:
    """A small finding in one slice.

    Attributes:
        box: rows and columns around it.
        inside: its pixels, in the box.
        distance: of each pixel of the box to the spot, in mm; 0 in it.
        block: rows and columns of pixels that one value of the field stands for.
        contrast: mean inside less mean of the ring, in its source, -1 to 1.
    """

    box: tuple[slice, slice]
    inside: np.ndarray
    distance: np.ndarray
    block: Sequence[int]
    contrast: float

    @cached_property
    def ring(self) -> np.ndarray:
        """Pixels of its surroundings, in the box."""
        return _ring(self.distance)

    # Means as sums with weights: of boxes as small as these, means under a mask take ten times as long.

    @cached_property
    def core_weights(self) -> np.ndarray:
        """By which the sum over the box is the mean inside."""
        return _weights(self.inside)

    @cached_property
    def ring_weights(self) -> np.ndarray:
        """By which it is the mean of the ring."""
        return _weights(self.ring)

    @cached_property
    def bump(self) -> np.ndarray:
        """1 in the spot and soft around it, in the box: as a field of such blocks can hold it."""
        bump = np.exp(-0.5 * np.square(self.distance / _SOFT, dtype=np.float32))
        bump = stretched(averaged(bump, self.block), self.block, bump.shape)
        bump /= max(self.contrast_of(bump), 0.25)
        return bump

    def contrast_in(self, picture: np.ndarray) -> float:
        """Mean inside less mean of the ring in any picture (rows, columns)."""
        return self.contrast_of(picture[self.box])

    def contrast_of(self, part: np.ndarray) -> float:
        """Mean inside less mean of the ring in what lies at its box."""
        return float(np.vdot(part, self.core_weights)) - float(np.vdot(part, self.ring_weights))


def find_spots(
    function: np.ndarray,
    body: np.ndarray,
    *,
    spacing: Sequence[float] = (1.0, 1.0),
    block: Sequence[int] = (2, 2),
) -> list[Spot]:
    """Small hot spots of one slice of a functional source.

    Args:
        function: (rows, columns) in [0, 1].
        body: mask of head or body; what lies outside it is no finding.
        spacing: of rows and columns in mm; pixels of a picture count as 1 mm.
        block: rows and columns of pixels that one value of the field stands for.
    """
    lowest = min(height for _, height in BACKGROUNDS)
    bright = body & (function > lowest)  # what lies so far above anything is at least as bright
    if not bright.any():
        return []
    bright &= ~_near_bone(function, body, spacing)
    step = [max(1, round(2.0 / s)) for s in spacing]
    coarse = np.rint(255 * averaged(function, step)).astype(np.uint8)
    found: list[Spot] = []
    for width, height in BACKGROUNDS:
        radius = [max(1, round((width / (s * n) - 1) / 2)) for s, n in zip(spacing, step, strict=True)]
        box = _box(bright, step, coarse.shape)
        if box is None:
            return found
        around = _medians(coarse, box, radius)
        here = tuple(
            slice(s.start * n, min(s.stop * n, size)) for s, n, size in zip(box, step, function.shape, strict=True)
        )
        above = function[here] - stretched(around, step, tuple(s.stop - s.start for s in here))
        found += _spots(function, (above > height) & bright[here], here, block, spacing, found)
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
    """Medians of squares around the pixels of a box, of uint8 as float32 in [0, 1]; as of the whole picture."""
    wide = [slice(max(0, s.start - r), s.stop + r) for s, r in zip(box, radius, strict=True)]
    rank = sitk.RankImageFilter()
    rank.SetRank(0.5)
    rank.SetRadius([int(r) for r in radius[::-1]])
    rank.SetNumberOfThreads(1)
    medians = sitk.GetArrayFromImage(rank.Execute(sitk.GetImageFromArray(coarse[tuple(wide)])))
    inside = tuple(slice(s.start - w.start, s.stop - w.start) for s, w in zip(box, wide, strict=True))
    return medians[inside].astype(np.float32) / 255


def lift(
    mixed: np.ndarray, spots: Sequence[Spot], *, least: float | None = None, share: float | None = None
) -> np.ndarray | None:
    """What to add to a mixed slice, so that its findings are seen in it.

    Args:
        mixed: (rows, columns) in [0, 1].
        spots: of the functional source.
        least: contrast to the ring that each shall have, of 1.
        share: and as a share of that in the source.

    Returns:
        (rows, columns), smooth; ``None`` where nothing is missing.
    """
    least, share = LEAST if least is None else least, SHARE if share is None else share
    added = np.zeros_like(mixed)
    changed = False
    for _ in range(_ROUNDS):
        raised = [_raise(spot, mixed, added, max(least, share * abs(spot.contrast))) for spot in spots]
        if not any(raised):
            break
        changed = True
    return added if changed else None


def _raise(spot: Spot, mixed: np.ndarray, added: np.ndarray, wanted: float) -> bool:
    """Add what one spot lacks; whether it lacked anything."""
    here = added[spot.box]
    shown = mixed[spot.box] + here
    np.minimum(np.maximum(shown, 0, out=shown), 1, out=shown)
    core, around = float(np.vdot(shown, spot.core_weights)), float(np.vdot(shown, spot.ring_weights))
    lacking = min(wanted - (core - around), _MOST)
    if lacking <= _NOTHING:
        return False
    # Near white nothing can be raised: then the surroundings give way.
    room = min(lacking, max(0.0, 0.97 - core))
    here += room * spot.bump
    if lacking > room:
        here -= (lacking - room) * spot.ring
    return True


def _near_bone(function: np.ndarray, body: np.ndarray, spacing: Sequence[float]) -> np.ndarray:
    top = function >= _BONE
    if np.count_nonzero(top) <= _BONE_SHARE * np.count_nonzero(body):
        return np.zeros_like(body)
    # A small piece at the top of the window is no bone but a finding: a calcification, blood.
    labels = sitk.GetArrayFromImage(sitk.ConnectedComponent(sitk.GetImageFromArray(top.view(np.uint8))))
    large = np.bincount(labels.ravel()) * (spacing[0] * spacing[1]) > AREAS[1]
    large[0] = False
    return _within(large[labels], _FROM_BONE, spacing) if large.any() else np.zeros_like(body)


def averaged(picture: np.ndarray, step: Sequence[int]) -> np.ndarray:
    """Means of blocks of ``step`` pixels; the last rows and columns are repeated where a block is not full."""
    fill = [(0, -n % s) for n, s in zip(picture.shape, step, strict=True)]
    padded = np.pad(picture, fill, mode="edge") if any(after for _, after in fill) else picture
    # Sums of every n-th row and column: means over blocks take several times as long.
    columns = reduce(np.add, (padded[:, n :: step[1]] for n in range(step[1])))
    return reduce(np.add, (columns[n :: step[0]] for n in range(step[0]))) / np.float32(step[0] * step[1])


def stretched(coarse: np.ndarray, step: Sequence[int], shape: tuple[int, ...]) -> np.ndarray:
    """Blocks back to pixels, bilinear."""
    below, above, share = _places(step[1], shape[1], coarse.shape[1])
    wide = coarse.take(above, 1)
    wide -= coarse.take(below, 1)
    wide *= share
    wide += coarse.take(below, 1)
    below, above, share = _places(step[0], shape[0], coarse.shape[0])
    out = wide.take(above, 0)
    low = wide.take(below, 0)
    out -= low
    out *= share[:, None]
    out += low
    return out


@lru_cache(maxsize=256)
def _places(step: int, size: int, blocks: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each of ``size`` pixels the blocks before and after its middle, and the share of the later one."""
    place = np.clip((np.arange(size) + 0.5) / step - 0.5, 0, blocks - 1)
    below = np.minimum(place.astype(int), max(blocks - 2, 0))
    return below, np.minimum(below + 1, blocks - 1), (place - below).astype(np.float32)


def _spots(
    function: np.ndarray,
    mask: np.ndarray,
    where: tuple[slice, ...],
    block: Sequence[int],
    spacing: Sequence[float],
    known: list[Spot],
) -> list[Spot]:
    """Spots among the pixels of a mask, which lies at a box of the picture."""
    box = _box(mask, (1, 1), mask.shape)
    if box is None:
        return []
    rows, columns, ends = _pieces(mask[box])
    rows, columns = (p + b.start + w.start for p, b, w in zip((rows, columns), box, where, strict=True))
    pixel = spacing[0] * spacing[1]
    margin = [int(np.ceil((RING[1] + 1) / s)) for s in spacing]
    out: list[Spot] = []
    for start, end in zip((0, *ends[:-1]), ends, strict=True):
        if AREAS[0] <= (end - start) * pixel <= AREAS[1]:
            spot = _spot(function, rows[start:end], columns[start:end], margin, block, spacing)
            if spot and spot.contrast > 0 and not any(_same(spot, other) for other in known):
                out.append(spot)
    return out


def _pieces(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pixels of a mask, piece by piece: rows, columns, and where each piece ends; neighbors share a side.

    Runs of a row are joined to those of the next row that they touch.  Masks here hold some hundred runs, for which
    this takes a fifth of the time of a filter over all pixels.
    """
    rows, columns = np.nonzero(mask)
    width = mask.shape[1] + 1  # no run touches the first pixel of the next row
    places = rows * width + columns
    first = np.flatnonzero(np.diff(places, prepend=-2) > 1)
    begin, last = places[first], places[np.append(first[1:], len(places)) - 1]
    low, high = np.searchsorted(last, begin + width), np.searchsorted(begin, last + width, side="right")
    parent = list(range(len(first)))

    def root(run: int) -> int:
        while parent[run] != run:
            parent[run] = run = parent[parent[run]]
        return run

    for run, (a, b) in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
        for below in range(a, b):
            parent[root(below)] = root(run)
    numbers = np.repeat([root(run) for run in range(len(first))], np.diff(first, append=len(places)))
    order = np.argsort(numbers, kind="stable")
    sizes = np.bincount(numbers)
    return rows[order], columns[order], np.cumsum(sizes[sizes > 0])


def _spot(
    function: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    margin: Sequence[int],
    block: Sequence[int],
    spacing: Sequence[float],
) -> Spot | None:
    # The box begins at a block, so that its bump is one that the field can hold.
    box = tuple(
        slice(max(0, int(p.min()) - m) // n * n, min(size, int(p.max()) + m + 1))
        for p, m, n, size in zip((rows, columns), margin, block, function.shape, strict=True)
    )
    inside = np.zeros([s.stop - s.start for s in box], bool)
    rows, columns = rows - box[0].start, columns - box[1].start
    inside[rows, columns] = True
    distance = _from_spot(inside, rows, columns, spacing)
    around = function[box][_ring(distance)]
    if not around.size:
        return None
    core = float(function[rows + box[0].start, columns + box[1].start].mean())
    contrast = core - float(around.mean())
    if np.count_nonzero(around > core - _NEARLY * contrast) > _RIM * around.size:
        return None
    return Spot(box, inside, distance, block, contrast)  # type: ignore[arg-type]


def _weights(mask: np.ndarray) -> np.ndarray:
    return mask.astype(np.float32) / np.float32(np.count_nonzero(mask))


def _ring(distance: np.ndarray) -> np.ndarray:
    return (distance >= RING[0]) & (distance <= RING[1])


def _from_spot(inside: np.ndarray, rows: np.ndarray, columns: np.ndarray, spacing: Sequence[float]) -> np.ndarray:
    """Distance in mm of each pixel of a box to the nearest one of a spot; 0 in it."""
    padded = np.zeros((inside.shape[0] + 2, inside.shape[1] + 2), bool)
    padded[1:-1, 1:-1] = inside
    edge = ~(padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:])[rows, columns]
    y = np.square((np.arange(inside.shape[0])[:, None] - rows[edge]) * spacing[0], dtype=np.float32)
    x = np.square((np.arange(inside.shape[1])[:, None] - columns[edge]) * spacing[1], dtype=np.float32)
    distance = np.sqrt((y[:, None, :] + x[None, :, :]).min(axis=2))
    distance[inside] = 0
    return distance


def _same(spot: Spot, other: Spot) -> bool:
    """Whether most of a spot is one that is known already."""
    (a, b), (c, d) = spot.box, other.box
    top, bottom = max(a.start, c.start), min(a.stop, c.stop)
    left, right = max(b.start, d.start), min(b.stop, d.stop)
    if top >= bottom or left >= right:
        return False
    mine = spot.inside[top - a.start : bottom - a.start, left - b.start : right - b.start]
    theirs = other.inside[top - c.start : bottom - c.start, left - d.start : right - d.start]
    return bool(np.count_nonzero(mine & theirs) > 0.7 * np.count_nonzero(spot.inside))


def _within(inside: np.ndarray, reach: float, spacing: Sequence[float]) -> np.ndarray:
    """Pixels no more than ``reach`` mm away from one that is inside."""
    out = inside.copy()
    height, width = inside.shape
    rows, columns = (int(reach / s) for s in spacing)
    for down in range(-rows, rows + 1):
        for right in range(-columns, columns + 1):
            if np.hypot(down * spacing[0], right * spacing[1]) > reach or abs(down) >= height or abs(right) >= width:
                continue
            to = slice(max(down, 0), height + min(down, 0)), slice(max(right, 0), width + min(right, 0))
            of = slice(max(-down, 0), height + min(-down, 0)), slice(max(-right, 0), width + min(-right, 0))
            out[to] |= inside[of]
    return out
