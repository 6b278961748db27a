"""Real and awkward series end as their README says; skipped where the shared data are absent."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.errors import ReadError
from coconet_med.readers.dicom import read_series, read_study

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not (DATA / "dicom").is_dir(), reason="../shared/data/dicom is not here")

GEOMETRY = {
    "sts_003/CT": ((154, 158, 51), (0.976562, 0.976562, 3.27), "HU"),
    "sts_003/MR_T1": ((121, 138, 47), (0.976562, 0.976562, 3.27), "relative"),
    "sts_003/PET": ((29, 30, 51), (5.46875, 5.46875, 3.27), "SUVbw"),
    "brain_t1_oblique": ((274, 384, 48), (0.699988, 0.666667, 5.333333), "relative"),
    "mr_rle": ((256, 256, 4), (1, 1, 1), "relative"),
    "mr_jpeg2000": ((256, 256, 4), (1, 1, 1), "relative"),
    "mr_enhanced_multiframe": ((256, 256, 8), (1, 1, 1.2), "relative"),
}
REFUSED = {
    "pet_bqml_one_slice": "a single slice is no volume",
    "mr_siemens_mosaic": "is a Siemens mosaic",
    "ct_gantry_tilt": r"sheared by 14\.0 degrees \(gantry tilt\); --allow-gaps",
}


@pytest.mark.parametrize("folder", GEOMETRY)
def test_a_readable_series_has_the_grid_of_its_positions(folder):
    size, spacing, units = GEOMETRY[folder]
    source = read_series(DATA / "dicom" / folder, "anatomy")
    assert source.image.GetSize() == size
    np.testing.assert_allclose(source.image.GetSpacing(), spacing, atol=1e-4)
    assert source.units == units


@pytest.mark.parametrize("folder", REFUSED)
def test_an_unreadable_series_is_refused_for_its_reason(folder):
    with pytest.raises(ReadError, match=REFUSED[folder]):
        read_series(DATA / "dicom" / folder, "function")


def test_the_two_compressed_series_hold_the_same_image():
    one, other = (read_series(DATA / "dicom" / f, "anatomy").image for f in ("mr_rle", "mr_jpeg2000"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(one), sitk.GetArrayFromImage(other))


def test_the_tilted_series_is_straightened_where_asked():
    source = read_series(DATA / "dicom" / "ct_gantry_tilt", "anatomy", allow_gaps=True)
    assert source.image.GetSize()[2] == 4
    assert "gantry tilt" in source.warnings[0]


def test_the_study_of_one_person_gives_mr_and_pet():
    anatomy, function = read_study(DATA / "dicom" / "sts_003")
    assert (anatomy.modality, function.modality, function.units) == ("MR", "PT", "SUVbw")
    assert anatomy.frame_of_reference == function.frame_of_reference
    assert sitk.GetArrayViewFromImage(function.image).max() == pytest.approx(10.2653, abs=1e-3)


@pytest.mark.parametrize(("modality", "content"), [("MR", "T1"), ("PT", "PET"), ("NM", "SPECT")])
def test_the_synthetic_brain_lies_where_its_truth_says(modality, content):
    folder = DATA / "dicom" / "synthetic_brain"
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    source = read_series(folder / modality, "function", suv="never")
    image, expected = source.image, truth[modality]
    assert list(image.GetSize()) == expected["size"]
    np.testing.assert_allclose(image.GetSpacing(), expected["spacing"], atol=1e-9)
    np.testing.assert_allclose(image.GetOrigin(), expected["origin_LPS"], atol=1e-9)
    np.testing.assert_allclose(image.GetDirection(), expected["direction"], atol=1e-9)
    template = sitk.ReadImage(str(DATA / "volumes" / "spm" / f"{content}.nii.gz"), sitk.sitkFloat32)
    same_grid = sitk.GetArrayFromImage(sitk.Resample(template, image, sitk.Transform(), sitk.sitkLinear, 0.0))
    assert np.corrcoef(same_grid.ravel(), sitk.GetArrayFromImage(image).ravel())[0, 1] > 0.9999


def test_the_suv_factor_of_the_synthetic_brain_is_the_true_one():
    folder = DATA / "dicom" / "synthetic_brain"
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    source = read_series(folder / "PT", "function")
    assert source.details["suv"]["factor"] == pytest.approx(truth["SUVbw_per_BQML"], rel=1e-12)
    peak = truth["PT"]["peak_BQML"] * truth["SUVbw_per_BQML"]
    assert sitk.GetArrayViewFromImage(source.image).max() == pytest.approx(peak, rel=1e-6)


def test_pet_and_spect_of_the_synthetic_brain_are_a_tie():
    with pytest.raises(ReadError, match="both NM and PT series"):
        read_study(DATA / "dicom" / "synthetic_brain")
