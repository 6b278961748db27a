"""How bright tissues are drawn."""

from __future__ import annotations

import torch

from coconet_med.training.anatomies import TISSUES
from coconet_med.training.tissue_levels import CONTRASTS, TRACERS, levels, painted


def _draw(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_levels_are_those_of_the_table_or_of_none():
    drawn = torch.stack([levels(CONTRASTS, _draw(n), "t2") for n in range(20)])
    white, fluid = TISSUES.index("white_matter"), TISSUES.index("csf")
    assert (drawn[:, fluid] > drawn[:, white]).all()
    assert drawn[:, white].std() < 0.1
    assert (drawn[:, 0] == 0).all()
    anything = torch.stack([levels(TRACERS, _draw(n), None) for n in range(20)])
    assert anything[:, white].std() > 0.15
    assert (anything[:, fluid] > anything[:, white]).any()


def test_a_tissue_is_painted_at_its_level_with_a_texture_of_some_percent():
    tissue = torch.zeros(64, 64, dtype=torch.long)
    tissue[:, 32:] = TISSUES.index("white_matter")
    level = levels(CONTRASTS, _draw(0), "t1")
    picture = painted(tissue, level, 0.08, _draw(1))
    assert (picture[:, :32] == 0).all()
    white = picture[:, 32:] / level[TISSUES.index("white_matter")]
    assert abs(float(white.mean()) - 1) < 0.1
    assert 0 < float(white.std()) < 0.2
