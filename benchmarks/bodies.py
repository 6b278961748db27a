"""Generated thighs and abdomens for the benchmark of the registration: MR or CT, and PET on a grid of its own.

They are made to have what makes bodies hard: uptake that is low and even but for a focus, wide fat, a field of view
that cuts the body, voxels of 5 mm, and nothing as marked as a brain.  A seed gives a person; truth is that both images
share one world.

World coordinates are LPS mm, the middle of the anatomical field of view at (0, 0, 0).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import SimpleITK as sitk

from coconet_med.filters import gaussian
from coconet_med.phantom.scan import FWHM_PER_SIGMA
from coconet_med.phantom.shapes import ellipsoid, tube

Part = Literal["thigh", "abdomen"]

#: T1-weighted signal, CT (HU) and uptake (SUV) of each tissue.
TISSUES = {
    "air": (5.0, -1000.0, 0.0),
    "fat": (900.0, -100.0, 0.25),
    "muscle": (300.0, 50.0, 0.65),
    "cortex": (40.0, 900.0, 0.3),
    "marrow": (750.0, 120.0, 0.9),
    "blood": (150.0, 60.0, 1.5),
    "tumor": (260.0, 40.0, 7.0),
    "necrosis": (200.0, 20.0, 1.5),
    "liver": (420.0, 65.0, 2.2),
    "spleen": (330.0, 55.0, 1.8),
    "kidney": (310.0, 40.0, 3.2),
    "urine": (120.0, 5.0, 12.0),
    "bowel": (350.0, 25.0, 1.2),
    "gas": (10.0, -900.0, 0.2),
    "disc": (280.0, 80.0, 0.5),
}

#: Size in voxels and voxel size (mm) of the anatomical image, and voxel size and blur (FWHM, mm) of the PET.
GRIDS = {
    "thigh": ((144, 150, 47), (1.1, 1.1, 3.27), (5.47, 5.47, 3.27), 7.0),
    "abdomen": ((180, 140, 44), (2.0, 2.0, 4.0), (4.07, 4.07, 3.0), 6.0),
}


def body_phantom(part: Part, *, seed: int = 0, contrast: Literal["mr", "ct"] = "mr") -> tuple[sitk.Image, sitk.Image]:
    """One person's anatomical image (``float32``, arbitrary units or HU) and PET (``float32``, SUV)."""
    size, spacing, pet_spacing, fwhm = GRIDS[part]
    rng = np.random.default_rng([seed, part == "thigh"])
    draw = _thigh(rng) if part == "thigh" else _abdomen(rng)
    anatomy = _grid(size, spacing)
    signal = _values(draw(_points(anatomy)), ("mr", "ct").index(contrast))
    if contrast == "mr":
        signal *= 1 + 0.12 * _wander(rng, anatomy, 150)
        signal = np.hypot(signal + rng.normal(0, 15, signal.shape), rng.normal(0, 15, signal.shape))
    else:
        signal += rng.normal(0, 20, signal.shape)
    # The functional field of view reaches somewhat beyond, by another length at every side.
    extent = np.multiply(size, spacing) + np.array((20, 20, 16))
    cells = np.ceil(extent / pet_spacing).astype(int)
    pet = _grid(tuple(cells * 2), tuple(np.divide(pet_spacing, 2)), center=rng.uniform(-6, 6, 3))
    sharp = _values(draw(_points(pet)), 2) * (1 + 0.15 * _wander(rng, pet, 40))
    smooth = gaussian(
        sharp.astype(np.float32), [fwhm / FWHM_PER_SIGMA / s for s in pet.GetSpacing()[::-1]], border="nearest"
    )
    smooth = smooth.reshape(cells[2], 2, cells[1], 2, cells[0], 2).mean(axis=(1, 3, 5))
    grain = gaussian(rng.standard_normal(smooth.shape, dtype=np.float32), 0.7)
    counts = smooth + 0.12 * grain / grain.std() * np.sqrt(np.maximum(smooth, 0) * 0.65 + 0.05**2)
    coarse = _grid(tuple(cells), pet_spacing, center=_center(pet))
    return _filled(anatomy, signal), _filled(coarse, np.maximum(counts, 0))


