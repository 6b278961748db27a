"""The loss of the bundle's training: the package's losses in one, as MONAI trainers call it."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from coconet_med.training.contrast import CoupledContrast
from coconet_med.training.losses import BaseLoss
from coconet_med.training.preservation import PreservationLoss, PreservationWeights
from coconet_med.training.space_choice import build_space
from coconet_med.training.trainer import NotFiniteError


class Objective(nn.Module):
    """Weighted sum of the preservation terms, the paper's stage-1 loss, and its coupled contrast.

    Negatives of the contrast are of other persons, as far as a batch has them
    (:class:`~coconet_med.bundle.patches.TellPersond` says whom each slice shows).

    Args:
        base: weight of :class:`~coconet_med.training.losses.BaseLoss`, divided by its factor 20.
        contrast: weight of :class:`~coconet_med.training.contrast.CoupledContrast`; 0 leaves it out.
        space: feature space of the contrast, see :func:`~coconet_med.training.space_choice.build_space`; that of Gabor
            filters needs no weights of other networks.
        space_path: its weights, where it needs a file.
        preservation: weights of single preservation terms that differ from their defaults.

    Example:
        >>> Objective()(torch.rand(2, 1, 64, 64), torch.rand(2, 2, 64, 64)).shape
        torch.Size([])
    """

    def __init__(
        self,
        *,
        base: float = 0.2,
        contrast: float = 0.0,
        space: str = "gabor",
        space_path: str | None = None,
        preservation: dict[str, float] | None = None,
    ) -> None:
        super().__init__()
        self.base_weight, self.contrast_weight = base, contrast
        self.base = BaseLoss()
        self.preservation = PreservationLoss(PreservationWeights(**(preservation or {})))
        self.contrast = None
        if contrast:
            self.contrast = CoupledContrast(build_space(space, path=Path(space_path) if space_path else None))

    def forward(self, fused: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        """Loss of fused luminances (B, 1, H, W) for sources (B, 2, H, W: anatomy, function), all in [0, 1].

        A third channel of the sources holds the number of the person, the same in all its pixels.

        Raises:
            NotFiniteError: the loss is NaN or infinite; training on would destroy the weights.
        """
        # Plain tensors: what MONAI notes on images is of no use inside the losses and costs time.
        fused, image = (x.as_tensor() if hasattr(x, "as_tensor") else x for x in (fused, image))
        persons = image[:, 2, 0, 0].tolist() if image.shape[1] == 3 else None
        image = image[:, :2]
        total = self.preservation(fused, image)
        if self.base_weight:
            total = total + self.base_weight / self.base.ssim_weight * self.base(fused, image)
        if self.contrast is not None:
            total = total + self.contrast_weight * self.contrast(fused, image, persons=persons)
        if not torch.isfinite(total):
            msg = f"the loss is {total.item()}: lower the learning rate, or check the data"
            raise NotFiniteError(msg)
        return total
