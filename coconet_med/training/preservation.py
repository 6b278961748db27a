"""Differentiable forms of the measures of a fused picture: edges of the MRI, order of the uptake, nothing invented.

Ours, in the spirit of the paper's loss: each term asks for one thing that a reader needs from one source, where that
source has something to say.  Every term can be switched off (weight 0), which is how the ablation table is made.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import torch
from torch import nn
from torch.nn import functional as F

from coconet_med.training.weights import blur, single
from coconet_med.windowing.levels import BLACK, BODY

LOW_PASS_SIGMA = 3.0
#: Strength of an edge of one gray level of 255, by :func:`gradient`: nobody sees one that is weaker.
FAINT = 4 / 255
_EPS = 1e-6

#: Derivatives along columns and rows and their magnitude, (B, 1, H, W) each.
Gradient = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class Regions:
    """Where the terms look, from 0 to 1, (B, 1, H, W) each: head, high uptake, low uptake, darkness in both sources."""

    head: torch.Tensor
    hot: torch.Tensor
    cold: torch.Tensor
    empty: torch.Tensor


@torch.no_grad()
def regions(image: torch.Tensor) -> Regions:
    """Head, hot and cold regions of (B, 2, H, W) sources in [0, 1].

    The fidelity measures put the limits at the 60th and the 40th percentile of the uptake in the head.  Here the
    regions fade over the 10 percent of the head on either side of them, so that the loss does not ask for a change
    from one source to the other at the limit itself.  The measures keep the large filled pieces as head; a
    threshold is near enough to it to train with.
    """
    anatomy, function = image[:, 0:1], image[:, 1:2]
    head = torch.maximum(anatomy, function) > BODY
    marked = torch.where(head, function, torch.nan).flatten(1)
    levels = torch.tensor((0.3, 0.4, 0.5, 0.6, 0.7), device=image.device, dtype=image.dtype)
    # One by one: torch takes no quantile of more than 16 million numbers at a time.
    quantiles = torch.stack([torch.nanquantile(m, levels) for m in marked]).nan_to_num(0.0)
    q30, q40, q50, q60, q70 = (q.reshape(-1, 1, 1, 1) for q in quantiles.unbind(1))
    above = (0.5 + (function - q60) / (q70 - q50).clamp_min(_EPS)).clamp(0, 1)
    below = (0.5 - (function - q40) / (q50 - q30).clamp_min(_EPS)).clamp(0, 1)
    hot = head * above * ((function - 5 / 255) / (10 / 255)).clamp(0, 1)
    cold = head * below * (1 - hot)
    return Regions(head.float(), hot, cold, (torch.maximum(anatomy, function) <= BLACK).float())


@torch.no_grad()
def sorted_ranks(image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Rank in [0, 1] of each pixel among the masked pixels of its image; 0 elsewhere.  Shapes (B, 1, H, W)."""
    out = torch.zeros_like(image)
    for picture, chosen, ranked in zip(image, mask, out, strict=True):
        values = picture[chosen > 0]
        if values.numel() > 1:
            order = torch.empty_like(values)
            order[values.argsort()] = torch.linspace(0, 1, values.numel(), device=image.device, dtype=image.dtype)
            ranked[chosen > 0] = order
    return out


