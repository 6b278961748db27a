"""OpenVINO: faster than onnxruntime on most Intel and AMD processors; an optional extra."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from coconet_med.engines import EngineName
from coconet_med.errors import ModelError


class OpenVinoEngine:
    """Runs the same ``.onnx`` file as :class:`~coconet_med.engines.onnx.OnnxEngine`, in float32.

    Args:
        path: ``.onnx`` file with input ``image`` and output ``pred``, free batch and size.
        device: ``"auto"`` (which is the CPU), ``"cpu"``, or an OpenVINO device such as ``"gpu"``.
        threads: threads to use; ``None`` lets OpenVINO choose.

    Raises:
        ModelError: OpenVINO is not installed, the file is damaged, or the device is not there.
    """

    name: EngineName = "openvino"

    def __init__(self, path: Path, *, device: str = "auto", threads: int | None = None) -> None:
        try:
            import openvino as ov
        except ImportError as error:
            msg = 'the openvino engine is not installed: pip install "coconet-med[openvino]", or use --engine onnx'
            raise ModelError(msg) from error
        core = ov.Core()
        target = "CPU" if device == "auto" else device.upper()
        # Left alone, OpenVINO computes in bfloat16 where the processor has it, which costs more than 1/255.
        config: dict[str, object] = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
        if threads:
            config["INFERENCE_NUM_THREADS"] = threads
        try:
            self._compiled = core.compile_model(core.read_model(str(path)), target, config)
        except Exception as error:  # OpenVINO raises RuntimeError kinds of its own
            msg = f"{path}: OpenVINO cannot run it on {target} ({str(error).splitlines()[0]}); use --engine onnx"
            raise ModelError(msg) from error
        self.device, self.version = target.lower(), ov.__version__

    def run(self, image: np.ndarray) -> np.ndarray:
        return np.array(self._compiled(np.ascontiguousarray(image, np.float32))[0])
