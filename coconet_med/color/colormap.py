"""A color map: how anatomy (as lightness) and uptake (as color) share one pixel.

A map is a two-dimensional table of 256 luminance steps by 256 uptake steps.  Two families exist:

* *hue maps* (``uptake``, ``ember``, ``ct``): BT.601 Y of the pixel is the fused luminance, slightly compressed where
  there is uptake, because black and white have no room for color.  Uptake turns the chroma vector, in the plane of
  constant Y, along a path of control points; its length is bounded softly by the RGB gamut (no clipping, no creases).
* *classic maps* (``hot``, ``hot-metal``, ``pet``, ``rainbow``): the look of the nuclear-medicine workstation: the
  one-dimensional palette is overlaid on the gray picture with an opacity of one half.  They are options, not the
  default: :attr:`Colormap.cost` says what each loses, and ``docs/color.md`` has the measurements.

A *diverging map* is two hue maps, one for values above 0 and one for those below; its uptake runs from -1 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from coconet_med.color import bt601
from coconet_med.errors import OptionError

#: Steps of luminance (rows) and of uptake (columns) in a color table.
STEPS = 256

#: Column of no uptake in the table of a diverging map; column 0 is as column 1, so that both sides have 127 steps.
ZERO = 128

Kind = Literal["hue", "classic", "gray", "diverging"]
Knots = tuple[tuple[float, float], ...]
ColorKnots = tuple[tuple[float, tuple[int, int, int]], ...]


@dataclass(frozen=True)
class Colormap:
    """One way to color uptake; see the module's text for the families.

    Attributes:
        name: what users type.
        description: one line for help texts.
        cost: what a reader loses with it, in one line (measured: ``docs/color.md``).
        kind: family.
        colors: control points ``(uptake, (R, G, B))``.  Hue maps use their hue only, classic maps the colors.
        chroma: hue maps: length of the (Cb, Cr) vector over uptake, before the gamut bounds it.
        darkest: hue maps: Y (0 to 1) of black anatomy over uptake; above 0, because black has no hue.
        brightest: hue maps: Y of white anatomy over uptake.
        opacity: classic maps: opacity of the color over uptake.
        below: diverging maps: the hue map of values below 0; the others are those of values above.
    """

    name: str
    description: str
    cost: str
    kind: Kind
    colors: ColorKnots = ()
    chroma: Knots = ()
    darkest: Knots = ((0.0, 0.0), (1.0, 0.0))
    brightest: Knots = ((0.0, 1.0), (1.0, 1.0))
    opacity: Knots = ()
    below: Colormap | None = None

    @property
    def levels(self) -> np.ndarray:
        """Uptake of the 256 columns of the table: 0 to 1, or of a diverging map -1 to 1 with 0 at column 128."""
        if self.kind == "diverging":
            return np.clip((np.arange(STEPS) - ZERO) / (STEPS - 1 - ZERO), -1, 1)
        return np.linspace(0, 1, STEPS)

    def palette(self, levels: int = STEPS) -> np.ndarray:
        """The one-dimensional palette of a classic map: uint8 (levels, 3), linear between the control points."""
        if self.kind != "classic":
            msg = f"color map {self.name!r} has no one-dimensional palette: its color depends on the anatomy too"
            raise OptionError(msg)
        knots, colors = _split(self.colors)
        u = np.linspace(0, 1, levels)
        return np.stack([np.rint(np.interp(u, knots, channel)) for channel in colors.T], axis=-1).astype(np.uint8)

    def table(self, strength: float = 1.0) -> np.ndarray:
        """RGB for each pair of luminance and uptake: uint8 (256 luminance steps, 256 uptake steps, 3).

        ``strength`` is the linear weight between gray anatomy (0) and the full color (1).  The column of no uptake (0,
        or :data:`ZERO`) is exactly gray.
        """
        gray = np.broadcast_to(np.linspace(0, 1, STEPS)[:, None, None], (STEPS, STEPS, 3))
        if self.kind == "gray":
            rgb = gray
        elif self.kind in ("hue", "diverging"):
            rgb = _hue_table(self.curves())
        else:
            alpha = _smooth(self.opacity)[None, :, None]
            rgb = (1 - alpha) * gray + alpha * self.palette()[None] / 255
        return _quantize(gray + strength * (rgb - gray))

    def curves(self) -> dict[str, np.ndarray]:
        """What :meth:`table` is made of, over its 256 columns, for those who make it elsewhere.

        Hue and diverging maps: ``darkest``, ``brightest``, ``chroma`` and ``direction`` (256, 3); classic maps:
        ``opacity`` and ``palette`` (256, 3) uint8; gray: nothing.
        """
        if self.kind == "classic":
            return {"opacity": _smooth(self.opacity), "palette": self.palette()}
        if self.below is None:
            return _hue_curves(self, self.levels) if self.kind == "hue" else {}
        above, below = _hue_curves(self, self.levels[ZERO:]), _hue_curves(self.below, -self.levels[:ZERO])
        return {name: np.concatenate([below[name], above[name]]) for name in above}


def _split(knots: ColorKnots) -> tuple[np.ndarray, np.ndarray]:
    return np.array([at for at, _ in knots]), np.array([color for _, color in knots], float)


def _smooth(knots: Knots, u: np.ndarray | None = None) -> np.ndarray:
    """Monotone cubic curve through the knots, at the 256 uptake steps by default: a kink would show as a band."""
    at, value = np.asarray(knots, dtype=float).T
    step = np.diff(at)
    secant = np.diff(value) / step
    slope = _slopes(step, secant)
    bend = (slope[:-1] + slope[1:] - 2 * secant) / step
    u = np.linspace(0, 1, STEPS) if u is None else u
    n = np.clip(np.searchsorted(at, u, side="right") - 1, 0, len(step) - 1)
    s = u - at[n]
    return value[n] + slope[n] * s + ((secant - slope[:-1]) / step - bend)[n] * (s * s) + (bend / step)[n] * (s * s * s)


def _slopes(step: np.ndarray, secant: np.ndarray) -> np.ndarray:
    """Slopes at the knots that let no cubic between two knots overshoot (PCHIP).

    Inside: the harmonic mean of both secants, weighted by the steps, 0 at a turning point (Fritsch and Butland, SIAM J
    Sci Stat Comput 5:300, 1984).  At the ends: the parabola through three knots, cut back to keep the shape (Moler,
    Numerical Computing with MATLAB, 2004, section 3.6).
    """
    if len(secant) == 1:
        return np.repeat(secant, 2)
    before, after = 2 * step[1:] + step[:-1], step[1:] + 2 * step[:-1]
    rises = secant[:-1] * secant[1:] > 0
    left, right = np.where(rises, secant[:-1], 1), np.where(rises, secant[1:], 1)
    inner = np.where(rises, 1 / ((before / left + after / right) / (before + after)), 0)
    return np.r_[_end_slope(step, secant), inner, _end_slope(step[::-1], secant[::-1])]


def _end_slope(step: np.ndarray, secant: np.ndarray) -> float:
    slope = ((2 * step[0] + step[1]) * secant[0] - step[0] * secant[1]) / (step[0] + step[1])
    if slope * secant[0] <= 0:
        return 0.0
    if secant[0] * secant[1] < 0 and abs(slope) > 3 * abs(secant[0]):
        return 3 * secant[0]
    return slope


def _hue_curves(colormap: Colormap, u: np.ndarray) -> dict[str, np.ndarray]:
    """Curves of a hue map at n uptakes: (n,), ``direction`` (n, 3)."""
    return {
        "darkest": _smooth(colormap.darkest, u),
        "brightest": _smooth(colormap.brightest, u),
        "chroma": np.maximum(_smooth(colormap.chroma, u), 0),
        "direction": _chroma_direction(colormap.colors, u),
    }


def _hue_table(curves: dict[str, np.ndarray]) -> np.ndarray:
    """Float RGB (256, n, 3) in [0, 1] of a hue map whose curves are given at n uptake steps."""
    direction = curves["direction"][None]
    darkest, brightest = curves["darkest"], curves["brightest"]
    y = darkest[None] + (brightest - darkest)[None] * np.linspace(0, 1, STEPS)[:, None]
    wanted = curves["chroma"][None]
    room = chroma_room(y, direction)
    # A smooth minimum (p-norm, p = 6) of the wanted chroma and the room: never above either.
    ratio = wanted / np.maximum(room, 1e-9)
    length = wanted / (1 + ratio**6) ** (1 / 6)
    return y[..., None] + length[..., None] * direction


def _chroma_direction(colors: ColorKnots, u: np.ndarray | None = None) -> np.ndarray:
    """Unit steps in the plane of constant Y, as RGB differences (n, 3): the (Cb, Cr) angle runs along the path."""
    at, rgb = _split(colors)
    cb, cr = bt601.chroma(rgb)
    angle = np.unwrap(np.arctan2(cr, cb))
    angle = _smooth(tuple(zip(at, angle, strict=True)), u)
    return bt601.chroma_to_rgb(np.cos(angle), np.sin(angle))


def chroma_room(y: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """How many times the RGB difference ``direction`` (..., 3) can be added to gray ``y`` (...) inside [0, 1]."""
    limit = np.where(direction > 0, 1 - y[..., None], y[..., None])
    return (limit / np.maximum(np.abs(direction), 1e-9)).min(axis=-1)


def _quantize(rgb: np.ndarray) -> np.ndarray:
    """Round to 8 bits such that Y, not each channel, is kept best: then luminance stays monotone after rounding."""
    exact = rgb * 255
    down = np.floor(exact + 1e-6)
    best, lowest = down, np.full(exact.shape[:-1], np.inf)
    for corner in np.ndindex(2, 2, 2):
        candidate = np.clip(down + np.array(corner), 0, 255)
        error = candidate - exact
        cost = 30 * (error @ bt601.LUMA) ** 2 + (error**2).sum(axis=-1)
        best = np.where((cost < lowest)[..., None], candidate, best)
        lowest = np.minimum(cost, lowest)
    return best.astype(np.uint8)
