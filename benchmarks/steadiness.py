"""Are coronal and sagittal planes of axial fusions as steady as the slices?

    python benchmarks/steadiness.py DATA

``DATA`` is a folder with ``volumes/`` and ``dicom/``.  For each volume: ratio of the field's roughness across
slices and within them at equal millimeters (coconet_med/quality/flicker.py; at most 1.1 is wanted), the flicker of the
fused luminance, and its roughness beside that of the MRI.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import SimpleITK as sitk

from coconet_med import fuse
from coconet_med.quality.flicker import flicker, roughness, roughness_ratio

PAIRS = {
    "thigh, MRI and PET": ("dicom/sts_003/MR_T1", "dicom/sts_003/PET"),
    "thigh, CT and PET": ("dicom/sts_003/CT", "dicom/sts_003/PET"),
    "SPM averages, T1 and PET": ("volumes/spm/T1.nii.gz", "volumes/spm/PET.nii.gz"),
    "SPM averages, T2 and SPECT": ("volumes/spm/T2.nii.gz", "volumes/spm/SPECT.nii.gz"),
    "atlas 41, MRI and PET": ("volumes/aanlib_41_mri.nii.gz", "volumes/aanlib_41_pet.nii.gz"),
    "atlas 40, MRI and SPECT": ("volumes/aanlib_40_mri.nii.gz", "volumes/aanlib_40_spect.nii.gz"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="light")
    given = parser.parse_args()
    print(
        "| volume | slice step, mm | ratio | flicker | roughness, fused | roughness, MRI |\n|---|---|---|---|---|---|"
    )
    for name, paths in PAIRS.items():
        result = fuse(*(given.data / path for path in paths), register="never", plane="axial", model=given.model)
        assert result.field is not None
        anatomy = result.anatomy_window.apply(sitk.GetArrayFromImage(result.anatomy.image))
        function = result.window.apply(sitk.GetArrayFromImage(result.uptake))
        fused = sitk.GetArrayFromImage(result.luminance)
        step = result.field.grid.spacing[0] if result.field.grid.spacing else 0.0
        numbers = (flicker(anatomy, function, fused), roughness(fused), roughness(anatomy))
        cells = (
            f"{step:.2f} | {roughness_ratio(result.field):.2f} | {numbers[0]:.2f} | {numbers[1]:.4f} | {numbers[2]:.4f}"
        )
        print(f"| {name} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
