"""The inferer of the bundle: a whole stack of slices as :func:`coconet_med.fuse` fuses it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor
from monai.inferers import Inferer

from coconet_med.engines.torch import NetworkEngine
from coconet_med.geometry import voxel_size
from coconet_med.inference import fuse_slices
from coconet_med.slices import Slicing


class StackInferer(Inferer):
    """Runs a network over stacks (B, 2, slice, row, column) and gives their luminance (B, 1, slice, row, column).

    MONAI's ``SliceInferer`` hands single slices to the network; here the field of a mixing network is made smooth
    across slices and small findings are kept before the sources are mixed, so that the bundle gives the voxels of
    ``fuse``.  Distances come from the affine of the stack.

    Args:
        slice_batch: slices that the network gets at a time.
    """

    def __init__(self, slice_batch: int = 4) -> None:
        super().__init__()
        self.slice_batch = slice_batch

    def __call__(self, inputs: torch.Tensor, network: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
        engine = NetworkEngine(network, slices=self.slice_batch)
        as_it_is = Slicing("axial", (0, 1, 2), ())
        fused = [
            fuse_slices(*stack, slicing=as_it_is, engine=engine, spacing=spacing)
            for stack, spacing in zip(_arrays(inputs), _spacings(inputs), strict=True)
        ]
        out = torch.from_numpy(np.stack(fused)[:, None]).to(inputs.device)
        return MetaTensor(out, meta=dict(inputs.meta)) if isinstance(inputs, MetaTensor) else out


def _arrays(inputs: torch.Tensor) -> np.ndarray:
    return torch.as_tensor(inputs).float().cpu().numpy()


def _spacings(inputs: torch.Tensor) -> list[tuple[float, float, float] | None]:
    """Of slices, rows and columns of each stack in mm; not known without an affine."""
    if not isinstance(inputs, MetaTensor):
        return [None] * len(inputs)
    affines = np.asarray(inputs.affine, float).reshape(-1, 4, 4)
    affines = np.broadcast_to(affines, (len(inputs), 4, 4))
    return [tuple(float(n) for n in voxel_size(a)) for a in affines]  # type: ignore[misc]
