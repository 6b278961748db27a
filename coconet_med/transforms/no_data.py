"""Beyond the functional field of view: the plain anatomy in a hatched border, in a MONAI pipeline as in ``fuse``."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import Transform

from coconet_med.color.look import hatched
from coconet_med.errors import OptionError
from coconet_med.readers.tensors import plain_array
from coconet_med.transforms.metatensor import stacked


class HatchNoDatad(Transform):
    """Show the anatomy alone where the function has no data, its border hatched (:mod:`coconet_med.color.look`).

    Stands after the inferer and before :class:`UnstackSlicesd`; what it needs is noted by :func:`prepare` with
    ``no_data=True``.

    Args:
        luminance_key: fused stack (1, slice, row, column) in [0, 1].
        anatomy_key: stack of the anatomy, whose ``meta`` says how it was made.
        function_key: stack of the function, set to no uptake where it has no data.
        no_data_key: volume (1, i, j, k), true where there is no data.
    """

    def __init__(
        self,
        luminance_key: str = "pred",
        anatomy_key: str = "anatomy",
        function_key: str = "function",
        no_data_key: str = "no_data",
    ) -> None:
        self.luminance_key, self.anatomy_key = luminance_key, anatomy_key
        self.function_key, self.no_data_key = function_key, no_data_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        d = dict(data)
        if self.no_data_key not in d:
            msg = f"{self.no_data_key}: where the functional image has data is not known; call prepare(no_data=True)"
            raise OptionError(msg)
        slicing, size, _ = stacked(d, self.anatomy_key)
        unknown = slicing.stack(plain_array(d[self.no_data_key], self.no_data_key)[0].transpose(2, 1, 0)) > 0
        if not unknown.any():
            return d
        here = np.s_[:, : size[0], : size[1], : size[2]]  # without the rows that small slices were padded by
        light, anatomy, uptake = (
            plain_array(d[key], str(key)).copy() for key in (self.luminance_key, self.anatomy_key, self.function_key)
        )
        light[here] = np.where(unknown, hatched(anatomy[here][0], unknown), light[here])
        uptake[here] = np.where(unknown, np.float32(0), uptake[here])
        for key, values in ((self.luminance_key, light), (self.function_key, uptake)):
            old = d[key]
            made = torch.from_numpy(values).to(old.device)
            d[key] = MetaTensor(made, meta=dict(old.meta)) if isinstance(old, MetaTensor) else made
        return d
