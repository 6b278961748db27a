"""The sources of a step: which part is generated, who is shown, and that nothing but seed and step decides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from coconet_med.errors import ReadError
from coconet_med.training.batches import Ahead, Batches
from coconet_med.training.data import SlicePair
from coconet_med.training.distributed import DistributedContext, distributed_context
from coconet_med.training.settings import Contrast, Settings

HERE = distributed_context("cpu", "fp32")
CHOSEN = Settings(steps=10, batch=4, sizes=(32, 48))


@pytest.fixture
def labels(tmp_path: Path) -> str:
    np.savez(tmp_path / "slices.npz", slices=np.full((2, 64, 64), 3, np.uint8), axial=1)
    return str(tmp_path / "slices.npz")


@pytest.fixture
def pairs() -> list[SlicePair]:
    draw = torch.Generator().manual_seed(0)
    return [
        SlicePair(torch.rand(48, 48, generator=draw), torch.rand(48, 48, generator=draw), None, "mri-pet", who, who)
        for who in "abc"
    ]


def _of(rank: int, world: int) -> DistributedContext:
    return replace(HERE, rank=rank, world=world)


def test_seed_and_step_decide(pairs: list[SlicePair], labels: str):
    for chosen in (CHOSEN, replace(CHOSEN, generated=labels), replace(CHOSEN, generated=labels, generated_share=1.0)):
        of, again = Batches(chosen, pairs, HERE), Batches(chosen, pairs, HERE)
        assert torch.equal(of.of_step(3, stage=1).image, again.of_step(3, stage=1).image)
        drawn = [of.of_step(step, stage=1).image for step in range(8)]
        assert {image.shape[-1] for image in drawn} == {32, 48}
        other = Batches(replace(chosen, seed=1), pairs, HERE).of_step(3, stage=1).image
        assert other.shape != drawn[3].shape or not torch.equal(other, drawn[3])


def test_the_share_of_generated_pairs_is_as_set(pairs: list[SlicePair], labels: str):
    batches = Batches(replace(CHOSEN, generated=labels, generated_share=0.25), pairs, HERE)
    shown = [person for step in range(60) for person in batches.of_step(step, stage=1).persons]
    assert 0.15 < sum(person.startswith("generated") for person in shown) / len(shown) < 0.35
    assert {"a", "b", "c"} <= set(shown)


def test_without_real_pairs_everybody_is_generated(labels: str):
    batches = Batches(replace(CHOSEN, generated=labels, generated_share=1.0), [], HERE)
    sources = batches.of_step(0, stage=1)
    assert sources.image.shape[:2] == (4, 2)
    assert sources.mask is None
    assert len(set(sources.persons)) == 4
    assert not sources.runs


def test_processes_share_a_batch_and_see_different_pairs(pairs: list[SlicePair], labels: str):
    for real, share in ((pairs, 0.5), ([], 1.0)):
        chosen = replace(CHOSEN, generated=labels, generated_share=share)
        first, second = (Batches(chosen, real, _of(rank, 2)).of_step(0, stage=1).image for rank in (0, 1))
        assert len(first) == len(second) == 2
        assert not torch.equal(first, second)


def test_anchors_count_in_the_second_stage_alone(pairs: list[SlicePair]):
    batches = Batches(replace(CHOSEN, contrast=Contrast(weight=1.0, steps=5, anchors=2)), pairs, HERE)
    assert batches.of_step(0, stage=1).anchors == 0
    sources = batches.of_step(12, stage=2)
    assert sources.anchors == 2
    assert all(sources.persons[n] != sources.persons[n + 2] for n in (0, 1))


def test_drawn_masks_come_with_every_pair(pairs: list[SlicePair], labels: str):
    drawn = [replace(pair, mask=(pair.function > 0.5).float()) for pair in pairs]
    sources = Batches(replace(CHOSEN, generated=labels), drawn, HERE).of_step(1, stage=1)
    assert sources.mask is not None
    assert sources.mask.shape == sources.image[:, :1].shape


def test_label_slices_that_are_missing_are_named(pairs: list[SlicePair]):
    with pytest.raises(ReadError, match=r"nowhere\.npz: no label slices"):
        Batches(replace(CHOSEN, generated="nowhere.npz"), pairs, HERE)


def test_what_is_drawn_ahead_is_what_would_be_drawn(pairs: list[SlicePair], labels: str):
    chosen = replace(CHOSEN, generated=labels, contrast=Contrast(weight=1.0, steps=5, anchors=2), steps=3)
    batches = Batches(chosen, pairs, HERE)
    ahead = Ahead(batches)
    stages = [1, 1, 1, 2, 2, None]
    for step in (0, 1, 2, 3, 4, 2, 3):  # and back, as a training that is gone on with
        stage, coming = stages[step], stages[step + 1]
        assert stage is not None
        sources, wanted = ahead.of_step(step, stage=stage, next_stage=coming), batches.of_step(step, stage=stage)
        assert torch.equal(sources.image, wanted.image)
        assert (sources.persons, sources.anchors) == (wanted.persons, wanted.anchors)


def test_what_goes_wrong_ahead_is_raised_at_its_step(pairs: list[SlicePair]):
    ahead = Ahead(Batches(CHOSEN, pairs, HERE))
    of_step = ahead.batches.of_step

    def spoiled(step: int, *, stage: int):
        if step == 1:
            raise ReadError("lost")
        return of_step(step, stage=stage)

    ahead.batches.of_step = spoiled  # type: ignore[method-assign]
    ahead.of_step(0, stage=1, next_stage=1)
    with pytest.raises(ReadError, match="lost"):
        ahead.of_step(1, stage=1)
