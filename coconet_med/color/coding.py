"""Coloring: fused luminance and uptake become one RGB picture, and can be read back from it.

Every color map is a table of 256 luminance by 256 uptake steps (:mod:`coconet_med.color.colormaps`), so coloring a
volume is one look-up per voxel: fast, the same on every machine, and invertible as far as 8 bits permit.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from coconet_med.color import bt601
from coconet_med.color.colormap import STEPS, ZERO, chroma_room
from coconet_med.color.colormaps import get_colormap
from coconet_med.color.nearest import nearest_colors
from coconet_med.errors import OptionError

#: Voxels handled at a time: temporary arrays stay near 50 MB however large the volume is.
_CHUNK = 1 << 21

#: How far outside [0, 1] a value may lie (rounding of a network or a resampler) and still be clipped silently.
_SLACK = 0.01


def compose(luminance: ArrayLike, uptake: ArrayLike, *, colormap: str = "uptake", strength: float = 1.0) -> np.ndarray:
    """Color the fused luminance by the uptake.

    Args:
        luminance: fused luminance in [0, 1] (BT.601 Y), any shape; volumes are (k, j, i).
        uptake: windowed uptake in [0, 1], same shape; of a diverging map in [-1, 1].
        colormap: a name in :data:`coconet_med.color.colormaps.COLORMAPS`.
        strength: linear weight between gray anatomy (0) and the full color (1).

    Returns:
        RGB ``uint8`` of shape ``luminance.shape + (3,)``.  Where uptake is 0 the pixel is exactly gray.

    Raises:
        OptionError: shapes differ, values are NaN, infinite or out of range, unknown map, strength outside [0, 1].

    Example:
        >>> compose([[0.0, 0.5, 1.0]], [[0.0, 0.0, 0.0]]).tolist()
        [[[0, 0, 0], [128, 128, 128], [255, 255, 255]]]
    """
    luminance, uptake = np.asarray(luminance), np.asarray(uptake)
    if luminance.shape != uptake.shape:
        msg = f"luminance {luminance.shape} and uptake {uptake.shape} differ in shape: bring both onto one grid first"
        raise OptionError(msg)
    table = _table(colormap, _checked_strength(strength)).reshape(-1, 3)
    columns = _signed_steps if get_colormap(colormap).kind == "diverging" else _uptake_steps
    light, hot = luminance.reshape(-1), uptake.reshape(-1)
    out = np.empty((light.size, 3), np.uint8)
    for start in range(0, light.size, _CHUNK):
        part = slice(start, start + _CHUNK)
        index = _steps(light[part], "luminance") * STEPS + columns(hot[part])
        np.take(table, index, axis=0, out=out[part], mode="clip")
    return out.reshape(*luminance.shape, 3)


def decode(rgb: ArrayLike, *, colormap: str = "uptake", strength: float = 1.0) -> np.ndarray:
    """Read the uptake back from a picture made by :func:`compose` with the same map and strength.

    Colors that the map holds are inverted exactly (several uptakes of one color: their mean, but the top of the window
    where that is one of them and the others are next to it); any other color, say after resampling, takes the uptake
    of the nearest color of the map.

    Args:
        rgb: ``uint8`` (..., 3).
        colormap: the map that it was made with.
        strength: the strength that it was made with.

    Returns:
        ``float32`` (...), uptake in [0, 1] of the window; of a diverging map in [-1, 1].

    Raises:
        OptionError: the map or a strength of 0 carries no uptake, or ``rgb`` is no RGB ``uint8`` array.
    """
    if get_colormap(colormap).kind == "gray" or strength == 0:
        msg = f"a picture without color (color map {colormap!r}, strength {strength:g}) does not carry uptake"
        raise OptionError(msg)
    return _look_back(rgb, _inverse(colormap, _checked_strength(strength)), "uptake")


def uptake_spread(rgb: ArrayLike, *, colormap: str = "uptake", strength: float = 1.0) -> np.ndarray:
    """How far the uptake that made a color may lie from the one that :func:`decode` reads, at most, in [0, 1].

    Half a step of the table, and more where several of its uptakes share the color.  Arguments as for :func:`decode`.
    """
    return _look_back(rgb, _inverse(colormap, _checked_strength(strength)), "spread")


def foreign_colors(rgb: ArrayLike, *, colormap: str = "uptake", strength: float = 1.0) -> np.ndarray:
    """Distance in RGB levels of each color to the nearest one of the map, 0 where the map holds it.

    Arguments as for :func:`decode`; ``float32`` (...).
    """
    color, keys = _checked_rgb(rgb), _inverse(colormap, _checked_strength(strength)).keys
    colors, where = np.unique(_keys(color), return_inverse=True)
    distance = np.zeros(len(colors), np.float32)
    foreign = keys[np.minimum(np.searchsorted(keys, colors), len(keys) - 1)] != colors
    if foreign.any():
        distance[foreign] = nearest_colors(_channels(colors[foreign]), _channels(keys))[1]
    return distance[where.reshape(-1)].reshape(color.shape[:-1])


def ycbcr_compose(luminance: ArrayLike, color_rgb: ArrayLike) -> np.ndarray:
    """Put the fused luminance under the Cb and Cr of a pseudo-color picture whose palette is not known.

    As in the paper (Y is fused, Cb and Cr are kept), BT.601 full range; with one difference: where a color does not
    exist at the new luminance, its chroma is shortened instead of the channels being clipped, which would change Y
    and hue.  Uptake cannot be read back in order from such a picture: give the palette when it is known
    (:func:`coconet_med.color.palettes.scalar_from_palette`).

    Args:
        luminance: fused luminance in [0, 1], any shape.
        color_rgb: pseudo-color picture, ``uint8`` of shape ``luminance.shape + (3,)``.

    Returns:
        RGB ``uint8`` of the same shape as ``color_rgb``.

    Raises:
        OptionError: shapes do not fit, or the luminance is NaN, infinite or outside [0, 1].
    """
    luminance, color = np.asarray(luminance), _checked_rgb(color_rgb)
    if color.shape[:-1] != luminance.shape:
        msg = f"luminance {luminance.shape} and color picture {color.shape} do not fit: resample one onto the other"
        raise OptionError(msg)
    light, color = luminance.reshape(-1), color.reshape(-1, 3)
    out = np.empty(color.shape, np.uint8)
    for start in range(0, light.size, _CHUNK):
        part = slice(start, start + _CHUNK)
        y = np.clip(_checked_unit(light[part], "luminance"), 0, 1)
        source = color[part] / 255
        shift = bt601.chroma_to_rgb(*bt601.chroma(source))
        fit = np.minimum(chroma_room(y, shift), 1)
        out[part] = np.rint(255 * (y[:, None] + fit[:, None] * shift))
    return out.reshape(*luminance.shape, 3)


class _Inverse(NamedTuple):
    """Distinct colors of a table, sorted by their 24-bit key, with the mean uptake and luminance of each."""

    keys: np.ndarray
    uptake: np.ndarray
    luminance: np.ndarray
    spread: np.ndarray


@lru_cache(maxsize=16)
def _table(colormap: str, strength: float) -> np.ndarray:
    table = get_colormap(colormap).table(strength)
    table.setflags(write=False)
    return table


@lru_cache(maxsize=4)
def _inverse(colormap: str, strength: float) -> _Inverse:
    keys, group, count = np.unique(_keys(_table(colormap, strength)), return_inverse=True, return_counts=True)
    group = group.reshape(-1)
    luminance, column = (plane.reshape(-1) for plane in np.divmod(np.arange(STEPS**2), STEPS))
    levels = get_colormap(colormap).levels
    uptake, step = levels[column], levels[-1] - levels[-2]
    mean_uptake = np.bincount(group, uptake) / count
    # Gray is 0, not the mean of 0 and the first steps that round to gray as well; and so with the ends of the window,
    # where all that lies beyond them is.
    mean_uptake[(keys % 0x10101 == 0) & (np.abs(mean_uptake) < 2 * step)] = 0
    for end in (levels[0], 1.0) if levels[0] else (1.0,):
        there = np.bincount(group, uptake == end) > 0
        mean_uptake[there & (np.abs(mean_uptake - end) < 2 * step)] = end
    mean_luminance = np.bincount(group, luminance) / count / (STEPS - 1)
    spread = np.zeros(len(keys))
    np.maximum.at(spread, group, np.abs(uptake - mean_uptake[group]))
    spread += 0.5 * step
    return _Inverse(keys, *(part.astype(np.float32) for part in (mean_uptake, mean_luminance, spread)))


def _look_back(rgb: ArrayLike, inverse: _Inverse, plane: str) -> np.ndarray:
    color = _checked_rgb(rgb)
    flat, values = color.reshape(-1, 3), getattr(inverse, plane)
    out = np.empty(len(flat), np.float32)
    for start in range(0, len(flat), _CHUNK):
        part = slice(start, start + _CHUNK)
        colors, where = np.unique(_keys(flat[part]), return_inverse=True)
        out[part] = values[_nearest(colors, inverse.keys)][where.reshape(-1)]
    return out.reshape(color.shape[:-1])


def _nearest(colors: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Positions in ``keys`` of the given 24-bit colors, or of the nearest ones in RGB."""
    position = np.minimum(np.searchsorted(keys, colors), len(keys) - 1)
    foreign = keys[position] != colors
    if foreign.any():
        position[foreign], _ = nearest_colors(_channels(colors[foreign]), _channels(keys))
    return position


