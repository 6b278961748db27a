"""What a training draws from: the atlas folder, and a sampler that treats persons alike."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from coconet_med.errors import ReadError
from coconet_med.training.data import BalancedSampler, SlicePair, atlas_slices


def _pair(group: str, person: str, name: str) -> SlicePair:
    return SlicePair(torch.zeros(16, 16), torch.zeros(16, 16), None, group, person, name)


@pytest.fixture
def atlas(tmp_path: Path) -> Path:
    """Two sets: PET through a palette of 4 colors whose luminance is not monotone, CT in gray."""
    colors = np.array([[0, 0, 0], [0, 0, 255], [255, 255, 0], [255, 0, 0]], np.uint8)
    lines = [f"tiny,{n},{r},{g},{b}" for n, (r, g, b) in enumerate(colors)]
    (tmp_path / "colour_tables.csv").write_text("table,index,r,g,b\n" + "\n".join(lines) + "\n", encoding="utf-8")
    gray = (np.arange(256).reshape(16, 16) % 251).astype(np.uint8)
    for group, suffix in (("mri-pet", "pet"), ("mri-ct", "ct")):
        folder = tmp_path / "train" / group
        folder.mkdir(parents=True)
        Image.fromarray(gray).save(folder / "7_001_mri.png")
        picture = colors[np.arange(256).reshape(16, 16) % 4] if suffix == "pet" else gray.T.copy()
        Image.fromarray(picture).save(folder / f"7_001_{suffix}.png")
    return tmp_path


def test_the_atlas_gives_scalar_uptake_and_the_luminance_of_its_picture(atlas: Path):
    pairs = {pair.group: pair for pair in atlas_slices(atlas, split="train")}
    assert set(pairs) == {"mri-pet", "mri-ct"}  # a set that is absent is left out
    pet = pairs["mri-pet"]
    torch.testing.assert_close(pet.function[0, :4], torch.tensor([0, 1 / 3, 2 / 3, 1]))
    torch.testing.assert_close(pet.grey[0, :4], torch.tensor([0, 0.114, 0.886, 0.299]))
    assert pairs["mri-ct"].grey is None
    assert pairs["mri-ct"].function[3, 0] == pairs["mri-ct"].anatomy[0, 3]


def test_a_folder_without_pairs_says_what_it_should_hold(tmp_path: Path):
    with pytest.raises(ReadError, match=r"colour_tables|_mri\.png"):
        atlas_slices(tmp_path, split="train")


def test_groups_are_drawn_by_weight_and_persons_alike_however_many_slices_they_have():
    pairs = [_pair("pet", "a", f"a{n}") for n in range(50)] + [_pair("pet", "b", "b0")] + [_pair("ct", "c", "c0")]
    generator = torch.Generator().manual_seed(0)
    drawn = BalancedSampler(pairs, weights={"pet": 3.0}).draw(4000, generator)
    groups = Counter(pair.group for pair in drawn)
    assert groups["pet"] / groups["ct"] == pytest.approx(3, rel=0.15)
    persons = Counter(pair.person for pair in drawn if pair.group == "pet")
    assert persons["a"] / persons["b"] == pytest.approx(1, rel=0.15)
    assert len({pair.name for pair in drawn}) == 52


def test_the_draw_depends_on_the_generator_alone():
    pairs = [_pair("pet", str(n % 3), str(n)) for n in range(20)]
    names = [
        [p.name for p in BalancedSampler(order).draw(8, torch.Generator().manual_seed(5))] for order in (pairs, pairs)
    ]
    assert names[0] == names[1]
