"""Uptake behind a pseudo-color picture as hospitals have them: a little off the palette that it was painted with.

JPEG, a screenshot, a change of scale, or a palette sampled at other steps move colors off the entries of a palette.
The palette is therefore a path through color space, and each pixel takes the level of the nearest point on it, where
brightness counts more than hue: JPEG keeps it best.  Where two far parts of the path are about equally near, the
neighbors decide.  Isolated pixels far from the path (writing, cross-hairs) take the mean level of their good neighbors.
Black that a palette does not hold (jet begins with blue) is the canvas where it reaches the border of the picture, and
counts as the lowest level there.  How far the colors lie off is reported; a picture with more of that than the bounds
below is refused: its palette is another one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk
from numpy.typing import ArrayLike

from coconet_med.color import bt601
from coconet_med.color.nearest import nearest_colors
from coconet_med.errors import ReadError

#: Colors farther (RGB, 0 to 441) from the path than this count as off it, ...
FAR = 16.0

#: ... and of the pixels that are not black at most this share may be.  JPEG of quality 75 with halved color: 32 %;
#: pictures painted with another palette: 39 % and more.
MOST_FAR = 0.35

#: Largest mean distance of the pixels that are not black.  The same: 13, and 25 and more.
MOST_MEAN = 15.0

#: Within so much of an entry, and no other color being as near to it, a color is that entry, rounded otherwise.
ROUNDED = 2.0

#: Up to this mean distance all channels count alike: such a picture was rounded or sampled otherwise, no JPEG.
_MILD = 2.0

#: Farther than this a color tells no level, and its neighbors are asked, ...
LOST = 60.0

#: ... of at most this share of the pixels that are not black, ...
MOST_LOST = 0.05

#: ... if there are good ones no more than so many pixels away along rows and columns.
REACH = 3

#: Levels so far apart are chosen by the neighbors where their distances differ by less than this.
_APART, _MARGIN = 0.08, 8.0

#: Colors whose brightest channel is below this are black: they do not count in shares.
_BLACK = 12

#: BT.601 Y, Cb and Cr, orthogonal enough for distances; the two differences of color count 0.4 times.
_BRIGHTER = np.sqrt(3) * np.array([bt601.LUMA, *(0.4 * part for part in bt601.chroma(np.eye(3)))], np.float32)

#: Colors compared with the whole path at a time (colors x segments x 3 numbers of 4 bytes).
_CHUNK = 2048


@dataclass(frozen=True)
class Unpainted:
    """What a picture held before it was colored.

    Attributes:
        level: ``float32``, as the picture without its channels, in [0, 1] of the palette.
        off: share of the pixels that are not black whose color is not on the path.
        mean_off: mean distance of those colors to the path, of 441.
        largest_off: largest such distance of a color that decided its level.
        far: share of the pixels that are not black and over :data:`FAR` away.
        filled: share of the pixels that are not black and took the level of their neighbors.
        canvas: share of all pixels that are black canvas, which the palette does not hold.
    """

    level: np.ndarray
    off: float
    mean_off: float
    largest_off: float
    far: float
    filled: float
    canvas: float = 0.0

    def words(self) -> str:
        """What the user should know; empty where each color is in the palette."""
        around = f"the black canvas ({self.canvas:.0%} of the picture) is not in the palette and counts as no uptake"
        if not self.off:
            return around if self.canvas else ""
        text = f"{around}; " if self.canvas else ""
        text += f"{self.off:.1%} of the colors are not in the palette, on average {self.mean_off:.1f} and at most "
        text += f"{self.largest_off:.0f} of 441 away: the nearest point of the palette was taken"
        if self.far:
            text += f"; {self.far:.1%} are over {FAR:g} away"
        if self.filled:
            text += f"; {self.filled:.2%} are over {LOST:g} away and took the level of their neighbors"
        return text


def unpaint(rgb: ArrayLike, table: ArrayLike) -> Unpainted:
    """The levels behind a pseudo-color picture.

    Args:
        rgb: ``uint8`` (..., rows, columns, 3).
        table: palette in order of rising level, ``uint8`` (n, 3).

    Raises:
        ReadError: the picture was not painted with this palette: too many colors, or too large a region, too far off.
    """
    rgb, path = _checked(rgb), np.asarray(table, np.float32)
    keys, place, count = np.unique(_keys(rgb), return_inverse=True, return_counts=True)
    colors = _channels(keys)
    lit = colors.max(axis=-1) >= _BLACK
    weight = count * lit
    shown = max(int(weight.sum()), 1)
    foreign = _foreign_black(colors, path)
    found = _found(colors, path, weight, foreign)
    distance = found.distance
    if not suits(distance, weight):
        share_far, mean = float(weight[distance > FAR].sum() / shown), float((weight * distance).sum() / shown)
        raise ReadError(
            f"{share_far:.1%} of the colored pixels are not in the palette (over {FAR:g} of 441 away; at most "
            f"{MOST_FAR:.0%} may be), on average they are {mean:.0f} away (at most {MOST_MEAN:g}), farthest RGB "
            f"{_rgb(colors[(distance * lit).argmax()])}: give the palette the picture was painted with"
        )
    shape = rgb.shape[:-1]
    level, off, other = (part[place].reshape(shape) for part in (found.level, distance, found.other))
    canvas = _canvas(foreign[place].reshape(shape))
    level, lost = level.copy(), (off > LOST) | (foreign[place].reshape(shape) & ~canvas)
    ambiguous = np.isfinite(other) & (off > 0) & ~lost
    if ambiguous.any():
        around = _around(level, ~ambiguous & ~lost, ambiguous)
        where = np.nonzero(np.isfinite(around))
        nearer = np.abs(other[where] - around[where]) < np.abs(level[where] - around[where])
        level[where] = np.where(nearer, other[where], level[where])
    if lost.any():
        around = _around(level, ~lost, lost)
        if np.isnan(around[lost]).any():
            raise ReadError(
                f"a region of the picture has colors that are not in the palette (such as RGB "
                f"{_rgb(colors[(distance * lit).argmax()])}), and no neighbor within {REACH} pixels tells its level: "
                "give the palette the picture was painted with, or cut writing and bars off"
            )
        level[lost] = around[lost]
    decisive = (distance > 0) & lit & (distance <= LOST)
    return Unpainted(
        level.astype(np.float32),
        float(weight[distance > 0].sum() / shown),
        float((weight[decisive] * distance[decisive]).sum() / max(weight[decisive].sum(), 1)),
        float(distance[decisive].max(initial=0.0)),
        float(weight[distance > FAR].sum() / shown),
        float(weight[distance > LOST].sum() / shown),
        float(canvas.mean()),
    )


def _foreign_black(colors: np.ndarray, path: np.ndarray) -> np.ndarray:
    """Which colors (m, 3) are black that is far from all that a palette holds."""
    black = colors.max(axis=-1) < _BLACK
    if black.any():
        black[black] = nearest_on_path(colors[black], path).distance > LOST
    return black


def _found(colors: np.ndarray, path: np.ndarray, weight: np.ndarray, foreign: np.ndarray) -> OnPath:
    """Where colors lie on a palette; foreign black at its beginning."""
    if foreign.all():
        raise ReadError("the picture is black, which the palette does not hold: give the one it was painted with")
    known = colors[~foreign]
    found = _rounded(known, path) or distance_to(known, path, weight[~foreign])
    if not foreign.any():
        return found
    level, distance, other = np.zeros((3, len(colors)), np.float32)
    level[~foreign], distance[~foreign] = found.level, found.distance
    other[:] = np.nan
    other[~foreign] = found.other
    return OnPath(level, distance, other)


def _canvas(black: np.ndarray) -> np.ndarray:
    """The part of a mask (..., rows, columns) that reaches the border of its picture."""
    canvas = np.zeros_like(black)
    for where in np.ndindex(black.shape[:-2]):
        if black[where].any():
            shown = sitk.BinaryFillhole(sitk.GetImageFromArray((~black[where]).astype(np.uint8)), True)
            canvas[where] = sitk.GetArrayFromImage(shown) == 0
    return canvas


def lit_colors(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The colors (m, 3) of a picture that are not black, and how often each is there (m,)."""
    keys, count = np.unique(_keys(_checked(rgb)), return_counts=True)
    colors = _channels(keys)
    lit = colors.max(axis=-1) >= _BLACK
    return colors[lit], count[lit]


