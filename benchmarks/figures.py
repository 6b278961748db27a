"""All quality figures of the released networks, as tables.

Usage::

    python benchmarks/figures.py DATA --model light > figures.md

``DATA`` is a folder of slice pairs (``train/``, ``val/``, ``colour_tables.csv``).  The same figures, one network and
one way of measuring at a time, come from ``coconet-med evaluate DATA --measures all``.
"""

from __future__ import annotations

import argparse
from itertools import groupby
from pathlib import Path

import numpy as np

from coconet_med import load_model
from coconet_med.inference import fuse_pictures
from coconet_med.quality import Row, Table
from coconet_med.quality.baselines import BASELINES, fuse_classically
from coconet_med.quality.evaluate import FunctionAs, evaluate_folder
from coconet_med.quality.flicker import flicker
from coconet_med.training.data import SlicePair, atlas_slices

FIDELITY = ("H", "rho_lp", "Q_MRI_in", "rho_MRI_cold", "Q_MRI", "rho_uptake", "uptake_mae", "leak")
USUAL = ("Qabf", "SSIM", "SSIM255", "VIF", "SCD", "MI", "Nabf", "SD", "SF", "EN", "FMI")

INTRODUCTION = """# Figures of the released networks

Made by `python benchmarks/figures.py DATA {models}`. All on the val slices of the Whole Brain Atlas (mri-pet: 32 slices
of one person, of whom other slices were trained on; mri-spect 53 and mri-ct 34 slices of two persons each, who were
not trained on), averaged per person and then over persons, colored with the default map. What the measures mean, and
where their formulas come from, is said in `coconet_med/quality/`; what to make of them, in [quality.md](quality.md). H
is 0 for a picture that loses one of its three parts, and was not validated by readers."""

FINDINGS = (
    "foci", "foci_lost", "foci_reversed", "foci_kept", "foci_lost_oklab",
    "foci_MRI", "foci_MRI_lost", "foci_MRI_reversed", "foci_MRI_kept", "foci_MRI_lost_oklab",
    "spots", "spots_lost", "spots_kept",
)  # fmt: skip

SMALL = """Small foci (4 to 16 mm) of the functional source and of the MRI: their number in a slice, the shares that
lightness loses or reverses, the contrast kept, and the share that the colors lose as well; "spots" are those of the
plain definition (`coconet_med/quality/foci.py`, `spots.py`). The classical methods are gray here."""

FOOLED = 'The usual measures, which are easily fooled: a copy of the MRI ("anatomy") wins several of them.'

WAYS: dict[FunctionAs, str] = {
    "uptake": """## Uptake as a scalar

What users of NIfTI and DICOM have. Sources are the MRI and the uptake behind the colors
(`coconet-med evaluate DATA --measures all`).""",
    "luminance": """## The picture as its luminance

As in published tables: the functional source is the luminance of the pseudo-color picture, whose palette is taken as
unknown (`coconet-med evaluate DATA --measures all --function-as luminance`).""",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", action="append", help="light or a path; may be repeated")
    arguments = parser.parse_args()
    models = arguments.model or ["light"]
    print(INTRODUCTION.format(models=" ".join(f"--model {name}" for name in models)))
    for way, heading in WAYS.items():
        rows = [
            row
            for n, name in enumerate(models)
            for row in evaluate_folder(
                arguments.data, function_as=way, measures="all", model=name, baselines=n == 0
            ).rows
        ]
        rows.sort(key=lambda row: (*models, *BASELINES).index(row.method))
        rows.sort(key=lambda row: ("mri-pet", "mri-spect", "mri-ct").index(row.group))
        names = [m for m in FIDELITY if way == "uptake" or "uptake" not in m]
        print(f"\n{heading}\n\n{_by_method(rows, names, models)}\n\n{FOOLED}\n\n{_by_method(rows, USUAL, models)}")
        print(f"\n{SMALL}\n\n{_by_method(rows, FINDINGS, models)}")
        if way == "uptake":
            print(f"\n### Per person\n\n{_by_person(rows, models)}", flush=True)
    print(f"\n## Flicker across the unbroken stacks of val\n\n{_flicker(arguments.data, models)}")


def _by_method(rows: list[Row], names: list[str] | tuple[str, ...], models: list[str]) -> str:
    lines = [f"| set | method | {' | '.join(names)} |", f"|---|---|{'---|' * len(names)}"]
    for mean in Table(rows).means():
        mark = "**" if mean.method in models else ""
        cells = [f"{mark}{mean.values[name]:.3f}{mark}" for name in names]
        lines.append(f"| {mean.group} | {mark}{mean.method}{mark} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _by_person(rows: list[Row], models: list[str]) -> str:
    lines = ["| set | person | slices | method | H | rho_lp | Q_MRI_in | rho_MRI_cold |", "|" + "---|" * 8]
    ours = [row for row in rows if row.method in models]
    for (group, person, method), found in groupby(
        sorted(ours, key=lambda r: (r.group, r.person or "", r.method)), lambda r: (r.group, r.person, r.method)
    ):
        members = list(found)
        values = Table(members).means()[0].values
        cells = [f"{values[name]:.3f}" for name in FIDELITY[:4]]
        lines.append(f"| {group} | {person} | {len(members)} | {method} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _flicker(data: Path, models: list[str]) -> str:
    loaded = {name: load_model(name) for name in models}
    methods = [*models, "average", "gate", "laplacian", "anatomy"]
    lines = [f"| set | patient | slices | {' | '.join(methods)} |", "|" + "---|" * (3 + len(methods))]
    for stack in stacks(atlas_slices(data, split="val")):
        image = np.stack([np.stack([p.anatomy.numpy(), p.function.numpy()]) for p in stack])
        cells = []
        for method in methods:
            if method in loaded:
                fused = fuse_pictures(image, loaded[method].engine)[:, 0]
            else:
                fused = np.stack([fuse_classically(method, *(255.0 * x)) for x in image]) / 255
            cells.append(f"{flicker(image[:, 0], image[:, 1], fused):.2f}")
        patient = stack[0].name.split("_")[0]
        lines.append(f"| {stack[0].group} | {patient} | {len(stack)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def stacks(pairs: list[SlicePair]) -> list[list[SlicePair]]:
    """Runs of at least three slices that follow each other in their volume."""
    out: list[list[SlicePair]] = []
    for pair in sorted((p for p in pairs if p.place), key=lambda p: p.place):  # type: ignore[arg-type, return-value]
        volume, number = pair.place  # type: ignore[misc]
        if out and out[-1][-1].place == (volume, number - 1):
            out[-1].append(pair)
        else:
            out.append([pair])
    return [stack for stack in out if len(stack) > 2]


if __name__ == "__main__":
    main()
