"""The pyramid keeps the stronger detail of both."""

from __future__ import annotations

import numpy as np
import pytest

from coconet_med.quality.baselines import fuse_classically


def test_the_pyramid_takes_detail_from_both_and_the_mean_of_the_rest() -> None:
    m, p = np.full((64, 64), 100.0), np.full((64, 64), 50.0)
    m[20, 20], p[44, 44] = 160.0, 110.0
    fused = fuse_classically("laplacian", m, p)
    assert fused[20, 20] - fused[20, 28] > 50
    assert fused[44, 44] - fused[44, 52] > 50
    assert fused.mean() == pytest.approx(75, abs=1)
