"""Colors at any strength and threshold, as the core gives them."""

from __future__ import annotations

import numpy as np

from coconet_med.color.colormaps import get_colormap
from PETMRFusionLib.blend import Blend, opacity, scaled, scaled_signed, signed_steps, steps, table_at


def test_values_become_shares_of_their_window_and_what_is_no_number_is_dark():
    values = np.array([-5.0, 0.0, 4.0, 8.0, 99.0, np.nan])
    np.testing.assert_array_equal(scaled(values, (0.0, 8.0)), np.float32([0, 0, 0.5, 1, 1, 0]))
    np.testing.assert_array_equal(scaled_signed(values, 8.0), np.float32([-0.625, 0, 0.5, 1, 1, 0]))
    assert steps(np.float32([0, 0.5, 1])).tolist() == [0, 128, 255]
    assert signed_steps(np.float32([-1, 0, 1])).tolist() == [1, 128, 255]


def test_below_the_threshold_nothing_is_shown_and_from_it_on_all():
    share = np.float32([0.0, 0.39, 0.45, 0.5, 0.9, -0.6])
    np.testing.assert_allclose(opacity(share, 0.5), [0, 0, 0.5, 1, 1, 1], atol=1e-6)
    np.testing.assert_array_equal(opacity(share, 0.0), np.ones(6))


def test_strength_goes_from_gray_to_the_table():
    table = get_colormap("uptake").table()
    gray = np.repeat(np.arange(256, dtype=np.uint8)[:, None, None], 3, axis=2)
    np.testing.assert_array_equal(table_at(table, 0.0), np.broadcast_to(gray, table.shape))
    np.testing.assert_array_equal(table_at(table, 1.0), table)
    half = table_at(table, 0.5).astype(int)
    assert np.abs(2 * half - table.astype(int) - gray).max() <= 1


def test_at_strength_0_a_blend_is_the_anatomy():
    anatomy = np.linspace(0, 1, 24, dtype=np.float32).reshape(2, 3, 4)
    blend = Blend(anatomy, 1 - anatomy, np.full((2, 3, 4), 200, np.uint8), get_colormap("uptake").table())
    np.testing.assert_array_equal(blend.colors(0.0), np.repeat(steps(anatomy)[..., None], 3, axis=-1))
    assert (blend.colors(1.0) != blend.colors(0.0)).any()
