"""What runs the network: onnxruntime, OpenVINO or torch, behind one small interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np

EngineName = Literal["onnx", "openvino", "torch"]

#: Numbers that a network was computed in; ``"mixed"``: its deep levels in bfloat16, at no visible difference.
Precision = Literal["float32", "mixed"]


class Engine(Protocol):
    """A network ready to run.

    Attributes:
        name: ``"onnx"``, ``"openvino"`` or ``"torch"``.
        device: ``"cpu"``, ``"cuda"``, ...
        version: of the library behind it.

    An engine may also have ``precision`` (:data:`Precision`; without it, float32), ``slices``, the least number of
    slices that it wants at a time, because it computes so many at once, and ``overlaps``, which says that ``run`` may
    be called again before it has returned, so that no core waits for the last slice of a batch.
    """

    name: EngineName
    device: str
    version: str

    def run(self, image: np.ndarray) -> np.ndarray:
        """Fuse slices: float32 (B, 2, H, W) in [0, 1] (anatomy, function) -> float32 (B, 1, H, W).

        The result lies in [0, 1] up to rounding.
        """
        ...
