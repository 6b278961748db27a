"""OpenVINO: the fastest engine on the processors of most laptops and hospital PCs; an optional extra."""

from __future__ import annotations

from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from coconet_med.engines import EngineName, Precision, cores
from coconet_med.errors import ModelError

if TYPE_CHECKING:
    import openvino as ov

#: Slices computed at the same time, at most.
MOST_STREAMS = 4


class OpenVinoEngine:
    """Runs the same ``.onnx`` file as :class:`~coconet_med.engines.onnx.OnnxEngine`, several slices at a time.

    Each slice has a core of its own, which is faster than all cores on one; a slice that comes alone has all of them.

    Args:
        path: ``.onnx`` file with input ``image`` and output ``field`` or ``pred``, free batch and size.
        device: ``"auto"`` (which is the CPU), ``"cpu"``, or an OpenVINO device such as ``"gpu"``.
        threads: threads to use; ``None`` lets OpenVINO choose.
        proven: not used.

    Raises:
        ModelError: OpenVINO is not installed, the file is damaged, or the device is not there.
    """

    name: EngineName = "openvino"
    precision: Precision = "float32"
    overlaps = True

    def __init__(self, path: Path, *, device: str = "auto", threads: int | None = None, proven: bool = False) -> None:
        try:
            import openvino as ov
        except ImportError as error:
            msg = 'the openvino engine is not installed: pip install "coconet-med[openvino]", or use --engine onnx'
            raise ModelError(msg) from error
        self._core, self._threads = ov.Core(), threads
        self._target = "CPU" if device == "auto" else device.upper()
        self.device, self.version = self._target.lower(), ov.__version__
        self.slices = min(threads or cores(), MOST_STREAMS)
        try:
            self._model = self._core.read_model(str(path))
            self.gives_field = "field" in self._model.outputs[0].get_names()
            self._size, self._at_once = (0, 0), 0
            self._requests: SimpleQueue[Any] = SimpleQueue()
            self._compiling = Lock()
            self.prepare(64, 64, slices=1)
        except Exception as error:  # OpenVINO raises RuntimeError kinds of its own
            msg = f"{path}: OpenVINO cannot run it on {self._target} ({str(error).splitlines()[0]}); use --engine onnx"
            raise ModelError(msg) from error

    def run(self, image: np.ndarray) -> np.ndarray:
        image = np.ascontiguousarray(image, np.float32)
        count, _, height, width = image.shape
        self.prepare(height, width, slices=count)
        requests = self._requests
        mine = [requests.get()]
        while len(mine) < count and not requests.empty():
            mine.append(requests.get())
        out: list[Any] = [None] * count
        try:
            for start in range(0, count, len(mine)):
                going = list(zip(range(start, count), mine, strict=False))
                for n, request in going:
                    request.start_async({0: image[n : n + 1]}, share_inputs=True)
                for n, request in going:
                    request.wait()
                    out[n] = np.array(request.get_output_tensor(0).data)
        finally:
            for request in mine:
                requests.put(request)
        return np.concatenate(out)

    def prepare(self, height: int, width: int, *, slices: int) -> None:
        """Compile for so many slices of this size; otherwise the first run does."""
        at_once = 1 if slices == 1 else self.slices
        with self._compiling:
            if (height, width) == self._size and at_once <= self._at_once:
                return
            self._model.reshape({self._model.inputs[0]: [1, 2, height, width]})
            hint = "LATENCY" if at_once == 1 else "THROUGHPUT"
            config: dict[str, Any] = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": hint}
            if self._target == "CPU":
                config |= {"NUM_STREAMS": at_once, "ENABLE_CPU_PINNING": False}
                if self._threads:
                    config["INFERENCE_NUM_THREADS"] = self._threads
            compiled: ov.CompiledModel = self._core.compile_model(self._model, self._target, config)
            requests: SimpleQueue[Any] = SimpleQueue()
            for _ in range(at_once * 2):
                requests.put(compiled.create_infer_request())
            self._requests, self._size, self._at_once = requests, (height, width), at_once
