"""What runs the network: onnxruntime, OpenVINO or torch, behind one small interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np

EngineName = Literal["onnx", "openvino", "torch"]


class Engine(Protocol):
    """A network ready to run.

    Attributes:
        name: ``"onnx"``, ``"openvino"`` or ``"torch"``.
        device: ``"cpu"``, ``"cuda"``, ...
        version: of the library behind it.
    """

    name: EngineName
    device: str
    version: str

    def run(self, image: np.ndarray) -> np.ndarray:
        """Fuse slices: float32 (B, 2, H, W) in [0, 1] (anatomy, function) -> float32 (B, 1, H, W) in [0, 1]."""
        ...
