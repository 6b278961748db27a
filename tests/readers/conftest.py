"""A NIfTI PET of one value."""

from __future__ import annotations

import pytest
import SimpleITK as sitk


@pytest.fixture
def pet(tmp_path):
    """``sub-01_pet.nii.gz`` of a dataset without any JSON file, its largest value 4000."""
    (tmp_path / "dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.10.0"}', encoding="utf-8")
    path = tmp_path / "sub-01/pet/sub-01_pet.nii.gz"
    path.parent.mkdir(parents=True)
    image = sitk.GaussianSource(sitk.sitkFloat32, (20, 20, 20), (4.0,) * 3, (10.0,) * 3, 4000.0)
    sitk.WriteImage(image, str(path))
    return path
