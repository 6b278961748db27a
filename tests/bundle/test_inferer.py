"""The inferer fuses a stack as the package does, slice sizes taken from the affine."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("monai")

from monai.data import MetaTensor  # noqa: E402

from coconet_med.bundle.inferer import StackInferer  # noqa: E402


class Mean(torch.nn.Module):
    """Averages both sources."""

    def __init__(self) -> None:
        super().__init__()
        self.none = torch.nn.Parameter(torch.zeros(1))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image.mean(dim=1, keepdim=True)


def test_stacks_keep_their_shape_and_their_meta() -> None:
    rng = np.random.default_rng(0)
    stacks = torch.from_numpy(0.2 + 0.8 * rng.random((2, 2, 5, 32, 32), dtype=np.float32))
    net = Mean()
    fused = StackInferer(slice_batch=2)(MetaTensor(stacks, affine=torch.eye(4)), net)
    assert isinstance(fused, MetaTensor)
    assert fused.shape == (2, 1, 5, 32, 32)
    np.testing.assert_allclose(fused[:, 0].numpy(), stacks.mean(dim=1).numpy(), atol=1e-6)
    plain = StackInferer()(stacks, net)
    assert not isinstance(plain, MetaTensor)