def masked_correlation(x: torch.Tensor, y: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Pearson correlation of each pair of images, pixels weighted by the mask: (B, 1, H, W) three times -> (B,)."""
    n = mask.sum(dim=(1, 2, 3), keepdim=True).clamp_min(1)
    x = x - (x * mask).sum(dim=(1, 2, 3), keepdim=True) / n
    y = y - (y * mask).sum(dim=(1, 2, 3), keepdim=True) / n
    xx, yy, xy = ((mask * a * b).sum(dim=(1, 2, 3)) for a, b in ((x, x), (y, y), (x, y)))
    return xy / torch.sqrt((xx * yy).clamp_min(_EPS))


def gradient(image: torch.Tensor) -> Gradient:
    """Sobel derivatives along columns and rows and their magnitude, (B, 1, H, W) each, borders replicated."""
    smooth = image.new_tensor((1.0, 2.0, 1.0))
    slope = image.new_tensor((-1.0, 0.0, 1.0))
    kernel = torch.stack([torch.outer(smooth, slope), torch.outer(slope, smooth)]).unsqueeze(1)
    dx, dy = F.conv2d(F.pad(image, (1, 1, 1, 1), mode="replicate"), kernel).split(1, dim=1)
    return dx, dy, torch.sqrt(dx.square() + dy.square() + _EPS)


def edge_preservation(source: torch.Tensor, fused: torch.Tensor, *, softness: float = 1.0) -> torch.Tensor:
    """How well the edges of ``source`` survive in ``fused``, per pixel in [0, 1]: (B, 1, H, W) twice -> (B, 1, H, W).

    Xydeas and Petrovic, Electronics Letters 36 (2000) 308: sigmoids of the ratio of edge strengths and of the angle
    between edges, with their constants.  Unlike there an edge of reversed polarity counts as lost.  ``softness``
    flattens the sigmoids, so that an edge that is far from preserved still has a gradient.
    """
    return _preserved(*_likeness(gradient(source), gradient(fused)), softness)


def _likeness(source: Gradient, fused: Gradient) -> tuple[torch.Tensor, torch.Tensor]:
    """How alike edges are in strength and in direction, (B, 1, H, W) each; 1 is the same."""
    sx, sy, s = source
    fx, fy, f = fused
    turned = torch.atan2((sx * fy - sy * fx).abs() + _EPS, sx * fx + sy * fy + _EPS)
    return torch.minimum(s, f) / torch.maximum(s, f), 1 - turned / (math.pi / 2)


def _preserved(strength: torch.Tensor, angle: torch.Tensor, softness: float) -> torch.Tensor:
    kept = 0.9994 * torch.sigmoid(15 / softness * (strength - 0.5))
    return kept * (0.9879 * torch.sigmoid(22 / softness * (angle - 0.8)))


@dataclass(frozen=True)
class PreservationWeights:
    """Weight of each term; 0 leaves it out.

    Attributes:
        harmonic: one minus the harmonic mean of the next three preserved shares.
        uptake_order: low-passed fused luminance follows the rank of the low-passed uptake where uptake is high.
        anatomy_order: the same for the MRI where uptake is low.
        anatomy_levels: gray levels of the MRI where uptake is low: the fused luminance differs little from it.
        hot_edges: edges of the MRI inside the region of high uptake.
        head_edges: edges of the MRI in the whole head.
        joint_edges: edges of both sources, each weighted by its own strength (Qabf).
        no_new_edges: edges stronger than in either source (what Nabf counts), relative to those of the sources.
        darkness: light where both sources are dark.
        differences: what the fused picture adds to one source is the other one (SCD).
    """

    harmonic: float = 20.0
    uptake_order: float = 2.0
    anatomy_order: float = 0.5
    anatomy_levels: float = 10.0
    hot_edges: float = 2.0
    head_edges: float = 0.5
    joint_edges: float = 2.0
    no_new_edges: float = 6.0
    darkness: float = 1.0
    differences: float = 0.5


class PreservationLoss(nn.Module):
    """Weighted sum of the terms of :class:`PreservationWeights`, averaged over the batch."""

    def __init__(self, weights: PreservationWeights | None = None) -> None:
        super().__init__()
        self.weights = weights or PreservationWeights()

    def terms(self, fused: torch.Tensor, image: torch.Tensor) -> dict[str, torch.Tensor]:
        """The terms by name, each a scalar to be made small, for (B, 1, H, W) fused and (B, 2, H, W) sources."""
        fused, image = single(fused), single(image)
        anatomy, function = image[:, 0:1], image[:, 1:2]
        where = regions(image)
        low, low_a, low_f = (blur(x, LOW_PASS_SIGMA) for x in (fused, anatomy, function))
        uptake_order = masked_correlation(low, sorted_ranks(low_f, where.hot), where.hot)
        anatomy_order = masked_correlation(low, sorted_ranks(low_a, where.cold), where.cold)
        of_a, of_f, of_fused = (gradient(x) for x in (anatomy, function, fused))
        edges_a, edges_f, edges = of_a[2], of_f[2], of_fused[2]
        kept_a = self._kept(of_a, of_fused)
        hot_edges = _average(kept_a, edges_a * where.hot)
        parts = torch.stack([uptake_order, hot_edges, anatomy_order]).clamp_min(0.02)
        added = torch.stack([masked_correlation(fused - anatomy, function, where.head),
                             masked_correlation(fused - function, anatomy, where.head)])  # fmt: skip
        out = {
            "harmonic": 1 - 3 / (1 / parts).sum(0),
            "uptake_order": 1 - uptake_order,
            "anatomy_order": 1 - anatomy_order,
            "anatomy_levels": _average((fused - anatomy).abs(), where.cold),
            "hot_edges": 1 - hot_edges,
            "head_edges": 1 - _average(kept_a, edges_a * where.head),
            "no_new_edges": _excess(edges, torch.maximum(edges_a, edges_f), where.head),
            "darkness": _average(fused, where.empty) * 10,
            "differences": 2 - added.sum(0),
        }
        if self.weights.joint_edges:
            both = torch.cat([kept_a, self._kept(of_f, of_fused)], dim=1)
            out["joint_edges"] = 1 - _average(both, torch.cat([edges_a, edges_f], dim=1))
        return {name: value.mean() for name, value in out.items()}

    def forward(self, fused: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        """Loss of fused luminances (B, 1, H, W) for sources (B, 2, H, W: anatomy, function), all in [0, 1]."""
        wanted = {f.name: getattr(self.weights, f.name) for f in fields(self.weights)}
        wanted = {name: weight for name, weight in wanted.items() if weight}
        if not wanted:
            return single(fused).sum() * 0
        terms = self.terms(fused, image)
        return torch.stack([weight * terms[name] for name, weight in wanted.items()]).sum()

    @staticmethod
    def _kept(source: Gradient, fused: Gradient) -> torch.Tensor:
        # Half the measure itself, half a flatter one that still pulls where the measure has saturated at 0.
        alike = _likeness(source, fused)
        return 0.5 * _preserved(*alike, 1.0) + 0.5 * _preserved(*alike, 3.0)


def _excess(edges: torch.Tensor, stronger: torch.Tensor, where: torch.Tensor) -> torch.Tensor:
    """Edge strength beyond that of the stronger source, as a share of that one, plus the same of the squares.

    Shares, so that a faint contour drawn into smooth sources weighs as much as a strong one among strong edges;
    squares, so that one such contour weighs more than the same excess spread over all edges.
    """
    stronger = stronger.clamp_min(FAINT)
    beyond = F.relu(edges - stronger)
    shares = [_average(beyond**n, where) / _average(stronger**n, where).clamp_min(FAINT**2) for n in (1, 2)]
    return shares[0] + shares[1]


def _average(value: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return (value * weight).sum(dim=(1, 2, 3)) / weight.sum(dim=(1, 2, 3)).clamp_min(_EPS)
