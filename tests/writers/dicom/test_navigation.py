"""What a neuronavigator takes: one series of straight axial slices with square pixels, in the world of the MRI."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_phantom import FRAME_OF_REFERENCE, classic

import coconet_med
from coconet_med.errors import OptionError
from coconet_med.phantom import head_phantom
from coconet_med.writers.dicom.navigation import for_navigation


def _image(direction, spacing=(1.0, 1.0, 2.0), size=(30, 40, 20)) -> sitk.Image:
    """A ramp along the axis of the body, so that every voxel tells its height."""
    image = sitk.Image(size, sitk.sitkFloat32)
    image.SetSpacing(spacing)
    image.SetOrigin((-11, 7, 30))
    image.SetDirection([float(v) for v in np.asarray(direction, float).ravel()])
    values = np.empty(size[::-1], np.float32)
    for k, j, i in np.ndindex(*size[::-1]):
        values[k, j, i] = 1000 + image.TransformIndexToPhysicalPoint((i, j, k))[2]
    ramp = sitk.GetImageFromArray(values)
    ramp.CopyInformation(image)
    return ramp


SAGITTAL = [[0, 0, 1], [1, 0, 0], [0, -1, 0]]
TILTED = [[1, 0, 0], [0, 0.96, -0.28], [0, 0.28, 0.96]]


@pytest.mark.parametrize("direction", [SAGITTAL, TILTED])
def test_other_slices_become_straight_axial_ones_in_the_same_world(direction):
    image = _image(direction)
    resampled = for_navigation(image)
    np.testing.assert_allclose(np.reshape(resampled.GetDirection(), (3, 3)), np.eye(3))
    spacing = resampled.GetSpacing()
    assert spacing[0] == spacing[1] == 1.0
    assert spacing[2] == 1.0
    values = sitk.GetArrayFromImage(resampled)
    for k in range(len(values)):
        height = 1000 + resampled.TransformIndexToPhysicalPoint((0, 0, k))[2]
        seen = values[k][values[k] > 0]
        if seen.size:
            assert np.abs(seen - height).max() < 1.01  # half a voxel along the edge, where the image ends
            assert np.median(np.abs(seen - height)) < 1e-2 or not 0.25 < k / len(values) < 0.75
    assert (values > 0).sum() * np.prod(spacing) == pytest.approx(30 * 40 * 20 * 2, rel=0.15)


def test_what_is_straight_and_square_already_stays_as_it_is():
    image = _image(np.eye(3), spacing=(0.5, 0.5, 4.0))
    assert for_navigation(image) is image
    assert for_navigation(_image(np.eye(3), spacing=(0.5, 0.8, 4.0))).GetSpacing() == (0.5, 0.5, 1.0)


def test_pictures_have_at_most_512_pixels_a_side():
    resampled = for_navigation(_image(SAGITTAL, spacing=(0.05, 1.0, 2.0), size=(8, 40, 30)))
    assert max(resampled.GetSize()[:2]) <= 512


def test_the_series_is_what_a_navigator_asks_for(tmp_path):
    head = head_phantom(spacing=8.0, pet_spacing=8.0, noise=0.0)
    for image, kind, name in ((head.t1, "MR", "T1 MPRAGE"), (head.pet, "PT", "PET AC")):
        values = sitk.GetArrayFromImage(image)
        slope = float(values.max()) / 4000
        axes = {"orientation": (0, 1, 0, 0, 0, -1)} if kind == "MR" else {}
        if kind == "MR":  # sagittal, as an MPRAGE mostly is
            values = values.transpose(2, 0, 1)[:, ::-1]
            origin = np.add(image.GetOrigin(), (0, 0, 8.0 * (values.shape[1] - 1)))
            step = -8.0  # rows x columns points to the right
        else:
            origin, step = image.GetOrigin(), 8.0
        slopes = [slope] * len(values) if kind == "PT" else None
        classic(tmp_path / "in" / kind, kind, series=name, values=np.rint(values / slope).astype(int),
                origin=origin, spacing=(8.0, 8.0), step=step, slopes=slopes, **axes)  # fmt: skip
    result = coconet_med.fuse(tmp_path / "in", register="never")
    result.save(tmp_path / "out", form="navigation")
    files = [pydicom.dcmread(path) for path in (tmp_path / "out").glob("*.dcm")]
    assert len({ds.SeriesInstanceUID for ds in files}) == 1
    assert {ds.Modality for ds in files} == {"MR"}
    assert {ds.FrameOfReferenceUID for ds in files} == {FRAME_OF_REFERENCE}
    for ds in files:
        assert [float(v) for v in ds.ImageOrientationPatient] == [1, 0, 0, 0, 1, 0]
        assert ds.PixelSpacing[0] == ds.PixelSpacing[1]
        assert ds.SamplesPerPixel == 1
        assert len(ds.SourceImageSequence) > 1
    heights = sorted(float(ds.ImagePositionPatient[2]) for ds in files)
    assert np.ptp(np.diff(heights)) < 1e-6
    resampled = sitk.ReadImage([str(path) for path in sorted((tmp_path / "out").glob("*.dcm"))])
    again = sitk.Resample(
        sitk.Cast(resampled, sitk.sitkFloat32) / 4095, result.luminance, sitk.Transform(), sitk.sitkLinear
    )
    difference = np.abs(sitk.GetArrayFromImage(again) - sitk.GetArrayFromImage(result.luminance))
    assert difference.mean() < 0.01


def test_the_form_is_for_dicom_results(tmp_path):
    from coconet_med.options import check_dicom_output

    (tmp_path / "a.nii.gz").write_bytes(b"")
    with pytest.raises(OptionError, match="--dicom-form navigation: is for DICOM results"):
        check_dicom_output(tmp_path / "a.nii.gz", "navigation", dicom=False, target="-o a.nii.gz")
