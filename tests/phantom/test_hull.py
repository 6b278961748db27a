"""The outer forms lie inside one another: brain, skull, head."""

from __future__ import annotations

import numpy as np

from coconet_med.phantom.hull import cerebellum, cerebrum_and_cavity, head, midline_fissure, sylvian_fissure


def test_the_brain_lies_in_the_skull_and_the_skull_in_the_head() -> None:
    axis = np.arange(-110, 111, 5, dtype=np.float32)
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    brain, cavity = cerebrum_and_cavity(x, y, z)
    skin = head(x, y, z, cavity)
    assert (cavity[brain < 0] < 0).all()
    assert (cavity[cerebellum(x, y, z) < 0] < 0).all()
    assert (skin[cavity < 0] < 0).all()
    liters = np.array([(form < 0).sum() * 125e-6 for form in (brain, cavity, skin)])
    assert (liters > [0.9, 1.2, 3.0]).all()
    assert (liters < [1.7, 2.2, 7.0]).all()


def test_fissures_lie_on_the_midline_and_alike_on_both_sides() -> None:
    side = np.array([0.0, 5.0, 40.0], np.float32)
    back, top = np.zeros(3, np.float32), np.full(3, 60.0, np.float32)
    assert (midline_fissure(side, back, top) < 0).tolist() == [True, False, False]
    calm = np.zeros(3, np.float32)
    np.testing.assert_array_equal(sylvian_fissure(side, back, back, calm), sylvian_fissure(-side, back, back, calm))
