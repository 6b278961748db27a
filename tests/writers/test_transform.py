"""The written transform is read by others and by us."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from transform_cases import close, sources, tfm

import coconet_med
from coconet_med.transform_files import read_transform


def test_the_written_transform_is_read_by_simpleitk_and_by_us(moved, move, mean_model, tmp_path):
    result = coconet_med.fuse(*moved, transform=tfm(move, tmp_path / "x.tfm"), model=mean_model)
    written = result.save(tmp_path / "fused.nii.gz", transform=True)
    assert tmp_path / "fused_transform.tfm" in written
    back = sitk.ReadTransform(str(tmp_path / "fused_transform.tfm"))
    point = (12.0, -30.0, 44.0)
    np.testing.assert_allclose(back.TransformPoint(point), (move @ [*point, 1.0])[:3], atol=1e-9)
    close(read_transform(tmp_path / "fused_transform.tfm", *sources(moved)).matrix, move)
