"""Stage 2 of the paper: the coupled contrastive constraint.

Source: CoCoNet (Liu et al., IJCV 2024), section 3.3.
"""

from __future__ import annotations

import torch
from torch import nn

from coconet_med.training.masks import salient_region
from coconet_med.training.spaces import FeatureSpace
from coconet_med.training.weights import single

#: Part of the positive's mean feature that is added to the distance from the negatives: a mask that is empty, or
#: negatives equal to the fused picture, would make it 0.
EPSILON = 0.01


class CoupledContrast(nn.Module):
    """``L_F + L_A``, averaged over the batch.

    ``L_F = sum_i w_i |phi_i(M Y) - phi_i(M F)|_1 / sum_n |phi_i(M Y) - phi_i(M A_n)|_1`` pulls the fused foreground to
    the functional source and pushes it away from anatomical pictures; ``L_A`` is the same on ``1 - M`` with the roles
    swapped.  The negatives are the counterpart in the own pair and those of the next pairs of the batch.

    Ours: every image has its own quotient (the paper's code adds up the batch first); masks are laid on pictures in
    [0, 1], so that the masked part is black as the surroundings of a head are, not mid-grey; the mask comes from
    the uptake (:func:`~coconet_med.training.masks.salient_region`).

    Args:
        space: frozen features ``phi_i`` with their weights ``w_i``.
        negatives: pairs of the batch that serve as negatives beside the own one (as far as the batch has them).
    """

    def __init__(self, space: FeatureSpace, *, negatives: int = 2) -> None:
        super().__init__()
        self.space, self.negatives = space, negatives

    def forward(self, fused: torch.Tensor, image: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Loss of fused luminances (B, 1, H, W) for sources (B, 2, H, W: anatomy, function), all in [0, 1].

        Args:
            fused: Y.
            image: A and F.
            mask: M, (B, 1, H, W) in [0, 1]; from the uptake if ``None``.
        """
        fused, image = single(fused), single(image)
        anatomy, function = image[:, 0:1], image[:, 1:2]
        mask = salient_region(function) if mask is None else mask.to(fused.dtype)
        hot = self._pulled(fused, function, anatomy, mask)
        return (hot + self._pulled(fused, anatomy, function, 1 - mask)).mean()

    def _pulled(
        self, fused: torch.Tensor, positive: torch.Tensor, negative: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        """Weighted sum of the quotients of all levels, (B,)."""
        mine = self._features(mask * fused)
        with torch.no_grad():
            wanted = self._features(mask * positive)
            others = [self._features(mask * negative.roll(shift, 0)) for shift in range(self._count(len(fused)))]
        total = fused.new_zeros(len(fused))
        for level, weight in enumerate(self.space.weights):
            near = distance(mine[level], wanted[level])
            far = torch.stack([distance(mine[level], other[level]) for other in others]).sum(0)
            guard = EPSILON * wanted[level].abs().mean(dim=(1, 2, 3)) + torch.finfo(far.dtype).eps
            total = total + weight * near / (far + guard)
        return total

    def _features(self, picture: torch.Tensor) -> list[torch.Tensor]:
        return self.space(2 * picture - 1)

    def _count(self, batch: int) -> int:
        return 1 + min(self.negatives, batch - 1)


def distance(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Mean absolute difference of each pair of feature maps: (B, C, h, w) twice -> (B,)."""
    return (x - y).abs().mean(dim=(1, 2, 3))
