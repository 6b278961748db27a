"""Frames with slopes of their own, classic and enhanced, agree with highdicom."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_phantom import OBLIQUE, classic, enhanced, set_pixels, spect, stored_values

from coconet_med.readers.dicom import read_series


def _values(path, role="anatomy", **options):
    return sitk.GetArrayFromImage(read_series(path, role, **options).image)


def test_every_slice_has_its_own_slope(tmp_path):
    slopes = np.linspace(0.5, 3.0, 6)
    stored = classic(tmp_path, "PT", slopes=slopes)
    np.testing.assert_allclose(_values(tmp_path, suv="never"), stored * slopes[:, None, None], rtol=1e-6)


def test_an_enhanced_object_has_a_slope_in_each_frame(tmp_path):
    slopes = np.linspace(0.25, 2.0, 6)
    stored = enhanced(tmp_path, slopes=slopes)
    source = read_series(tmp_path, "anatomy")
    np.testing.assert_allclose(sitk.GetArrayFromImage(source.image), stored * slopes[:, None, None] + 3, rtol=1e-6)
    assert source.image.GetSpacing() == pytest.approx((1.25, 1.5, 2.0))
    assert source.image.GetDirection()[0] == pytest.approx(OBLIQUE[0])


def test_an_enhanced_object_agrees_with_highdicom(tmp_path):
    import highdicom

    def dimensions(ds, k):
        ds.DimensionIndexSequence = []
        ds.ImageOrientationPatient = None
        del ds.ImageOrientationPatient

    enhanced(tmp_path, slopes=np.linspace(0.25, 2.0, 6), edit=dimensions)
    ours = read_series(tmp_path, "anatomy").image
    volume = highdicom.imread(tmp_path / "enhanced.dcm").get_volume(dtype=np.float64)
    theirs = sitk.Resample(volume.to_simpleitk(), ours, sitk.Transform(), sitk.sitkNearestNeighbor, -1.0)
    np.testing.assert_allclose(sitk.GetArrayFromImage(ours), sitk.GetArrayFromImage(theirs), rtol=1e-6)


def test_a_classic_series_agrees_with_highdicom(tmp_path):
    import highdicom

    classic(tmp_path, "PT", slopes=np.linspace(1, 4, 6), orientation=OBLIQUE)
    ours = read_series(tmp_path, "function", suv="never").image
    series = [pydicom.dcmread(path) for path in sorted(tmp_path.iterdir())]
    volume = highdicom.get_volume_from_series(series, dtype=np.float64)
    theirs = sitk.Resample(volume.to_simpleitk(), ours, sitk.Transform(), sitk.sitkNearestNeighbor, -1.0)
    np.testing.assert_allclose(sitk.GetArrayFromImage(ours), sitk.GetArrayFromImage(theirs), rtol=1e-6)


def test_quantitative_spect_goes_through_its_real_world_mapping(tmp_path):
    def mapping(ds, k):
        code = pydicom.Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "Bq/ml", "UCUM", "Bq/ml"
        world = pydicom.Dataset()
        world.RealWorldValueSlope, world.RealWorldValueIntercept = 2.5, 0.0
        world.MeasurementUnitsCodeSequence = [code]
        ds.RealWorldValueMappingSequence = [world]

    stored = spect(tmp_path, edit=mapping)
    source = read_series(tmp_path, "function")
    assert source.units == "Bq/ml"
    np.testing.assert_allclose(sitk.GetArrayFromImage(source.image), stored * 2.5)


def _grid(image: sitk.Image) -> list[np.ndarray]:
    return [np.array(get()) for get in (image.GetSpacing, image.GetOrigin, image.GetDirection)]


@pytest.mark.parametrize("order", [(0, 2, 4, 1, 3, 5), (5, 4, 3, 2, 1, 0)])
def test_frames_of_a_multi_frame_image_are_put_in_order_of_their_place(tmp_path, order):
    """DICOM leaves the order of frames free; readers that stack them as stored shuffle the head (SimpleITK)."""

    def stored_in_this_order(ds, _):
        ds.PerFrameFunctionalGroupsSequence = [ds.PerFrameFunctionalGroupsSequence[k] for k in order]
        set_pixels(ds, stored_values()[list(order)])

    slopes = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    enhanced(tmp_path / "as scanned", slopes=slopes)
    enhanced(tmp_path / "as stored", slopes=slopes, edit=stored_in_this_order)
    image, other = (read_series(tmp_path / name, "anatomy").image for name in ("as scanned", "as stored"))
    truth = stored_values() * np.array(slopes)[:, None, None] + 3
    np.testing.assert_allclose(sitk.GetArrayFromImage(image), truth, rtol=1e-6)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(other), sitk.GetArrayFromImage(image))
    np.testing.assert_allclose(np.concatenate(_grid(other)), np.concatenate(_grid(image)))
    np.testing.assert_allclose(_grid(other)[0], [1.25, 1.5, 2.0], atol=1e-6)
