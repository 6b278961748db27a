"""Training as published, and stage 2 alone: the files of settings, the losses of the authors' code, and drawn masks."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from coconet_med import training
from coconet_med.errors import OptionError, ReadError
from coconet_med.network import CoCoNet
from coconet_med.training import trainer as module
from coconet_med.training.batches import Sources
from coconet_med.training.contrast import CoupledContrast, other_persons
from coconet_med.training.data import BalancedSampler, SlicePair
from coconet_med.training.generated import Generator
from coconet_med.training.losses import BaseLoss, gaussian_ssim
from coconet_med.training.settings import Contrast, Settings, read_settings
from coconet_med.training.spaces import FeatureSpace
from coconet_med.training.trainer import Trainer
from coconet_med.training.weights import data_sensitive_weights

FILES = Path(training.__file__).parent


class _Itself(FeatureSpace):
    name = "itself"
    weights = (0.5,)

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        return [image]


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(3)
    return tuple(torch.rand(6, n, 24, 20, generator=g) for n in (1, 2, 1))  # type: ignore[return-value]


def test_the_published_weights_are_those_of_sobel_and_a_growing_histogram(batch: tuple[torch.Tensor, ...]):
    _, image, _ = batch
    gradients, entropies = np.zeros((6, 2)), np.zeros((6, 2))
    for source in range(2):
        counts = np.zeros(256)
        for n in range(6):
            x = np.pad(2 * image[n, source].numpy() - 1, 1)
            across = (x[:-2, 2:] + 2 * x[1:-1, 2:] + x[2:, 2:]) - (x[:-2, :-2] + 2 * x[1:-1, :-2] + x[2:, :-2])
            down = (x[2:, :-2] + 2 * x[2:, 1:-1] + x[2:, 2:]) - (x[:-2, :-2] + 2 * x[:-2, 1:-1] + x[:-2, 2:])
            gradients[n, source] = (np.abs(across) + np.abs(down)).mean() + 1e-5
            np.add.at(counts, ((2 * image[n, source].numpy() - 1) * 127.5 + 127.5).astype(np.uint8).ravel(), 1)
            p = counts[counts > 0] / counts.sum()
            entropies[n, source] = -(p * np.log2(p)).sum() + 6e-4
    for found, of, c in zip(
        data_sensitive_weights(image[:, :1], image[:, 1:], published=True),
        (gradients, entropies),
        (0.5, 0.75),
        strict=True,
    ):
        power = np.exp(of / of.sum(1, keepdims=True) / c)
        np.testing.assert_allclose(found, power / power.sum(1, keepdims=True), atol=2e-4)


def test_the_published_loss_pads_its_ssim_and_averages_it_over_the_batch(batch: tuple[torch.Tensor, ...]):
    fused, image, _ = batch
    x, y = fused[:, 0].double().numpy(), image[:, 0].double().numpy()
    t = np.exp(-0.5 * ((np.arange(11) - 5) / 1.5) ** 2)
    g = torch.tensor(np.outer(t, t) / t.sum() ** 2)[None, None]
    mean = lambda a: F.conv2d(torch.tensor(a)[:, None], g, padding=5)[:, 0].numpy()  # noqa: E731
    mx, my = mean(x), mean(y)
    top = (2 * mx * my + 1e-4) * (2 * (mean(x * y) - mx * my) + 9e-4)
    map_ = top / ((mx**2 + my**2 + 1e-4) * (mean(x * x) - mx**2 + mean(y * y) - my**2 + 9e-4))
    np.testing.assert_allclose(gaussian_ssim(fused, image[:, :1], padded=True), map_.mean((1, 2)), atol=1e-5)
    by_gradient, by_entropy = data_sensitive_weights(image[:, :1], image[:, 1:], published=True)
    expected = 0.0
    for n in range(2):
        source = image[:, n : n + 1]
        expected += 20 * by_gradient[:, n].mean() * (1 - gaussian_ssim(fused, source, padded=True).mean())
        expected += (by_entropy[:, n] * ((2 * fused - 2 * source) ** 2).mean((1, 2, 3))).mean()
    torch.testing.assert_close(BaseLoss(published=True)(fused, image), expected)


def test_the_published_contrast_has_one_quotient_and_two_further_negatives_for_each_anchor(
    batch: tuple[torch.Tensor, ...],
):
    fused, image, mask = batch[0][:2], 2 * batch[1] - 1, (batch[2][:2] > 0.5).float()
    y, a, f = 2 * fused - 1, image[:, :1], image[:, 1:]
    expected = 0.0
    for m, positive, negative in ((mask, f, a), (1 - mask, a, f)):
        near = (m * y - m * positive[:2]).abs().mean()
        far = sum((m * y - m * negative[n : n + 2]).abs().mean() for n in (0, 2, 4))
        expected += 0.5 * near / far
    loss = CoupledContrast(_Itself(), published=True)
    torch.testing.assert_close(loss(fused, batch[1], mask), expected, rtol=1e-4, atol=0)
    assert loss(fused, batch[1], torch.zeros_like(mask)) == 0


def test_negatives_are_of_other_persons():
    index, there = other_persons(["a", "a", "b", "a", "c", "b"], 2, 2)
    assert index.tolist() == [[0, 1], [2, 5], [4, 4]]  # (0: 2, 4), (1: 1 + 2 is of a; 5, then backwards)
    assert there.min() == 1
    index, there = other_persons(["a", "a", "b"], 3, 2)
    assert there.tolist() == [[1, 1, 1], [1, 1, 1], [0, 0, 1]]


def test_anchors_are_followed_by_other_persons():
    pairs = [
        SlicePair(torch.zeros(4, 4), torch.zeros(4, 4), None, "g", person, f"{person}{n}")
        for person in "abc"
        for n in range(3)
    ]
    drawn = BalancedSampler(pairs).draw_anchored(4, 12, torch.Generator().manual_seed(0))
    assert len(drawn) == 12
    assert all(drawn[n].person != drawn[n % 4].person for n in range(4, 12))


def test_the_file_of_settings_is_the_published_training():
    made = read_settings(FILES / "published.json")
    assert (made.model, made.vgg19, made.freeze_features) == ("published", "download", True)
    assert (made.learning_rate, made.constant_rate, made.weight_decay, made.clip, made.average) == (1e-4, True, 0, 0, 0)
    assert (made.batch, made.contrast.anchors, made.contrast.negatives) == (30, 10, 2)
    assert (made.base, made.contrast.weight, made.contrast.space, made.contrast.published) == (20, 1, "vgg19", True)
    assert not any(asdict(made.preservation).values())
    assert made.published_loss


def test_a_frozen_branch_starts_from_vgg19_and_stays(
    pairs: list[SlicePair], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    vgg = {0: (3, 64), 2: (64, 64), 5: (64, 128), 7: (128, 128), 10: (128, 256), 12: (256, 256), 14: (256, 256)}
    vgg[16] = (256, 256)

    g = torch.Generator().manual_seed(0)
    state = {}
    for index in (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28):
        inputs, outputs = vgg.get(index, (1, 1))
        state[f"features.{index}.weight"] = 0.02 * torch.randn(outputs, inputs, 3, 3, generator=g)
        state[f"features.{index}.bias"] = torch.zeros(outputs)
    torch.save(state, tmp_path / "vgg19.pth")
    made = read_settings(FILES / "published.json", vgg19=str(tmp_path / "vgg19.pth"), steps=1, sizes=(32,))
    made = replace(made, batch=2, contrast=Contrast())
    trainer = Trainer(made, pairs, tmp_path)
    before = trainer.net.features.conv3_4.weight.clone()
    torch.testing.assert_close(before, state["features.16.weight"])
    trunk = trainer.net.encode1[0][0].weight.clone()
    trainer.one_step()
    assert torch.equal(trainer.net.features.conv3_4.weight, before)
    assert not torch.equal(trainer.net.encode1[0][0].weight, trunk)
    assert torch.equal(trainer.mean.encode1[0][0].weight, trainer.net.encode1[0][0].weight)  # no running mean


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"steps": 0, "contrast": Contrast(weight=1.0)}, "steps 0: is stage 2 alone"),
        ({"freeze_features": True}, "would keep random features"),
        ({"vgg19": "download"}, "networks of width 32, not light"),
        ({"contrast": Contrast(anchors=5)}, "anchors 5"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given: dict, words: str):
    with pytest.raises(OptionError, match=words):
        Settings(**given)


def test_stage_2_alone_and_its_control_differ_by_the_contrast_only(
    pairs: list[SlicePair], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "build_network", lambda name: CoCoNet(width=2))
    torch.manual_seed(0)
    torch.save(CoCoNet(width=2).state_dict(), tmp_path / "start.pt")
    np.savez(tmp_path / "slices.npz", slices=np.full((2, 64, 64), 3, np.uint8))
    ends, draws = [], []
    for name in ("stage2.json", "stage2_control.json"):
        made = read_settings(
            FILES / name, start=str(tmp_path / "start.pt"), sizes=(32,), generated=str(tmp_path / "slices.npz")
        )
        made = replace(made, contrast=replace(made.contrast, steps=5))
        assert (made.steps, made.all_steps, made.findings, made.generated_share) == (0, 5, True, 0.3)
        trainer = Trainer(made, pairs, tmp_path / name)
        assert (trainer.contrast is None) == made.contrast.control
        seen: list[Sources] = []
        of = trainer.batches.of_step
        trainer.batches.of_step = lambda *a, of=of, seen=seen, **k: seen.append(of(*a, **k)) or seen[-1]  # type: ignore
        ends.append(trainer.run())
        draws.append(torch.stack([one.image for one in seen]))
    assert torch.equal(*draws)
    assert not torch.equal(*(net.out.weight for net in ends))
    assert torch.equal(*(net.encode1[0][2].running_mean for net in ends))  # batch norm rests


def test_drawn_masks_go_with_their_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("monai", reason='needs the extra: pip install ".[monai]"')
    from coconet_med.training.own_pairs import find_pairs, slices_of_pairs

    rng = np.random.default_rng(0)
    for kind in ("visible", "infrared", "masks"):
        (tmp_path / kind).mkdir()
    for n in range(3):
        for kind in ("visible", "infrared"):
            Image.fromarray(rng.integers(30, 255, (32, 32), np.uint8)).save(tmp_path / kind / f"{n}.png")
        mask = np.zeros((32, 32), np.uint8)
        mask[4:12, 20:28] = 255
        Image.fromarray(mask).save(tmp_path / "masks" / f"{n}.png")
    studies = find_pairs(tmp_path / "visible", tmp_path / "infrared")
    pairs = slices_of_pairs(studies, masks=tmp_path / "masks")
    assert [float(pair.mask.sum()) for pair in pairs] == [64.0] * 3
    monkeypatch.setattr(module, "build_network", lambda name: CoCoNet(width=2))
    made = Settings(steps=1, batch=2, sizes=(32,), contrast=Contrast(weight=1.0, steps=2))
    trainer, masks = Trainer(made, pairs, tmp_path / "run"), []
    forward = trainer.contrast.forward
    trainer.contrast.forward = lambda f, i, mask, **k: masks.append(mask) or forward(f, i, mask, **k)
    trainer.run()
    assert len(masks) == 2
    assert all(mask.shape == (2, 1, 32, 32) and 0 < mask.mean() < 0.2 for mask in masks)
    (tmp_path / "masks" / "1.png").unlink()
    with pytest.raises(ReadError, match=r"case 1: no mask"):
        slices_of_pairs(studies, masks=tmp_path / "masks")


def test_a_generated_pair_is_nobody(pairs: list[SlicePair], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "build_network", lambda name: CoCoNet(width=2))
    np.savez(tmp_path / "slices.npz", slices=np.full((1, 64, 64), 3, np.uint8))
    made = Settings(batch=4, sizes=(32,), generated=str(tmp_path / "slices.npz"), generated_share=1.0)
    trainer = Trainer(made, pairs, tmp_path)
    sources = trainer.batches.of_step(0, stage=1)
    assert sources.image.shape == (4, 2, 32, 32)
    assert len(set(sources.persons)) == 4
    assert isinstance(trainer.batches.generator, Generator)
    assert math.isfinite(trainer.one_step())
