"""The torch engine runs a state dict as the network itself does, and says in one line what is no such thing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from coconet_med.engines.torch import NetworkEngine, TorchEngine  # noqa: E402
from coconet_med.errors import ModelError  # noqa: E402
from coconet_med.network import network_of  # noqa: E402

LIGHT = Path(__file__).parents[2] / "coconet_med" / "models" / "light.pt"


def test_weights_from_a_file_give_what_the_network_gives() -> None:
    engine = TorchEngine(LIGHT, device="cpu")
    net = network_of(torch.load(LIGHT, weights_only=True)).eval()
    picture = np.random.default_rng(0).random((2, 2, 32, 40), dtype=np.float32)
    field = engine.run(picture)
    with torch.inference_mode():
        wanted = net.low_passed_field(torch.from_numpy(picture)).numpy()
    np.testing.assert_array_equal(field, wanted)
    at_hand = NetworkEngine(net, slices=3)
    assert (engine.name, engine.device, engine.gives_field) == ("torch", "cpu", True)
    assert (at_hand.slices, at_hand.gives_field) == (3, True)
    np.testing.assert_array_equal(at_hand.run(picture), wanted)


def test_other_files_and_absent_devices_are_one_line(tmp_path) -> None:
    torch.save({"a": torch.zeros(1)}, tmp_path / "a.pt")
    (tmp_path / "b.pt").write_bytes(b"not a file of torch")
    for name in ("a.pt", "b.pt"):
        with pytest.raises(ModelError, match=rf"{name}: not weights of CoCoNet \([^\n]*\); give"):
            TorchEngine(tmp_path / name)
    with pytest.raises(ModelError, match=r"device 'nowhere': .*use --device cpu"):
        TorchEngine(LIGHT, device="nowhere")