def _keys(rgb: np.ndarray) -> np.ndarray:
    """24-bit keys of RGB ``uint8`` (..., 3), flattened."""
    channels = rgb.reshape(-1, 3).astype(np.int32)
    return channels[:, 0] << 16 | channels[:, 1] << 8 | channels[:, 2]


def _channels(keys: np.ndarray) -> np.ndarray:
    return np.stack([keys >> 16, keys >> 8 & 255, keys & 255], axis=-1)


def _steps(values: np.ndarray, name: str) -> np.ndarray:
    scaled = np.rint(_checked_unit(values, name) * np.float32(STEPS - 1))
    return np.clip(scaled, 0, STEPS - 1).astype(np.intp)


def _uptake_steps(values: np.ndarray) -> np.ndarray:
    return _steps(values, "uptake")


def _signed_steps(values: np.ndarray) -> np.ndarray:
    """Columns of a diverging map: 1 to 255, no uptake at 128."""
    scaled = np.rint(_checked_unit(values, "signed uptake", low=-1) * np.float32(STEPS - 1 - ZERO))
    return np.clip(scaled + ZERO, 1, STEPS - 1).astype(np.intp)


def _checked_unit(values: np.ndarray, name: str, *, low: int = 0) -> np.ndarray:
    """The values, known to be finite and within [low, 1] up to rounding.  (NaN fails both comparisons.)"""
    if values.size and not (values.min() >= low - _SLACK and values.max() <= 1 + _SLACK):
        found = f"{values.min()} to {values.max()}" if np.isfinite(values).all() else "NaN or infinite values"
        msg = f"{name} must lie in [{low}, 1] but holds {found}: clean and window it first"
        raise OptionError(msg)
    return values


def _checked_strength(strength: float) -> float:
    if not 0 <= strength <= 1:
        msg = f"strength must lie between 0 (gray anatomy) and 1 (full color), not {strength}"
        raise OptionError(msg)
    return float(strength)


def _checked_rgb(rgb: ArrayLike) -> np.ndarray:
    color = np.asarray(rgb)
    if color.dtype != np.uint8 or color.ndim < 1 or color.shape[-1] != 3:
        msg = f"expected RGB as uint8 with 3 channels last, got {color.dtype} of shape {color.shape}"
        raise OptionError(msg)
    return color
