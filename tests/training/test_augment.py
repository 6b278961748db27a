"""Augmentation: places change for both sources alike, appearance for each by itself."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch

from coconet_med.training.augment import Augmentation, _warped
from coconet_med.training.data import SlicePair

NONE = {f.name: 0.0 for f in fields(Augmentation)}
CPU = torch.device("cpu")


def _blob(height: int = 48, width: int = 48) -> SlicePair:
    """A textured ellipse in both sources, off the middle; with a luminance that differs from the uptake."""
    y, x = torch.meshgrid(torch.arange(float(height)), torch.arange(float(width)), indexing="ij")
    inside = (((x - 20) / 14) ** 2 + ((y - 26) / 9) ** 2 < 1).float()
    picture = inside * (0.3 + 0.5 * (x / width) * (y / height))
    return SlicePair(picture, picture.clone(), 1 - picture, "g", "p", "n")


def _batch(seed: int, size: int = 48, **probabilities: float) -> torch.Tensor:
    augmentation = Augmentation(**{**NONE, **probabilities})
    return augmentation.batch([_blob()], size, torch.Generator().manual_seed(seed), CPU)


@pytest.mark.parametrize("seed", range(6))
def test_geometry_moves_both_sources_alike(seed: int):
    image = _batch(seed, warp=1.0)
    torch.testing.assert_close(image[:, 0], image[:, 1])


def test_without_any_change_pixels_are_only_flipped_and_transposed():
    original = _blob().anatomy.flatten().sort().values
    for seed in range(4):
        torch.testing.assert_close(_batch(seed)[0, 0].flatten().sort().values, original)


@pytest.mark.parametrize("name", ["contrast", "inverted", "soft", "noise"])
def test_appearance_of_the_anatomy_changes_by_itself(name: str):
    changed = [not torch.equal(*_batch(seed, **{name: 1.0})[0]) for seed in range(3)]
    assert all(changed)


@pytest.mark.parametrize("name", ["level", "smooth"])
def test_appearance_of_the_uptake_changes_by_itself(name: str):
    still, moved = _batch(1)[0], _batch(1, **{name: 1.0})[0]
    torch.testing.assert_close(still[0], moved[0])
    assert (still[1] - moved[1]).abs().max() > 0.01


def test_a_changed_level_keeps_the_order_of_uptake():
    anatomy, function = _batch(2, level=1.0)[0]
    order = anatomy.flatten().argsort(stable=True)
    assert (function.flatten()[order].diff() >= 0).all()


def test_the_luminance_of_the_picture_stands_in_for_the_uptake():
    anatomy, function = _batch(0, grey=1.0)[0]
    torch.testing.assert_close(function, 1 - anatomy)


@pytest.mark.parametrize("size", [32, 48, 80])
def test_every_window_has_the_size_asked_for_and_stays_in_range(size: int):
    generator = torch.Generator().manual_seed(0)
    pairs = [_blob(), _blob(40, 70), _blob(60, 36)] * 3
    image = Augmentation().batch(pairs, size, generator, CPU)
    assert image.shape == (9, 2, size, size)
    assert 0 <= image.min() <= image.max() <= 1


def test_a_warp_does_not_stretch_a_picture_that_is_not_square():
    """A disk stays as wide as high (on average over draws of stretch around 1) although rows and columns differ."""
    y, x = torch.meshgrid(torch.arange(96.0), torch.arange(48.0), indexing="ij")
    disk = ((x - 23.5) ** 2 + (y - 47.5) ** 2 < 144).float().expand(2, -1, -1)
    ratios = []
    for seed in range(40):
        found = _warped(disk, 64, torch.Generator().manual_seed(seed))[0] > 0.5
        ratios.append(float(found.any(0).sum() / found.any(1).sum()))
    assert torch.tensor(ratios).log().mean().abs() < 0.1


def test_the_same_generator_gives_the_same_batch():
    for _ in range(2):
        first, second = (Augmentation().batch([_blob()] * 4, 32, torch.Generator().manual_seed(3), CPU) for _ in "ab")
        assert torch.equal(first, second)
