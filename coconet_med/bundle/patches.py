"""Where training windows are worth cutting."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any
from zlib import crc32

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform

from coconet_med.windowing.levels import LIT


def lit(image: Any) -> Any:
    """Mask of what is not dark, for :class:`monai.transforms.CropForegroundd`; any shape, values in [0, 1].

    A function with a name rather than a lambda in a config: worker processes must be able to pickle it.
    """
    return image > LIT


class TellPersond(MapTransform):
    """Append a channel that says whom a slice shows: one number for each person, the same in all pixels.

    Args:
        keys: (2, row, column) sources; they become (3, row, column).
        person_key: where :func:`~coconet_med.bundle.datalist.split_pairs` put the name.
        allow_missing_keys: as everywhere in MONAI.
    """

    def __init__(self, keys: KeysCollection, *, person_key: str = "person", allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        self.person_key = person_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        d = dict(data)
        number = crc32(str(d[self.person_key]).encode()) % 2**24  # float32 holds these exactly
        for key in self.key_iterator(d):
            d[key] = torch.cat([d[key], torch.full_like(d[key][:1], float(number))])
        return d
