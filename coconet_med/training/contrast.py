"""Stage 2 of the paper: the coupled contrastive constraint.

Source: CoCoNet (Liu et al., IJCV 2024), section 3.3.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    swapped.  The negatives are the counterpart in the own pair and those of pairs of other persons in the batch.

    Ours: every image has its own quotient (the paper's code adds up the batch first); masks are laid on pictures in
    [0, 1], so that the masked part is black as the surroundings of a head are, not mid-gray; the mask comes from
    the uptake (:func:`~coconet_med.training.masks.salient_region`) where none is given.

    Args:
        space: frozen features ``phi_i`` with their weights ``w_i``.
        negatives: pairs of the batch that serve as negatives beside the own one (as far as the batch has them).
        published: one quotient for the batch, and masks on pictures in [-1, 1], as in the authors' code; a batch whose
            masks are all empty costs nothing.
    """

    def __init__(self, space: FeatureSpace, *, negatives: int = 2, published: bool = False) -> None:
        super().__init__()
        self.space, self.negatives, self.published = space, negatives, published

    def forward(
        self,
        fused: torch.Tensor,
        image: torch.Tensor,
        mask: torch.Tensor | None = None,
        *,
        persons: Sequence[object] | None = None,
    ) -> torch.Tensor:
        """Loss of fused luminances (B, 1, H, W) for sources (N, 2, H, W: anatomy, function), all in [0, 1].

        Args:
            fused: Y, of the first B pairs.
            image: A and F of N >= B pairs; those that are not fused serve as negatives only.
            mask: M, (B, 1, H, W) in [0, 1]; from the uptake if ``None``.
            persons: whom each of the N pairs shows; each another one if ``None``.
        """
        fused, image = single(fused), single(image)
        count = len(fused)
        anatomy, function = image[:, 0:1], image[:, 1:2]
        mask = salient_region(function[:count]) if mask is None else mask.to(fused.dtype)
        if self.published and not mask.any():
            return 0 * fused.sum()
        index, there = other_persons(persons or range(len(image)), count, self.negatives)
        index, there = index.to(fused.device), there.to(fused.device, fused.dtype)
        hot = self._pulled(fused, function, anatomy, mask, index, there)
        return (hot + self._pulled(fused, anatomy, function, 1 - mask, index, there)).mean()

    def _pulled(
        self,
        fused: torch.Tensor,
        positive: torch.Tensor,
        negative: torch.Tensor,
        mask: torch.Tensor,
        index: torch.Tensor,
        there: torch.Tensor,
    ) -> torch.Tensor:
        """Weighted sum of the quotients of all levels, (B,), or (1,) where the batch has one quotient."""
        mine = self._features(fused, mask)
        with torch.no_grad():
            wanted = self._features(positive[: len(fused)], mask)
            others = [self._features(negative[row], mask) for row in index]
        total = fused.new_zeros(1 if self.published else len(fused))
        for level, weight in enumerate(self.space.weights):
            near = distance(mine[level], wanted[level])
            far = sum(share * distance(mine[level], other[level]) for other, share in zip(others, there, strict=True))
            guard = EPSILON * wanted[level].abs().mean(dim=(1, 2, 3))
            if self.published:
                near, far, guard = (
                    near.mean(0, keepdim=True),
                    far.mean(0, keepdim=True),
                    0 * guard.mean(0, keepdim=True),
                )
            total = total + weight * near / (far + guard + torch.finfo(far.dtype).eps)
        return total

    def _features(self, picture: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
        return self.space(mask * (2 * picture - 1) if self.published else 2 * (mask * picture) - 1)


def other_persons(persons: Sequence[object], anchors: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Which pairs are the negatives of each anchor: itself, and pairs of other persons.

    Args:
        persons: whom each pair of the batch shows.
        anchors: the first so many pairs are anchors.
        count: wanted pairs of other persons.

    Returns:
        Places in the batch (1 + n, anchors), and 1 where a place counts, 0 where the batch has no further other person.
        Pairs that are no anchors are taken first.
    """
    total = len(persons)
    rows, there = [], []
    for i in range(anchors):
        turn = [(i - n) % total for n in range(1, total)]
        if anchors < total:
            turn = [i + n * anchors for n in range(1, total) if i + n * anchors < total] + turn
        found = [i, *[j for j in dict.fromkeys(turn) if persons[j] != persons[i]][:count]]
        lacking = 1 + min(count, total - 1) - len(found)
        rows.append(found + [i] * lacking)
        there.append([1.0] * len(found) + [0.0] * lacking)
    return torch.tensor(rows).T, torch.tensor(there).T


def distance(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Mean absolute difference of each pair of feature maps: (B, C, h, w) twice -> (B,)."""
    return (x - y).abs().mean(dim=(1, 2, 3))
