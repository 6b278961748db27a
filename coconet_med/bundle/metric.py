"""How much of both sources a fused volume keeps, as MONAI transform and metric."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from monai.config import KeysCollection
from monai.metrics import CumulativeIterationMetric
from monai.transforms import MapTransform

from coconet_med.quality.case import evaluate_volume

#: What is reported: the headline measure and its three parts (docs/evaluation of the project).
MEASURES = ("H", "rho_lp", "Q_MRI_in", "rho_MRI_cold")


class MeasureFidelityd(MapTransform):
    """Measure a fused stack by :func:`coconet_med.quality.case.evaluate_volume`; each measure becomes an entry (1,).

    Args:
        keys: the fused luminance, (1, slice, row, column) in [0, 1].
        image_key: its sources, (2, slice, row, column) in [0, 1].
        measures: names of the measures, which are also the keys of the entries.
        allow_missing_keys: as everywhere in MONAI.
    """

    def __init__(
        self,
        keys: KeysCollection,
        image_key: str = "image",
        *,
        measures: Sequence[str] = MEASURES,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.image_key, self.measures = image_key, tuple(measures)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        d = dict(data)
        anatomy, function = 255 * torch.as_tensor(d[self.image_key]).float().cpu().numpy()
        for key in self.key_iterator(d):
            fused = 255 * torch.as_tensor(d[key]).float().cpu().numpy()[0]
            found = evaluate_volume(anatomy, function, fused)
            d |= {name: torch.tensor([found[name]]) for name in self.measures}
        return d


class CaseMean(CumulativeIterationMetric):
    """Mean over the cases of a number that a transform has measured; cases where it is not defined are left out."""

    def _compute_tensor(self, y_pred: torch.Tensor, y: torch.Tensor | None = None, **_: Any) -> torch.Tensor:
        return torch.as_tensor(y_pred).reshape(len(y_pred), 1)

    def aggregate(self) -> torch.Tensor:
        values = self.get_buffer()
        return torch.as_tensor(values).nanmean()
