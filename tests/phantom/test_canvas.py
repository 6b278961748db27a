"""Bodies are painted one over the other, with an edge in the intensities and none in the labels."""

from __future__ import annotations

import numpy as np
import pytest

from coconet_med.phantom.canvas import Canvas
from coconet_med.phantom.lattice import Axes
from coconet_med.phantom.shapes import ellipsoid
from coconet_med.phantom.tissues import TISSUES


@pytest.fixture
def canvas() -> Canvas:
    axis = np.arange(-20, 20, dtype=np.float32) + np.float32(0.5)  # no voxel on the midplane, as in the lattice
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    return Canvas(Axes(axis, axis, axis), (x, y, z), softness=1.0, contrasts=("t1",))


def test_the_last_body_lies_on_top_and_edges_are_half_of_each(canvas: Canvas) -> None:
    canvas.paint("skull", ellipsoid((0, 0, 0), (10, 10, 10)))
    canvas.paint("white", ellipsoid((0, 0, 0), (5, 5, 5)))
    assert canvas.labels[20, 20, 20] == TISSUES["white"].label
    assert canvas.labels[20, 20, 28] == TISSUES["skull"].label
    t1 = canvas.channels["t1"]
    assert t1[20, 20, 20] == TISSUES["white"].t1
    edge = t1[20, 20, 23:28]
    assert edge[0] == TISSUES["white"].t1
    assert edge[-1] == TISSUES["skull"].t1
    assert (np.diff(edge) <= 0).all()
    assert ((edge < edge[0]) & (edge > edge[-1])).any()
    assert t1[0, 0, 0] == 0


def test_both_sides_are_mirror_images_and_inside_is_a_limit(canvas: Canvas) -> None:
    x = canvas.coordinates[0]
    canvas.paint("eye", ellipsoid((8, 0, 0), (4, 4, 4)), both_sides=True, inside=np.abs(x) - 9)
    np.testing.assert_array_equal(canvas.labels, canvas.labels[:, :, ::-1])
    assert canvas.labels[20, 20, 28] == TISSUES["eye"].label
    assert canvas.labels[20, 20, 30] == 0  # inside the eye, beyond the limit


def test_a_body_beyond_the_grid_paints_nothing(canvas: Canvas) -> None:
    canvas.paint("eye", ellipsoid((90, 0, 0), (4, 4, 4)))
    assert not canvas.labels.any()
