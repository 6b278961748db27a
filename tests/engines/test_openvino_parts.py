"""CoCoNet in three parts: the same network, deep levels in bfloat16 at no visible difference, several threads."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from coconet_med.engines.onnx import OnnxEngine
from coconet_med.errors import ModelError
from coconet_med.model import WEIGHTS
from coconet_med.phantom import slice_pair

pytest.importorskip("openvino", reason="openvino is not installed")

from coconet_med.engines import openvino as room
from coconet_med.engines.openvino import PARITY, OpenVinoEngine

LIGHT = WEIGHTS / "light.onnx"
RNG = np.random.default_rng(8)


def has_bfloat16() -> bool:
    import openvino as ov

    return "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


@pytest.fixture(scope="module")
def phantom() -> np.ndarray:
    return np.stack([np.stack(slice_pair(160, seed=seed)) for seed in (1, 2, 3)]).astype(np.float32) / 255


@pytest.fixture(scope="module")
def exact(phantom: np.ndarray) -> np.ndarray:
    return OnnxEngine(LIGHT, device="cpu", threads=1).run(phantom)


@pytest.fixture(params=["light", "full"])
def released(request: pytest.FixtureRequest) -> Path:
    return WEIGHTS / f"{request.param}.onnx"


def test_in_float32_the_parts_compute_what_the_file_says(released: Path, phantom: np.ndarray) -> None:
    engine = OpenVinoEngine(released, threads=1, precision="float32")
    assert engine.precision == "float32"
    assert isinstance(engine._network, room._InParts)
    assert np.abs(engine.run(phantom) - OnnxEngine(released, device="cpu", threads=1).run(phantom)).max() < 1e-4


@pytest.mark.skipif(not has_bfloat16(), reason="this processor has no bfloat16")
def test_mixed_precision_is_the_default_and_is_off_by_less_than_a_gray_level(
    released: Path, phantom: np.ndarray
) -> None:
    engine = OpenVinoEngine(released, threads=2, proven=True)
    assert engine.precision == "mixed"
    difference = np.abs(engine.run(phantom) - OnnxEngine(released, device="cpu", threads=1).run(phantom)).max()
    assert 1e-5 < difference < PARITY


@pytest.mark.skipif(not has_bfloat16(), reason="this processor has no bfloat16")
def test_bfloat16_throughout_would_be_visible_which_is_why_there_are_parts(
    phantom: np.ndarray, exact: np.ndarray
) -> None:
    import openvino as ov

    whole = ov.Core().compile_model(str(LIGHT), "CPU", {"INFERENCE_PRECISION_HINT": "bf16"})
    assert np.abs(whole(phantom)[0] - exact).max() > PARITY


@pytest.mark.parametrize("shape", [(1, 16, 16), (3, 61, 75), (2, 128, 96)])
def test_any_batch_and_size(shape: tuple[int, int, int]) -> None:
    image = RNG.uniform(size=(shape[0], 2, *shape[1:])).astype(np.float32)
    fused = OpenVinoEngine(LIGHT, threads=2, precision="float32").run(image)
    assert np.abs(fused - OnnxEngine(LIGHT, device="cpu", threads=1).run(image)).max() < 1e-4


def test_a_slice_does_not_depend_on_its_thread_nor_on_its_batch(phantom: np.ndarray) -> None:
    engine = OpenVinoEngine(LIGHT, threads=2, proven=True)
    many = engine.run(np.repeat(phantom, 4, axis=0))
    assert all((many[n] == many[n - n % 4]).all() for n in range(12))
    assert (engine.run(phantom[1:2])[0] == many[4]).all()


def test_slices_of_one_size_are_compiled_once(phantom: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[tuple[int, int, int]] = []
    original = room._InParts._compile
    monkeypatch.setattr(room._InParts, "_compile", lambda self, *how: (compiled.append(how), original(self, *how)))
    engine = OpenVinoEngine(LIGHT, threads=2, proven=True)
    assert compiled == []
    engine.prepare(150, 155, slices=9)
    engine.run(phantom)
    engine.run(phantom[:1])  # the last slice of a volume
    engine.run(phantom)
    assert compiled == [(160, 160, 2)]


def test_a_picture_alone_has_all_threads_until_more_come(phantom: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[tuple[int, int, int]] = []
    original = room._InParts._compile
    monkeypatch.setattr(room._InParts, "_compile", lambda self, *how: (compiled.append(how), original(self, *how)))
    engine = OpenVinoEngine(LIGHT, threads=2, proven=True)
    alone = engine.run(phantom[:1])
    engine.run(phantom[:1])
    assert compiled == [(160, 160, 1)]
    assert np.abs(engine.run(phantom)[:1] - alone).max() < 1e-5
    assert compiled[1:] == [(160, 160, 2)]


@pytest.mark.skipif(not has_bfloat16(), reason="this processor has no bfloat16")
def test_weights_that_do_not_pass_in_mixed_precision_are_computed_in_float32(
    phantom: np.ndarray, exact: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "PARITY", 1e-6)
    engine = OpenVinoEngine(LIGHT, threads=1)
    assert np.abs(engine.run(phantom) - exact).max() < 1e-4
    assert engine.precision == "float32"
    assert OpenVinoEngine(LIGHT, threads=1, proven=True).precision == "mixed"


@pytest.mark.parametrize("parity", [PARITY, 1e-6])
def test_batches_that_overlap_are_those_one_after_another(
    phantom: np.ndarray, monkeypatch: pytest.MonkeyPatch, parity: float
) -> None:
    monkeypatch.setattr(
        room, "PARITY", parity
    )  # with the second no weights pass, and the network is changed on the way
    compiled: list[tuple[int, int, int]] = []
    original = room._InParts._compile
    monkeypatch.setattr(room._InParts, "_compile", lambda self, *how: (compiled.append(how), original(self, *how)))
    engine = OpenVinoEngine(LIGHT, threads=2)
    assert engine.overlaps
    batches = [phantom, phantom[::-1], phantom[1:], phantom[:1]]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(engine.run, batches))
    assert len(compiled) <= 2  # for the slice that is tried, and for all
    for got, batch in zip(found, batches, strict=True):
        assert np.abs(got - engine.run(batch)).max() < 1e-5


def test_weights_stored_in_half_precision_are_found(tmp_path: Path, phantom: np.ndarray) -> None:
    pytest.importorskip("onnx", reason="onnx is not installed")
    pytest.importorskip("torch", reason="torch is not installed")
    from coconet_med.training.export import _store_half

    path = tmp_path / "half.onnx"
    shutil.copy(LIGHT, path)
    _store_half(path)
    engine = OpenVinoEngine(path, threads=1, precision="float32")
    assert isinstance(engine._network, room._InParts)
    assert np.abs(engine.run(phantom) - OnnxEngine(path, device="cpu", threads=1).run(phantom)).max() < 1e-4


def another_network(path: Path) -> Path:
    """A file that is no CoCoNet: the mean of both sources."""
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    mean = onnx.helper.make_node("ReduceMean", ["image"], ["pred"], axes=[1], keepdims=1)
    ends = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["b", channels, "h", "w"])
        for name, channels in (("image", 2), ("pred", 1))
    ]
    graph = onnx.helper.make_graph([mean], "mean", ends[:1], ends[1:])
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def test_another_network_runs_as_it_is(tmp_path: Path, phantom: np.ndarray) -> None:
    engine = OpenVinoEngine(another_network(tmp_path / "mean.onnx"), threads=1)
    assert engine.precision == "float32"
    assert np.allclose(engine.run(phantom), phantom.mean(axis=1, keepdims=True), atol=1e-6)


def test_what_is_not_coconet_is_named(tmp_path: Path) -> None:
    import openvino as ov

    from coconet_med.engines.parts import weights_of

    with pytest.raises(ModelError, match="other operations"):
        weights_of(ov.Core().read_model(str(another_network(tmp_path / "mean.onnx"))))
