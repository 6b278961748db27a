"""How much of the anatomy a functional field of view covers, and how far the two bodies overlap."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from coconet_med.align.grid import extent_mm
from coconet_med.align.prepared import SAMPLED, Pair


def shares(pair: Pair, inside: sitk.Image, transform: sitk.Transform) -> tuple[float, float]:
    """Coverage and overlap on the anatomical grid: on the 4 mm grid, a thin slab may lie between two samples.

    Of a large grid every second or third voxel along an axis will do, unless the functional volume is that thin.
    """
    thin = float(extent_mm(pair.function).min())
    along = zip(inside.GetSize(), inside.GetSpacing(), strict=True)
    steps = [max(1, min(count // SAMPLED, int(thin / (2 * spacing)))) for count, spacing in along]
    inside = inside[tuple(slice(None, None, step) for step in steps)]

    def under(body: sitk.Image, move: sitk.Transform) -> np.ndarray:
        return _bits(sitk.Resample(body, inside, move, sitk.sitkNearestNeighbor, 0))

    covered = _bits(inside)
    here, there = under(pair.anatomy_body, sitk.Transform(3, sitk.sitkIdentity)), under(pair.function_body, transform)
    body = _count(here)
    here &= covered
    there &= covered
    both = _count(here) + _count(there)
    return _count(here) / max(1, body), 2 * _count(here & there) / both if both else 0.0


def _bits(mask: sitk.Image) -> np.ndarray:
    """A mask in an eighth of its memory: three of them are held while the volume is being fused."""
    return np.packbits(sitk.GetArrayViewFromImage(mask))


def _count(bits: np.ndarray) -> int:
    return int(np.bitwise_count(bits).sum())
