"""The legend of a fused picture: which color means how much uptake, at which lightness.

The bar is two-dimensional: uptake runs upwards, the fused lightness from left (dark) to right (bright), since
the color of a pixel depends on both.  Its lowest row is the gray of plain anatomy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from coconet_med.color import compose, ycbcr_compose
from coconet_med.color.colormaps import get_colormap
from coconet_med.color.look import faded
from coconet_med.errors import OptionError

Background = Literal["dark", "light"]

#: Height of a line of notes, and how far the foot of the title stands above the bar, in em: the label of the top of the
#: window reaches half a line above the bar.
_LINE, _ABOVE = 1.25, 1.0

_PAPER = {"dark": (0, 0, 0), "light": (255, 255, 255)}
_INK = {"dark": (235, 235, 235), "light": (20, 20, 20)}


@dataclass(frozen=True)
class _Layout:
    """Sizes in pixels, all derived from the height so that a legend looks the same at any size."""

    height: int
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont
    em: int
    bar_width: int
    left: int
    top: int
    bottom: int

    @property
    def bar_height(self) -> int:
        return self.bottom - self.top


def legend(
    colormap: str,
    low: float,
    high: float,
    units: str,
    *,
    height: int = 256,
    background: Background = "dark",
    strength: float = 1.0,
    caption: str = "lightness",
    threshold: float | None = None,
    notes: Sequence[str] = (),
    path: np.ndarray | None = None,
    projected: bool = False,
) -> np.ndarray:
    """Draw the color bar of a map.

    Args:
        colormap: a name in :data:`coconet_med.color.colormaps.COLORMAPS`.
        low: uptake at the lower end of the window, in ``units``.
        high: uptake at its upper end.
        units: what stands above the bar, such as ``SUVbw`` or ``kBq/ml``; a map without color has no numbers.
        height: height of the picture in pixels, at least 96; the width follows from the text.
        background: ``"dark"`` for pictures, ``"light"`` for paper.
        strength: as given to :func:`coconet_med.color.compose`.
        caption: what lightness means, written under the bar, from dark to bright; nothing if empty.
        threshold: uptake in [0, 1] of the window below which only the anatomy is shown.
        notes: lines written under the caption.
        path: colors of a picture whose palette is not known, ``uint8`` (n, 3): they are shown from the bottom to the
            top at the lightness of the anatomy, without numbers, as :func:`coconet_med.color.ycbcr_compose` does.
        projected: lightness is that of the uptake itself, as in a maximum projection: one color for each uptake.

    Returns:
        RGB ``uint8`` (height, width, 3).

    Raises:
        OptionError: the window is empty or not finite, the height is too small, or a name is unknown.
    """
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        msg = f"the window of a legend must rise from low to high, not {low} to {high}"
        raise OptionError(msg)
    if height < 96 or background not in _PAPER:
        msg = f"a legend is 96 or more pixels high, on a dark or light background: not {height}, {background!r}"
        raise OptionError(msg)
    colored = get_colormap(colormap).kind != "gray" and strength > 0
    ticks = _ticks(low, high) if colored else []
    title = units
    layout = _layout(height, notes=len(notes))
    texts = [layout.font.getlength(text) for text in (title, caption, *notes)]
    tick_width = max((layout.font.getlength(text) for _, text in ticks), default=0)
    right = layout.left + layout.bar_width + 0.9 * layout.em + tick_width
    width = math.ceil(max(right, layout.left + max(texts) + 0.8 * layout.em) + 0.6 * layout.em)
    picture = Image.new("RGB", (width, height), _PAPER[background])
    bar = _bar(layout, colormap, strength, threshold, projected) if path is None else _bar_of(layout, path)
    _draw_bar(picture, layout, bar, _INK[background])
    _draw_text(picture, layout, ticks, title, caption, _INK[background], (low, high))
    for n, note in enumerate(notes):
        place = (layout.left, layout.bottom + (1.45 + _LINE * (n + 1)) * layout.em)
        ImageDraw.Draw(picture).text(place, note, _INK[background], layout.font, anchor="ls")
    return np.asarray(picture)


def with_legend(picture: np.ndarray, legend: np.ndarray) -> np.ndarray:
    """Put a legend at the right side of a picture.

    Args:
        picture: RGB ``uint8`` (height, width, 3), or gray (height, width).
        legend: RGB ``uint8`` from :func:`legend`.

    Returns:
        RGB ``uint8`` as high as the higher of the two; the other is centered on the background of the legend.

    Raises:
        OptionError: ``picture`` is not such an array.
    """
    if picture.dtype != np.uint8 or picture.ndim not in (2, 3) or (picture.ndim == 3 and picture.shape[-1] != 3):
        msg = f"a legend goes beside one uint8 picture, gray or RGB, not {picture.dtype} of shape {picture.shape}"
        raise OptionError(msg)
    if picture.ndim == 2:
        picture = np.repeat(picture[..., None], 3, axis=-1)
    height = max(len(picture), len(legend))
    out = np.empty((height, picture.shape[1] + legend.shape[1], 3), np.uint8)
    out[:] = legend[0, 0]
    for part, column in ((picture, 0), (legend, picture.shape[1])):
        row = (height - len(part)) // 2
        out[row : row + len(part), column : column + part.shape[1]] = part
    return out


def _layout(height: int, *, notes: int = 0) -> _Layout:
    em = max(11, round(height / 22))
    font = ImageFont.load_default(em)
    margin = round(0.6 * em)
    return _Layout(
        height=height,
        font=font,
        em=em,
        bar_width=round(2.4 * em),
        left=margin,
        top=margin + round((_ABOVE + 0.9) * em),
        bottom=height - margin - round((1.7 + _LINE * notes) * em),
    )


def _bar(layout: _Layout, colormap: str, strength: float, threshold: float | None, projected: bool) -> np.ndarray:
    lowest = get_colormap(colormap).levels[0]
    luminance, uptake = np.meshgrid(np.linspace(0, 1, layout.bar_width), np.linspace(1, lowest, layout.bar_height))
    uptake = uptake if threshold is None else faded(uptake, threshold)
    luminance = np.abs(uptake) if projected else luminance
    return compose(luminance, uptake, colormap=colormap, strength=strength)


def _bar_of(layout: _Layout, path: np.ndarray) -> np.ndarray:
    row = np.rint(np.linspace(len(path) - 1, 0, layout.bar_height)).astype(int)
    luminance = np.broadcast_to(np.linspace(0, 1, layout.bar_width), (layout.bar_height, layout.bar_width))
    return ycbcr_compose(luminance, np.repeat(path[row][:, None], layout.bar_width, axis=1))


def _draw_bar(picture: Image.Image, layout: _Layout, bar: np.ndarray, ink: tuple[int, ...]) -> None:
    picture.paste(Image.fromarray(bar), (layout.left, layout.top))
    frame = (layout.left - 1, layout.top - 1, layout.left + layout.bar_width, layout.bottom)
    ImageDraw.Draw(picture).rectangle(frame, outline=tuple((value + 128) // 2 for value in ink))


def _draw_text(
    picture: Image.Image,
    layout: _Layout,
    ticks: list[tuple[float, str]],
    title: str,
    caption: str,
    ink: tuple[int, ...],
    window: tuple[float, float],
) -> None:
    draw = ImageDraw.Draw(picture)
    right, em = layout.left + layout.bar_width, layout.em
    draw.text((layout.left, layout.top - _ABOVE * em), title, ink, layout.font, anchor="ls")
    line = max(1, em // 12)
    for value, text in _spaced(ticks, layout, window):
        y = _row(value, layout, window)
        draw.line((right, y, right + em // 3, y), fill=ink, width=line)
        draw.text((right + 0.6 * em, y), text, ink, layout.font, anchor="lm")
    if not caption:
        return
    base = layout.bottom + 1.45 * em
    draw.text((layout.left, base), caption, ink, layout.font, anchor="ls")
    start, tip = layout.left + draw.textlength(caption, layout.font) + 0.25 * em, 0.3 * em
    middle = base - 0.28 * em  # an arrow of our own: the font has none
    draw.polygon([(start, middle - tip), (start, middle + tip), (start + 1.4 * tip, middle)], fill=ink)


def _row(value: float, layout: _Layout, window: tuple[float, float]) -> int:
    low, high = window
    return round(layout.bottom - 1 - (value - low) / (high - low) * (layout.bar_height - 1))


def _spaced(ticks: list[tuple[float, str]], layout: _Layout, window: tuple[float, float]) -> list[tuple[float, str]]:
    """The two ends of the window, 0, and those round numbers between them whose text does not touch another."""
    kept = [ticks[0], ticks[-1]] if ticks else []
    for tick in sorted(ticks[1:-1], key=lambda tick: tick[0] != 0):
        if all(
            abs(_row(tick[0], layout, window) - _row(other, layout, window)) >= 1.3 * layout.em for other, _ in kept
        ):
            kept.append(tick)
    return kept


def _ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Ends of the window and round numbers (1, 2, 5 times a power of ten) between them, about five, with their text."""
    raw = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = power * min((1, 2, 5, 10), key=lambda factor: abs(math.log(factor * power / raw)))
    inner = [step * n for n in range(math.ceil(low / step), math.floor(high / step) + 1)]
    slack = 1e-6 * step
    inner = [value for value in inner if low + slack < value < high - slack]
    return [(value, _number(value, step, largest=max(abs(low), abs(high)))) for value in (low, *inner, high)]


def _number(value: float, step: float, *, largest: float) -> str:
    """Plain digits with as many decimals as the step needs (one more where an end of the window needs it)."""
    decimals = max(0, -math.floor(math.log10(step)))
    if (largest >= 1e6 and step >= 1e4) or decimals > 4:
        digits = max(3, 2 + math.floor(math.log10(largest / step)))
        return f"{value:.{digits}g}"
    if abs(value - round(value, decimals)) > 0.02 * step:
        decimals += 1
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text