def _thigh(rng: np.random.Generator) -> Callable[[tuple[np.ndarray, ...]], np.ndarray]:
    """Labels at points: one thigh whole, the other one cut by the field of view."""
    wide, deep, taper = rng.uniform(66, 78), rng.uniform(70, 82), rng.uniform(0.0008, 0.002)
    fat, lean, phase = rng.uniform(9, 20), rng.uniform(-0.06, 0.06), rng.uniform(0, 2 * np.pi, 4)
    femur = rng.uniform(-8, 8, 2)
    spot = rng.uniform((-35, -35, -35), (35, 35, 35))
    reach = rng.uniform(12, 26, 3)

    def leg(x: np.ndarray, y: np.ndarray, z: np.ndarray, label: np.ndarray) -> None:
        grow = 1 + taper * z
        angle = np.arctan2(y, x)
        skin = np.hypot(x / (wide * grow), y / (deep * grow)) - 1 - 0.02 * np.sin(2 * angle + phase[0] + z / 60)
        edge = skin * wide
        _paint(label, "fat", edge)
        inner = edge + fat + 3 * np.sin(3 * angle + phase[1]) + 2 * np.sin(z / 35 + phase[2])
        _paint(label, "muscle", inner)
        fx, fy = x - femur[0] - lean * z, y - femur[1] + lean * z / 2
        turn = np.arctan2(fy, fx) + 0.004 * z
        for place, width in ((0.3, 2.2), (1.6, 1.8), (2.9, 2.5), (4.3, 2.0), (5.3, 1.7)):
            sheet = np.abs(np.sin((turn - place - phase[3]) / 2)) * 2 * np.hypot(fx, fy) - width
            _paint(label, "fat", np.maximum(sheet, inner + 2))
        _paint(label, "blood", np.hypot(fx - 22, fy + 16 - 0.1 * z) - 5)
        _paint(label, "blood", np.hypot(fx - 30, fy + 10 - 0.1 * z) - 4)
        _paint(label, "cortex", np.hypot(fx, fy) - 14)
        _paint(label, "marrow", np.hypot(fx, fy) - 8.5)

    def draw(points: tuple[np.ndarray, ...]) -> np.ndarray:
        x, y, z = points
        label = np.zeros(np.broadcast_shapes(x.shape, y.shape, z.shape), np.uint8)
        x, y, z = (value + 0 * label.astype(np.float32) for value in (x, y, z))
        leg(-(x - 2 * wide - 14), y - 4, z, label)
        leg(x, y, z, label)
        tumor = ellipsoid(tuple(spot), tuple(reach)).distance(x, y, z) + 2 * np.sin(x / 9 + y / 11 + z / 8)
        _paint(label, "tumor", tumor)
        _paint(label, "necrosis", tumor + 0.45 * reach.min())
        return label

    return draw


