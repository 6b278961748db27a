"""One PET or SPECT with MRI of different contrasts: what does T2 cost against T1, and is a blend as good?

    python benchmarks/contrasts.py
    python benchmarks/contrasts.py --data DATA

Generated heads have a T1 and a T2 of the same anatomy beside one PET or SPECT; with ``DATA``, a folder with
``volumes/spm``, averages of groups as well.  Every few axial slices H and its parts are measured
(:mod:`coconet_med.quality.fidelity`), of the fusion and of blends that need no network.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from coconet_med import FusionResult, fuse
from coconet_med.phantom import head_phantom
from coconet_med.quality import evaluate_pair
from coconet_med.quality.baselines import fuse_classically
from coconet_med.quality.case import mean_over
from coconet_med.slices import slicing_of

PARTS = ("H", "rho_lp", "Q_MRI_in", "rho_MRI_cold", "spots_lost")
BLENDS = ("average", "laplacian", "gate")


def pairs(seeds: int, data: Path | None) -> Iterator[tuple[str, str, sitk.Image | Path, sitk.Image | Path]]:
    """Name of the case, contrast of the MRI, MRI and functional image."""
    for function in ("pet", "spect"):
        for seed in range(seeds):
            head = head_phantom(spacing=(1.0, 1.0, 4.0), function=function, seed=seed, with_t2=True)  # type: ignore[arg-type]
            assert head.t2 is not None
            for contrast, mri in (("T1", head.t1), ("T2", head.t2)):
                yield f"generated, {function.upper()}", contrast, mri, head.pet
    if data is not None:
        spm = data / "volumes/spm"
        for function in ("PET", "SPECT"):
            for contrast in ("T1", "T2", "PD"):
                yield (f"SPM averages, {function}", contrast, *(spm / f"{n}.nii.gz" for n in (contrast, function)))


def rows(result: FusionResult, *, every: int) -> dict[str, dict[str, float]]:
    """For each method the means over every so many slices."""
    slicing = slicing_of(result.anatomy.image, plane="axial")
    gray = result.anatomy_window.apply(sitk.GetArrayViewFromImage(result.anatomy.image))
    uptake = result.window.apply(sitk.GetArrayViewFromImage(result.uptake))
    stacks = [slicing.stack(a)[::every] for a in (255 * gray, 255 * uptake, sitk.GetArrayFromImage(result.color))]
    found: dict[str, list[dict[str, float]]] = {}
    for m, p, f in zip(*stacks, strict=True):
        if np.count_nonzero(m > 25) < 0.1 * m.size:
            continue  # the crown or the neck
        spacing = slicing.spacing(result.anatomy.image)[1:]
        found.setdefault("light", []).append(_measured(m, p, f, spacing))
        for name in BLENDS:
            found.setdefault(name, []).append(_measured(m, p, fuse_classically(name, m, p), spacing))  # type: ignore[arg-type]
    return {name: {part: mean_over(values, part) for part in PARTS} for name, values in found.items()}


def _measured(m: np.ndarray, p: np.ndarray, picture: np.ndarray, spacing: tuple[float, float]) -> dict[str, float]:
    fidelity = evaluate_pair(m, p, picture, measures="fidelity", spacing=spacing)
    return fidelity | evaluate_pair(m, p, picture, measures="findings", spacing=spacing)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--model", default="light")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--every", type=int, default=4)
    given = parser.parse_args()
    found: dict[tuple[str, str], dict[str, list[dict[str, float]]]] = {}
    for case, contrast, mri, function in pairs(given.seeds, given.data):
        result = fuse(mri, function, register="never", plane="axial", model=given.model)
        for method, values in rows(result, every=given.every).items():
            found.setdefault((case, contrast), {}).setdefault(method, []).append(values)
    print(f"| case | MRI | method | {' | '.join(PARTS)} |\n|---|---|---{'|---' * len(PARTS)}|")
    for (case, contrast), methods in found.items():
        for method, many in methods.items():
            means = (np.nanmean([values[part] for values in many]) for part in PARTS)
            print(f"| {case} | {contrast} | {method} | {' | '.join(f'{mean:.3f}' for mean in means)} |")


if __name__ == "__main__":
    main()
