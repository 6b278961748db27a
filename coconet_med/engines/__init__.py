"""What runs the network: onnxruntime, OpenVINO or torch, behind one small interface."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np

EngineName = Literal["onnx", "openvino", "torch"]

#: Numbers that a network was computed in; ``"mixed"``: its deep levels in bfloat16, at no visible difference.
Precision = Literal["float32", "mixed"]


#: Largest difference of two engines (or of one in mixed precision) in a fused picture in [0, 1]: one gray level.
PARITY = 1 / 255


class Engine(Protocol):
    """A network ready to run.

    Attributes:
        name: ``"onnx"``, ``"openvino"`` or ``"torch"``.
        device: ``"cpu"``, ``"cuda"``, ...
        version: of the library behind it.
        gives_field: whether the network gives a field rather than the fused luminance.

    ``run`` gives the fused luminance, or, where ``gives_field`` is true, the field that sources at its resolution are
    mixed by (:mod:`coconet_med.blending.field`).

    An engine may also have ``precision`` (:data:`Precision`; without it, float32), ``slices``, the least number of
    slices that it wants at a time, because it computes so many at once, and ``overlaps``, which says that ``run`` may
    be called again before it has returned, so that no core waits for the last slice of a batch.
    """

    name: EngineName
    device: str
    version: str
    gives_field: bool

    def run(self, image: np.ndarray) -> np.ndarray:
        """Sources float32 (B, 2, H, W) in [0, 1] (anatomy, function) -> field (B, 3, H, W) or luminance (B, 1, H, W).

        Luminance lies in [0, 1] up to rounding.
        """
        ...


def cores() -> int:
    """Cores that this process may use: those of its job or container, not those of the machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
