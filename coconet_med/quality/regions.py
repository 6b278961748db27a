"""Where a brain image is measured: the head, the part of it with much uptake, and the part with little."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coconet_med.filters import fill_holes, large_parts, open_by_diamond
from coconet_med.quality.pixels import Floats, Mask
from coconet_med.windowing.levels import BODY

#: Gray value above which a pixel of either source belongs to the head.
FOREGROUND = 255 * BODY
#: Percentiles of the functional image inside the head that bound "much" and "little" uptake.
HOT_PERCENTILE, COLD_PERCENTILE = 60.0, 40.0
#: Gray value up to which both sources count as empty.
EMPTY = 2.0
#: Area of the smallest piece of the head, as a share of the largest piece's: below the brain the cerebellum or
#: the neck may lie apart from a larger face.
PIECE = 0.1
# Radius of the diamond of the opening.  It cuts the head-rest of a CT off the head, and it is what reproduces
# the published rows (a 3x3 square or a radius of 3 move rho_MRI_cold by 0.01 to 0.05).
_DIAMOND = 2


@dataclass(frozen=True)
class Regions:
    """Masks ``(j, i)`` of one slice; any of them may be empty.

    Attributes:
        head: 4-connected pieces of the opened foreground that are not small beside the largest, their holes filled.
        pos: pixels of the head with much uptake.
        cold: pixels of the head with little uptake.
        empty: pixels where both sources show nothing (not restricted to the head).
    """

    head: Mask
    pos: Mask
    cold: Mask
    empty: Mask


def find_regions(anatomy: Floats, function: Floats) -> Regions:
    """Regions of a pair of ``(j, i)`` pictures 0..255 (evaluation.md, "Fidelity measures").

    ``head`` = :func:`head_of`;
    ``pos`` = head and p > 10 and p >= 60th percentile of p in the head; ``cold`` = head, not pos, p <= 40th percentile.
    Percentiles interpolate linearly between order statistics.
    """
    empty = (anatomy <= EMPTY) & (function <= EMPTY)
    head = head_of(anatomy, function)
    if not head.any():
        return Regions(head=head, pos=head.copy(), cold=head.copy(), empty=empty)
    cold_bound, hot_bound = np.percentile(function[head], [COLD_PERCENTILE, HOT_PERCENTILE])
    pos = head & (function > FOREGROUND) & (function >= hot_bound)
    cold = head & ~pos & (function <= cold_bound)
    return Regions(head=head, pos=pos, cold=cold, empty=empty)


def head_of(anatomy: Floats, function: Floats) -> Mask:
    """The head in a pair of ``(j, i)`` pictures 0..255: pieces of opening(max(m, p) > 10), holes filled.

    A piece counts if it has at least a tenth of the area of the largest one.  Holes are filled after the choice: what
    lies inside the head belongs to it, however dark it is.
    """
    opened = open_by_diamond(np.maximum(anatomy, function) > FOREGROUND, _DIAMOND)
    return fill_holes(large_parts(opened, share=PIECE))
