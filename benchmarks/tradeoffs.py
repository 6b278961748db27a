"""What any picture could reach: pixels optimized for the measures themselves, without a network, beside our networks.

    python benchmarks/tradeoffs.py DATA --out runs/tradeoffs --plot tradeoffs.png

``DATA`` is a folder of slice pairs (``val/``, ``colour_tables.csv``).  In runs of neighboring slices the pixels are
moved by Adam, starting from the first network's picture, for a differentiable form of H and a growing weight of what
is to be traded for it; each end is measured by the real measures.  The curves are an inner bound: such pictures exist,
better ones may.  That a picture exists does not mean that a network, which must do it for every pair, can draw it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from figures import stacks  # beside this file
from timing import report
from torch.nn import functional as F

from coconet_med import load_model
from coconet_med.inference import fuse_pictures, keep_dark
from coconet_med.model import NAMES, WEIGHTS
from coconet_med.quality import Row, Table
from coconet_med.quality.averages import mean_of
from coconet_med.quality.baselines import fuse_classically
from coconet_med.quality.edges import find_edges, nabf, qabf
from coconet_med.quality.fidelity import fidelity
from coconet_med.quality.flicker import flicker
from coconet_med.quality.information import mutual_information
from coconet_med.quality.regions import find_regions
from coconet_med.quality.standard_metrics import sum_of_correlations_of_differences
from coconet_med.quality.vif import vif
from coconet_med.training.data import atlas_slices
from coconet_med.training.preservation import (
    LOW_PASS_SIGMA,
    edge_preservation,
    gradient,
    masked_correlation,
    sorted_ranks,
)
from coconet_med.training.steadiness import unsteadiness
from coconet_med.training.weights import blur

STACKS = ("mri-pet 41", "mri-spect 28", "mri-spect 40", "mri-ct 20")
CLASSICAL = ("average", "laplacian", "gate", "anatomy")
SHOWN = ("H", "rho_lp", "Q_MRI_in", "rho_MRI_cold", "Q_MRI", "Qabf", "VIF", "SCD", "MI", "Nabf", "flicker")
#: H and Nabf of docs/quality.md; that of Nabf is the best of four published networks, measured by luminance.
GOALS, FLICKER = {"mri-pet": (0.85, 0.001), "mri-spect": (0.88, 0.008), "mri-ct": (0.75, 0.004)}, 1.1


@dataclass(frozen=True)
class Sweep:
    """A curve: what is always asked for, and what is added to it with each weight in turn.

    The strictest weight comes first and each starts where the last one ended: an edge once drawn is hard to unlearn.
    """

    always: dict[str, float]
    swept: dict[str, float]
    weights: tuple[float, ...]


#: Softer than the measure, which has no slope where an edge is lost.
_kept = partial(edge_preservation, softness=1.5)
#: H alone gives away what it does not look at: the edges of the MRI outside the hot region, and VIF.
_KEPT = {"Q_MRI": 0.5, "VIF": 0.3}
_ORDER = {"Q_MRI_in": 1.0, "rho_MRI_cold": 0.3}
SWEEPS = {
    "steady": Sweep({"H": 1.0}, {"flicker": 1.0}, (0.1, 0.03, 0.0)),
    "no new edges": Sweep({"H": 1.0, "Q_MRI": 0.5}, {"Nabf": 1.0}, (30.0, 10.0, 3.0, 0.5)),
    "all": Sweep({"H": 1.0, **_KEPT}, {"Nabf": 1.0, "flicker": 0.03}, (10.0, 3.0, 1.0)),
    "order": Sweep(_ORDER, {"rho_lp": 1.0}, (9.0, 1.0, 0.3)),
    "order, all": Sweep(_ORDER | _KEPT | {"Nabf": 3.0, "flicker": 0.1}, {"rho_lp": 1.0}, (9.0, 3.0, 1.0)),
}
#: Shares of either neighbor in the first network's picture, as the simplest way to make that one steadier.
ACROSS = (0.05, 0.1, 0.2)


class Measures:
    """The measures of a run of slices as terms to be made small, on their own regions instead of the training's."""

    def __init__(self, image: torch.Tensor) -> None:
        self.image, (self.anatomy, self.function) = image, image.split(1, dim=1)
        found = [find_regions(*(255.0 * x.double().numpy()).round()) for x in image]
        self.hot = torch.from_numpy(np.stack([r.pos for r in found]))[:, None].float()
        self.cold = torch.from_numpy(np.stack([r.cold for r in found]))[:, None].float()
        low = blur(image, LOW_PASS_SIGMA)
        self.ranks = sorted_ranks(low[:, 1:2], self.hot), sorted_ranks(low[:, 0:1], self.cold)
        self.edges = torch.cat([gradient(x)[2] for x in (self.anatomy, self.function)], dim=1)
        # Weights of Nabf: gray values of 255, Sobel / 8, nothing below a strength of 2.
        strength = self.edges * 255 / 8
        self.weights = strength**1.5 * (strength >= 2)
        self.scales, image = [], 255 * image
        for width in (17, 9, 5, 3):  # the windows of VIF
            if self.scales:
                image = blur(image, width / 5, width // 2)[..., ::2, ::2]
            mean, square = (blur(x, width / 5, width // 2) for x in (image, image.square()))
            self.scales.append((width, image, mean, (square - mean.square()).clamp_min(1e-3)))

    def __call__(self, fused: torch.Tensor, names: Collection[str]) -> dict[str, torch.Tensor]:
        kept, low = _kept(self.anatomy, fused), blur(fused, LOW_PASS_SIGMA)
        order = masked_correlation(low, self.ranks[0], self.hot)
        inside = _average(kept, self.edges[:, 0:1] * self.hot)
        cold = masked_correlation(low, self.ranks[1], self.cold)
        out = {"rho_lp": 1 - order, "Q_MRI_in": 1 - inside, "rho_MRI_cold": 1 - cold}
        out["H"] = 1 - 3 / sum(1 / part.clamp_min(0.02) for part in (order, inside, cold))
        out["Q_MRI"] = 1 - _average(kept, self.edges[:, 0:1])
        if "flicker" in names:
            out["flicker"] = unsteadiness(fused, self.image, len(fused), allowed=0.0)
        if "Nabf" in names:
            # Nabf counts an edge in full as soon as it is stronger than those of both sources; here it grows to that,
            # and begins one gray level early, which rounding may add.
            excess = F.relu((gradient(fused)[2] + 1 / 255) / self.edges.amax(1, keepdim=True) - 1)
            lost = 1 - torch.cat([kept, _kept(self.function, fused)], dim=1).sqrt()
            out["Nabf"] = _average(excess / (excess + 0.1) * lost, self.weights)
        if "VIF" in names:
            out["VIF"] = 2 - _vif(self.scales, fused)
        return {name: value.mean() for name, value in out.items()}


def _vif(scales: Sequence[tuple[int, torch.Tensor, torch.Tensor, torch.Tensor]], fused: torch.Tensor) -> torch.Tensor:
    """:func:`coconet_med.quality.vif.vif` summed over both sources; borders are mirrored instead of cut off."""
    got, had, fused = 0, 0, 255 * fused
    for width, source, mean, variance in scales:
        if source.shape[-2:] != fused.shape[-2:]:
            fused = blur(fused, width / 5, width // 2)[..., ::2, ::2]
        found = blur(torch.cat([fused, fused.square(), source * fused], dim=1), width / 5, width // 2)
        both = found[:, 2:] - mean * found[:, :1]
        gain = (both / variance).clamp_min(0)
        rest = (found[:, 1:2] - found[:, :1].square() - gain * both).clamp_min(0)
        got = got + torch.log1p(gain.square() * variance / (rest + 2)).sum(dim=(2, 3))
        had = had + torch.log1p(variance / 2).sum(dim=(2, 3))
    return (got / had).sum(1)


def _average(value: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return (value * weight).sum(dim=(1, 2, 3)) / weight.sum(dim=(1, 2, 3)).clamp_min(1e-6)


def curve(measures: Measures, start: torch.Tensor, sweep: Sweep, steps: int) -> Iterator[tuple[float, torch.Tensor]]:
    """Each weight of a sweep and the picture (K, 1, H, W) found for it; the first gets twice as many steps."""
    lit = torch.from_numpy(keep_dark(np.ones_like(start), measures.image.numpy()))
    logits = start.clamp(0.01, 0.99).logit().requires_grad_()
    for number, weight in enumerate(sweep.weights):
        count, optimizer = steps * (1 if number else 2), torch.optim.Adam([logits], lr=0.1)
        pace = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, count, eta_min=0.01)
        for _ in range(count):
            optimizer.zero_grad()
            terms = measures(lit * logits.sigmoid(), {**sweep.always, **sweep.swept})
            always, swept = (sum(n * terms[t] for t, n in part.items()) for part in (sweep.always, sweep.swept))
            (always + weight * swept).backward()
            optimizer.step()
            pace.step()
        yield weight, (lit * logits.sigmoid()).detach()


def measured(image: np.ndarray, fused: np.ndarray) -> dict[str, float]:
    """The real measures of a run (K, 2, H, W), (K, 1, H, W) in [0, 1], averaged over its slices; and its flicker."""
    # In double precision: Nabf counts an edge that is stronger than its source by a rounding error.
    image, fused = image.astype(np.float64), fused.astype(np.float64)
    rows = []
    for (m, p), f in zip(np.rint(255.0 * image), np.rint(255.0 * fused[:, 0]), strict=True):
        usual = {"Qabf": qabf(*(find_edges(x) for x in (m, p, f))), "Nabf": nabf(m, p, f)}
        usual |= {"VIF": vif(m, f) + vif(p, f), "MI": mutual_information(f, m) + mutual_information(f, p)}
        rows.append(fidelity(m, p, f) | usual | {"SCD": sum_of_correlations_of_differences(m, p, f)})
    out = {name: mean_of([row[name] for row in rows]) for name in SHOWN[:-1]}
    return out | {"flicker": flicker(image[:, 0], image[:, 1], fused[:, 0])}


def pictures(
    image: np.ndarray, models: Mapping[str, Any], sweeps: Mapping[str, Sweep], steps: int
) -> Iterator[tuple[str, np.ndarray]]:
    """What is compared on a run of slices, by name: networks, classical methods, then the optimized pictures."""
    shown = {k: fuse_pictures(image, m.engine) for k, m in models.items()}
    for name in list(models)[:1]:
        one, around = shown[name], np.concatenate([shown[name][:1], shown[name], shown[name][-1:]])
        shown |= {f"{name} across {w:g}": (1 - 2 * w) * one + w * (around[:-2] + around[2:]) for w in ACROSS}
    shown |= {k: fuse_classically(k, *(255.0 * image).swapaxes(0, 1))[:, None] / 255.0 for k in CLASSICAL}
    yield from shown.items()
    start = torch.from_numpy(shown[next(iter(models), "gate")]).float()
    measures = Measures(torch.from_numpy(image))
    for name, sweep in sweeps.items():
        for weight, fused in curve(measures, start, sweep, steps):
            yield f"{name} {weight:g}", fused.numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", action="append", help="light or a path, may be repeated; those installed")
    parser.add_argument("--stacks", nargs="+", default=STACKS, help='set and patient of each run, as in "mri-pet 41"')
    parser.add_argument("--length", type=int, default=5, help="slices of a run, from the middle of its stack")
    parser.add_argument("--steps", type=int, default=25, help="of Adam, for each weight")
    parser.add_argument("--out", type=Path, required=True, help="folder for tradeoffs.json and tradeoffs.png")
    parser.add_argument("--plot", type=Path, help="where the plot goes instead")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    names = given.model or [name for name in NAMES if (WEIGHTS / f"{name}.onnx").is_file()]
    models = {Path(name).stem: load_model(name, engine="onnx", device="cpu", threads=1) for name in names}
    rows = []
    for stack in stacks(atlas_slices(given.data, split="val")):
        name = stack[0].place[0] if stack[0].place else ""
        if name not in given.stacks:
            continue
        run = stack[max(0, len(stack) // 2 - given.length // 2) :][: given.length]
        image = np.stack([np.stack([p.anatomy.numpy(), p.function.numpy()]) for p in run])
        for method, fused in pictures(image, models, SWEEPS, given.steps):
            rows.append(Row(name, measured(image, fused), method=method, group=run[0].group, person=run[0].person))
            print(name, method, *(f"{k} {v:.3f}" for k, v in rows[-1].values.items()), file=sys.stderr)
    means = sorted(Table(rows).means(), key=lambda m: list(GOALS).index(m.group))
    table = [(m.group, m.method, *(round(m.values[k], 4) for k in SHOWN)) for m in means]
    report(("set", "picture", *SHOWN), table, given.out / "tradeoffs.json", stacks=given.stacks, steps=given.steps)
    draw(table, list(models), given.plot or given.out / "tradeoffs.png")


def draw(table: Sequence[Sequence[Any]], models: Sequence[str], path: Path) -> None:
    """One row of panels for each set: H against flicker, H against Nabf, the order of the uptake against edges."""
    import matplotlib.pyplot as plt

    panels = [("flicker", "H", ["steady", "all", *(f"{name} across" for name in models[:1])])]
    panels += [("Nabf", "H", ["no new edges", "all"]), ("rho_lp", "Q_MRI_in", ["order", "all", "order, all"])]
    found = [dict(zip(("set", "picture", *SHOWN), row, strict=True)) for row in table]
    groups = list(dict.fromkeys(row["set"] for row in found))
    figure, axes = plt.subplots(len(groups), 3, figsize=(11, 3.2 * len(groups)), layout="constrained", squeeze=False)
    for group, line in zip(groups, axes, strict=True):
        goals = {"H": GOALS[group][0], "Nabf": GOALS[group][1], "flicker": FLICKER}
        mine = [row for row in found if row["set"] == group]
        for (x, y, names), axis in zip(panels, line, strict=True):
            for name, color in zip(names, ("#0b5fa5", "#3a9a5b", "#d9a441"), strict=False):
                points = [(row[x], row[y]) for row in mine if row["picture"].rpartition(" ")[0] == name]
                axis.plot(*zip(*points, strict=True), "o-", ms=4, color=color, label=name)
            for row in mine:
                if row["picture"] in (*models, *CLASSICAL) and min(row["H"], row["rho_lp"]) > 0.5:
                    axis.plot(row[x], row[y], "r*" if row["picture"] in models else "ks", ms=5)
                    axis.annotate(row["picture"], (row[x], row[y]), (4, 3), textcoords="offset points", fontsize=7)
            for goal, span in ((x, axis.axvline), (y, axis.axhline)):
                if goal in goals:
                    span(goals[goal], color="0.3", lw=0.8, ls="--")
            axis.set(xlabel=x, ylabel=y, title=group)
            axis.grid(alpha=0.3)
            axis.legend(fontsize=7)
    figure.savefig(path, dpi=80)


if __name__ == "__main__":
    main()
