"""Random pictures that generated pairs are drawn with."""

from __future__ import annotations

import pytest
import torch

from coconet_med.training.draws import chance, cloud, half_plane, log_uniform, noisy, uniform


def _draw(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_clouds_are_smooth_and_of_unit_size():
    fine, coarse = (cloud(96, sigma, _draw(0)) for sigma in (4, 30))
    assert 0.4 < float(fine.std()) < 1.5
    assert coarse.diff(dim=0).abs().mean() < 0.4 * fine.diff(dim=0).abs().mean()


def test_numbers_lie_between_their_bounds_and_fill_them():
    g = _draw(0)
    even = torch.tensor([uniform(-2, 3, g) for _ in range(400)])
    assert -2 <= even.min() < -1.8
    assert 2.8 < even.max() <= 3
    decades = torch.tensor([log_uniform(0.01, 100, g) for _ in range(400)]).log10()
    assert -2 <= decades.min() < -1.8
    assert decades.mean() == pytest.approx(0, abs=0.2)
    assert decades.max() <= 2
    assert sum(chance(0.25, g) for _ in range(400)) == pytest.approx(100, abs=35)


def test_noise_spares_black_air_and_grows_with_the_signal():
    picture = torch.zeros(96, 96)
    picture[:, 32:64], picture[:, 64:] = 0.1, 0.9
    changed = torch.stack([noisy(picture, 0.05, 0.06, 0.5, _draw(seed)) - picture for seed in range(12)])
    assert (changed[:, :, :32] == 0).all()
    assert changed[:, :, 64:].std() > 2 * changed[:, :, 32:64].std()
    assert (changed.abs().amax(dim=(1, 2)) == 0).any()  # some pictures have none


def test_a_field_of_view_ends_along_one_straight_line():
    for seed in range(8):
        keep = half_plane(64, _draw(seed))
        assert set(keep.unique().tolist()) == {0.0, 1.0}
        for lines in (keep, keep.T):  # along any row or column it changes once at most
            assert (lines.diff(dim=1) != 0).sum(dim=1).max() <= 1