def suits(distance: np.ndarray, weight: np.ndarray, *, strict: bool = False) -> bool:
    """Whether colors so far from a palette, each so often there, may have been painted with it.

    Args:
        distance: of each color.
        weight: how often it is there.
        strict: hold three quarters of the bounds, where nobody said that it was this palette.
    """
    shown, part = max(float(weight.sum()), 1.0), 0.75 if strict else 1.0
    far, lost = (float(weight[distance > bound].sum()) / shown for bound in (FAR, LOST))
    mean = float((weight * distance).sum()) / shown
    return far <= part * MOST_FAR and lost <= part * MOST_LOST and mean <= part * MOST_MEAN


def distance_to(colors: np.ndarray, path: np.ndarray, weight: np.ndarray | None = None) -> OnPath:
    """The points of a palette that colors (m, 3) tell of, their distances in RGB: brightness counts more in a JPEG."""
    path = np.asarray(path, np.float32)
    found = nearest_on_path(colors, path)
    if np.average(found.distance, weights=weight if weight is not None and weight.any() else None) > _MILD:
        found = nearest_on_path(colors @ _BRIGHTER.T, path @ _BRIGHTER.T)
    return replace(found, distance=_distances(colors, path, found.level))


@dataclass(frozen=True)
class OnPath:
    """For each color the nearest point of a path.

    Attributes:
        level: of the point, 0 to 1.
        distance: to it.
        other: level of a far part of the path that is about as near; NaN where there is none.
    """

    level: np.ndarray
    distance: np.ndarray
    other: np.ndarray


