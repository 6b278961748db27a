"""The salient region: follows the uptake, forgets specks, knows empty and full pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from coconet_med.phantom import slice_pair
from coconet_med.training.masks import otsu, salient_region

ATLAS = Path(__file__).parents[3] / "shared" / "data" / "aanlib"


def _slow_otsu(values: torch.Tensor) -> float:
    """The bin border with the largest variance between classes, each class written out."""
    level = (values * 127).round()
    best, border = -1.0, 0.0
    for k in range(127):
        low, high = level[level <= k], level[level > k]
        if len(low) and len(high):
            between = len(low) * len(high) * float(low.mean() - high.mean()) ** 2
            if between > best * (1 + 1e-9):
                best, border = between, (k + 0.5) / 127
    return border


def test_the_threshold_is_otsus():
    generator = torch.Generator().manual_seed(0)
    values = torch.cat([0.2 + 0.05 * torch.randn(300, generator=generator), torch.full((80,), 0.7)]).clamp(0, 1)
    assert otsu(values).item() == pytest.approx(_slow_otsu(values), abs=1e-6)
    assert 0.25 < otsu(values) < 0.7


def test_a_hot_spot_on_a_warm_ground_is_found_with_soft_edges():
    y, x = torch.meshgrid(*(torch.arange(64.0),) * 2, indexing="ij")
    spot = ((x - 40) ** 2 + (y - 20) ** 2 < 64).float()
    mask = salient_region((0.2 + 0.7 * spot)[None, None])[0, 0]
    assert mask[20, 40] > 0.99
    assert mask[50, 10] < 0.01
    assert abs(float(mask.sum() / spot.sum()) - 1) < 0.15
    assert ((mask > 0.05) & (mask < 0.95)).any()


def test_single_bright_pixels_neither_shift_the_threshold_nor_stay():
    y, x = torch.meshgrid(*(torch.arange(64.0),) * 2, indexing="ij")
    warm = 0.2 + 0.3 * ((x - 32) ** 2 + (y - 32) ** 2 < 100).float()
    noisy = warm.clone()
    noisy[5, 5] = noisy[60, 8] = noisy[8, 58] = 1.0
    mask, clean = salient_region(noisy[None, None])[0, 0], salient_region(warm[None, None])[0, 0]
    assert max(mask[5, 5], mask[60, 8], mask[8, 58]) < 0.01
    assert (mask - clean).abs().sum() < 0.03 * clean.sum()


def test_an_empty_picture_has_an_empty_mask_and_an_even_one_a_full_mask():
    assert salient_region(torch.zeros(1, 1, 32, 32)).max() == 0
    assert salient_region(torch.full((1, 1, 32, 32), 0.02)).max() == 0  # noise of the background
    assert salient_region(torch.full((1, 1, 32, 32), 0.6)).min() > 0.999


def test_images_of_a_batch_have_their_own_threshold():
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(3, 1, 32, 32, generator=generator) * torch.tensor([1.0, 0.5, 0.2]).reshape(3, 1, 1, 1)
    alone = torch.cat([salient_region(image[None]) for image in images])
    torch.testing.assert_close(salient_region(images), alone)


def test_half_precision_gives_the_mask_of_full_precision():
    _, pet = slice_pair(64)
    function = torch.from_numpy(pet / 255.0).float()[None, None]
    half = salient_region(function.half())
    assert half.dtype == torch.float32
    assert (half - salient_region(function)).abs().mean() < 0.01


def test_in_a_head_the_mask_is_cortex_rather_than_white_matter():
    _, pet = slice_pair(128)
    function = torch.from_numpy(pet / 255.0).float()[None, None]
    mask = salient_region(function)
    signal = function > 10 / 255
    assert 0.05 < mask.mean() < 0.35
    assert function[mask > 0.9].mean() > 1.5 * function[signal & (mask < 0.1)].mean()


@pytest.mark.skipif(not ATLAS.is_dir(), reason="the developers' slices are not beside this checkout")
@pytest.mark.parametrize("group", ["mri-pet", "mri-spect"])
def test_on_real_slices_the_mask_holds_the_hotter_part_of_the_signal(group: str):
    from coconet_med.quality.atlas import read_atlas

    for pair in list(read_atlas(ATLAS, split="val", sets=(group,)))[::8]:
        function = torch.from_numpy(pair.uptake).float()[None, None]
        mask, signal = salient_region(function), function > 10 / 255
        assert 0.25 < mask[signal].mean() < 0.6, pair.case
        assert function[mask > 0.9].mean() > 1.5 * function[signal & (mask < 0.1)].mean(), pair.case
