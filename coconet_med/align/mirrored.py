"""Wrong headers: does one of two volumes fit far better upside down, mirrored front to back, or with its axes permuted?

A rigid registration never finds such a place, and a picture of a head with its uptake mirrored looks like a head.
All 48 orders and directions of the axes are tried, about the middle of the body and of the field of view.  Left and
right cannot be distinguished: a head mirrored from left to right scores 0.8 to 1.0 of itself, so the 48 are looked at
as 24, each with its twin.  Measured in ``benchmarks/headers.py``.
"""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import SimpleITK as sitk

from coconet_med.align.grid import field_center
from coconet_med.align.plausibility import foreground_center
from coconet_med.align.prepared import Pair
from coconet_med.align.sampled import Sampled
from coconet_med.geometry import matrix_of

#: How much better than every place that is not mirrored the score of a mirrored one must be.
MIRRORED_GAIN = 1.1
#: Points looked at, about one for each 12 mm cube.
POINTS = 6000


def wrong_header(pair: Pair, *others: sitk.Transform) -> str:
    """Words about a header that cannot be right; empty where the images do not say so.

    Args:
        pair: two volumes, neither blank nor thin.
        others: places (anatomical to functional points) that a mirrored one has to beat, beside the given affines and
            the middles on each other.
    """
    sampled = Sampled(pair, POINTS, smooth=True)
    body = foreground_center(pair.function_body)
    field = field_center(pair.function)
    if body is None:
        return ""
    upright = [np.zeros(3), body - pair.center, field - field_center(pair.anatomy)]
    best = max(sampled.score(np.eye(3), shift) for shift in upright)
    for place in others:
        matrix = matrix_of(place)
        best = max(best, sampled.score(matrix[:3, :3], matrix[:3, 3]))
    # A body mirrored about its own middle, or about that of the field of view as a wrong header does it, or moved.
    about = ((body, body), (field, field), (pair.center, body))
    found = max(
        (max(sampled.score(axes, there - axes @ here) for here, there in about), tuple(axes.ravel()))
        for axes in VISIBLE
    )
    gain = found[0] / max(best, 1e-6)
    if gain <= MIRRORED_GAIN:
        return ""
    return (
        f"the images fit {gain - 1:.0%} better with one of them {_words(np.reshape(found[1], (3, 3)))}: the "
        "orientation in one of the two headers is wrong (left and right cannot be distinguished); look at the picture "
        "and convert that image again"
    )


def _visible() -> tuple[np.ndarray, ...]:
    """One of each two matrices that differ by left and right alone, without the identity and its twin."""
    found: dict[tuple[float, ...], np.ndarray] = {}
    for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3)):
        axes = np.eye(3)[list(order)] * np.array(signs)[:, None]
        twin = axes * np.array((-1.0, 1.0, 1.0))
        if not (np.array_equal(axes, np.eye(3)) or np.array_equal(twin, np.eye(3))):
            found.setdefault(min(tuple(axes.ravel()), tuple(twin.ravel())), axes)
    return tuple(found.values())


VISIBLE = _visible()


def _words(axes: np.ndarray) -> str:
    if not np.array_equal(np.abs(axes), np.eye(3)):
        return "turned or its axes permuted"
    front, head = axes[1, 1] < 0, axes[2, 2] < 0
    if front and head:
        return "upside down and mirrored front to back"
    return "mirrored front to back" if front else "upside down (mirrored head to foot)"
