"""What each part of the training buys: one short training for each row, validated on the same val slices.

Usage::

    python benchmarks/ablation.py DATA --out runs/ablation [--steps 600] [--rows "paper, stage 1;..."]

``DATA`` is a folder of slice pairs (``train/``, ``val/``, ``colour_tables.csv``).  Every row trains a network of the
light one's width on the same draws, those of one arrangement from the same random weights, except those of stage 2,
which start from what their stage 1 ended with.  The paper's losses and ours are added up in the published arrangement,
then our changes to it.  Short trainings rank the parts; they do not reach the quality of a released model.  Rows that
are done are kept: delete their folder to run them again.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, fields, replace
from pathlib import Path

import numpy as np
import torch
from figures import stacks  # beside this file

from coconet_med.network import CONFIGURATIONS, CoCoNet
from coconet_med.quality import Row, Table, evaluate_pair
from coconet_med.quality.flicker import flicker
from coconet_med.training.data import SlicePair, atlas_slices
from coconet_med.training.distributed import distributed_context, keep_memory
from coconet_med.training.journal import fuse_pair
from coconet_med.training.preservation import PreservationWeights
from coconet_med.training.settings import Contrast, Settings
from coconet_med.training.steadiness import Steadiness
from coconet_med.training.trainer import Trainer

CONFIGURATIONS["guided-light"] = {**CONFIGURATIONS["light"], "mixed": False}
NOTHING = PreservationWeights(**{f.name: 0.0 for f in fields(PreservationWeights)})
SINGLE = Steadiness(weight=0.0)
PAPER = Settings("published-light", base=20.0, preservation=NOTHING, steadiness=SINGLE)
#: Our terms, in the order in which the rows add them to the paper's loss at its reduced weight.
GROUPS = {
    "order": ("harmonic", "uptake_order", "anatomy_order"),
    "edges": ("hot_edges", "head_edges", "joint_edges"),
    "no new edges": ("no_new_edges",),
    "darkness, differences": ("darkness", "differences"),
    "levels": ("anatomy_levels",),
}
SPACES = ("gabor", "branch", "efficientnet-lite0")
SHOWN = (
    "H", "rho_lp", "Q_MRI_in", "rho_MRI_cold", "foci_lost", "foci_kept", "foci_MRI_lost", "Qabf", "VIF", "SCD", "Nabf",
)  # fmt: skip


def rows(steps: int, contrast_steps: int, branch: Path) -> dict[str, tuple[Settings, str | None]]:
    """Settings of each row, and the row whose end it starts from."""
    usual = Settings()
    out: dict[str, tuple[Settings, str | None]] = {"paper, stage 1": (PAPER, None)}
    for space in SPACES:
        stage2 = Contrast(1.0, contrast_steps, space=space, space_path=str(branch) if space == "branch" else None)
        out[f"paper, + contrast ({space})"] = (replace(PAPER, contrast=stage2), "paper, stage 1")
    preservation, name = NOTHING, f"base {usual.base}"
    for group, terms in GROUPS.items():
        preservation = replace(preservation, **{term: getattr(usual.preservation, term) for term in terms})
        name = f"{name} + {group}"
        out[name] = (replace(PAPER, base=usual.base, preservation=preservation), None)
    out["... + guide, pooled attention"] = (replace(usual, model="guided-light", steadiness=SINGLE), None)
    name = "... + guide, pooled attention + mixing"
    out[name] = (replace(usual, steadiness=SINGLE), None)
    out["... + steadiness"] = (usual, None)
    stage2 = Contrast(0.1, contrast_steps, space="gabor")
    out["... without steadiness, + contrast (gabor)"] = (replace(usual, steadiness=SINGLE, contrast=stage2), name)
    # Stage 2 has one step of stage 1 before it, too small to matter.
    paces = {True: {"steps": 1, "learning_rate": 1e-6}, False: {"steps": steps, "learning_rate": 2e-3}}
    return {key: (replace(s, sizes=(160, 128), **paces[bool(start)]), start) for key, (s, start) in out.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--contrast-steps", type=int, default=100)
    parser.add_argument("--every", type=int, default=2, help="validate on every n-th val slice")
    parser.add_argument("--rows", help="names of the rows to run, separated by semicolons; all by default")
    arguments = parser.parse_args()
    keep_memory()
    torch.set_num_threads(1)
    branch = Path(__file__).resolve().parents[1] / "coconet_med" / "models" / "light.pt"
    train, held = (atlas_slices(arguments.data, split=split) for split in ("train", "val"))
    print(f"| training | set | {' | '.join(SHOWN)} | flicker |\n|{'---|' * (len(SHOWN) + 3)}")
    for name, (settings, start) in rows(arguments.steps, arguments.contrast_steps, branch).items():
        if arguments.rows and name not in arguments.rows.split(";"):
            continue
        folder = _folder(arguments.out, name)
        if start:
            settings = replace(settings, start=str(_folder(arguments.out, start) / "mean.pt"))
        done = folder / "figures.json"
        if not done.exists():
            net = Trainer(settings, train, folder, where=distributed_context("cpu", "auto")).run()
            torch.save(net.state_dict(), folder / "mean.pt")
            found = figures(net, held, arguments.every)
            done.write_text(json.dumps({"settings": asdict(settings), "figures": found}), encoding="utf-8")
        for group, values in json.loads(done.read_text(encoding="utf-8"))["figures"].items():
            print(
                f"| {name} | {group} | "
                + " | ".join(f"{values.get(m, np.nan):.3f}" for m in (*SHOWN, "flicker"))
                + " |",
                flush=True,
            )


def _folder(out: Path, name: str) -> Path:
    return out / "".join(c if c.isalnum() else "-" for c in name)


def figures(net: CoCoNet, held: list[SlicePair], every: int) -> dict[str, dict[str, float]]:
    """Measures of the luminance by set, averaged per person; flicker over all stacks of a set."""
    validated = [pair for n, pair in enumerate(held) if n % every == 0]
    table = []
    for pair in validated:
        (anatomy, function), fused = fuse_pair(net, pair)
        values = evaluate_pair(255 * anatomy, 255 * function, 255 * fused, measures="all", ct=pair.group == "mri-ct")
        table.append(Row(pair.name, values, method="", group=pair.group, person=pair.person))
    out = {m.group: {k: m.values[k] for k in SHOWN} for m in Table(table).means()}
    for group, values in out.items():
        values["flicker"] = _flicker(net, [p for p in held if p.group == group])
    return out


def _flicker(net: CoCoNet, pairs: list[SlicePair]) -> float:
    """Mean over the unbroken stacks."""
    found = []
    for stack in stacks(pairs):
        sources, fused = zip(*(fuse_pair(net, pair) for pair in stack), strict=True)
        found.append(flicker(np.stack(sources)[:, 0], np.stack(sources)[:, 1], np.stack(fused)))
    return float(np.mean(found))


if __name__ == "__main__":
    main()
