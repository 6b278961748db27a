"""Pictures that were painted with a palette, as PNG and as JPEG."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def painted_through(level: np.ndarray, table: np.ndarray) -> np.ndarray:
    return table[np.rint(level * (len(table) - 1)).astype(int)]


def as_jpeg(rgb: np.ndarray, quality: int, *, halved: bool) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "JPEG", quality=quality, subsampling=2 if halved else 0)
    return np.asarray(Image.open(stream).convert("RGB"))


def error_of(found: np.ndarray, level: np.ndarray) -> float:
    """Mean absolute error in percent where there is uptake."""
    return 100 * float(np.abs(found - level)[level > 0.02].mean())
