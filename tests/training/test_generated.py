"""Generated pairs: the draw decides, values stay in range, contrasts differ, and small findings join the losses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from coconet_med.errors import ReadError
from coconet_med.training.anatomies import TISSUES
from coconet_med.training.generated import Generator


def _draw(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def generator() -> Generator:
    """Two slices: a disc of cortex with white matter inside, and a body of bone."""
    y, x = torch.meshgrid(*(torch.arange(96.0) - 48,) * 2, indexing="ij")
    radius = (x * x + y * y).sqrt()
    slices = torch.zeros(2, 96, 96, dtype=torch.uint8)
    slices[0][radius < 40] = TISSUES.index("cortex")
    slices[0][radius < 25] = TISSUES.index("white_matter")
    slices[1][radius < 35] = TISSUES.index("bone")
    return Generator(slices)


def test_pairs_are_in_range_finite_and_show_both_sources(generator: Generator):
    batch = generator.batch(24, 48, _draw(0))
    assert batch.shape == (24, 2, 48, 48)
    assert torch.isfinite(batch).all()
    assert 0 <= batch.min() <= batch.max() <= 1
    seen = batch.amax(dim=(2, 3)) > 0.3
    assert seen[:, 0].all()
    assert seen[:, 1].float().mean() > 0.8  # a field of view may end before the body begins


def test_the_draw_decides(generator: Generator):
    assert torch.equal(generator.pair(48, _draw(4)), generator.pair(48, _draw(4)))
    assert not torch.equal(generator.pair(48, _draw(4)), generator.pair(48, _draw(5)))


def test_one_anatomy_comes_in_many_contrasts(generator: Generator):
    pairs = [generator.pair(48, _draw(n)) for n in range(16)]
    related = [float(torch.corrcoef(pair.flatten(1))[0, 1]) for pair in pairs]
    assert max(related) - min(related) > 0.3  # neither source tells the other


def test_other_files_are_refused(tmp_path: Path):
    np.savez(tmp_path / "other.npz", labels=np.zeros(3))
    (tmp_path / "text.npz").write_text("text", encoding="utf-8")
    for name in ("none.npz", "other.npz", "text.npz"):
        with pytest.raises(ReadError, match="no label slices"):
            Generator.read(tmp_path / name)
