"""PyTorch: for GPUs and for networks just trained; needs the ``monai`` extra."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from coconet_med.engines import EngineName
from coconet_med.errors import ModelError


class TorchEngine:
    """Runs a state dict of :class:`~coconet_med.network.CoCoNet`; the weights say of which.

    Args:
        path: ``.pt`` file with the state dict alone.
        device: ``"auto"`` (a GPU where there is one), ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``.
        threads: threads to use on the CPU; ``None`` lets torch choose.

    Raises:
        ModelError: torch is not installed, the file is not such a state dict, or the device is not there.
    """

    name: EngineName = "torch"

    def __init__(self, path: Path, *, device: str = "auto", threads: int | None = None) -> None:
        try:
            import torch
        except ImportError as error:
            msg = 'the torch engine is not installed: pip install "coconet-med[monai]", or use --engine onnx'
            raise ModelError(msg) from error
        from coconet_med.network import network_of

        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        if threads:
            torch.set_num_threads(threads)
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            self._net = network_of(state)
        except Exception as error:  # unpickling and shape errors all mean the same here
            msg = f"{path}: not weights of CoCoNet ({str(error).splitlines()[0]}); give a state dict of CoCoNet"
            raise ModelError(msg) from error
        try:
            self._net = self._net.eval().to(device)
        except (RuntimeError, AssertionError) as error:
            msg = f"device {device!r}: {str(error).splitlines()[0]}; use --device cpu"
            raise ModelError(msg) from error
        self.device, self.version = device, torch.__version__

    def run(self, image: np.ndarray) -> np.ndarray:
        import torch

        with torch.inference_mode():
            fused = self._net(torch.from_numpy(np.ascontiguousarray(image, np.float32)).to(self.device))
        return fused.float().cpu().numpy()
