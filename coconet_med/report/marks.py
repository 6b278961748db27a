"""What tells a reader where a picture lies: letters for the sides of the patient, and a bar of known length."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFont

#: Letters at the left, right, upper and lower edge of a slice as :mod:`coconet_med.slices` turns it.  Of an oblique
#: volume they are those of the nearest plane.
SIDES = {"axial": ("R", "L", "A", "P"), "coronal": ("R", "L", "S", "I"), "sagittal": ("A", "P", "S", "I")}

#: Longest bar, as a share of the width of the picture that it belongs to.
_LONGEST = 0.4

INK, EDGE = (235, 235, 235), (0, 0, 0)


def with_sides(rgb: np.ndarray, plane: str, *, font: int = 13) -> np.ndarray:
    """A slice with the letters of its sides.

    Args:
        rgb: ``uint8`` (rows, columns, 3), as a reader sees it.
        plane: ``"axial"``, ``"coronal"`` or ``"sagittal"``.
        font: size in pixels.
    """
    picture = Image.fromarray(rgb)
    draw, face = ImageDraw.Draw(picture), ImageFont.load_default(font)
    width, height = picture.size
    places = ((2, height / 2, "lm"), (width - 3, height / 2, "rm"), (width / 2, 2, "mt"), (width / 2, height - 3, "mb"))
    for letter, (x, y, anchor) in zip(SIDES[plane], places, strict=True):
        draw.text((x, y), letter, INK, face, anchor=anchor, stroke_width=max(1, font // 8), stroke_fill=EDGE)
    return np.asarray(picture)


def bar_length(width_mm: float) -> float:
    """The longest round length (1, 2 or 5 times a power of ten, in mm) that fits well into a picture.

    Example:
        >>> bar_length(192.0), bar_length(30.0)
        (50.0, 10.0)
    """
    most = _LONGEST * width_mm
    power = 10.0 ** math.floor(math.log10(most))
    return max(factor * power for factor in (1.0, 2.0, 5.0) if factor * power <= most)


def with_bar(rgb: np.ndarray, pixels_per_mm: float, *, font: int = 13) -> np.ndarray:
    """A picture with a bar of known length and its length in words, at the lower left.

    Args:
        rgb: ``uint8`` (rows, columns, 3), its pixels square.
        pixels_per_mm: its scale.
        font: size in pixels.
    """
    picture = Image.fromarray(rgb)
    draw, face = ImageDraw.Draw(picture), ImageFont.load_default(font)
    length = bar_length(picture.width / pixels_per_mm)
    left, bottom, thick = 6, picture.height - 6, max(2, font // 5)
    right = left + round(length * pixels_per_mm)
    draw.rectangle((left - 1, bottom - thick - 1, right + 1, bottom + 1), fill=EDGE)
    draw.rectangle((left, bottom - thick, right, bottom), fill=INK)
    words = f"{length:g} mm"
    draw.text((left, bottom - thick - 3), words, INK, face, anchor="lb", stroke_width=1, stroke_fill=EDGE)
    return np.asarray(picture)
