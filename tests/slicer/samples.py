"""Make the sample data of the extension: generated heads, in ``Resources/SampleData``.

    python tests/slicer/samples.py

Nobody's images: the phantom of coconet-med, with known truth.
"""

from __future__ import annotations

from pathlib import Path

import SimpleITK as sitk

from coconet_med.phantom import head_phantom

FOLDER = Path(__file__).resolve().parents[2] / "slicer_module" / "PETMRFusion" / "Resources" / "SampleData"

#: Voxel sizes, mm; how the PET is tilted; how the patient of the second PET moved between the scans.
SPACING, PET_SPACING, TILT = 2.0, 4.0, (5.0, 0.0, 12.0)
MOVED = ((0.0, 0.0, 10.0), (18.0, -9.0, 6.0))


def main() -> None:
    """Write the three volumes."""
    FOLDER.mkdir(exist_ok=True)
    given = {"spacing": SPACING, "pet_spacing": PET_SPACING, "pet_tilt": TILT, "noise": 0.5}
    head, moved = head_phantom(**given), head_phantom(**given, misalign=MOVED)
    for name, image in (("head-mri", head.t1), ("head-pet", head.pet), ("moved-head-pet", moved.pet)):
        whole = sitk.Cast(sitk.Round(sitk.Clamp(image, lowerBound=0, upperBound=65535)), sitk.sitkUInt16)
        sitk.WriteImage(whole, str(FOLDER / f"{name}.nrrd"), useCompression=True)


if __name__ == "__main__":
    main()
