"""An exported network in parts computes what its file says."""

from __future__ import annotations

import numpy as np
import pytest

from coconet_med.engines.cut import has_parts, in_parts
from coconet_med.engines.onnx import OnnxEngine
from coconet_med.model import WEIGHTS
from coconet_med.phantom import slice_pair

ov = pytest.importorskip("openvino", reason="openvino is not installed")


LIGHT = WEIGHTS / "light.onnx"


@pytest.fixture(scope="module")
def phantom() -> np.ndarray:
    return np.stack([np.stack(slice_pair(96, seed=seed)) for seed in (1, 2, 3)]).astype(np.float32) / 255


@pytest.fixture(scope="module")
def exact(phantom: np.ndarray) -> np.ndarray:
    return OnnxEngine(LIGHT, device="cpu", threads=1).run(phantom)


def test_the_parts_together_compute_what_the_file_says(phantom: np.ndarray, exact: np.ndarray) -> None:
    model = ov.Core().read_model(str(LIGHT))
    model.reshape({model.inputs[0]: [1, 2, 96, 96]})
    have = {"image": phantom[:1]}
    parts = in_parts(model)
    assert [part.deep for part in parts] == [False, True, False]
    for part in parts:
        compiled = ov.Core().compile_model(part.model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        made = compiled({name: have[name] for port in compiled.inputs for name in port.get_names() if name in have})
        have |= {name: made[port] for port in compiled.outputs for name in port.get_names()}
    assert np.abs(have["field"] - exact[:1]).max() < 1e-4


def test_the_layers_at_which_it_is_cut_are_in_the_released_network() -> None:
    model = ov.Core().read_model(str(LIGHT))
    assert has_parts(model)
