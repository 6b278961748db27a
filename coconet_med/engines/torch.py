"""PyTorch: for GPUs and for networks just trained; needs the ``monai`` extra."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from coconet_med.engines import EngineName
from coconet_med.errors import ModelError, installs


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
            msg = f"the torch engine is not installed; use --engine onnx, or {installs('monai')}"
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
        self.device, self.version = device, str(torch.__version__)
        self.gives_field = self._net.mixed

    def run(self, image: np.ndarray) -> np.ndarray:
        return run_network(self._net, image, self.device)


def run_network(net: Any, image: np.ndarray, device: Any) -> np.ndarray:
    """What an engine's ``run`` gives, of a network at hand: sources (B, 2, H, W) to a field, or to luminance."""
    import torch

    with torch.inference_mode():
        given = torch.from_numpy(np.ascontiguousarray(image, np.float32)).to(device)
        made = net.low_passed_field(given) if getattr(net, "mixed", False) else net(given)
    return made.float().cpu().numpy()


class NetworkEngine:
    """A torch network at hand, in eval mode, as an engine.

    Args:
        net: on its device.
        slices: how many it wants at a time.
    """

    name: EngineName = "torch"

    def __init__(self, net: Any, *, slices: int = 1) -> None:
        import torch

        self._net = getattr(net, "module", net)  # of a network shared among processes
        self._device = next(net.parameters()).device
        self.device, self.version, self.slices = str(self._device), str(torch.__version__), slices
        self.gives_field = bool(getattr(self._net, "mixed", False))

    def run(self, image: np.ndarray) -> np.ndarray:
        return run_network(self._net, image, self._device)
