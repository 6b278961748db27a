"""OpenVINO: the fastest engine on the processors of most laptops and hospital PCs; an optional extra."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from coconet_med.engines import PARITY, EngineName, Precision, cores
from coconet_med.engines.cut import Part, has_parts, in_parts
from coconet_med.errors import ModelError, installs

if TYPE_CHECKING:
    import openvino as ov

#: Slices computed at the same time, at most.
MOST_STREAMS = 4


class OpenVinoEngine:
    """Runs the same ``.onnx`` file as :class:`~coconet_med.engines.onnx.OnnxEngine`, several slices at a time.

    Each slice has a core of its own, which is faster than all cores on one; a slice that comes alone has all of them.
    Where the processor has bfloat16, the deep layers of CoCoNet are computed in it (:mod:`coconet_med.engines.cut`);
    any other network is computed in float32.

    Args:
        path: ``.onnx`` file with input ``image`` and output ``field`` or ``pred``, free batch and size.
        device: ``"auto"`` (which is the CPU), ``"cpu"``, or an OpenVINO device such as ``"gpu"``.
        threads: threads to use; ``None`` lets OpenVINO choose.
        precision: ``"mixed"``, ``"float32"``, or ``"auto"``: mixed where the processor has bfloat16.
        proven: these weights are known to pass in mixed precision.  If not, the first slice is computed in float32 as
            well, and so are all others if pictures differ by more than
            :data:`coconet_med.engines.PARITY`.

    Raises:
        ModelError: OpenVINO is not installed, the file is damaged, or the device is not there.
    """

    name: EngineName = "openvino"
    overlaps = True

    def __init__(
        self,
        path: Path,
        *,
        device: str = "auto",
        threads: int | None = None,
        precision: str = "auto",
        proven: bool = False,
    ) -> None:
        try:
            import openvino as ov
        except ImportError as error:
            msg = f"the openvino engine is not installed; use --engine onnx, or {installs('openvino')}"
            raise ModelError(msg) from error
        self._core, self._threads, self._path = ov.Core(), threads, path
        self._target = "CPU" if device == "auto" else device.upper()
        self.device, self.version = self._target.lower(), ov.__version__
        self.slices = min(threads or cores(), MOST_STREAMS)
        with self._refusing():
            able = self._core.get_property(self._target, "OPTIMIZATION_CAPABILITIES")
            self._model = self._core.read_model(str(path))
            self.gives_field = "field" in self._model.outputs[0].get_names()
            self._model.inputs[0].get_any_name()
        mixed = precision == "mixed" or (precision == "auto" and self._target == "CPU" and "BF16" in able)
        self.precision: Precision = "mixed" if mixed and has_parts(self._model) else "float32"
        self._size, self._at_once = (0, 0), 0
        self._chains: SimpleQueue[_Chain] = SimpleQueue()
        self._compiling, self._checking = Lock(), Lock()
        self._checked = proven or self.precision == "float32"

    def run(self, image: np.ndarray) -> np.ndarray:
        image = np.ascontiguousarray(image, np.float32)
        with self._checking:
            if not self._checked:
                self._check(image[:1])
        return self._run(image)

    def prepare(self, height: int, width: int, *, slices: int) -> None:
        """Compile for so many slices of this size; otherwise the first run does."""
        at_once = 1 if slices == 1 else self.slices
        with self._compiling, self._refusing():
            if (height, width) == self._size and at_once <= self._at_once:
                return
            model = self._model.clone()
            model.reshape({model.inputs[0]: [1, 2, height, width]})
            parts = in_parts(model) if self.precision == "mixed" else [Part(model, deep=False)]
            hint = "LATENCY" if at_once == 1 else "THROUGHPUT"
            config: dict[str, Any] = {"PERFORMANCE_HINT": hint}
            if self._target == "CPU":
                config |= {"NUM_STREAMS": at_once, "ENABLE_CPU_PINNING": False}
                if self._threads:
                    config["INFERENCE_NUM_THREADS"] = self._threads
            compiled = [
                self._core.compile_model(
                    part.model, self._target, config | {"INFERENCE_PRECISION_HINT": "bf16" if part.deep else "f32"}
                )
                for part in parts
            ]
            chains: SimpleQueue[_Chain] = SimpleQueue()
            for _ in range(at_once * 2):
                chains.put(_Chain(compiled))
            self._chains, self._size, self._at_once = chains, (height, width), at_once

    def _run(self, image: np.ndarray) -> np.ndarray:
        count, _, height, width = image.shape
        self.prepare(height, width, slices=count)
        chains = self._chains
        mine = [chains.get()]
        while len(mine) < count and not chains.empty():
            mine.append(chains.get())
        out: list[np.ndarray] = []
        try:
            for start in range(0, count, len(mine)):
                going = mine[: count - start]
                for n, chain in enumerate(going, start):
                    chain.start(image[n : n + 1])
                for part in range(1, len(mine[0].requests)):
                    for chain in going:
                        chain.go_on(part)
                out += [chain.result() for chain in going]
        finally:
            for chain in mine:
                chains.put(chain)
        return np.concatenate(out)

    def _check(self, image: np.ndarray) -> None:
        """Find out on one slice whether mixed precision is good enough for these weights."""
        from coconet_med.blending.field import mixed

        ours = self._run(image)
        self._computes_in("float32")
        exact = self._run(image)
        pictures = [mixed(image, field, (1, 1)) for field in (ours, exact)]
        if np.abs(pictures[0] - pictures[1]).max() <= PARITY:
            self._computes_in("mixed")
        self._checked = True

    def _computes_in(self, precision: Precision) -> None:
        self.precision, self._size = precision, (0, 0)

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # OpenVINO raises RuntimeError kinds of its own
            msg = f"{self._path}: OpenVINO cannot run it on {self._target} ({str(error).splitlines()[0]}); "
            raise ModelError(msg + "use --engine onnx") from error


class _Chain:
    """A request for each part of a network, where outputs of a part are inputs of later ones, in the same memory."""

    def __init__(self, compiled: list[ov.CompiledModel]) -> None:
        self.requests: list[Any] = [model.create_infer_request() for model in compiled]
        made: dict[str, Any] = {}
        for model, request in zip(compiled, self.requests, strict=True):
            for name in (name for wanted in model.inputs for name in wanted.get_names() if name in made):
                request.set_tensor(name, made[name])
            made |= {name: request.get_tensor(name) for output in model.outputs for name in output.get_names()}

    def start(self, image: np.ndarray) -> None:
        """Begin with sources (1, 2, H, W), which must stay as they are until the result is there."""
        self.requests[0].start_async({0: image}, share_inputs=True)

    def go_on(self, part: int) -> None:
        self.requests[part - 1].wait()
        self.requests[part].start_async()

    def result(self) -> np.ndarray:
        self.requests[-1].wait()
        return np.array(self.requests[-1].get_output_tensor(0).data)
