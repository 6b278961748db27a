"""Generated slices as modalities display them: each kind has the marks by which a reader tells it."""

from __future__ import annotations

import pytest
import torch

from coconet_med.training.anatomies import TISSUES
from coconet_med.training.displays import displayed

SIZE = 128


def _draw(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _radius() -> torch.Tensor:
    y, x = torch.meshgrid(*(torch.arange(float(SIZE)) - SIZE / 2,) * 2, indexing="ij")
    return (x * x + y * y).sqrt()


@pytest.fixture(scope="module")
def head() -> torch.Tensor:
    """A disc of white matter, cortex, fluid, bone and soft tissue, from the inside to the outside."""
    radius, tissue = _radius(), torch.zeros(SIZE, SIZE, dtype=torch.long)
    for name, limit in (("soft_tissue", 54), ("bone", 50), ("csf", 44), ("cortex", 30), ("white_matter", 20)):
        tissue[radius < limit] = TISSUES.index(name)
    return tissue


@pytest.mark.parametrize("kind", ["ct", "pet", "spect"])
def test_a_window_of_air_alone_shows_nothing_in_the_mri(kind: str):
    air = torch.zeros(SIZE, SIZE, dtype=torch.long)
    pairs = torch.stack([displayed(kind, air, _draw(seed)) for seed in range(6)])
    assert torch.isfinite(pairs).all()
    assert (pairs[:, 0].amax(dim=(1, 2)) == 0).any()  # but where the noise of air is seen


def _mean(picture: torch.Tensor, head: torch.Tensor, name: str) -> float:
    return float(picture[head == TISSUES.index(name)].mean())


@pytest.mark.parametrize("kind", ["ct", "pet", "spect", "pet on ct", "spect on ct"])
def test_pairs_are_in_range_and_the_draw_decides(kind: str, head: torch.Tensor):
    pair = displayed(kind, head, _draw(1))
    assert pair.shape == (2, SIZE, SIZE)
    assert torch.isfinite(pair).all()
    assert 0 <= pair.min() <= pair.max() <= 1
    assert torch.equal(pair, displayed(kind, head, _draw(1)))
    assert not torch.equal(pair, displayed(kind, head, _draw(2)))


def test_bone_is_white_and_fluid_darker_than_brain_in_ct(head: torch.Tensor):
    for seed in range(8):
        ct = displayed("ct", head, _draw(seed))[1]
        assert _mean(ct, head, "bone") > 0.9
        fluid, cortex = (ct[(head == TISSUES.index(name)) & (ct < 0.95)] for name in ("csf", "cortex"))
        assert len(cortex) > 500
        if len(fluid) > 500:  # the skull may reach over it
            assert fluid.mean() < cortex.mean() + 0.05
        assert _mean(ct, head, "air") < 0.05


def test_the_skull_of_a_ct_is_as_thick_as_the_labels_have_it_or_thicker_and_dark_in_the_mri(head: torch.Tensor):
    rim, inside = (_radius() > 40) & (_radius() < 44), (_radius() > 30) & (_radius() < 36)
    pairs = [displayed("ct", head, _draw(seed)) for seed in range(32)]
    white = torch.tensor([float((ct[rim] > 0.95).float().mean()) for _, ct in pairs])
    wide = torch.tensor([float((ct[inside] > 0.95).float().mean()) for _, ct in pairs])
    assert white.min() < 0.4
    assert white.max() > 0.9
    assert wide.median() < 0.2
    assert 1 <= int((wide > 0.5).sum()) <= 12  # as below the vertex
    thick, thin = (
        torch.stack([mri for (mri, _), w, far in zip(pairs, white, wide, strict=True) if far < 0.2 and (w > 0.8) == it])
        for it in (True, False)
    )
    assert thick[:, rim].mean() < 0.6 * thin[:, rim].mean()


def test_a_wide_skull_holds_marrow_which_the_mri_shows(head: torch.Tensor):
    inside = (_radius() > 36) & (_radius() < 40)
    seen = [mri[inside].mean() for mri, ct in (displayed("ct", head, _draw(seed)) for seed in range(40))
            if (ct[inside] > 0.95).float().mean() > 0.9]  # fmt: skip
    assert len(seen) >= 3
    assert max(seen) > 0.15
    assert min(seen) < 0.1  # some are of dense bone


def test_pet_is_blurred_more_than_mri_and_spect_more_than_pet(head: torch.Tensor):
    def steepest(kind: str, channel: int) -> float:
        pairs = torch.stack([displayed(kind, head, _draw(seed))[channel] for seed in range(12)])
        return float((pairs.diff(dim=1).abs().amax(dim=(1, 2)) / pairs.amax(dim=(1, 2))).median())

    assert steepest("pet", 0) > steepest("pet", 1) > steepest("spect", 1)


@pytest.mark.parametrize("kind", ["pet on ct", "spect on ct"])
def test_a_ct_can_be_the_anatomy(kind: str, head: torch.Tensor):
    for seed in range(6):
        ct, uptake = displayed(kind, head, _draw(seed))
        assert _mean(ct, head, "bone") > 0.9
        assert _mean(uptake, head, "bone") < 0.5
        assert ct.diff(dim=1).abs().max() > uptake.diff(dim=1).abs().max()


def test_both_pictures_lie_up_to_some_millimeters_apart(head: torch.Tensor):
    outside = []
    for seed in range(12):
        skull = (displayed("ct", head, _draw(seed))[1] > 0.95) & (_radius() < 56)
        rows = torch.where(skull.sum(dim=1) > 8)[0]
        outside.append(float(rows[0] + rows[-1] + 1) / 2 - SIZE / 2)
    away = torch.tensor(outside).abs()
    assert away.max() > 0.5
    assert away.mean() < 3


def test_some_displays_of_uptake_begin_where_the_brain_does(head: torch.Tensor):
    scalp = torch.stack([displayed("pet", head, _draw(seed))[1][head == TISSUES.index("soft_tissue")].mean()
                         for seed in range(24)])  # fmt: skip
    assert 6 <= int((scalp < 0.005).sum()) <= 20


def test_gray_matter_takes_up_more_than_fluid(head: torch.Tensor):
    pictures = [displayed("pet", head, _draw(seed))[1] for seed in range(12)]
    higher = [_mean(picture, head, "cortex") > _mean(picture, head, "csf") for picture in pictures]
    assert sum(higher) >= 9  # but for lesions, noise and the end of the field of view
