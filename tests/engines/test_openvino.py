"""OpenVINO runs the exported graph, its deep layers in bfloat16: at no visible difference, at any size, overlapping."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from coconet_med.blending.field import mixed
from coconet_med.engines import openvino as engine_module
from coconet_med.engines.onnx import OnnxEngine
from coconet_med.engines.openvino import PARITY, OpenVinoEngine
from coconet_med.errors import ModelError
from coconet_med.model import WEIGHTS
from coconet_med.phantom import slice_pair

ov = pytest.importorskip("openvino", reason="openvino is not installed")


LIGHT = WEIGHTS / "light.onnx"


needs_bfloat16 = pytest.mark.skipif(
    "BF16" not in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"), reason="this processor has no bfloat16"
)


@pytest.fixture(scope="module")
def phantom() -> np.ndarray:
    return np.stack([np.stack(slice_pair(96, seed=seed)) for seed in (1, 2, 3)]).astype(np.float32) / 255


@pytest.fixture(scope="module")
def exact(phantom: np.ndarray) -> np.ndarray:
    return OnnxEngine(LIGHT, device="cpu", threads=1).run(phantom)


@pytest.fixture(scope="module")
def engine() -> OpenVinoEngine:
    return OpenVinoEngine(LIGHT, threads=2, proven=True)


def off(image: np.ndarray, field: np.ndarray, other: np.ndarray) -> float:
    """Largest difference of the pictures that two fields give."""
    return float(np.abs(mixed(image, field, (1, 1)) - mixed(image, other, (1, 1))).max())


@needs_bfloat16
def test_mixed_precision_is_the_default_and_is_off_by_less_than_a_gray_level(
    engine: OpenVinoEngine, phantom: np.ndarray, exact: np.ndarray
) -> None:
    assert engine.precision == "mixed"
    assert 1e-5 < off(phantom, engine.run(phantom), exact) < PARITY


@needs_bfloat16
def test_bfloat16_throughout_would_be_further_off_which_is_why_the_graph_is_cut(
    engine: OpenVinoEngine, phantom: np.ndarray, exact: np.ndarray
) -> None:
    whole = ov.Core().compile_model(str(LIGHT), "CPU", {"INFERENCE_PRECISION_HINT": "bf16"})
    assert off(phantom, whole(phantom)[0], exact) > 1.5 * off(phantom, engine.run(phantom), exact)


@pytest.mark.parametrize("shape", [(1, 16, 16), (3, 61, 75)])
def test_any_batch_and_size(shape: tuple[int, int, int]) -> None:
    image = np.random.default_rng(8).uniform(size=(shape[0], 2, *shape[1:])).astype(np.float32)
    field = OpenVinoEngine(LIGHT, threads=2, precision="float32").run(image)
    assert field.shape == (shape[0], 3, *shape[1:])
    assert np.abs(field - OnnxEngine(LIGHT, device="cpu", threads=1).run(image)).max() < 1e-4


def test_a_slice_does_not_depend_on_its_thread_nor_on_its_batch(engine: OpenVinoEngine, phantom: np.ndarray) -> None:
    many = engine.run(np.repeat(phantom, 3, axis=0))
    assert all((many[n] == many[n - n % 3]).all() for n in range(9))
    assert (engine.run(phantom[1:2])[0] == many[3]).all()


def test_batches_that_overlap_are_those_one_after_another(engine: OpenVinoEngine, phantom: np.ndarray) -> None:
    assert engine.overlaps
    batches = [phantom, phantom[::-1], phantom[1:], phantom[:1]]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(engine.run, batches))
    for got, batch in zip(found, batches, strict=True):
        assert np.abs(got - engine.run(batch)).max() < 1e-5


@needs_bfloat16
def test_weights_that_do_not_pass_in_mixed_precision_are_computed_in_float32(
    phantom: np.ndarray, exact: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = OpenVinoEngine(LIGHT, threads=1)
    engine.run(phantom[:1])
    assert engine.precision == "mixed"
    monkeypatch.setattr(engine_module, "PARITY", 1e-6)
    engine = OpenVinoEngine(LIGHT, threads=1)
    assert np.abs(engine.run(phantom) - exact).max() < 1e-4
    assert engine.precision == "float32"


def test_a_network_without_the_names_runs_whole_in_float32(tmp_path: Path, phantom: np.ndarray) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    model = onnx.load(str(LIGHT))
    new = {}
    for number, tensor in enumerate(model.graph.initializer):
        new[tensor.name] = tensor.name = f"w{number}"
    for node in model.graph.node:  # what a cast of weights in half precision gives has their name as well
        if node.op_type == "Cast" and node.input[0] in {name for name in new if name.endswith("_half")}:
            new[node.output[0]], node.name = f"cast of {node.output[0]}", ""
    for node in model.graph.node:
        node.input[:] = [new.get(name, name) for name in node.input]
        node.output[:] = [new.get(name, name) for name in node.output]
    onnx.save(model, str(tmp_path / "other.onnx"))
    engine = OpenVinoEngine(tmp_path / "other.onnx", threads=1)
    assert engine.precision == "float32"
    exact = OnnxEngine(tmp_path / "other.onnx", device="cpu", threads=1).run(phantom)
    assert np.abs(engine.run(phantom) - exact).max() < 1e-4


def test_a_damaged_file_or_a_missing_device_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"no network")
    with pytest.raises(ModelError, match=r"bad\.onnx: OpenVINO cannot run it on CPU"):
        OpenVinoEngine(tmp_path / "bad.onnx")
    with pytest.raises(ModelError, match="on NPU9"):
        OpenVinoEngine(LIGHT, device="npu9")
