"""Foci as measures of a case: how many there are, and which shares of them a fused picture loses or reverses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from coconet_med.quality.averages import mean_of
from coconet_med.quality.foci import Focus, foci_of, measure
from coconet_med.quality.pixels import Floats, check_same_size, is_color, luminance
from coconet_med.quality.spots import spots_of

#: What is reported of the foci of each kind (:func:`coconet_med.quality.foci.measure`): ``foci`` of the functional
#: source, ``foci_MRI`` of the anatomy, ``spots`` of the functional source, found the plain way.
_REPORTED: Final = {
    "foci": ("lost", "reversed", "kept", "lost_oklab"),
    "foci_MRI": ("lost", "reversed", "kept", "lost_oklab"),
    "spots": ("lost", "kept"),
}
#: Measures that are means over things counted, and the measure that counts them.
COUNTED: Final = {f"{kind}_{share}": kind for kind, shares in _REPORTED.items() for share in shares}
FINDING_MEASURES: Final = tuple(
    name for kind, shares in _REPORTED.items() for name in (kind, *(f"{kind}_{share}" for share in shares))
)


def finding_readings(
    anatomy: ArrayLike,
    function: ArrayLike,
    fused: ArrayLike,
    *,
    fused_rgb: ArrayLike | None = None,
    spacing: float | tuple[float, float] = 1.0,
    ct: bool = False,
) -> dict[str, float]:
    """What a fused slice keeps of the small findings of its sources.

    Args:
        anatomy: m, ``(j, i)`` or RGB, 0..255.
        function: p, ``(j, i)`` scalar uptake scaled to 0..255 where known, else the picture.
        fused: the result, ``(j, i)`` luminance or RGB ``(j, i, 3)``, 0..255.
        fused_rgb: the colored result where ``fused`` is only its luminance.
        spacing: size of a pixel in mm, one number or (j, i); 1 where it is not known.
        ct: the function is a CT.

    Returns:
        One value for each of :data:`FINDING_MEASURES`; see :func:`coconet_med.quality.foci.measure`.  Shares are nan
        where there is no focus.
    """
    colored = fused if fused_rgb is None and is_color(fused) else fused_rgb
    light = luminance(fused)
    check_same_size(anatomy=luminance(anatomy), fused=light)
    steps = np.broadcast_to(np.asarray(spacing, dtype=np.float64), 2).tolist()
    groups = _found(_Pictures(luminance(anatomy), luminance(function)), (steps[0], steps[1]), ct)
    values: dict[str, float] = {}
    for kind, shares in _REPORTED.items():
        read = measure(groups[kind], light, colored)
        values |= {kind: read["foci"], **{f"{kind}_{share}": read[share] for share in shares}}
    return values


def mean_over(rows: Iterable[Mapping[str, float]], name: str) -> float:
    """Mean of a measure over cases without nan, in which shares of things counted weigh by their number."""
    if name not in COUNTED:
        return mean_of(row.get(name, float("nan")) for row in rows)
    pairs = [(row.get(name, float("nan")), row.get(COUNTED[name], 0.0)) for row in rows]
    known = [(value, count) for value, count in pairs if not np.isnan(value) and count > 0]
    total = sum(count for _, count in known)
    return float(sum(value * count for value, count in known) / total) if total else float("nan")


class _Pictures:
    """A pair of pictures as a key: equal where the pixels are."""

    def __init__(self, anatomy: Floats, function: Floats) -> None:
        self.anatomy, self.function = anatomy, function
        self.key = (anatomy.shape, anatomy.tobytes(), function.tobytes())

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Pictures) and self.key == other.key


@lru_cache(maxsize=1)
def _found(pictures: _Pictures, spacing: tuple[float, float], ct: bool) -> dict[str, list[Focus]]:
    """Foci of a pair; remembered, since one pair is asked for with one fused picture of each method after the other."""
    m, p = pictures.anatomy, pictures.function
    found = foci_of(m, p, spacing=spacing, ct=ct)
    return {
        "foci": [focus for focus in found if focus.source == "function"],
        "foci_MRI": [focus for focus in found if focus.source == "anatomy"],
        "spots": spots_of(m, p, ct=ct),
    }
