"""OKLab: colors as an eye compares them, for the measures that look at color and lightness together.

B. Ottosson, "A perceptual color space for image processing" (2020), https://bottosson.github.io/posts/oklab/.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

#: Difference of two colors in OKLab (Euclidean; black and white are 1 apart) that is just noticeable: W3C, CSS Color
#: Module Level 4, section 13.2, "CSS gamut mapping" (JND = 0.02).  Between flat grays it is 5 to 7 of 255 gray levels.
JUST_NOTICEABLE: Final = 0.02

_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_LINEAR = np.arange(256) / 255
_LINEAR = np.where(_LINEAR <= 0.04045, _LINEAR / 12.92, ((_LINEAR + 0.055) / 1.055) ** 2.4)


def oklab(linear: ArrayLike) -> np.ndarray:
    """L, a and b ``(..., 3)`` of linear sRGB ``(..., 3)`` in [0, 1]."""
    return np.cbrt(np.asarray(linear, dtype=np.float64) @ _TO_CONES.T) @ _TO_LAB.T


def oklab_of_picture(picture: ArrayLike) -> np.ndarray:
    """L, a and b ``(j, i, 3)`` of a picture 0..255, sRGB ``(j, i, 3)`` or gray ``(j, i)``; rounded to 8 bits first."""
    values = np.asarray(picture, dtype=np.float64)
    levels = np.round(np.clip(np.nan_to_num(values), 0.0, 255.0)).astype(np.uint8)
    if levels.ndim == 2:
        levels = np.repeat(levels[..., None], 3, axis=-1)
    return oklab(_LINEAR[levels])