def nearest_on_path(colors: np.ndarray, path: np.ndarray) -> OnPath:
    """The nearest points of a path of straight segments through color space.

    Args:
        colors: (m, 3), 0 to 255.
        path: (n, 3), likewise; level rises by 1 / (n - 1) from one to the next.
    """
    level, distance, other = (np.empty(len(colors), np.float32) for _ in range(3))
    start, along = path[:-1].astype(np.float32), np.diff(path, axis=0).astype(np.float32)
    length = np.maximum((along**2).sum(axis=1), 1e-6)
    for first in range(0, len(colors), _CHUNK):
        part = slice(first, first + _CHUNK)
        to = colors[part, None].astype(np.float32) - start
        at = np.clip((to * along).sum(axis=2) / length, 0, 1)
        away = np.sqrt((np.square(to - at[..., None] * along)).sum(axis=2))
        at = (at + np.arange(len(along), dtype=np.float32)) / len(along)
        best = away.argmin(axis=1)[:, None]
        level[part] = np.take_along_axis(at, best, 1)[:, 0]
        distance[part] = np.take_along_axis(away, best, 1)[:, 0]
        away[np.abs(at - level[part][:, None]) < _APART] = np.inf
        second = away.argmin(axis=1)[:, None]
        near = np.take_along_axis(away, second, 1)[:, 0] < distance[part] + _MARGIN
        other[part] = np.where(near, np.take_along_axis(at, second, 1)[:, 0], np.nan)
    return OnPath(level, distance, other)


def _rounded(colors: np.ndarray, path: np.ndarray) -> OnPath | None:
    """The entries that colors are, where they are those of the palette but for rounding; ``None`` where not."""
    entry, distance = nearest_colors(colors, path)
    used = entry[colors.max(axis=-1) >= _BLACK]
    if distance.max() > ROUNDED or (distance.any() and len(np.unique(used)) < len(used)):
        return None
    return OnPath((entry / (len(path) - 1)).astype(np.float32), distance, np.full(len(colors), np.nan))


def _around(level: np.ndarray, good: np.ndarray, wanted: np.ndarray, reach: int = REACH) -> np.ndarray:
    """Mean level of the good neighbors of wanted pixels, the nearest counting most; NaN elsewhere and without any."""
    pad = [(0, 0)] * (level.ndim - 2) + [(reach, reach)] * 2
    values, known = np.pad(np.where(good, level, 0), pad), np.pad(good.astype(np.float32), pad)
    where = np.nonzero(wanted)
    total, weights = (np.zeros(len(where[0]), np.float64) for _ in range(2))
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            if down or right:
                there = (*where[:-2], where[-2] + down + reach, where[-1] + right + reach)
                weight = known[there] / (down * down + right * right) ** 2
                total += weight * values[there]
                weights += weight
    out = np.full(level.shape, np.nan)
    out[where] = np.where(weights > 0, total / np.maximum(weights, 1e-12), np.nan)
    return out


def _distances(colors: np.ndarray, path: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Distances (RGB) of colors (m, 3) to the points of a path with the levels (m,)."""
    at = np.minimum(level.astype(np.float64) * (len(path) - 1), len(path) - 1)
    points = np.stack([np.interp(at, np.arange(len(path)), channel) for channel in path.T], axis=-1)
    distance = np.sqrt(np.square(colors - points).sum(axis=-1))
    return np.where(distance < 0.01, 0, distance)  # rounding of single precision


def _keys(rgb: np.ndarray) -> np.ndarray:
    return (rgb[..., 0].astype(np.int32) << 16 | rgb[..., 1].astype(np.int32) << 8 | rgb[..., 2]).reshape(-1)


def _channels(keys: np.ndarray) -> np.ndarray:
    return np.stack([keys >> 16, keys >> 8 & 255, keys & 255], axis=-1)


def _checked(rgb: ArrayLike) -> np.ndarray:
    array = np.asarray(rgb)
    if array.ndim < 3 or array.shape[-1] != 3 or array.dtype != np.uint8:
        raise ReadError(f"the picture must hold RGB as uint8 with 3 channels last, not {array.dtype} {array.shape}")
    return array


def _rgb(color: np.ndarray) -> tuple[int, ...]:
    return tuple(int(value) for value in color)
