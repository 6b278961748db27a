"""Lines of equal uptake over the anatomy, slice by slice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, get_args

import numpy as np
import SimpleITK as sitk
from PIL import Image, ImageDraw, ImageFont

from coconet_med.choices import ContoursOver, one_of
from coconet_med.errors import OptionError
from coconet_med.report.units import figure, units_of
from coconet_med.slices import Slicing, slicing_of_source

if TYPE_CHECKING:
    from coconet_med.result import FusionResult
    from coconet_med.source import Source

#: Colors of lines, from the lowest level to the highest: none is a gray, and neighbors differ in lightness too.
COLORS = (
    (41, 121, 255),
    (0, 229, 255),
    (29, 233, 182),
    (118, 255, 3),
    (255, 234, 0),
    (255, 145, 0),
    (255, 23, 68),
    (245, 0, 255),
)
_INK, _PAPER = (235, 235, 235), (0, 0, 0)


@dataclass(frozen=True)
class Contours:
    """Lines of equal uptake.

    Attributes:
        levels: in the units of the functional image, rising.
        over: what they are drawn over: the plain anatomy, or the fusion.
    """

    levels: tuple[float, ...]
    over: ContoursOver = "anatomy"


def parse_levels(levels: str | float | Sequence[float | str]) -> list[tuple[float, bool]]:
    """Numbers of the levels, and whether each is in percent of the maximum.

    Args:
        levels: one level, several, or a text in which spaces or commas part them; ``"40%"`` is of the maximum.

    Raises:
        OptionError: no level, or one that is no number.

    Example:
        >>> parse_levels("2.5 40%")
        [(2.5, False), (40.0, True)]
    """
    words = re.split(r"[\s,]+", levels.strip()) if isinstance(levels, str) else np.atleast_1d(levels).tolist()
    found = []
    for word in words:
        text = str(word).strip()
        try:
            value = float(text.removesuffix("%"))
        except ValueError:
            value = np.nan
        if not np.isfinite(value):
            raise OptionError(f"--contours {text or '(nothing)'}: give uptakes in the units of the image, or 40%")
        found.append((value, text.endswith("%")))
    if not 1 <= len(found) <= len(COLORS):
        raise OptionError(f"--contours: {len(found)} levels; give 1 to {len(COLORS)}, which can be distinguished")
    return found


def refuse_unknown_uptake(function: Source) -> None:
    """Refuse a functional image whose uptake is not known.

    Raises:
        OptionError: it has the colors of an unknown palette.
    """
    if function.color is not None:
        raise OptionError(f"--contours: the palette of {function.name} is not known, nor its uptake; give --palette")


def with_contours(
    result: FusionResult, levels: str | float | Sequence[float | str], *, over: ContoursOver = "anatomy"
) -> FusionResult:
    """The result with lines of equal uptake instead of its colors, or on them.

    Lines are one voxel wide and lie on the inner side of what reaches the level, in the slices that the network saw.
    Along the edge of the functional field of view there is none, since nothing is known beyond.

    Args:
        result: of :func:`coconet_med.fuse`.
        levels: uptakes, see :func:`parse_levels`.
        over: ``"anatomy"``, plain and gray, or ``"fused"``.

    Raises:
        OptionError: the uptake is not known (colors of an unknown palette), or an option is wrong.
    """
    one_of("--contours-over", over, get_args(ContoursOver))
    refuse_unknown_uptake(result.function)
    top = float(sitk.GetArrayViewFromImage(result.function.image).max())
    wanted = Contours(tuple(sorted({v * top / 100 if share else v for v, share in parse_levels(levels)})), over)
    pixels = (gray_anatomy(result) if over == "anatomy" else sitk.GetArrayFromImage(result.color)).copy()
    shape = _volume(sitk.GetArrayViewFromImage(result.uptake)).shape
    stack = _slicing(result).stack(pixels.reshape(*shape, 3))
    lines = _lines(result, wanted.levels)
    missed = []
    for level, color, line in zip(wanted.levels, line_colors(len(wanted.levels)), lines, strict=True):
        stack[line] = color
        missed += [] if line.any() else [figure(level)]
    image = sitk.GetImageFromArray(pixels.reshape(sitk.GetArrayViewFromImage(result.color).shape), isVector=True)
    image.CopyInformation(result.color)
    notes = (
        (f"--contours: no line at {', '.join(missed)} {result.window.units}, which no slice crosses",) if missed else ()
    )
    return replace(result, color=image, contours=wanted, warnings=(*result.warnings, *notes))


def gray_with_lines(result: FusionResult) -> sitk.Image:
    """Lightness in [0, 1] of a result with contours: what lies under the lines, and white lines; for gray forms.

    Returns:
        ``float32`` image on the grid of the result; levels look alike in it.
    """
    assert result.contours is not None
    if result.contours.over == "fused":
        values = sitk.GetArrayFromImage(result.luminance)
    else:
        values = result.anatomy_window.apply(sitk.GetArrayViewFromImage(result.anatomy.image))
    stack = _slicing(result).stack(_volume(values))
    for line in _lines(result, result.contours.levels):
        stack[line] = 1.0
    image = sitk.GetImageFromArray(values.reshape(sitk.GetArrayViewFromImage(result.luminance).shape))
    image.CopyInformation(result.luminance)
    return image


def _slicing(result: FusionResult) -> Slicing:
    anatomy = result.anatomy
    return slicing_of_source(anatomy, result.plane)


def _lines(result: FusionResult, levels: Sequence[float]) -> list[np.ndarray]:
    """For each level the pixels of its line, (slice, row, column)."""
    slicing = _slicing(result)
    uptake = slicing.stack(_volume(sitk.GetArrayViewFromImage(result.uptake)))
    known = slicing.stack(_volume(sitk.GetArrayViewFromImage(result.alignment.inside)) != 0)
    return [outline(uptake, level, known) for level in levels]


def outline(values: np.ndarray, level: float, known: np.ndarray | None = None) -> np.ndarray:
    """Pixels that reach a level and touch, within their slice, one that does not.

    Args:
        values: (slice, row, column).
        level: of a negative one, pixels at or below it reach it.
        known: where there are values at all; what lies beyond is no reason for a line.

    Returns:
        Boolean, the same shape.
    """
    inside = values >= level if level >= 0 else values <= level
    open_ = ~inside if known is None else ~inside & known
    touched = np.zeros_like(inside)
    touched[:, 1:] |= open_[:, :-1]
    touched[:, :-1] |= open_[:, 1:]
    touched[:, :, 1:] |= open_[:, :, :-1]
    touched[:, :, :-1] |= open_[:, :, 1:]
    return inside & touched


def line_colors(count: int) -> list[tuple[int, int, int]]:
    """A color for each of ``count`` levels, spread over :data:`COLORS`; a single one is yellow."""
    if count == 1:
        return [COLORS[4]]
    return [COLORS[round(n * (len(COLORS) - 1) / (count - 1))] for n in range(count)]


def gray_anatomy(result: FusionResult) -> np.ndarray:
    """The plain anatomy in its window, RGB ``uint8`` of the shape of the color image."""
    gray = np.rint(255 * result.anatomy_window.apply(sitk.GetArrayViewFromImage(result.anatomy.image)))
    pixels = np.repeat(gray.astype(np.uint8)[..., None], 3, axis=-1)
    return pixels.reshape(sitk.GetArrayViewFromImage(result.color).shape)


def contour_legend(result: FusionResult, *, height: int = 256) -> np.ndarray:
    """What each line means, RGB ``uint8`` as high as asked or as needed."""
    assert result.contours is not None
    em = max(11, round(height / 22))
    font = ImageFont.load_default(em)
    levels = result.contours.levels[::-1]
    colors = line_colors(len(levels))[::-1]
    units = units_of(result)
    texts = [figure(level) for level in levels]
    width = round(max(font.getlength(units), 3.2 * em + max(font.getlength(text) for text in texts)) + 2.4 * em)
    picture = Image.new("RGB", (width, max(height, round((len(levels) + 3) * 1.8 * em))), _PAPER)
    draw = ImageDraw.Draw(picture)
    draw.text((em, 1.8 * em), units, _INK, font, anchor="ls")
    for row, (text, color) in enumerate(zip(texts, colors, strict=True)):
        y = (3.2 + 1.8 * row) * em
        draw.line((em, y, 3 * em, y), fill=color, width=max(2, em // 5))
        draw.text((3.6 * em, y), text, _INK, font, anchor="lm")
    return np.asarray(picture)


def _volume(array: np.ndarray) -> np.ndarray:
    return array[None] if array.ndim == 2 else array


def slice_lines(
    result: FusionResult, slicing: Slicing, index: int, size: tuple[int, int]
) -> list[tuple[np.ndarray, tuple[int, int, int]]]:
    """The lines of one slice as they are drawn in a picture of it: masks of ``size`` (rows, columns), and colors.

    Uptake is interpolated to the pixels of the picture first, so that lines are as fine as the picture.
    """
    assert result.contours is not None
    plane = slicing.stack(_volume(sitk.GetArrayViewFromImage(result.uptake)))[index].astype(np.float32)
    known = slicing.stack(_volume(sitk.GetArrayViewFromImage(result.alignment.inside)))[index] != 0
    fine = np.asarray(Image.fromarray(np.ascontiguousarray(plane)).resize(size[::-1], Image.Resampling.BILINEAR))
    mask = Image.fromarray(np.ascontiguousarray(known.astype(np.uint8))).resize(size[::-1], Image.Resampling.NEAREST)
    colors = line_colors(len(result.contours.levels))
    inside = np.asarray(mask)[None] != 0
    return [
        (outline(fine[None], level, inside)[0], color)
        for level, color in zip(result.contours.levels, colors, strict=True)
    ]
