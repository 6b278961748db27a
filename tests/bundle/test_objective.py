"""The objective of a training: finite, and in the feature space that the settings name."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from coconet_med.bundle import objective as module
from coconet_med.bundle.objective import Objective
from coconet_med.errors import FusionError, OptionError
from coconet_med.network import CoCoNet

pytest.importorskip("monai", reason='needs the extra: pip install ".[monai]"')


pytestmark = [
    pytest.mark.filterwarnings("ignore:parsing config_file:UserWarning"),  # MONAI: trust configs before you run them
    pytest.mark.filterwarnings("ignore:No hash value provided:UserWarning"),  # MONAI passes none for its own schema
]


def test_an_objective_that_is_not_finite_stops_the_training() -> None:
    import torch

    from coconet_med.bundle.objective import Objective

    image = torch.rand(2, 2, 32, 32)
    assert torch.isfinite(Objective()(torch.rand(2, 1, 32, 32), image))
    with pytest.raises(FusionError, match="the loss is nan"):
        Objective()(torch.full((2, 1, 32, 32), torch.nan), image)


pytest.importorskip("monai", reason='needs the extra: pip install ".[monai]"')


def test_the_feature_space_of_the_objective_is_a_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    torch.save(CoCoNet(width=2).state_dict(), tmp_path / "net.pt")
    assert Objective(contrast=1.0, space="branch", space_path=str(tmp_path / "net.pt")).contrast.space.name == "branch"
    assert Objective(contrast=1.0).contrast.space.name == "gabor"
    with pytest.raises(OptionError, match="choose vgg19"):
        Objective(contrast=1.0, space="none")
    assert module.Objective(space="none").contrast is None