def _abdomen(rng: np.random.Generator) -> Callable[[tuple[np.ndarray, ...]], np.ndarray]:
    """Labels at points: upper abdomen, 35 cm wide, arms out of the way."""
    wide, deep, fat = rng.uniform(145, 160), rng.uniform(95, 112), rng.uniform(12, 28)
    shift, sway = rng.uniform(-6, 6, (8, 3)), rng.uniform(0, 2 * np.pi, 4)
    scale = rng.uniform(0.88, 1.1, (8, 1))
    level = rng.uniform(-15, 15)
    spot = rng.uniform((-110, -40, -10), (-50, 20, 40))

    def organ(number: int, center: tuple[float, ...], radii: tuple[float, ...]) -> Callable[..., np.ndarray]:
        return ellipsoid(tuple(center + shift[number]), tuple(np.multiply(radii, scale[number])), turn=10.0).distance

    organs = (
        ("liver", organ(0, (-78, -12, 30 + level), (68, 78, 62))),
        ("spleen", organ(1, (92, 42, 32 + level), (22, 40, 40))),
        ("gas", organ(2, (58, -48, 38 + level), (26, 22, 22))),
        ("bowel", organ(3, (70, -30, 10 + level), (30, 28, 30))),
        ("kidney", organ(4, (-62, 54, -25 + level), (26, 24, 46))),
        ("kidney", organ(5, (62, 56, -12 + level), (26, 24, 46))),
    )

    def draw(points: tuple[np.ndarray, ...]) -> np.ndarray:
        x, y, z = points
        label = np.zeros(np.broadcast_shapes(x.shape, y.shape, z.shape), np.uint8)
        x, y, z = (value + 0 * label.astype(np.float32) for value in (x, y, z))
        skin = (np.hypot(x / wide, y / deep) - 1) * deep + 2 * np.sin(3 * np.arctan2(y, x) + sway[0] + z / 80)
        _paint(label, "fat", skin)
        wall = skin + fat * (1 + 0.2 * np.sin(2 * np.arctan2(y, x) + sway[1]))
        _paint(label, "muscle", wall)
        cavity = np.maximum(wall + 10, y - 70)
        _paint(label, "fat", cavity)
        loops = np.sin(x / 14 + sway[2]) + np.sin(y / 12 + sway[3]) + np.sin(z / 13 + sway[0])
        _paint(label, "bowel", np.maximum(np.maximum(-loops * 10 + 4, cavity + 4), np.maximum(z - level + 5, y - 25)))
        for name, distance in organs:
            _paint(label, name, np.maximum(distance(x, y, z) + 2 * np.sin(x / 17 + y / 15 + z / 16), wall + 8))
        for side, height in ((-62, -25), (62, -12)):
            pelvis = tube((side * 0.75, 50, height + level + 6, 7), (side * 0.6, 48, height + level - 14, 5)).distance
            _paint(label, "urine", pelvis(x, y, z))
        bow = 8 * np.cos(z / 70)
        spine = np.hypot(x / 22, (y - 50 - bow) / 18) - 1
        slab = np.abs((z + level) % 34 - 17)
        _paint(label, "disc", spine * 18)
        _paint(label, "cortex", np.maximum(spine * 18, slab - 13))
        _paint(label, "marrow", np.maximum(spine * 18 + 2, slab - 11.5))
        _paint(label, "cortex", np.maximum(np.hypot(x / 14, (y - 82 - bow) / 10) - 1, 0) * 10 - 1 + (slab > 13) * 9)
        _paint(label, "blood", np.hypot(x - 10, y - 22 - bow) - 10)
        _paint(label, "blood", np.hypot(x + 16, y - 20 - bow) - 11)
        _paint(label, "tumor", ellipsoid(tuple(spot), (11, 9, 12)).distance(x, y, z))
        return label

    return draw


def _paint(label: np.ndarray, tissue: str, distance: np.ndarray) -> None:
    label[distance < 0] = list(TISSUES).index(tissue)


def _values(label: np.ndarray, channel: int) -> np.ndarray:
    return np.array([values[channel] for values in TISSUES.values()])[label]


def _grid(size: tuple[int, ...], spacing: tuple[float, ...], center: np.ndarray | None = None) -> sitk.Image:
    image = sitk.Image([int(n) for n in size], sitk.sitkFloat32)
    image.SetSpacing([float(s) for s in spacing])
    middle = np.zeros(3) if center is None else center
    image.SetOrigin((middle - (np.array(size) - 1) / 2 * np.array(spacing)).tolist())
    return image


def _center(image: sitk.Image) -> np.ndarray:
    return np.array(image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()]))


def _points(image: sitk.Image) -> tuple[np.ndarray, ...]:
    """World x, y, z at the voxels, to be broadcast to (k, j, i)."""
    grid = zip(image.GetOrigin(), image.GetSpacing(), image.GetSize(), strict=True)
    x, y, z = (np.float32(start) + np.float32(step) * np.arange(n, dtype=np.float32) for start, step, n in grid)
    return x[None, None, :], y[None, :, None], z[:, None, None]


def _wander(rng: np.random.Generator, image: sitk.Image, width: float) -> np.ndarray:
    """Low-pass noise about 0, its extremes near -1 and 1, with structures of ``width`` mm."""
    extent = np.multiply(image.GetSize(), image.GetSpacing())
    cells = np.ceil(extent / width).astype(int) + 3
    coarse = sitk.GetImageFromArray(rng.uniform(-1, 1, cells[::-1]).astype(np.float32))
    coarse.SetSpacing([width] * 3)
    coarse.SetOrigin((np.array(image.GetOrigin()) - width).tolist())
    return sitk.GetArrayFromImage(sitk.Resample(coarse, image, sitk.Transform(), sitk.sitkBSpline3, 0.0))


def _filled(image: sitk.Image, values: np.ndarray) -> sitk.Image:
    result = sitk.GetImageFromArray(values.astype(np.float32))
    result.CopyInformation(image)
    return result
