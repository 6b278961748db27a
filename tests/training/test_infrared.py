"""Infrared and visible pictures: the same network and losses, gray or in color, as in the paper."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from PIL import Image

from coconet_med import fuse, load_model
from coconet_med.color import luma, ycbcr_compose
from coconet_med.network import CoCoNet
from coconet_med.training import trainer as module
from coconet_med.training.settings import Contrast, Settings
from coconet_med.training.trainer import Trainer

pytest.importorskip("monai", reason='needs the extra: pip install ".[monai]"')

from coconet_med.training.own_pairs import find_pairs, slices_of_pairs


def _scene(seed: int, size: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """A colored, textured street by night, and the same in infrared with a warm person that the first one hides."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size]
    house = ((x // 8 + y // 8) % 2)[..., None] * np.array((60, 40, 10)) + np.array((60, 70, 110))
    visible = np.clip(house + rng.normal(0, 8, (size, size, 3)), 0, 255).astype(np.uint8)
    column, row = rng.integers(12, size - 12, 2)
    person = ((x - column) / 4) ** 2 + ((y - row) / 9) ** 2 < 1
    infrared = np.clip(60 + 170 * person + rng.normal(0, 4, (size, size)), 0, 255).astype(np.uint8)
    return visible, infrared


@pytest.mark.parametrize("color", [True, False])
def test_infrared_and_visible_pictures_train_and_fuse(color: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "build_network", lambda name: CoCoNet(width=2))
    for kind in ("visible", "infrared"):
        (tmp_path / kind).mkdir()
    for seed in range(4):
        visible, infrared = _scene(seed)
        shown = visible if color else np.rint(luma(visible)).astype(np.uint8)
        Image.fromarray(shown).save(tmp_path / "visible" / f"{seed}.png")
        Image.fromarray(infrared).save(tmp_path / "infrared" / f"{seed}.png")
    studies = find_pairs(tmp_path / "visible", tmp_path / "infrared")
    pairs = slices_of_pairs(studies, group="infrared-visible", color_anatomy=color)
    settings = Settings(steps=30, batch=2, sizes=(48,), contrast=Contrast(weight=1.0, steps=4))
    trainer = Trainer(settings, pairs, tmp_path / "run")
    losses = [trainer.one_step() for _ in range(30)]
    assert sum(losses[-8:]) < 0.9 * sum(losses[:8])
    net = trainer.run()  # stage 2
    torch.save(net.state_dict(), tmp_path / "weights.pt")

    visible, infrared = _scene(9)
    gray = np.rint(luma(visible)).astype(np.uint8)
    result = fuse(gray, infrared, model=load_model(tmp_path / "weights.pt", engine="torch", device="cpu"))
    fused = sitk.GetArrayFromImage(result.luminance)
    warm = infrared > 150
    contrast = lambda picture: picture[warm].mean() - picture[~warm].mean()  # noqa: E731
    assert contrast(fused) > contrast(gray / 255) + 0.02
    rgb = ycbcr_compose(fused, visible)  # Cb and Cr of the visible picture under the fused Y
    np.testing.assert_allclose(luma(rgb) / 255, fused, atol=1 / 255)
    blue = [(picture[..., 2] - luma(picture)).ravel() for picture in (rgb, visible)]
    assert np.corrcoef(*blue)[0, 1] > 0.9
