"""Feature spaces: their layers against plain torch, and what is said where weights are missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from network_cases import efficientnet, vgg19
from torch import nn

from coconet_med.errors import ModelError, OptionError
from coconet_med.network import CoCoNet
from coconet_med.training.space_choice import build_space
from coconet_med.training.spaces import FeatureSpace


@pytest.fixture
def vgg_file(tmp_path: Path) -> tuple[nn.Sequential, Path]:
    net, path = vgg19(), tmp_path / "vgg19.pth"
    torch.save({f"features.{key}": value for key, value in net.state_dict().items()}, path)
    return net, path


def test_the_feature_branch_of_a_trained_network_is_a_space(tmp_path: Path):
    net, path = CoCoNet(width=2), tmp_path / "net.pt"
    torch.save(net.state_dict(), path)
    gray = torch.rand(1, 1, 32, 32)
    for level, expected in zip(build_space("branch", path=path)(gray), net.features(gray), strict=True):
        torch.testing.assert_close(level, expected)
    torch.save({"other": torch.zeros(1)}, path)
    with pytest.raises(ModelError, match="no feature branch"):
        build_space("branch", path=path)
    with pytest.raises(OptionError, match="trained network"):
        build_space("branch")


def test_gabor_features_see_direction_and_scale_but_not_a_constant():
    space = build_space("gabor")
    stripes = torch.cos(2 * torch.pi / 5 * torch.arange(60.0)).expand(1, 1, 60, 60)
    fine = space(stripes)[0][0, :12].mean(dim=(1, 2))
    assert fine.argmax() == 0  # even filter of the direction across the stripes
    turned = space(stripes.transpose(2, 3))[0][0, :12].mean(dim=(1, 2))
    assert turned.argmax() == 6
    for level in space(torch.full((1, 1, 32, 32), 0.4)):
        torch.testing.assert_close(level[:, :-1], torch.zeros_like(level[:, :-1]), atol=1e-5, rtol=0)


@pytest.mark.parametrize("size", [(16, 16), (37, 50)])
def test_spaces_are_frozen_give_one_map_a_weight_and_take_small_pictures(
    size: tuple[int, int], vgg_file: tuple[nn.Sequential, Path], tmp_path: Path
):
    torch.save(CoCoNet(width=2).state_dict(), tmp_path / "net.pt")
    torch.save(efficientnet(), tmp_path / "lite0.pth")
    files = {"vgg19": vgg_file[1], "efficientnet-lite0": tmp_path / "lite0.pth", "branch": tmp_path / "net.pt"}
    for name in ("vgg19", "efficientnet-lite0", "gabor", "branch"):
        space = build_space(name, path=files.get(name))
        assert isinstance(space, FeatureSpace)
        assert space.name == name
        assert not any(p.requires_grad for p in space.parameters())
        image = torch.rand(2, 1, *size, requires_grad=True)
        levels = space(image)
        assert len(levels) == len(space.weights)
        sum(level.sum() for level in levels).backward()
        assert torch.isfinite(image.grad).all()


def test_the_space_that_the_page_adds_is_one():
    """docs/training.md: "To add one"."""
    page = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(class .*?)```", page, flags=re.DOTALL)
    names: dict = {"FeatureSpace": FeatureSpace, "torch": torch}
    exec(block, names)
    space = names["Pyramid"]().frozen()
    assert len(space(torch.zeros(1, 1, 16, 16))) == len(space.weights)
