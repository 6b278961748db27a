"""Which of two images is the sharper one?  MRI and CT show detail of 1 mm, PET and SPECT none below their 4 to 8 mm.

The scale of an image is the ratio of its first to its second differences: for a structure of one wavelength that is
the wavelength / 2 pi, so that it grows with blur whatever the brightness.  Of both images the middle is looked at, on
the same grid of 2 mm after the same light blur, so that neither the voxel size of a PET brought onto the grid of an MRI
nor noise in single voxels counts.
"""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

#: Grid on which images are looked at, and standard deviation of the blur before, mm.
STEP, BLUR = 2.0, 1.0
#: The anatomy is said to be the smoother one above this ratio of scales.  ``python benchmarks/swapped.py --seeds 0``:
#: of 24 right pairs none lies above it (the largest has 1.02), of the same pairs swapped 22 do.
SWAPPED = 1.1
#: Voxels that differ by less than this part of the range from the background say nothing.
FOREGROUND = 0.15
#: Half the side of the cube that is looked at, mm.
REACH = 50.0
#: Fewest voxels of the foreground, and lowest value (HU) from which on an image without units is taken for CT.
FEWEST, CT_AIR = 500, -500.0


def blur_ratio(anatomy: sitk.Image, function: sitk.Image) -> float | None:
    """Scale of the anatomy over that of the function; ``None`` where one of them has too little to look at."""
    of_anatomy, of_function = scale_mm(anatomy), scale_mm(function)
    return None if of_anatomy is None or of_function is None else of_anatomy / of_function


def looks_like_ct(image: sitk.Image) -> bool:
    """Whether the values can be HU: those of PET, SPECT and MRI are never so low."""
    return float(sitk.GetArrayViewFromImage(image).min()) <= CT_AIR


def scale_mm(image: sitk.Image) -> float | None:
    """Median over the axes of root mean square first over second differences, mm."""
    values = _on_common_grid(image)
    low, high = np.percentile(values, (1, 99))
    if high <= low:
        return None
    values = np.clip(values, low, high)
    inside = values > low + FOREGROUND * (high - low)
    found = [s for axis in range(3) if (s := _along(np.moveaxis(values, axis, 0), np.moveaxis(inside, axis, 0)))]
    return float(np.median(found)) if found else None


def _along(values: np.ndarray, inside: np.ndarray) -> float | None:
    if len(values) < 4:
        return None
    first, second = np.diff(values, axis=0), np.diff(values, 2, axis=0)
    once, twice = inside[1:] & inside[:-1], inside[2:] & inside[1:-1] & inside[:-2]
    if np.count_nonzero(twice) < FEWEST:
        return None
    bend = float(np.mean(second[twice] ** 2))
    return STEP * float(np.sqrt(np.mean(first[once] ** 2) / bend)) if bend > 0 else None


def _middle(image: sitk.Image) -> sitk.Image:
    """The part of the image within :data:`REACH` of the middle of its brightness, so that large volumes cost little."""
    view = sitk.GetArrayViewFromImage(image)
    thin = tuple(slice(None, None, max(1, n // 48)) for n in view.shape)
    weights = view[thin].astype(np.float64)
    weights -= weights.min()
    first, size = [], []
    for axis, (count, spacing) in enumerate(zip(image.GetSize(), image.GetSpacing(), strict=True)):
        profile = weights.sum(axis=tuple(a for a in range(3) if a != 2 - axis))
        middle = float(np.average(np.arange(len(profile)), weights=profile + 1e-12)) * max(1, count // 48)
        reach = REACH / spacing
        low, high = max(0, int(middle - reach)), min(count, int(middle + reach) + 1)
        first.append(low)
        size.append(max(1, high - low))
    return sitk.RegionOfInterest(image, size, first)


def _on_common_grid(image: sitk.Image) -> np.ndarray:
    image = _middle(image)
    size = [max(1, round(n * s / STEP)) for n, s in zip(image.GetSize(), image.GetSpacing(), strict=True)]
    if min(image.GetSize()) >= 4:  # what the recursive filter needs
        image = sitk.SmoothingRecursiveGaussian(image, BLUR)
    args = (sitk.Transform(), sitk.sitkLinear, image.GetOrigin(), [STEP] * 3, image.GetDirection(), 0.0)
    return sitk.GetArrayFromImage(sitk.Resample(image, size, *args)).astype(np.float64)
