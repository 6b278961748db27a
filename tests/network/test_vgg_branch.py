"""The feature branch: its levels, and how public VGG-19 weights enter it."""

from __future__ import annotations

import pytest
import torch

from coconet_med.network.vgg_branch import FeatureBranch

#: torchvision's numbers of the convolutions used, with inputs and outputs.
VGG19 = {0: (3, 64), 2: (64, 64), 5: (64, 128), 7: (128, 128), 10: (128, 256), 12: (256, 256), 14: (256, 256)}
VGG19 |= {16: (256, 256)}


def _vgg19() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    state = {}
    for index, (inputs, outputs) in VGG19.items():
        state[f"features.{index}.weight"] = torch.randn(outputs, inputs, 3, 3)
        state[f"features.{index}.bias"] = torch.randn(outputs)
    return state


def test_the_three_levels_halve_the_size_and_double_the_channels():
    half, quarter, eighth = FeatureBranch(4)(torch.rand(2, 1, 32, 48))
    assert half.shape == (2, 8, 16, 24)
    assert quarter.shape == (2, 16, 8, 12)
    assert eighth.shape == (2, 32, 4, 6)


def test_width_32_takes_the_weights_of_vgg19_and_folds_the_first_layer_to_gray():
    branch, state = FeatureBranch(32), _vgg19()
    branch.load_vgg19(state)
    gray = torch.rand(1, 1, 16, 16)
    weighted = torch.cat([0.299 * gray, 0.587 * gray, 0.114 * gray], dim=1)
    expected = torch.nn.functional.conv2d(weighted, state["features.0.weight"], state["features.0.bias"], padding=1)
    torch.testing.assert_close(branch.conv1_1(gray), expected, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(branch.conv3_4.weight, state["features.16.weight"])


def test_other_widths_refuse_vgg19():
    with pytest.raises(ValueError, match="width 32 only"):
        FeatureBranch(8).load_vgg19(_vgg19())


def test_other_weights_are_refused():
    with pytest.raises(ValueError, match=r"features\.0"):
        FeatureBranch(32).load_vgg19({"encoder.weight": torch.zeros(1)})


def test_the_first_pooling_stands_before_the_second_convolution():
    branch = FeatureBranch(2)
    sizes = []
    branch.conv1_2.register_forward_hook(lambda module, inputs, output: sizes.append(inputs[0].shape[-1]))
    branch(torch.rand(1, 1, 16, 16))
    assert sizes == [8]
