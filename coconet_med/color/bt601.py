"""Luminance and chroma of RGB by ITU-R BT.601: JPEG, PNG viewers, and the color pictures of the atlas have them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

#: Weights of red, green and blue in Y (section 2.5.1).
RED: Final = 0.299
GREEN: Final = 0.587
BLUE: Final = 0.114
WEIGHTS: Final = (RED, GREEN, BLUE)

#: The same for arrays (..., 3).
LUMA: Final = np.array(WEIGHTS)

#: Differences of blue and of red to Y over Cb and Cr of full range, as in JFIF: 2 (1 - weight).
CB: Final = 1.772
CR: Final = 1.402


def luma(rgb: ArrayLike) -> np.ndarray:
    """Y of RGB values (..., 3), in the range of the input, ``float64``."""
    return np.asarray(rgb, float) @ LUMA


def chroma(rgb: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Color differences (Cb, Cr) of RGB values (..., 3), in the range of the input, 0 for gray, ``float64``."""
    values = np.asarray(rgb, float)
    y = values @ LUMA
    return (values[..., 2] - y) / CB, (values[..., 0] - y) / CR


def chroma_to_rgb(cb: np.ndarray, cr: np.ndarray) -> np.ndarray:
    """RGB differences from gray of a (Cb, Cr) vector centered at 0: (..., 3)."""
    green = -(RED * CR * cr + BLUE * CB * cb) / GREEN
    return np.stack([CR * cr, green, CB * cb], axis=-1)
