"""The field: averaged pixels of a known size, smooth in all directions, and no edges but those of the sources."""

from __future__ import annotations

import numpy as np
import pytest

from coconet_med.blending.field import (
    ACROSS,
    DIM,
    Field,
    Grid,
    across_weights,
    faded_where_dim,
    mixed,
    slope,
    smooth_across,
)

RNG = np.random.default_rng(11)


@pytest.mark.parametrize(
    ("mm", "block"), [(0.5, 4), (0.7, 3), (0.86, 2), (1.0, 2), (1.19, 2), (1.25, 1), (2.0, 1), (4.0, 1), (0.1, 8)]
)
def test_whole_pixels_are_averaged_to_about_the_size_that_the_network_was_trained_at(mm: float, block: int):
    assert Grid.of((3.0, mm, mm), (256, 256)).block == (block, block)


def test_rows_and_columns_have_sizes_of_their_own_and_pictures_a_usual_one():
    assert Grid.of((3.0, 0.5, 1.0), (512, 256)).block == (4, 2)
    assert Grid.of(None, (256, 200)).block == (2, 2)
    assert Grid.of((3.0, 0.2, 0.2), (16, 20)).block == (2, 2)  # never so few pixels that the network sees nothing


def test_averages_of_blocks_repeat_the_border_where_a_block_is_not_full():
    image = RNG.uniform(size=(2, 2, 7, 10)).astype(np.float32)
    made = Grid((2, 3)).reduced(image)
    assert made.shape == (2, 2, 4, 4)
    assert made[1, 0, 1, 2] == pytest.approx(image[1, 0, 2:4, 6:9].mean(), abs=1e-6)
    assert made[0, 1, 3, 3] == pytest.approx(image[0, 1, 6, 9], abs=1e-6)


def test_the_amount_fades_out_where_both_sources_are_dim_and_nothing_else_changes():
    levels = np.array([0.0, DIM[0], sum(DIM) / 2, DIM[1], 1.0], np.float32)
    for which, times in ((0, 1), (1, 2)):  # that which shows more counts, and of the uptake half
        image = np.zeros((1, 2, 1, 5), np.float32)
        image[0, which, 0] = times * levels
        faded = faded_where_dim(np.full((1, 3, 1, 5), -0.2, np.float32), image)
        np.testing.assert_allclose(faded[0, 0, 0], [0, 0, -0.1, -0.2, -0.2], atol=1e-6)
        np.testing.assert_array_equal(faded[0, 1:], np.float32(-0.2))


def test_weights_across_slices_are_a_gaussian_in_mm():
    weights = across_weights(1.0)
    x = np.arange(len(weights)) - len(weights) // 2
    assert weights.sum() == pytest.approx(1, abs=1e-6)
    assert np.sqrt((weights * x**2).sum()) == pytest.approx(ACROSS, rel=0.06)  # cut at 2.5 deviations
    assert len(across_weights(10.0)) == 1


def test_slices_that_the_network_did_not_see_are_left_out_of_the_mean():
    values = np.ones((20, 3, 4, 5), np.float32)
    known = np.ones(20, bool)
    known[:6] = False
    values[:6] = 77
    smooth_across(values, known, 2.0)
    assert np.allclose(values[6:], 1)


def test_a_jump_between_slices_becomes_as_smooth_as_stated():
    values = np.zeros((60, 3, 2, 2), np.float32)
    values[30:] = 1
    smooth_across(values, np.ones(60, bool), 1.0)
    steps = np.diff(values[:, 0, 0, 0])
    middle = (steps * np.arange(59)).sum()
    assert np.sqrt((steps * (np.arange(59) - middle) ** 2).sum()) == pytest.approx(ACROSS, rel=0.06)


def test_every_edge_finer_than_the_field_comes_from_a_source():
    """What the side-car states: over one pixel of the field no edge of its own is higher than ``largest_step``."""
    image = np.full((1, 2, 64, 64), 0.4, np.float32)  # sources without any edge
    values = 0.2 * RNG.normal(size=(1, 3, 32, 32)).astype(np.float32)
    fused = mixed(image, values, (2, 2))[0]
    bound = Field(values, Grid()).summary()["largest_step"] / 255
    assert np.abs(np.diff(fused, axis=0)).max() <= bound / 2 + 1e-5  # two pixels are one of the field
    assert np.abs(np.diff(fused, axis=1)).max() <= bound / 2 + 1e-5
    assert bound == pytest.approx(slope(values), abs=1e-4)
    # And with sources full of edges the picture is, near each pixel, a mix of them with constant weights.
    image = RNG.uniform(0.3, 0.5, (1, 2, 64, 64)).astype(np.float32)
    values *= 0.2
    fused, step = mixed(image, values, (2, 2))[0], slope(values)
    amount, more, of_function = values[0, :, 10, 10]
    fixed = amount + (1 + more) * image[0, 0] + of_function * image[0, 1]
    assert np.abs(fused - fixed)[20:22, 20:22].max() <= step


def test_the_summary_says_sizes_in_mm_or_in_pixels():
    values = np.zeros((4, 3, 8, 8), np.float32)
    volume = Field(values, Grid.of((2.0, 1.0, 1.0), (16, 16))).summary()
    assert volume["unit"] == "mm"
    assert volume["pixel"] == [2.0, 2.0]
    assert volume["low_pass_sigma_across_slices"] == ACROSS
    picture = Field(values[:1], Grid()).summary()
    assert picture["unit"] == "pixel"
    assert "low_pass_sigma_across_slices" not in picture
