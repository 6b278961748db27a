"""Can the tracer uptake be read back from the fused picture?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from coconet_med.quality.pixels import Floats, check_same_size, is_color, luminance
from coconet_med.quality.ranks import spearman
from coconet_med.quality.regions import find_regions

#: Reads uptake 0..1 ``(j, i)`` from an RGB uint8 picture ``(j, i, 3)`` through its color legend.
Decoder = Callable[[np.ndarray], np.ndarray]

UPTAKE_MEASURES: Final = ("rho_uptake", "uptake_mae")


def uptake_readings(
    anatomy: ArrayLike,
    function: ArrayLike,
    fused: ArrayLike,
    uptake: ArrayLike,
    *,
    decode: Decoder | Sequence[Decoder] | None = None,
) -> dict[str, float]:
    """How truly a reader gets the uptake out of the result, over ``pos`` (evaluation.md).

    Args:
        anatomy: m, 0..255; with ``function`` it defines ``pos``.
        function: p, 0..255.
        fused: the result, ``(j, i)`` or RGB ``(j, i, 3)``, 0..255.
        uptake: true uptake ``(j, i)``, 0..1 of the window.
        decode: how to read the result.  None reads brighter as more (luminance / 255).  Of several decoders the one
            with the best rank correlation counts: peers that fuse only luminance are given their luminance and the hue
            of their palette.  A decoder needs an RGB result.  Where it answers nan, 0 is read: not readable is not
            excused.

    Returns:
        ``rho_uptake``: Spearman of read against true uptake; nan if ``pos`` is empty or the true uptake constant there.
        ``uptake_mae``: mean absolute error over ``pos`` of the same reading, in percent of the window.

    Raises:
        GeometryError: if the pictures differ in size.
    """
    m, p, truth = luminance(anatomy), luminance(function), np.asarray(uptake, dtype=np.float64)
    decoders = [] if decode is None else [decode] if callable(decode) else list(decode)
    readings = [_read(one, fused) for one in decoders] if decoders and is_color(fused) else [read_luminance(fused)]
    check_same_size(anatomy=m, function=p, uptake=truth, fused=readings[0])
    pos = find_regions(m, p).pos
    if not pos.any():
        return dict.fromkeys(UPTAKE_MEASURES, float("nan"))
    compared = [(spearman(truth, reading, pos), reading) for reading in readings]
    rho, best = max(compared, key=lambda pair: np.nan_to_num(pair[0], nan=-np.inf))
    return {"rho_uptake": rho, "uptake_mae": 100.0 * float(np.abs(best - truth)[pos].mean())}


def read_luminance(picture: ArrayLike) -> Floats:
    """The reading of someone without a legend: brighter is more, white is the top of the window."""
    return luminance(picture) / 255.0


def _read(decode: Decoder, fused: ArrayLike) -> Floats:
    rgb = np.round(np.clip(np.asarray(fused, dtype=np.float64), 0.0, 255.0)).astype(np.uint8)
    return np.nan_to_num(np.asarray(decode(rgb), dtype=np.float64), nan=0.0)
