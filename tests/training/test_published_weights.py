"""The authors' weights in our network: the same numbers as a plain re-statement of their forward pass."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from coconet_med.errors import ModelError
from coconet_med.network import CONFIGURATIONS, build_network, network_of
from coconet_med.training.published_weights import import_state, import_weights, published_names


def restated(state: dict[str, torch.Tensor], visible: torch.Tensor, infrared: torch.Tensor) -> torch.Tensor:
    """What their network computes of two pictures in [-1, 1], in plain functions, with running statistics."""

    def conv(x: torch.Tensor, name: str) -> torch.Tensor:
        weight = state[f"{name}.weight"]
        return F.conv2d(x, weight, state[f"{name}.bias"], padding=weight.shape[-1] // 2)

    def step(x: torch.Tensor, number: str) -> torch.Tensor:
        x = F.leaky_relu(conv(x, f"conv{number}"), 0.2)
        if number == "9_2":
            return x
        mean, var, weight, bias = (
            state[f"bn{number}.{kind}"].reshape(1, -1, 1, 1)
            for kind in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / torch.sqrt(var + 1e-5) * weight + bias

    def attend(x: torch.Tensor, width: int) -> torch.Tensor:
        q, k, v = (conv(x, f"se_{width}.conv_{n}").flatten(2) for n in (1, 2, 3))
        energy = q @ k.transpose(1, 2)
        weights = torch.softmax(energy.max(dim=-1, keepdim=True).values - energy, dim=-1)
        return (state[f"se_{width}.gamma"] * (weights @ v) + v).reshape(x.shape)

    def branch(x: torch.Tensor) -> list[torch.Tensor]:
        one = F.relu(conv(F.max_pool2d(F.relu(conv(x, "vgg19.slice1.0")), 2), "vgg19.slice1.3"))
        two = F.relu(conv(F.relu(conv(F.max_pool2d(one, 2), "vgg19.slice2.6")), "vgg19.slice2.8"))
        three = F.max_pool2d(two, 2)
        for number in (11, 13, 15, 17):
            three = F.relu(conv(three, f"vgg19.slice3.{number}"))
        return [one, two, three]

    height, width = visible.shape[-2:]
    extra = [-width % 16, -height % 16]
    sides = [extra[0] // 2, extra[0] - extra[0] // 2, extra[1] // 2, extra[1] - extra[1] // 2]
    first, second = (F.pad(x, sides, mode="reflect") for x in (visible, infrared))  # declared as ir and vis
    of_second, of_first = branch(second), branch(first)
    c1 = step(step(torch.cat([first, second], 1), "1_1"), "1_2")
    c2 = step(step(F.max_pool2d(c1, 2), "2_1"), "2_2")
    c3 = step(step(F.max_pool2d(c2, 2), "3_1"), "3_2")
    c4 = step(F.max_pool2d(c3, 2), "4_1")

    def joined(x: torch.Tensor, level: int, width: int, name: str) -> torch.Tensor:
        return conv(torch.cat([attend(f, width) for f in (x, of_second[level], of_first[level])], 1), name)

    y = step(joined(c4, 2, 256, "deconv4"), "4_2")
    skips = (joined(c3, 1, 128, "att_deconv7"), joined(c2, 0, 64, "att_deconv8"), c1)
    for halve, number, skip in zip(("deconv6", "deconv7", "deconv8"), "789", skips, strict=True):
        y = F.interpolate(y, scale_factor=2, mode="bilinear", align_corners=False)
        y = step(step(torch.cat([conv(y, halve), skip], 1), f"{number}_1"), f"{number}_2")
    return torch.tanh(conv(y, "conv10"))[..., sides[2] : sides[2] + height, sides[0] : sides[0] + width]


@pytest.mark.parametrize("size", [(48, 64), (53, 39)])
def test_imported_weights_compute_what_theirs_do(theirs: dict[str, torch.Tensor], size: tuple[int, int]):
    image = torch.rand(2, 2, *size, generator=torch.Generator().manual_seed(1))
    net = network_of(import_state(theirs)).eval()
    with torch.no_grad():
        expected = restated(theirs, 2 * image[:, :1] - 1, 2 * image[:, 1:] - 1) * 0.5 + 0.5
        found = net(image)
        assert float(expected.std()) > 0.05
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
        assert (net(image.flip(1)) - expected).abs().max() > 0.01  # the two sources are not exchanged


def test_every_tensor_of_theirs_but_the_unused_ones_has_a_place(theirs: dict[str, torch.Tensor]):
    names = published_names()
    unused = {key for key in theirs if key not in names}
    assert sum(theirs[key].numel() for key in unused) == 55_425
    own = build_network("published").state_dict()
    assert sorted(names.values()) == sorted(set(own) - {"arrangement"})


def test_the_published_network_has_as_many_parameters_as_theirs_block_by_block():
    net = build_network("published")
    count = lambda module: sum(p.numel() for p in module.parameters())  # noqa: E731
    assert count(net) == 9_114_180
    assert count(net.features) == 2_324_416
    assert [count(e) for e in (net.ensemble2, net.ensemble3, net.ensemble4)] == [221_441, 885_249, 3_539_969]


@pytest.mark.parametrize(
    "switch", [name for name in CONFIGURATIONS["published"] if name not in ("width", "guided", "mixed")]
)
def test_each_difference_is_a_switch_that_matters(switch: str):
    from coconet_med.network import CoCoNet

    options = {**CONFIGURATIONS["published"], "width": 2}
    usual = {"pooling": 2, "cosine": True, "centered": False, "last_norm": True, "published_order": False}
    image = torch.rand(1, 2, 41, 41, generator=torch.Generator().manual_seed(0))
    made = []
    for chosen in (options, {**options, switch: usual[switch]}):
        torch.manual_seed(3)
        net = CoCoNet(**chosen).eval()
        for level in (net.ensemble2, net.ensemble3, net.ensemble4):
            torch.nn.init.constant_(level.attention.gamma, 2.0)
        if switch == "last_norm" and len(net.decode1.join[1]) == 3:
            torch.nn.init.constant_(net.decode1.join[1][2].bias, 0.5)
        with torch.no_grad():
            made.append(net(image))
            torch.testing.assert_close(network_of(net.state_dict()).eval()(image), made[-1], rtol=0, atol=0)
    assert not torch.equal(*made)


def test_other_weights_are_refused_by_name(theirs: dict[str, torch.Tensor], tmp_path: Path):
    lacking = {key: value for key, value in theirs.items() if key != "conv4_2.bias"}
    with pytest.raises(ModelError, match=r"conv4_2\.bias is missing"):
        import_state(lacking)
    with pytest.raises(ModelError, match="extra is no part"):
        import_state({**theirs, "extra": torch.zeros(1)})
    with pytest.raises(ModelError, match=r"conv10\.weight has the shape"):
        import_state({**theirs, "conv10.weight": torch.zeros(1, 16, 1, 1)})
    with pytest.raises(ModelError, match="not finite"):
        import_state({**theirs, "se_64.gamma": torch.tensor([torch.nan])})
    with pytest.raises(ModelError, match="no such file"):
        import_weights(tmp_path / "none.pth", tmp_path / "out.pt")
    assert not list(tmp_path.iterdir())
