"""Pictures for people: the three images side by side, in three planes, with the legend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk
from PIL import Image, ImageDraw, ImageFont

from coconet_med.color import compose
from coconet_med.color.legend import legend, with_legend
from coconet_med.color.look import scaled_threshold
from coconet_med.slices import Slicing, slicing_of
from coconet_med.windowing.signed import SIGNED_INTENTS

if TYPE_CHECKING:
    from coconet_med.result import FusionResult

_PLANES = ("axial", "coronal", "sagittal")
_INK = (235, 235, 235)
_GAP = 6


def overview(result: FusionResult, *, height: int = 320) -> np.ndarray:
    """Anatomy, uptake and fusion in one row for a picture, in three rows (planes) for a volume, and the legend.

    Slices are taken through the middle of the uptake above its median; pixels are made square.

    Args:
        result: what to show.
        height: of one panel in pixels.

    Returns:
        RGB ``uint8``.
    """
    volumes = _volumes(result)
    rows = []
    for plane in _PLANES if result.color.GetDimension() == 3 else ("axial",):
        slicing = slicing_of(result.anatomy.image, plane=plane, planar=result.anatomy.planar)
        index = _slice_to_show(slicing.stack(volumes["uptake"][..., 0]))
        panels = [_panel(v, slicing, index, result, height) for v in volumes.values()]
        rows.append(_beside(panels))
    body = _below([_titles(rows[0].shape[1] // 3, len(volumes)), *rows])
    return with_legend(body, legend_of(result, height=min(max(256, len(body) // 2), 640)))


def legend_of(result: FusionResult, *, height: int = 256) -> np.ndarray:
    """The color bar of a result with its units; without a known palette, a bar that says so."""
    if result.contours is not None:
        from coconet_med.sheets.contours import contour_legend

        return contour_legend(result, height=height)
    units = units_of(result)
    if result.colormap is None:
        what = "palette unknown" if result.kept in (None, "function") else "luminance"
        return legend("gray", 0, 1, what, height=height, notes=_notes(result))
    low, high = result.window.low, result.window.high
    threshold = None if result.threshold is None else scaled_threshold(result.threshold, result.window)
    return legend(
        result.colormap,
        low,
        high,
        units,
        height=height,
        strength=result.strength,
        threshold=threshold,
        notes=_notes(result),
    )


def units_of(result: FusionResult) -> str:
    """What stands above the legend."""
    if result.window.units != "relative":
        return result.window.units
    statistic = SIGNED_INTENTS.get(result.function.details.get("nifti_intent", 0), "value")
    return statistic if result.window.signed else "relative uptake"


def _notes(result: FusionResult) -> list[str]:
    """What the legend says under the bar."""
    notes = []
    if result.lightness < 1:
        notes.append("gray: anatomy" if result.lightness == 0 else f"lightness {result.lightness:g}")
    if result.threshold:
        notes.append(f"from {'±' if result.window.signed else ''}{result.threshold:.3g} on")
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


def _panel(volume: np.ndarray, slicing: Slicing, index: int, result: FusionResult, height: int) -> Image.Image:
    pixels = np.ascontiguousarray(slicing.stack(volume)[index])
    _, row_mm, column_mm = slicing.spacing(result.anatomy.image)
    width = max(1, round(height * pixels.shape[1] * column_mm / (pixels.shape[0] * row_mm)))
    width, tall = (width, height) if width <= 2 * height else (2 * height, max(1, round(2 * height * height / width)))
    panel = Image.fromarray(pixels).resize((width, tall), Image.Resampling.BICUBIC)
    square = Image.new("RGB", (max(width, height), height))
    square.paste(panel, ((square.width - width) // 2, (height - tall) // 2))
    return square


def _beside(panels: list[Image.Image]) -> np.ndarray:
    row = Image.new("RGB", (sum(p.width + _GAP for p in panels), panels[0].height))
    left = 0
    for panel in panels:
        row.paste(panel, (left, 0))
        left += panel.width + _GAP
    return np.asarray(row)


def _below(rows: list[np.ndarray]) -> np.ndarray:
    width = max(row.shape[1] for row in rows)
    body = np.zeros((sum(len(row) + _GAP for row in rows), width, 3), np.uint8)
    top = 0
    for row in rows:
        left = (width - row.shape[1]) // 2
        body[top : top + len(row), left : left + row.shape[1]] = row
        top += len(row) + _GAP
    return body


def _titles(panel_width: int, count: int) -> np.ndarray:
    strip = Image.new("RGB", (panel_width * count, 26))
    draw = ImageDraw.Draw(strip)
    font = ImageFont.load_default(16)
    for n, title in enumerate(("anatomy", "function", "fused")[:count]):
        draw.text((n * panel_width + panel_width // 2, 13), title, fill=_INK, font=font, anchor="mm")
    return np.asarray(strip)
