"""How good a network is on slices it was not trained on: the measures of :mod:`coconet_med.quality`."""

from __future__ import annotations

import numpy as np
import torch

from coconet_med.color import compose, decode
from coconet_med.network import CoCoNet
from coconet_med.quality import Row, Table, evaluate_pair
from coconet_med.training.data import SlicePair
from coconet_med.training.journal import fuse_pair
from coconet_med.training.preservation import PreservationLoss

#: Terms that count what is wrong with a picture.
_FAULTS = ("anatomy_levels", "no_new_edges", "darkness", "differences")

#: Slices that the quick look between two checkpoints takes at most.
GLANCE = 24


def judge(net: CoCoNet, pairs: list[SlicePair]) -> Table:
    """The fidelity measures of every pair, colored as ``fuse`` colors by default."""
    rows = []
    for pair in pairs:
        (anatomy, function), fused = fuse_pair(net, pair)
        rgb = compose(fused, function)
        ct = pair.group == "mri-ct"
        values = evaluate_pair(255 * anatomy, 255 * function, rgb, uptake=function, decode=decode, ct=ct)
        rows.append(Row(pair.name, values, method="trained", group=pair.group, person=pair.person))
    return Table(rows)


@torch.inference_mode()
def glance(net: CoCoNet, pairs: list[SlicePair]) -> dict[str, float]:
    """The differentiable forms of the measures, averaged over at most :data:`GLANCE` pairs of each group: a quick look.

    Names are ``group/term``; the preserved shares count from 0 to 1; those of :data:`_FAULTS` should be 0.
    """
    loss, found = PreservationLoss(), {}
    groups: dict[str, list[SlicePair]] = {}
    for pair in pairs:
        groups.setdefault(pair.group, []).append(pair)
    for group, members in groups.items():
        for pair in members[:: max(1, len(members) // GLANCE)][:GLANCE]:
            sources, fused = fuse_pair(net, pair)
            terms = loss.terms(torch.from_numpy(fused)[None, None], torch.from_numpy(sources)[None])
            for name, value in terms.items():
                share = name not in _FAULTS
                found.setdefault(f"{group}/{name}", []).append(1 - float(value) if share else float(value))
    return {name: float(np.mean(values)) for name, values in found.items()}
