"""Steadiness across slices: the term is the flicker that is judged by, and runs are neighbors changed alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from coconet_med.errors import OptionError
from coconet_med.quality.flicker import flicker
from coconet_med.training.augment import Augmentation
from coconet_med.training.data import BalancedSampler, SlicePair
from coconet_med.training.settings import Settings
from coconet_med.training.steadiness import Steadiness, unsteadiness
from coconet_med.training.trainer import Trainer

CPU = torch.device("cpu")


def _volume(name: str, numbers: list[int]) -> list[SlicePair]:
    """Slices whose anatomy is their own number, everywhere."""
    return [
        SlicePair(torch.full((32, 32), n / 100), torch.zeros(32, 32), None, "g", name, f"{name} {n}", (name, n))
        for n in numbers
    ]


def test_the_term_is_the_measured_flicker_beyond_what_is_allowed():
    image, fused = torch.rand(8, 2, 12, 10), torch.rand(8, 1, 12, 10)
    runs = [
        flicker(*(x.numpy() for x in (image[r, 0], image[r, 1], 3 * fused[r, 0]))) for r in (slice(0, 4), slice(4, 8))
    ]
    found = unsteadiness(3 * fused, image, 4, allowed=1.2)
    assert float(found) == pytest.approx(sum(runs) / 2 - 1.2, rel=1e-4)


def test_a_result_as_steady_as_its_sources_costs_nothing():
    image = torch.rand(3, 2, 8, 8)
    assert float(unsteadiness(image.mean(1, keepdim=True), image, 3)) == 0
    still = torch.ones(3, 2, 8, 8)
    assert float(unsteadiness(still[:, :1], still, 3)) == 0


def test_the_gradient_lowers_the_flicker():
    image, fused = torch.rand(3, 2, 8, 8) * 0.1, torch.rand(3, 1, 8, 8, dtype=torch.float64, requires_grad=True)
    before = unsteadiness(fused, image, 3)
    before.backward()
    assert torch.isfinite(fused.grad).all()
    assert unsteadiness(fused - 1e-3 * fused.grad.sign(), image, 3) < before


@pytest.mark.parametrize("start", [3, 5, 6])
def test_a_run_lies_in_its_volume(start: int):
    pairs = _volume("a", [1, 3, 4, 5, 6]) + _volume("b", [7, 8])
    run = BalancedSampler(pairs)._run(next(p for p in pairs if p.place == ("a", start)), 3)
    numbers = [p.place[1] for p in run if p.place]
    assert numbers in ([3, 4, 5], [4, 5, 6])
    assert start in numbers


@pytest.mark.parametrize("pair", [_volume("b", [7, 8])[0], replace(_volume("c", [1])[0], place=None)])
def test_a_slice_without_enough_neighbors_is_repeated(pair: SlicePair):
    assert BalancedSampler([pair])._run(pair, 3) == [pair] * 3


def test_the_slices_of_a_run_are_changed_alike():
    texture = torch.rand(40, 40, generator=torch.Generator().manual_seed(0))
    pair = SlicePair(texture, texture.T.contiguous(), None, "g", "p", "n", ("v", 0))
    images = Augmentation(warp=1.0, noise=1.0).runs([[pair] * 3] * 2, 32, torch.Generator().manual_seed(1), CPU)
    assert images.shape == (6, 2, 32, 32)
    assert torch.equal(images[0], images[1])
    assert torch.equal(images[0], images[2])
    assert not torch.equal(images[0], images[3])


def test_every_nth_step_sees_runs(tmp_path: Path):
    settings = Settings(steps=4, batch=4, sizes=(32,), steadiness=Steadiness(weight=1.0, every=2))
    trainer = Trainer(settings, _volume("a", [1, 2, 3, 4]), tmp_path)
    drawn = [trainer.batches.of_step(step, stage=1) for step in range(4)]
    assert [len(sources.image) for sources in drawn] == [3, 4, 3, 4]  # one run of 3, or 4 slices
    assert [sources.runs for sources in drawn] == [True, False, True, False]


def test_pictures_without_neighbors_are_drawn_one_by_one(tmp_path: Path):
    settings = Settings(steps=4, batch=4, sizes=(32,), steadiness=Steadiness(weight=0.3))
    for pairs in (_volume("a", [1, 2, 4, 5]), [replace(_volume("a", [1])[0], place=None)]):
        assert not Trainer(settings, pairs, tmp_path).batches.of_step(0, stage=1).runs
    assert Trainer(settings, _volume("a", [1, 2, 3]), tmp_path).batches.of_step(0, stage=1).runs


def test_a_run_of_two_has_no_second_difference():
    with pytest.raises(OptionError, match="length from 3"):
        Settings(steadiness=Steadiness(length=2))
