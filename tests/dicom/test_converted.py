"""PET that was converted to an enhanced object gives what its series gave."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_phantom import classic, uid
from pet_times import factor_by_hand, factor_of, mean_time, said, timed

from coconet_med.readers.dicom import read_series


def _convert(folder, tmp_path, name):
    from highdicom.legacy import LegacyConvertedEnhancedPETImage

    files = [pydicom.dcmread(path) for path in sorted(folder.iterdir())]
    made = LegacyConvertedEnhancedPETImage(
        files, series_instance_uid=uid(name), series_number=9, sop_instance_uid=uid(name, 1), instance_number=1
    )
    path = tmp_path / f"{name}.dcm"
    made.save_as(path)
    return path


@pytest.mark.parametrize(("begin", "altered"), [(0.0, "110000"), (3000.0, "150000")])
def test_a_converted_pet_gives_the_suv_of_the_series_that_it_was_made_of(tmp_path, begin, altered):
    def edit(ds, k):
        timed(begin, 600.0)(ds, k)
        ds.SeriesTime, ds.PatientSize = altered, "1.75"

    stored = classic(tmp_path / "classic", "PT", slopes=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], edit=edit)
    original = read_series(tmp_path / "classic", "function")
    converted = read_series(_convert(tmp_path / "classic", tmp_path, "made"), "function")
    assert converted.units == "SUVbw", converted.warnings
    assert factor_of(converted) == pytest.approx(factor_by_hand(45), rel=1e-6)
    back = sitk.Resample(converted.image, original.image, sitk.Transform(), sitk.sitkNearestNeighbor, -1.0)
    truth = stored * np.arange(1.0, 7.0)[:, None, None] * factor_by_hand(45)
    np.testing.assert_allclose(sitk.GetArrayFromImage(back), truth, rtol=1e-5)
    assert said(converted) == said(original)


def test_a_converted_pet_that_is_not_decay_corrected_is_corrected_at_its_own_times(tmp_path):
    def edit(ds, k):
        timed(0.0, 600.0, factor=False)(ds, k)
        ds.DecayCorrection, ds.CorrectedImage = "NONE", ["ATTN"]

    stored = classic(tmp_path / "classic", "PT", edit=edit)
    source = read_series(_convert(tmp_path / "classic", tmp_path, "made"), "function")
    truth = stored.max() * factor_by_hand(45 + mean_time(600.0, "F18") / 60)
    assert sitk.GetArrayFromImage(source.image).max() == pytest.approx(truth, rel=1e-6)


def test_a_converted_pet_is_chosen_for_the_same_reasons(tmp_path):
    from coconet_med.dicom.scan import scan
    from coconet_med.dicom.series_selection import rate

    classic(tmp_path / "classic", "PT", edit=timed())
    made = _convert(tmp_path / "classic", tmp_path, "made")
    reasons = rate(scan(made).series[0]).reasons
    assert {"+30 attenuation corrected", "+20 in Bq/ml or SUV"} <= set(reasons)
