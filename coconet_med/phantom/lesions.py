"""Slices of generated heads into which lesions of known place, size and contrast are put, for observers to look for.

The anatomy of a background is drawn once; noise is drawn anew for every look, so that one background gives as many
pictures with and without lesions as are needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from coconet_med.errors import OptionError
from coconet_med.filters import gaussian
from coconet_med.phantom.head import draw
from coconet_med.phantom.lattice import Axes
from coconet_med.phantom.scan import (
    FWHM_PER_SIGMA,
    SCANNERS,
    WHITE_MATTER_T1,
    add_counting_noise,
    add_rician_noise,
    blurred,
    mr_signal,
)
from coconet_med.phantom.tissues import LABELS, TISSUES, lookup

FIELD_OF_VIEW = 240.0  # mm
SLAB = 2.0  # mm between the slices that blur into the one that is shown
#: Values that are shown as white: of the T1 signal, and of the uptake relative to gray matter.
WHITE_T1, WHITE_UPTAKE = 800.0, 2.0
#: Tissues in which lesions are put, and how much of their surroundings must be of them.
_TISSUES = (
    "gray", "white", "cerebellar_gray", "cerebellar_white", "brain_stem",
    "caudate", "putamen", "pallidum", "thalamus",
)  # fmt: skip
_WITHIN, _SHARE = 6.0, 0.9  # mm, share of the disk


@dataclass(frozen=True)
class Background:
    """One slice of a head before noise.

    Attributes:
        t1: T1-weighted signal ``(j, i)``, arbitrary units (white matter 620).
        uptake: tracer, blurred as the scanner does, relative to gray matter.
        places: where lesions may be put, ``(n, 2)`` row and column, well apart from each other.
        pixel: size of a pixel, mm.
    """

    t1: np.ndarray
    uptake: np.ndarray
    places: np.ndarray
    pixel: float


@dataclass(frozen=True)
class Insert:
    """One lesion: a ball.

    Attributes:
        place: row and column of its center.
        diameter: mm.
        mri: contrast in the MRI: above 0 it adds that share of the signal of white matter, below 0 it takes away that
            share of what is there.
        pet: contrast in the functional image before blur, likewise, above 0 of the uptake of gray matter.
    """

    place: tuple[int, int]
    diameter: float
    mri: float
    pet: float


def background(seed: int, *, level: float = 16.0, size: int = 192, apart: float = 26.0) -> Background:
    """An axial slice of the head of a seed.

    Args:
        seed: as in :func:`~coconet_med.phantom.head_phantom`.
        level: height of the slice, mm LPS.
        size: rows and columns of the field of view of 240 mm.
        apart: least distance of two places, mm.

    Raises:
        OptionError: a size outside 64 to 512.
    """
    if not 64 <= size <= 512:
        raise OptionError(f"phantom: size is {size}; give 64 to 512 pixels")
    pixel = FIELD_OF_VIEW / size
    across = ((np.arange(size) - (size - 1) / 2) * pixel).astype(np.float32)
    axes = Axes(across, across, (level + SLAB * np.arange(-4, 5)).astype(np.float32))
    canvas = draw(axes, seed=seed)
    signal = mr_signal(axes, canvas.channels["t1"], lookup("texture")[canvas.labels], seed=seed, level=0.0)
    activity = lookup("uptake")[canvas.labels] / np.float32(TISSUES["gray"].uptake)
    uptake = blurred(activity, (SLAB, pixel, pixel), SCANNERS["pet"].fwhm)
    return Background(signal[4].copy(), uptake[4].copy(), _places(canvas.labels[4], pixel, apart, seed), pixel)


def scan(
    where: Background, inserts: Sequence[Insert] = (), *, seed: int, noise: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """MRI and PET of a background with lesions, each ``uint8`` ``(j, i)``.

    Args:
        where: the background.
        inserts: the lesions.
        seed: of the noise; equal seeds give equal noise, so that a pair with and without lesions can be made.
        noise: 1 is a good clinical scan, 0 is none.
    """
    t1, uptake = where.t1.copy(), where.uptake.copy()
    for insert in inserts:
        for picture, contrast, unit, fwhm in (
            (t1, insert.mri, WHITE_MATTER_T1, where.pixel),
            (uptake, insert.pet, 1.0, SCANNERS["pet"].fwhm),
        ):
            if contrast:
                profile = ball(insert.diameter, pixel=where.pixel, fwhm=fwhm)
                reach = len(profile) // 2
                (j, i), n = insert.place, reach + 1
                part = picture[max(j - reach, 0) : j + n, max(i - reach, 0) : i + n]
                low = (max(reach - j, 0), max(reach - i, 0))
                shape = profile[low[0] : low[0] + part.shape[0], low[1] : low[1] + part.shape[1]]
                part += contrast * shape * (unit if contrast > 0 else part)
    if noise > 0:
        rng = np.random.default_rng([seed, 10])
        t1 = add_rician_noise(t1, level=noise, rng=rng)
        relative = SCANNERS["pet"].noise * noise
        uptake = add_counting_noise(uptake[None], reference=1.0, relative=relative, seed=seed)[0]
    return _picture(t1, WHITE_T1), _picture(uptake, WHITE_UPTAKE)


@lru_cache(maxsize=64)
def ball(diameter: float, *, pixel: float, fwhm: float) -> np.ndarray:
    """The middle slice of a ball of value 1 after a Gaussian blur in all three directions.

    Args:
        diameter: mm.
        pixel: mm.
        fwhm: of the blur, mm.

    Returns:
        ``float32`` (n, n), n odd.
    """
    fine = min(pixel / 8, diameter / 16)
    sigma = fwhm / FWHM_PER_SIGMA
    reach = diameter / 2 + 3 * sigma
    axis = np.arange(-np.ceil(reach / fine), np.ceil(reach / fine) + 1) * fine
    # Of the ball only its middle slice is needed: blur across first, as a sum, then within.
    across, rows, columns = axis[:, None, None], axis[None, :, None], axis[None, None, :]
    weight = np.exp(-0.5 * (axis / sigma) ** 2)
    weight /= weight.sum()
    inside = (across**2 + rows**2 + columns**2 <= (diameter / 2) ** 2).astype(np.float32)
    middle = gaussian(np.tensordot(weight, inside, 1).astype(np.float32), sigma / fine, border="zero")
    count = int(reach / pixel)
    at = np.arange(-count, count + 1) * pixel
    rows_at = np.stack([np.interp(at, axis, line) for line in middle])
    return np.stack([np.interp(at, axis, line) for line in rows_at.T], axis=1).astype(np.float32)


def _places(labels: np.ndarray, pixel: float, apart: float, seed: int) -> np.ndarray:
    """Random places that lie in brain tissue, as many as fit."""
    tissue = np.isin(labels, [LABELS[name] for name in _TISSUES]).astype(np.float32)
    reach = int(_WITHIN / pixel)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    offsets = np.argwhere(np.hypot(y, x) * pixel <= _WITHIN) - reach
    inner = np.argwhere(tissue > 0)
    inner = inner[((inner >= reach) & (inner < np.array(labels.shape) - reach)).all(axis=1)]
    around = inner[:, None] + offsets
    inner = inner[tissue[around[..., 0], around[..., 1]].mean(axis=1) >= _SHARE]
    chosen: list[np.ndarray] = []
    for place in np.random.default_rng([seed, 12]).permutation(inner):
        if all(np.hypot(*(place - other)) * pixel >= apart for other in chosen):
            chosen.append(place)
    return np.array(chosen).reshape(-1, 2)


def _picture(values: np.ndarray, white: float) -> np.ndarray:
    return np.clip(values * (255 / white) + 0.5, 0, 255).astype(np.uint8)
