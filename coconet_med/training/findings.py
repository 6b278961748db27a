"""What the fusion adds for small findings, added in training as well: the network learns to make up for the rest."""

from __future__ import annotations

import numpy as np
import torch

from coconet_med.blending.field import keep_findings_in
from coconet_med.network.output_mixing import within

#: Where more than this is added, of 1, the network gets no gradient.
_LIFTED = 1 / 255


def with_findings(fused: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
    """Fused luminance as a reader will see it; what is added has no gradient, nor has the network where it was added.

    Args:
        fused: (B, 1, H, W) in [0, 1].
        image: (B, 2, H, W), its sources.

    Returns:
        (B, 1, H, W) in [0, 1].
    """
    shown, sources = (x.detach().float().cpu().numpy() for x in (fused, image))
    added = np.zeros_like(shown)
    for one, pair, here in zip(shown, sources, added, strict=True):
        found = keep_findings_in(one[0], pair)
        if found is not None:
            here[0] = found
    more = torch.from_numpy(added).to(fused.device, fused.dtype)
    # There the picture hardly depends on what the network says: whatever that is, the lift makes up for it.
    return within(torch.where(more.abs() > _LIFTED, fused.detach(), fused) + more)
