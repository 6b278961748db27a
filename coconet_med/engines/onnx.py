"""onnxruntime: the engine of the plain install."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from coconet_med.engines import EngineName, cores
from coconet_med.errors import ModelError

_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


class OnnxEngine:
    """Runs an exported network.

    Args:
        path: ``.onnx`` file with input ``image`` and output ``field`` or ``pred``, free batch and size.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        threads: threads inside one slice; ``None`` lets onnxruntime choose (all cores of the machine), unless this
            process may use fewer: a job of SLURM or a container, whose mask onnxruntime does not look at.

    Raises:
        ModelError: damaged file, or a device that this onnxruntime does not have.
    """

    name: EngineName = "onnx"

    def __init__(self, path: Path, *, device: str = "auto", threads: int | None = None) -> None:
        import onnxruntime as ort

        ort.set_default_logger_severity(3)
        ort.disable_telemetry_events()  # where it was loaded before coconet_med; see coconet_med.system.telemetry
        available = ort.get_available_providers()
        if device == "auto":
            device = "cuda" if _PROVIDERS["cuda"] in available else "cpu"
        if _PROVIDERS.get(device) not in available:
            msg = f"device {device!r}: onnxruntime here has only {', '.join(available)}; use --device cpu"
            raise ModelError(msg)
        options = ort.SessionOptions()
        options.log_severity_level = 3
        if threads is None and cores() < (os.cpu_count() or 1):
            threads = cores()
        if threads:
            options.intra_op_num_threads = threads
        try:
            self._session = ort.InferenceSession(str(path), options, providers=[_PROVIDERS[device]])
        except Exception as error:  # onnxruntime raises its own pybind exception kinds
            msg = f"{path}: not a network that onnxruntime can load ({str(error).splitlines()[0]}); get it again"
            raise ModelError(msg) from error
        self.device, self.version = device, ort.__version__
        self._output = self._session.get_outputs()[0].name
        self.gives_field = self._output == "field"

    def run(self, image: np.ndarray) -> np.ndarray:
        return self._session.run([self._output], {"image": np.ascontiguousarray(image, np.float32)})[0]
