"""Results of the bundle: one name for each case, RGB24 where volumes lie, whole or not at all."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

pytest.importorskip("monai")

from monai.data import MetaTensor

from coconet_med.bundle.saving import CaseLayout, NameByCased, VolumeWriter
from coconet_med.errors import WriteError


def test_images_are_called_by_their_case_whatever_dots_it_holds(tmp_path) -> None:
    named = NameByCased("image")({"image": MetaTensor(np.zeros((1, 2, 2, 2))), "id": "sub-1.5"})
    assert named["image"].meta["filename_or_obj"] == "sub-1.5"
    layout = CaseLayout(tmp_path / "out", postfix="fused")
    assert layout.filename(subject="sub-1.5") == tmp_path / "out" / "sub-1.5_fused.nii.gz"
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WriteError, match="cannot be made"):
        CaseLayout(tmp_path / "file" / "x", postfix="fused").filename(subject="a")


def test_a_color_volume_is_rgb_at_its_place(tmp_path) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 6)).astype(np.uint8)
    affine = np.array([[0, -2.0, 0, 9], [-2.0, 0, 0, 8], [0, 0, 3.0, 7], [0, 0, 0, 1]])
    writer = VolumeWriter(output_dtype=np.uint8)
    writer.set_data_array(rgb, channel_dim=0)
    writer.set_metadata({"affine": affine})
    writer.write(tmp_path / "a.nrrd", verbose=False)
    image = sitk.ReadImage(str(tmp_path / "a.nrrd"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), rgb.transpose(3, 2, 1, 0))
    place = image.TransformIndexToPhysicalPoint((1, 2, 3))
    np.testing.assert_allclose(place, (np.diag((-1.0, -1, 1, 1)) @ affine @ (1, 2, 3, 1))[:3])
