"""How good a network is on slices it was not trained on: the measures of :mod:`coconet_med.quality`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from coconet_med.color import compose, decode
from coconet_med.network import CoCoNet
from coconet_med.quality import Row, Table, evaluate_pair
from coconet_med.training.data import SlicePair
from coconet_med.training.journal import fuse_pair
from coconet_med.training.preservation import PreservationLoss

Progress = Callable[[str, int, int], None]

#: Terms that count what is wrong with a picture.
_FAULTS = ("anatomy_levels", "no_new_edges", "darkness", "differences")

#: Slices that the quick validation between two checkpoints takes at most.
QUICK_PAIRS = 24


def validate(net: CoCoNet, pairs: list[SlicePair], *, progress: Progress | None = None) -> Table:
    """The fidelity measures of every pair, colored as ``fuse`` colors by default.

    Args:
        net: the network.
        pairs: what it is validated on.
        progress: called with (``"validate"``, pairs done, all pairs).
    """
    report, rows = progress or (lambda stage, done, total: None), []
    report("validate", 0, len(pairs))
    for number, pair in enumerate(pairs, start=1):
        (anatomy, function), fused = fuse_pair(net, pair)
        rgb = compose(fused, function)
        ct = pair.group == "mri-ct"
        values = evaluate_pair(255 * anatomy, 255 * function, rgb, uptake=function, decode=decode, ct=ct, scaled=True)
        rows.append(Row(pair.name, values, method="trained", group=pair.group, person=pair.person))
        report("validate", number, len(pairs))
    return Table(rows)


@torch.inference_mode()
def quick_validate(net: CoCoNet, pairs: list[SlicePair], *, progress: Progress | None = None) -> dict[str, float]:
    """The differentiable forms of the measures, averaged over at most :data:`QUICK_PAIRS` pairs of each group.

    ``progress`` is called with (``"quick_validate"``, pairs done, all pairs).  Names are ``group/term``; the preserved
    shares count from 0 to 1; those of :data:`_FAULTS` should be 0.
    """
    loss = PreservationLoss()
    found: dict[str, list[float]] = {}
    groups: dict[str, list[SlicePair]] = {}
    for pair in pairs:
        groups.setdefault(pair.group, []).append(pair)
    chosen = {group: many[:: max(1, len(many) // QUICK_PAIRS)][:QUICK_PAIRS] for group, many in groups.items()}
    count, done = sum(map(len, chosen.values())), 0
    for group, members in chosen.items():
        for pair in members:
            if progress:
                progress("quick_validate", done, count)
                done += 1
            sources, fused = fuse_pair(net, pair)
            terms = loss.terms(torch.from_numpy(fused)[None, None], torch.from_numpy(sources)[None])
            for name, value in terms.items():
                share = name not in _FAULTS
                found.setdefault(f"{group}/{name}", []).append(1 - float(value) if share else float(value))
    return {name: float(np.mean(values)) for name, values in found.items()}
