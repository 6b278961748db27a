"""Pictures for people: the three images side by side, in three planes, with the legend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk
from PIL import Image, ImageDraw, ImageFont

from coconet_med.color import compose
from coconet_med.color.colormaps import get_colormap
from coconet_med.color.legend import legend, with_legend
from coconet_med.color.likeness import likeness_path
from coconet_med.color.look import scaled_threshold
from coconet_med.report.marks import with_bar, with_sides
from coconet_med.report.units import figure, units_of
from coconet_med.slices import Slicing, slicing_of_source

if TYPE_CHECKING:
    from coconet_med.result import FusionResult

_PLANES = ("axial", "coronal", "sagittal")
_INK = (235, 235, 235)
_GAP = 6


def overview(result: FusionResult, *, height: int = 320) -> np.ndarray:
    """Anatomy, uptake and fusion in one row for a picture, in three rows (planes) for a volume, and the legend.

    Slices are taken through the middle of the uptake above its median; pixels are made square, and all planes of a
    volume have one scale, which a bar tells; letters name the sides of the patient.

    Args:
        result: what to show.
        height: of the highest panel in pixels.

    Returns:
        RGB ``uint8``.
    """
    volumes = _volumes(result)
    planar = result.color.GetDimension() == 2
    slicings = [slicing_of_source(result.anatomy, plane) for plane in (_PLANES[:1] if planar else _PLANES)]
    scale = pixels_per_mm(result, slicings, height)
    rows = []
    for slicing in slicings:
        index = _slice_to_show(slicing.stack(volumes["uptake"].max(axis=-1)))
        panels = [_panel(v, slicing, index, result, scale) for v in volumes.values()]
        if not result.anatomy.planar:
            panels = [with_sides(panel, slicing.plane) for panel in panels]
            panels[0] = with_bar(panels[0], scale)
        rows.append(panels)
    width = max(panel.shape[1] for row in rows for panel in row) + _GAP
    body = np.concatenate([_titles(width, len(volumes)), *(_beside(row, width) for row in rows)])
    return with_legend(body, legend_of(result, height=min(max(256, len(body) // 2), 640)))


def pixels_per_mm(result: FusionResult, slicings: Sequence[Slicing], size: int) -> float:
    """The one scale at which the slices of all planes fit: none is higher than ``size`` pixels, or 1.25 times as wide.

    In a picture a pixel counts as 1 mm.
    """
    shape = sitk.GetArrayViewFromImage(result.anatomy.image).shape
    sides = []
    for slicing in slicings:
        _, rows, columns = (shape[axis] for axis in slicing.order)
        _, row_mm, column_mm = slicing.spacing(result.anatomy.image)
        sides.append(max(rows * row_mm, columns * column_mm / 1.25))
    return size / max(sides)


def legend_of(result: FusionResult, *, height: int = 256) -> np.ndarray:
    """The color bar of a result with its units; of an unknown palette its own colors, without numbers."""
    if result.contours is not None:
        from coconet_med.sheets.contours import contour_legend

        return contour_legend(result, height=height)
    units = units_of(result)
    if result.colormap is None:
        if result.function.color is not None and result.kept in (None, "function"):
            path = likeness_path(sitk.GetArrayViewFromImage(result.function.color))
            return legend("gray", 0, 1, "palette unknown", height=height, notes=_notes(result), path=path)
        return legend("gray", 0, 1, "luminance", height=height, notes=_notes(result))
    if get_colormap(result.colormap).kind == "gray":
        return legend("gray", 0, 1, "lightness", height=height, notes=_notes(result))
    low, high = result.window.low, result.window.high
    threshold = None if result.threshold is None else scaled_threshold(result.threshold, result.window)
    return legend(
        result.colormap,
        low,
        high,
        units,
        height=height,
        strength=result.strength,
        caption=_caption(result),
        threshold=threshold,
        notes=_notes(result),
    )


def _caption(result: FusionResult) -> str:
    """What goes from dark to bright: the anatomy only where the fusion leaves its lightness alone."""
    return "anatomy" if result.lightness == 0 or result.strength == 0 else "lightness"


def _notes(result: FusionResult) -> list[str]:
    """What the legend says under the bar."""
    notes = []
    if result.lightness < 1:
        notes.append("gray: anatomy" if result.lightness == 0 else f"lightness {result.lightness:g}")
    if result.threshold:
        notes.append(f"from {'±' if result.window.signed else ''}{figure(result.threshold)} on")
    if result.without_data:
        notes.append("hatched: no data")
    return notes


def _volumes(result: FusionResult) -> dict[str, np.ndarray]:
    """(k, j, i, 3) RGB arrays of anatomy, uptake and fusion."""
    anatomy = result.anatomy_window.apply(sitk.GetArrayViewFromImage(result.anatomy.image))
    uptake = result.window.apply(sitk.GetArrayViewFromImage(result.uptake)).reshape(anatomy.shape)
    fused = sitk.GetArrayFromImage(result.color).reshape(*anatomy.shape, 3)
    return {"anatomy": alone(anatomy), "uptake": alone(uptake, signed=result.window.signed), "fused": fused}


def alone(scaled: np.ndarray, *, signed: bool = False) -> np.ndarray:
    """RGB ``uint8`` (..., 3) of one image by itself: gray, or of a signed map its colors, black where it is 0.

    Args:
        scaled: (...), in [0, 1] of its window; of a signed map in [-1, 1].
        signed: whether it is one.
    """
    if signed:
        return compose(np.abs(scaled), scaled, colormap="diverging")
    return np.repeat(np.rint(255 * scaled).astype(np.uint8)[..., None], 3, axis=-1)


def _slice_to_show(stack: np.ndarray) -> int:
    weight = np.maximum(stack.astype(np.float32) - 64, 0).sum(axis=(1, 2))
    if weight.sum() == 0:
        return len(stack) // 2
    return int(np.searchsorted(np.cumsum(weight), weight.sum() / 2))


def _panel(volume: np.ndarray, slicing: Slicing, index: int, result: FusionResult, scale: float) -> np.ndarray:
    pixels = np.ascontiguousarray(slicing.stack(volume)[index])
    _, row_mm, column_mm = slicing.spacing(result.anatomy.image)
    size = (pixels.shape[1] * column_mm, pixels.shape[0] * row_mm)
    width, tall = (max(1, round(mm * scale)) for mm in size)
    return np.asarray(Image.fromarray(pixels).resize((width, tall), Image.Resampling.BICUBIC))


def _beside(panels: list[np.ndarray], width: int) -> np.ndarray:
    """A row of panels of one size, each in the middle of a column so wide."""
    row = np.zeros((panels[0].shape[0] + _GAP, width * len(panels), 3), np.uint8)
    for n, panel in enumerate(panels):
        left = n * width + (width - panel.shape[1]) // 2
        row[: panel.shape[0], left : left + panel.shape[1]] = panel
    return row


def _titles(panel_width: int, count: int) -> np.ndarray:
    strip = Image.new("RGB", (panel_width * count, 26))
    draw = ImageDraw.Draw(strip)
    font = ImageFont.load_default(16)
    for n, title in enumerate(("anatomy", "function", "fused")[:count]):
        draw.text((n * panel_width + panel_width // 2, 13), title, fill=_INK, font=font, anchor="mm")
    return np.asarray(strip)
