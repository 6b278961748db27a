"""A widened network computes what the narrow one did, and its copies can grow apart."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from coconet_med.errors import ModelError
from coconet_med.network import CoCoNet
from coconet_med.training import trainer as module
from coconet_med.training.data import SlicePair
from coconet_med.training.net2wider import net2wider
from coconet_med.training.settings import Settings
from coconet_med.training.trainer import Trainer


@pytest.fixture
def narrow() -> CoCoNet:
    """With statistics and an attention that count."""
    torch.manual_seed(0)
    net = CoCoNet(width=2)
    torch.nn.init.normal_(net.guide.second.weight)
    for _ in range(3):
        net(torch.rand(2, 2, 32, 32))
    for level in (net.ensemble2, net.ensemble3, net.ensemble4):
        torch.nn.init.constant_(level.attention.gamma, 0.7)
    return net.eval()


@pytest.mark.parametrize("times", [2, 4])
def test_the_wide_network_computes_the_same(narrow: CoCoNet, times: int):
    wide = CoCoNet(width=2 * times)
    wide.load_state_dict(net2wider(narrow.state_dict(), wide.state_dict()))
    image = torch.rand(2, 2, 40, 56)
    with torch.inference_mode():
        torch.testing.assert_close(wide.eval()(image), narrow(image), atol=1e-5, rtol=0)


def test_copies_of_a_channel_receive_different_gradients(narrow: CoCoNet):
    gradients = []
    for noise in (0.0, 1.0):
        wide = CoCoNet(width=4)
        wide.load_state_dict(net2wider(narrow.state_dict(), wide.state_dict(), noise=noise))
        wide.eval()(torch.rand(1, 2, 32, 32)).mean().backward()
        first, second = wide.encode1[1][0].weight.grad[:2]
        gradients.append(torch.allclose(first, second, rtol=1e-3, atol=1e-9))
    assert gradients == [True, False]


def test_a_width_that_is_no_multiple_is_refused(narrow: CoCoNet):
    with pytest.raises(ModelError, match="multiple of its width"):
        net2wider(narrow.state_dict(), CoCoNet(width=3).state_dict())
    with pytest.raises(ModelError, match="one architecture"):
        net2wider({"weight": torch.zeros(1)}, narrow.state_dict())


def test_training_may_start_from_narrower_weights(
    narrow: CoCoNet, pairs: list[SlicePair], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "build_network", lambda name: CoCoNet(width=4))
    torch.save(narrow.state_dict(), tmp_path / "narrow.pt")
    trainer = Trainer(Settings(start=str(tmp_path / "narrow.pt")), pairs, tmp_path)
    image = torch.rand(1, 2, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(trainer.net.eval()(image), narrow(image), atol=1e-5, rtol=0)
