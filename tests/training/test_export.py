"""Releasing: what differs from torch is not released.  (The export itself is tried in test_main.py: it is slow.)"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx as onnx_file
import pytest
import torch

from coconet_med.engines import onnx
from coconet_med.engines.cut import DEEP, LAST
from coconet_med.errors import ModelError
from coconet_med.network import CoCoNet
from coconet_med.training import export


class _Program:
    def save(self, path: str, **options: bool) -> None:
        graph = onnx_file.helper.make_graph([], "exported", [], [])
        onnx_file.save(onnx_file.helper.make_model(graph), path)


@pytest.mark.parametrize(("error", "released"), [(0.0, True), (1e-3, False)])
def test_only_what_agrees_with_torch_is_released(
    error: float, released: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    net = export.rounded(CoCoNet(width=2).eval())

    class Engine:
        def __init__(self, path: Path, *, device: str) -> None:
            assert onnx_file.load(str(path)).graph.name == "exported"

        def run(self, image: np.ndarray) -> np.ndarray:
            with torch.inference_mode():
                return net.low_passed_field(torch.from_numpy(image)).numpy() + np.float32(error)

    monkeypatch.setattr(torch.onnx, "export", lambda *_, **__: _Program())
    monkeypatch.setattr(onnx, "OnnxEngine", Engine)
    monkeypatch.setattr(export, "TRIED", ((2, 16, 20),))
    if released:
        card = export.release(net, "mine", tmp_path, {"version": "1"})
        assert set(export.json.loads(card.read_text(encoding="utf-8"))["files"]) == {"mine.onnx", "mine.pt"}
    else:
        with pytest.raises(ModelError, match=r"differs from torch by 0\.001"):
            export.release(net, "mine", tmp_path, {})
        assert list(tmp_path.iterdir()) == []


def test_released_convolutions_lose_nothing_in_bfloat16_but_the_last_one_stays():
    torch.manual_seed(0)
    net = CoCoNet(width=4).eval()
    with torch.no_grad():
        net.features.conv3_2.weight.mul_(1e-4)  # as small as half precision has no longer all its digits for
    for half in (False, True):
        made = dict(export.rounded(net, half=half).named_parameters())
        for name, weights in net.named_parameters():
            if weights.ndim == 4 and name != "out.weight":
                assert torch.equal(made[name], made[name].bfloat16().float()), name
                torch.testing.assert_close(made[name], weights, rtol=2**-8, atol=1e-7)
            else:
                assert torch.equal(made[name], weights), name


def test_half_precision_is_stored_and_changes_nothing_else(tmp_path: Path):
    torch.manual_seed(0)
    net = CoCoNet(width=4).eval()
    halved = export.rounded(net, half=True)
    path = tmp_path / "half.onnx"
    assert export.export_onnx(halved, path, half=True) < 1e-5  # compared with torch at several sizes
    assert b".py" not in path.read_bytes()  # no lines of code, no folders of the machine
    graph = onnx_file.load(str(path)).graph
    assert {*DEEP, *LAST} <= {node.input[1] for node in graph.node if node.op_type == "Conv"}  # by which engines cut it
    stored = {tensor.name: tensor.data_type for tensor in graph.initializer}
    assert stored["features.conv3_1.weight_half"] == onnx_file.TensorProto.FLOAT16
    assert "features.conv3_1.weight" not in stored
    packed = export._packed(halved)
    assert {value.dtype for name, value in packed.items() if "conv3" in name and name.endswith("weight")} == {
        torch.float16
    }
    again = CoCoNet(width=4).eval()
    again.load_state_dict(packed)
    image = torch.rand(1, 2, 32, 40)
    with torch.inference_mode():
        assert torch.equal(again(image), halved(image))
        assert 0 < float((net(image) - halved(image)).abs().max()) < 1 / 255
