"""A mosaic of slices with their places, sides, a scale bar and the legend; on one or several pages."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk
from PIL import Image, ImageDraw, ImageFont

from coconet_med.color.legend import with_legend
from coconet_med.errors import OptionError
from coconet_med.report.marks import EDGE, with_bar, with_sides
from coconet_med.report.overview import legend_of
from coconet_med.sheets.contours import gray_anatomy, slice_lines
from coconet_med.slices import Slicing, slicing_of_source

if TYPE_CHECKING:
    from coconet_med.result import FusionResult

#: Slices on a page, and pixels of the longer side of a slice.
PER_PAGE, SIDE = 24, 240
#: Axis along which the slices of a plane follow, and the letters of its ends (low, high LPS).
_ALONG = {"axial": (2, "I", "S"), "coronal": (1, "A", "P"), "sagittal": (0, "R", "L")}
_INK, _DIM = (235, 235, 235), (170, 170, 170)
_NOTE = "research use, not for diagnosis"


def mosaic(result: FusionResult, *, plane: str = "auto", slices: int = 24, contact: int = PER_PAGE) -> list[np.ndarray]:
    """Slices side by side, from the first that shows the anatomy to the last, evenly spaced.

    Args:
        result: a volume; with contours, their lines are drawn as fine as the pictures.
        plane: ``"axial"``, ``"coronal"``, ``"sagittal"``, or ``"auto"``: the one that the network saw.
        slices: how many; all of them where there are fewer.
        contact: how many on a page.

    Returns:
        Pages, RGB ``uint8``; pixels are square and of one scale.

    Raises:
        OptionError: the result is a picture, or an option is out of range.
    """
    if result.anatomy.planar:
        raise OptionError(f"{result.anatomy.name}: is a picture, which has no slices; --mosaic is for volumes")
    if not 1 <= slices <= 1000:
        raise OptionError(f"--mosaic-slices {slices}: give 1 to 1000")
    slicing = slicing_of_source(result.anatomy, result.plane if plane == "auto" else plane)
    chosen = _chosen(result, slicing, slices)
    pages = []
    for start in range(0, len(chosen), contact):
        part = chosen[start : start + contact]
        columns = math.ceil(math.sqrt(len(part) * 1.5))
        tiles = [_tile(result, slicing, index, bar=n == 0) for n, index in enumerate(part)]
        wide, tall = tiles[0].size
        page = Image.new("RGB", (columns * wide, math.ceil(len(part) / columns) * tall + 24))
        for n, tile in enumerate(tiles):
            page.paste(tile, (n % columns * wide, n // columns * tall))
        ImageDraw.Draw(page).text(
            (8, page.height - 12), f"{slicing.plane}, {_NOTE}", _DIM, ImageFont.load_default(13), anchor="lm"
        )
        legend = legend_of(result, height=min(max(256, page.height // 2), 560))
        pages.append(with_legend(np.asarray(page), legend))
    return pages


def _chosen(result: FusionResult, slicing: Slicing, count: int) -> list[int]:
    """Indices of evenly spaced slices among those in which 4 % of the pixels or more are not black."""
    gray = result.anatomy_window.apply(sitk.GetArrayViewFromImage(result.anatomy.image))
    lit = (slicing.stack(gray) > 0.1).mean(axis=(1, 2))
    shown = np.flatnonzero(lit >= 0.04)
    first, last = (int(shown[0]), int(shown[-1])) if shown.size else (0, len(lit) - 1)
    return sorted({round(index) for index in np.linspace(first, last, min(count, last - first + 1))})


def _tile(result: FusionResult, slicing: Slicing, index: int, *, bar: bool) -> Image.Image:
    volume = sitk.GetArrayViewFromImage(result.color)
    lines = result.contours is not None and result.contours.over == "anatomy"
    volume = gray_anatomy(result) if lines else volume
    pixels = np.ascontiguousarray(slicing.stack(volume)[index])
    _, row_mm, column_mm = slicing.spacing(result.anatomy.image)
    tall_mm, wide_mm = pixels.shape[0] * row_mm, pixels.shape[1] * column_mm
    scale = SIDE / max(tall_mm, wide_mm)  # pixels in a mm, the same for all slices
    size = max(1, round(tall_mm * scale)), max(1, round(wide_mm * scale))
    panel = np.array(Image.fromarray(pixels).resize(size[::-1], Image.Resampling.BICUBIC))
    if lines:
        for mask, color in slice_lines(result, slicing, index, size):
            panel[mask] = color
    panel = with_sides(panel, slicing.plane)
    tile = Image.fromarray(with_bar(panel, scale) if bar else panel)
    words, face = place_of(result.anatomy.image, slicing, index), ImageFont.load_default(13)
    ImageDraw.Draw(tile).text((4, 3), words, _INK, face, stroke_width=1, stroke_fill=EDGE)
    return tile


def place_of(image: sitk.Image, slicing: Slicing, index: int) -> str:
    """Where the middle of a slice lies along the axis of the body that its plane crosses: ``"S 34 mm"``."""
    axis, low, high = _ALONG[slicing.plane]
    center = [(n - 1) / 2 for n in image.GetSize()]
    along = 2 - slicing.order[0]
    count = image.GetSize()[along]
    center[along] = count - 1 - index if 0 in slicing.flips else index
    value = image.TransformContinuousIndexToPhysicalPoint(center)[axis]
    return f"{high if value >= 0 else low} {abs(value):.0f} mm"
