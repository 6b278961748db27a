"""The network in the worker makes do with the memory there is."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from PETMRFusionLib.runtime import WORKER

SCRIPTS = WORKER.parent


class HungryEngine:
    """Runs out of memory above a number of slices, always where there is memory for none."""

    name, version = "onnx", "test"

    def __init__(self, most: int, device: str, error: type[Exception] = RuntimeError) -> None:
        self.most, self.device, self.error = most, device, error
        self.sizes: list[int] = []

    def run(self, image: np.ndarray) -> np.ndarray:
        self.sizes.append(len(image))
        if len(image) > self.most:
            raise self.error("CUDA error: out of memory")
        return image.mean(axis=1, keepdims=True)


@pytest.fixture
def thrifty():
    sys.path.insert(0, str(SCRIPTS))
    from worker_engine import ThriftyEngine

    def make(engine, fallback=None):
        said: list[dict] = []
        made = ThriftyEngine(engine, on_cpu=lambda: fallback, say=lambda e, **f: said.append(f), tick=lambda n: None)
        return made, said

    return make


IMAGE = np.random.default_rng(0).random((8, 2, 16, 16), np.float32)


def test_out_of_memory_halves_the_batch(thrifty):
    engine = HungryEngine(2, "cuda")
    made, said = thrifty(engine)
    assert np.array_equal(made.run(IMAGE), IMAGE.mean(axis=1, keepdims=True))
    assert engine.sizes == [8, 4, 2, 2, 2, 2]
    assert [news["to"] for news in said] == ["4 slices at a time", "2 slices at a time"]
    made.run(IMAGE)
    assert engine.sizes[6:] == [2, 2, 2, 2]  # learned


def test_out_of_memory_on_one_slice_goes_to_the_cpu(thrifty):
    cpu = HungryEngine(1, "cpu")
    made, said = thrifty(HungryEngine(0, "cuda", MemoryError), cpu)
    assert np.array_equal(made.run(IMAGE), IMAGE.mean(axis=1, keepdims=True))
    assert said[-1]["to"] == "cpu"
    assert made.device == "cpu"
    assert cpu.sizes == [1] * 8


def test_out_of_memory_on_the_cpu_is_an_error_in_words(thrifty):
    made, _ = thrifty(HungryEngine(0, "cpu"))
    with pytest.raises(Exception, match="memory ran out on one slice of 16 x 16 pixels"):
        made.run(IMAGE)


def test_other_errors_are_no_reason_to_fall_back(thrifty):
    class Broken(HungryEngine):
        def run(self, image: np.ndarray) -> np.ndarray:
            raise RuntimeError("shape mismatch")

    made, said = thrifty(Broken(8, "cuda"))
    with pytest.raises(RuntimeError, match="shape mismatch"):
        made.run(IMAGE)
    assert not said
