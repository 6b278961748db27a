"""Edges of a shape lie on its outline, one pixel wide."""

from __future__ import annotations

import numpy as np

from coconet_med.report.edges import thin_edges


def test_edges_of_a_disk_are_its_circle_one_pixel_wide():
    y, x = np.mgrid[:101, :101] - 50.0
    edges = thin_edges(200.0 * (np.hypot(y, x) < 30))
    radii = np.hypot(y, x)[edges]
    assert abs(radii - 30).max() < 2
    assert 120 < edges.sum() < 300
    assert not thin_edges(np.full((20, 20), 7.0)).any()
