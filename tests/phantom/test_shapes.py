"""Signed distances of the bodies of the phantom: 0 on the surface, negative inside, right outside."""

from __future__ import annotations

import numpy as np
import pytest

from coconet_med.phantom.shapes import box, ellipsoid, smooth_maximum, smooth_minimum, tube


def _at(shape, *point):
    return float(shape.distance(*(np.array([float(n)], np.float32) for n in point))[0])


def test_a_sphere_has_exact_distances() -> None:
    sphere = ellipsoid((1, 2, 3), (5, 5, 5))
    assert _at(sphere, 6, 2, 3) == pytest.approx(0, abs=1e-5)
    assert _at(sphere, 1, 2, 11) == pytest.approx(3, abs=1e-5)
    assert _at(sphere, 1, 4, 3) < 0
    np.testing.assert_array_equal((sphere.lower, sphere.upper), ((-4, -3, -2), (6, 7, 8)))


def test_an_ellipsoid_turns_about_z_and_its_box_grows_with_it() -> None:
    turned = ellipsoid((0, 0, 0), (6, 2, 2), turn=90)
    assert _at(turned, 0, 6, 0) == pytest.approx(0, abs=1e-4)
    assert _at(turned, 6, 0, 0) > 0
    np.testing.assert_array_equal(turned.upper, (6, 6, 6))


def test_a_higher_power_fills_the_corners() -> None:
    round_one, square_one = (ellipsoid((0, 0, 0), (4, 4, 4), power=power) for power in (2.0, 6.0))
    assert _at(round_one, 3, 3, 0) > 0 > _at(square_one, 3, 3, 0)


def test_a_tube_is_as_thick_as_its_nodes_say() -> None:
    shape = tube((0, 0, 0, 2), (10, 0, 0, 4))
    assert _at(shape, 0, 2, 0) == pytest.approx(0, abs=1e-5)
    assert _at(shape, 5, 3, 0) == pytest.approx(0, abs=1e-5)
    assert _at(shape, 17, 0, 0) == pytest.approx(3, abs=1e-5)


def test_a_box_is_rounded_at_its_corners_only() -> None:
    shape = box((0, 0, 0), (3, 3, 3), rounding=1)
    assert _at(shape, 3, 0, 0) == pytest.approx(0, abs=1e-6)
    assert _at(shape, 3, 3, 3) == pytest.approx(np.sqrt(3) - 1, abs=1e-6)


def test_smooth_union_and_intersection_differ_from_the_plain_ones_near_the_edge_alone() -> None:
    a, b = np.array([0.0, 9.0]), np.array([0.0, 1.0])
    np.testing.assert_allclose(smooth_minimum(a, b, 4.0), [-1.0, 1.0])
    np.testing.assert_allclose(smooth_maximum(a, b, 4.0), [1.0, 9.0])
