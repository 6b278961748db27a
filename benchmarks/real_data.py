"""Proof of geometry on real volumes: a marker in each input must lie at the same world point in the output.

Usage::

    python benchmarks/real_data.py DATA [--out FOLDER]

``DATA`` is the developers' data folder (``volumes/spm``, ``volumes/clinical``, ``volumes/aanlib_*``).  For each pair

- the functional image is replaced by a smooth marker at a known voxel, whose world point nibabel gives from the file;
  fused without registration, its center of mass in the resampled uptake must be that point;
- the darkest voxel of a marked anatomical image is looked for in the written RGB file, read back by nibabel;
- with ``--out`` the pair itself is fused and its picture written.

Exit code 1 if any distance is above 0.1 mm.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import nibabel as nib
import numpy as np
import SimpleITK as sitk

import coconet_med
from coconet_med.geometry import RAS_TO_LPS
from coconet_med.writers.pictures import write_picture

PAIRS = {
    "SPM T1 + PET": ("spm/T1", "spm/PET"),
    "SPM T1 + SPECT (stored mirrored)": ("spm/T1", "spm/SPECT"),
    "SPM T1 + clinical CT": ("spm/T1", "clinical/CT"),
    "stack 41, MRI + PET": ("aanlib_41_mri", "aanlib_41_pet"),
    "stack 40, MRI + SPECT": ("aanlib_40_mri", "aanlib_40_spect"),
}
LIMIT_MM = 0.1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    model = coconet_med.load_model("light")
    worst = 0.0
    print(f"{'pair':34} {'function mm':>12} {'anatomy mm':>12}")
    for name, files in PAIRS.items():
        anatomy, function = (next((arguments.data / "volumes").glob(f"{file}.nii*")) for file in files)
        distances = _function_marker(anatomy, function, model), _anatomy_marker(anatomy, function, model)
        print(f"{name:34} {distances[0]:12.4f} {distances[1]:12.4f}", flush=True)
        worst = max(worst, *distances)
        if arguments.out:
            arguments.out.mkdir(parents=True, exist_ok=True)
            result = coconet_med.fuse(anatomy, function, model=model)
            write_picture(result.picture(), arguments.out / f"{files[1].replace('/', '_')}.png")
    return int(worst > LIMIT_MM)


def _function_marker(anatomy: Path, function: Path, model: coconet_med.model.Model) -> float:
    """Distance in mm between where a marker in the functional image is and where the result shows it."""
    file = nib.load(function)
    voxel = np.array(file.shape[:3]) * (0.6, 0.45, 0.5)
    voxel = np.round(voxel)
    grid = np.indices(file.shape[:3])
    squares = sum(((axis - v) / 2.0) ** 2 for axis, v in zip(grid, voxel, strict=True))
    with tempfile.TemporaryDirectory() as folder:
        marked = Path(folder) / "marked.nii.gz"
        nib.save(nib.Nifti1Image(np.exp(-squares / 2).astype(np.float32), file.affine), marked)
        result = coconet_med.fuse(anatomy, marked, model=model, register="never")
    shown = sitk.GetArrayFromImage(result.uptake).astype(float)
    k, j, i = ((axis * shown).sum() / shown.sum() for axis in np.indices(shown.shape))
    place = np.array(result.uptake.TransformContinuousIndexToPhysicalPoint((i, j, k))) * RAS_TO_LPS
    return float(np.linalg.norm(place - (file.affine @ [*voxel, 1])[:3]))


def _anatomy_marker(anatomy: Path, function: Path, model: coconet_med.model.Model) -> float:
    """Distance in mm between a dark voxel of a bright anatomical image and the darkest voxel of the written result."""
    file = nib.load(anatomy)
    voxel = np.round(np.array(file.shape[:3]) * (0.6, 0.45, 0.5)).astype(int)
    bright = np.random.default_rng(0).uniform(150, 200, file.shape[:3]).astype(np.float32)
    # Three voxels wide, so that its middle is dark whatever the network makes of edges.
    bright[tuple(slice(v - 1, v + 2) for v in voxel)] = 0
    with tempfile.TemporaryDirectory() as folder:
        marked, out = Path(folder) / "marked.nii.gz", Path(folder) / "fused.nii.gz"
        nib.save(nib.Nifti1Image(bright, file.affine), marked)
        coconet_med.fuse(marked, function, model=model, register="never", strength=0.0).save(out)
        written = nib.load(out)
        green = np.asarray(written.dataobj)["G"]
        affine = written.affine
    dark = np.argwhere(green == green.min()).mean(axis=0)
    return float(np.linalg.norm((affine @ [*dark, 1])[:3] - (file.affine @ [*voxel, 1])[:3]))


if __name__ == "__main__":
    sys.exit(main())
