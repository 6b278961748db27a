"""The kinds of enhanced PET in the IBSI-SUV digital reference objects, made here: SUVmax is 4.00."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import SimpleITK as sitk
from dicom_phantom import enhanced
from suv_cases import DOSE, HALF_LIFE, INJECTED, SERIES, WEIGHT, drug_of, setting

from coconet_med.readers.dicom import read_series


def _enhanced(tmp_path, edit, slopes):
    def header(ds, k):
        for keyword in ("CorrectedImage", "DecayCorrection", "Units", "FrameReferenceTime", "ActualFrameDuration"):
            delattr(ds, keyword)
        ds.AttenuationCorrected = ds.DecayCorrected = "YES"
        ds.DecayCorrectionDateTime = SERIES.strftime("%Y%m%d%H%M%S")
        ds.SeriesDate = ds.AcquisitionDate = SERIES.strftime("%Y%m%d")
        ds.PatientWeight = str(WEIGHT)
        drug = drug_of(ds)
        drug.RadionuclideTotalDose, drug.RadionuclideHalfLife = str(DOSE), str(HALF_LIFE)
        drug.RadiopharmaceuticalStartDateTime = INJECTED.strftime("%Y%m%d%H%M%S")
        edit(ds, k)

    stored = enhanced(tmp_path, "EPT", slopes=slopes, edit=header)
    source = read_series(tmp_path, "function")
    assert source.units == "SUVbw", source.warnings
    return stored, sitk.GetArrayFromImage(source.image), source


def test_enhanced_with_a_slope_for_each_frame_and_a_series_time_after_the_decay_reference(tmp_path):
    """7_0, 7_1, 7_3_0."""
    slopes = np.linspace(1.0, 3.0, 6)
    stored, values, source = _enhanced(tmp_path, setting(SeriesTime="140000"), slopes)
    one = DOSE * 2 ** (-3600 / HALF_LIFE) / (1000 * WEIGHT)
    np.testing.assert_allclose(values, (stored * slopes[:, None, None] + 3) / one, rtol=1e-6)
    assert source.warnings == ()


def test_enhanced_in_suv(tmp_path):
    """7_2."""

    def edit(ds, k):
        for group in ds.PerFrameFunctionalGroupsSequence:
            group.PixelValueTransformationSequence[0].RescaleType = "GML"

    stored, values, _ = _enhanced(tmp_path, edit, [2.0] * 6)
    np.testing.assert_allclose(values, stored * 2.0 + 3, rtol=1e-6)


def test_enhanced_that_is_not_decay_corrected(tmp_path):
    """7_3_1: each frame at its Frame Reference DateTime."""
    moments = [SERIES + timedelta(seconds=200 * k) for k in range(6)]

    def edit(ds, k):
        ds.DecayCorrected = "NO"
        del ds.DecayCorrectionDateTime
        for group, moment in zip(ds.PerFrameFunctionalGroupsSequence, moments, strict=True):
            group.FrameContentSequence[0].FrameReferenceDateTime = moment.strftime("%Y%m%d%H%M%S")

    stored, values, _ = _enhanced(tmp_path, edit, [2.0] * 6)
    left = [DOSE * 2 ** (-(moment - INJECTED).total_seconds() / HALF_LIFE) for moment in moments]
    truth = (stored * 2.0 + 3) * 1000 * WEIGHT / np.array(left)[:, None, None]
    np.testing.assert_allclose(values, truth, rtol=1e-6)
