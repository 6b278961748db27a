"""The guided filter keeps edges of its guide."""

from __future__ import annotations

import numpy as np

from coconet_med.quality.guided import guided_filter


def test_the_guided_filter_keeps_edges_of_its_guide() -> None:
    step = np.where(np.arange(60) < 30, 0.0, 1.0) * np.ones((60, 1))
    kept = guided_filter(step, step, radius=5, epsilon=1e-6)
    blurred = guided_filter(np.zeros_like(step), step, radius=5, epsilon=1e-6)
    np.testing.assert_allclose(kept, step, atol=1e-3)
    assert abs(blurred - step).max() > 0.3
