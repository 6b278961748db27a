"""Figures of regions agree with scikit-image, and count what lies inside the functional field alone."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from skimage.measure import regionprops

from coconet_med.errors import GeometryError
from coconet_med.measure import measure_regions, read_labels
from coconet_med.phantom import HeadPhantom


def test_figures_agree_with_scikit_image(head: HeadPhantom, labels: Path) -> None:
    found = read_labels(labels)
    uptake = sitk.Resample(head.pet, head.t1, sitk.Transform(), sitk.sitkLinear, 0.0, sitk.sitkFloat32)
    hot, gray = (sitk.GetArrayFromImage(image).astype(np.float64) for image in (uptake, head.t1))
    rows = {row.label: row for row in measure_regions(found, uptake, head.t1)}
    props = {p.label: p for p in regionprops(sitk.GetArrayFromImage(found.grid), np.stack([hot, gray], -1))}
    assert set(rows) == set(props) == {8, 17, 53, 1005}
    for label, row in rows.items():
        prop = props[label]
        mean, top, spread = (np.array(v) for v in (prop.intensity_mean, prop.intensity_max, prop.intensity_std))
        mine = [(row.uptake_mean, row.anatomy_mean), (row.uptake_max, row.anatomy_max), (row.uptake_sd, row.anatomy_sd)]
        np.testing.assert_allclose(mine, [mean, top, spread], rtol=1e-6)
        assert row.voxels == prop.num_pixels
        assert row.volume_ml == pytest.approx(prop.num_pixels * 0.064)  # voxels of 4 mm
        assert row.covered == 1


def test_what_lies_beyond_the_functional_field_is_not_counted(head: HeadPhantom, labels: Path) -> None:
    half = head.pet[:, :, : head.pet.GetSize()[2] // 2]
    rows = measure_regions(read_labels(labels), half + 5.0, head.t1)
    assert any(0 < row.covered < 1 for row in rows)
    assert all(row.uptake_mean >= 5 for row in rows if row.covered)
    empty = [row for row in rows if not row.covered]
    assert all(np.isnan(row.uptake_mean) for row in empty)
    far = sitk.Image(half)
    far.SetOrigin((900.0, 0.0, 0.0))
    with pytest.raises(GeometryError, match="no region lies"):
        measure_regions(read_labels(labels), far)


def test_regions_lie_where_their_affine_puts_them_whatever_its_handedness(tmp_path: Path) -> None:
    """On a grid that is its own mirror image the order of voxels alone would take left for right."""
    hot = np.zeros((9, 8, 7), np.float32)
    hot[6:] = 5.0  # i, j, k: the right of the patient
    place = np.diag([2.0, 2, 2, 1])
    place[:3, 3] = -8, -7, -6  # the middle is 0
    mirrored = np.diag([-1.0, 1, 1, 1]) @ place
    side = np.zeros(hot.shape, np.uint8)
    side[6:] = 1
    nib.save(nib.Nifti1Image(hot + np.arange(7, dtype=np.float32), place), tmp_path / "pet.nii")
    uptake = sitk.ReadImage(tmp_path / "pet.nii", sitk.sitkFloat32)
    for name, values, affine, top in (
        ("same", side, place, 11.0),
        ("stored the other way round", side[::-1], mirrored, 11.0),
        ("of the left", side, mirrored, 6.0),
    ):
        nib.save(nib.Nifti1Image(values, affine), tmp_path / f"{name}.nii")
        (row,) = measure_regions(read_labels(tmp_path / f"{name}.nii"), uptake)
        assert (name, row.uptake_max, row.voxels) == (name, pytest.approx(top), 168)
