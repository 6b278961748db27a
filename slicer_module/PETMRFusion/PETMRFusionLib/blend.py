"""From fused luminance to colors at any strength, lightness and threshold, without the network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from PETMRFusionLib.slabs import SLAB, Work, finish

STEPS = 256

#: The color map of values of both signs, and the column of no uptake in its table.
DIVERGING, ZERO = "diverging", 128

#: Voxels handled at a time: what is small stays in the cache of the processor, and is three times as fast.
CHUNK = 1 << 16

#: Below a threshold nothing of the uptake is shown; from this share of it up to it, the uptake fades in.
FADE_FROM = 0.8


def scaled(values: np.ndarray, window: tuple[float, float]) -> np.ndarray:
    """Values of any shape in [0, 1] of a window, float32; what is not a number is dark."""
    low, high = window
    share = (np.nan_to_num(values.astype(np.float64), nan=low) - low) / (high - low)
    return np.clip(share, 0, 1).astype(np.float32)


def scaled_signed(values: np.ndarray, high: float) -> np.ndarray:
    """Values of both signs in [-1, 1] of a symmetric window, float32; what is not a number is 0."""
    return np.clip(np.nan_to_num(values.astype(np.float64), nan=0) / high, -1, 1).astype(np.float32)


def signed_steps(share: np.ndarray) -> np.ndarray:
    """[-1, 1] to the columns 1 to 255 of a diverging map, no uptake at 128, ``uint8``."""
    return (ZERO + np.rint(share * np.float32(STEPS - 1 - ZERO))).astype(np.uint8)


def steps(share: np.ndarray) -> np.ndarray:
    """[0, 1] to the nearest of 256 steps, ``uint8``."""
    return np.rint(share * np.float32(STEPS - 1)).astype(np.uint8)


def opacity(share: np.ndarray, threshold: float) -> np.ndarray:
    """How much is shown of uptake in [-1, 1]: none up to 0.8 of the threshold, all from the threshold on."""
    if threshold <= 0:
        return np.ones_like(share)
    return np.clip((np.abs(share) - FADE_FROM * threshold) / ((1 - FADE_FROM) * threshold), 0, 1)


def table_at(table: np.ndarray, strength: float) -> np.ndarray:
    """The color table between gray and full color: RGB ``uint8`` (256 luminances, 256 uptakes, 3).

    At strength 0 and 1 exactly, between them within one level of what :func:`coconet_med.color.compose` gives.
    """
    gray = np.arange(STEPS, dtype=np.float32)[:, None, None]
    return np.rint(gray + strength * (table.astype(np.float32) - gray)).astype(np.uint8)


@dataclass(frozen=True)
class Blend:
    """A fused volume or slice before coloring.

    Attributes:
        anatomy: float32 in [0, 1], any shape.
        luminance: fused luminance at full strength, float32 in [0, 1], same shape.
        uptake: ``uint8`` columns of the table: steps of the functional window as they are colored, same shape.
        table: RGB ``uint8`` (256 luminances, 256 uptakes, 3).
        shown: how much of the fusion is shown, float32 in [0, 1], same shape; ``None``: all of it everywhere.
    """

    anatomy: np.ndarray
    luminance: np.ndarray
    uptake: np.ndarray
    table: np.ndarray
    shown: np.ndarray | None = None

    def colors(self, strength: float, out: np.ndarray | None = None, *, lightness: float = 1.0) -> np.ndarray:
        """RGB ``uint8``: the anatomy alone at strength 0, the full fusion at 1, linear between.

        Args:
            strength: 0 to 1.
            out: where to put them, contiguous; a new array by default.
            lightness: 0 to 1, of the lightness alone: at 0 the gray of the anatomy itself under the full color.
        """
        if out is None:
            out = np.empty((*self.anatomy.shape, 3), np.uint8)
        finish(self.coloring(strength, out, lightness=lightness))
        return out

    def coloring(self, strength: float, out: np.ndarray, *, lightness: float = 1.0) -> Work[None]:
        """:meth:`colors` in pieces."""
        table = table_at(self.table, strength).reshape(-1, 3)
        anatomy, luminance, uptake = (np.ravel(array) for array in (self.anatomy, self.luminance, self.uptake))
        shown = None if self.shown is None else np.ravel(self.shown)
        colors = out.reshape(-1, 3)
        for start in range(0, len(uptake), CHUNK):
            here = slice(start, start + CHUNK)
            part = np.float32(strength * lightness)
            weight = part if shown is None else part * shown[here]
            light = (1 - weight) * anatomy[here]
            light += weight * luminance[here]
            index = steps(light).astype(np.uint16)
            index <<= 8
            index |= uptake[here]
            np.take(table, index, axis=0, out=colors[here], mode="clip")
            if (start + CHUNK) % SLAB == 0:
                yield


def blending(
    anatomy: np.ndarray,
    luminance: np.ndarray,
    uptake: np.ndarray,
    table: np.ndarray,
    *,
    anatomy_window: tuple[float, float],
    window: tuple[float, float],
    signed: bool = False,
    threshold: float | None = None,
    no_data: np.ndarray | None = None,
) -> Work[Blend]:
    """What coloring needs, from values in their own units, in pieces.

    Args:
        anatomy: values of the anatomical image, any shape.
        luminance: fused, in [0, 1], same shape.
        uptake: functional values, same shape.
        table: of the color map.
        anatomy_window: values that become 0 and 1.
        window: likewise, of the uptake.
        signed: values of both signs in a symmetric window.
        threshold: uptake below which only the anatomy is shown, in its units.
        no_data: where the functional image has none (true or 1): there the luminance is shown as it is, without color.
    """
    shape, low, high = luminance.shape, 0.0 if signed else window[0], window[1]
    edge = None if threshold is None else float(np.clip((threshold - low) / (high - low), 0, 1))
    light, hot = np.empty(shape, np.float32), np.empty(shape, np.uint8)
    shown = None if edge is None else np.empty(shape, np.float32)
    sources = [np.reshape(array, -1) for array in (anatomy, luminance, uptake)]
    targets = [None if array is None else array.reshape(-1) for array in (light, hot, shown)]
    nowhere = None if no_data is None else np.reshape(no_data, -1)
    for start in range(0, len(sources[0]), CHUNK):
        here = slice(start, start + CHUNK)
        part, uptake_here = scaled(sources[0][here], anatomy_window), sources[2][here]
        share = scaled_signed(uptake_here, high) if signed else scaled(uptake_here, window)
        if edge is not None:
            weight = opacity(share, edge)
            targets[2][here] = weight
            share = share * weight
        if nowhere is not None:
            unknown = nowhere[here] != 0
            part[unknown] = sources[1][here][unknown]
            share[unknown] = 0
        targets[0][here], targets[1][here] = part, signed_steps(share) if signed else steps(share)
        if (start + CHUNK) % SLAB == 0:
            yield
    return Blend(light, luminance, hot, table, shown)
