"""How often are swapped images noticed, and how often are right ones called swapped?

    python benchmarks/swapped.py [--data DATA] [--seeds 1]

Pairs: the generated head (several scans, on their own grid and on that of the MRI), and the real and synthetic pairs of
DATA (layout: ``dicom/``, ``volumes/``) where they are there.  Each is examined as it is and swapped
(:mod:`coconet_med.pair.sharpness`).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import SimpleITK as sitk

from coconet_med.pair.sharpness import SWAPPED, blur_ratio
from coconet_med.phantom import head_phantom
from coconet_med.readers import read

REAL = {
    "SPM averages, T1 + PET": ("volumes/spm/T1.nii.gz", "volumes/spm/PET.nii.gz"),
    "SPM averages, T1 + SPECT": ("volumes/spm/T1.nii.gz", "volumes/spm/SPECT.nii.gz"),
    "SPM averages, T2 + PET": ("volumes/spm/T2.nii.gz", "volumes/spm/PET.nii.gz"),
    "SPM averages, PD + PET": ("volumes/spm/PD.nii.gz", "volumes/spm/PET.nii.gz"),
    "atlas 41, MRI + PET": ("volumes/aanlib_41_mri.nii.gz", "volumes/aanlib_41_pet.nii.gz"),
    "atlas 40, MRI + SPECT": ("volumes/aanlib_40_mri.nii.gz", "volumes/aanlib_40_spect.nii.gz"),
    "thigh, MR + PET": ("dicom/sts_003/MR_T1", "dicom/sts_003/PET"),
    "thigh, CT + PET": ("dicom/sts_003/CT", "dicom/sts_003/PET"),
    "synthetic study, MR + PET": ("dicom/synthetic_brain/MR", "dicom/synthetic_brain/PT"),
    "synthetic study, MR + SPECT": ("dicom/synthetic_brain/MR", "dicom/synthetic_brain/NM"),
    "ICBM T1 + FDG average": (
        "anatomies/icbm152_2009a/mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz",
        "anatomies/cn_fdg_template/CN_PET_TEMPLATE.nii.gz",
    ),
    "one head (colin27) + FDG average": (
        "anatomies/colin27/ch2.nii.gz",
        "anatomies/cn_fdg_template/CN_PET_TEMPLATE.nii.gz",
    ),
}


SCANS = {
    "PET": {"spacing": 1.0},
    "PET of 4 mm with three times the noise": {"spacing": 1.0, "pet_fwhm": 4.0, "noise": 3.0},
    "SPECT, MRI of 1 x 1 x 5 mm": {"spacing": (1.0, 1.0, 5.0), "function": "spect"},
    "PET, MRI of 3 mm": {"spacing": 3.0},
}


def pairs(data: Path, seeds: int) -> Iterator[tuple[str, sitk.Image, sitk.Image]]:
    for name, (anatomy, function) in REAL.items():
        if (data / anatomy).exists() and (data / function).exists():
            first, second = read(data / anatomy, "anatomy").image, read(data / function, "function").image
            yield name, first, second
            yield f"{name}, on the grid of the anatomy", first, sitk.Resample(second, first)
    for seed in range(seeds):
        for kind, options in SCANS.items():
            head = head_phantom(seed=seed, **options)
            yield f"generated head {seed}, {kind}", head.t1, head.pet
            yield f"generated head {seed}, {kind}, on the grid of the MRI", head.t1, sitk.Resample(head.pet, head.t1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--seeds", type=int, default=1)
    given = parser.parse_args()
    ratios = []
    for name, first, second in pairs(given.data, given.seeds):
        ratios.append(blur_ratio(first, second))
        print(f"{name:60s} {ratios[-1]:5.2f}", flush=True)
    count = len(ratios)
    print(
        f"right pairs called swapped: {sum(r > SWAPPED for r in ratios)} of {count} (largest ratio {max(ratios):.2f})"
    )
    print(
        f"swapped pairs noticed: {sum(1 / r > SWAPPED for r in ratios)} of {count} (least ratio {1 / max(ratios):.2f})"
    )


if __name__ == "__main__":
    main()
