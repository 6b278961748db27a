"""The curves of the color maps are monotone cubics, bit by bit those of SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from coconet_med.color.colormap import STEPS, Knots, _smooth
from coconet_med.color.colormaps import COLORMAPS

CURVES = sorted({curve for m in COLORMAPS.values() for curve in (m.chroma, m.darkest, m.brightest, m.opacity) if curve})
# Turning points, plateaus, an end that would overshoot (cut to 3 times its secant), uneven steps.
ROUGH: list[Knots] = [
    ((0, 0), (0.1, 1), (0.15, 1), (0.5, -2), (0.9, -1.9), (1, 4)),
    ((0, 0), (0.5, 1), (0.6, -9), (1, -9)),
    ((0, 3), (0.7, 1), (1, 7)),
]


@pytest.mark.parametrize("knots", [*CURVES, *ROUGH])
def test_a_curve_through_knots_equals_scipy(knots: Knots) -> None:
    at, value = zip(*knots, strict=True)
    expected = PchipInterpolator(at, value)(np.linspace(0, 1, STEPS))
    np.testing.assert_allclose(_smooth(knots), expected, rtol=0, atol=1e-14)
