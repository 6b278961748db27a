"""Frames are timed by their own header."""

from __future__ import annotations

import pytest
from dicom_phantom import classic, enhanced, uid
from pet_times import factor_by_hand, factor_of, said

from coconet_med.readers.dicom import read_series


def test_frames_are_in_the_order_of_their_moments_when_clocks_go_back(tmp_path):
    """Two frames, an hour apart, around the end of summer time: by the wall the second comes first."""
    for number, (wall, zone) in enumerate((("025500", "+0200"), ("021500", "+0100"))):

        def edit(ds, k, wall=wall, zone=zone, number=number):
            ds.AcquisitionTime, ds.TimezoneOffsetFromUTC, ds.SOPInstanceUID = wall, zone, uid(number, k)
            ds.RescaleSlope, ds.Units = str(number + 1), "CNTS"

        classic(tmp_path / str(number), "PT", edit=edit)
    first, second = (read_series(tmp_path, "function", dynamic=n).image for n in (0, 1))
    index = (3, 3, 3)
    assert second[index] == pytest.approx(2 * first[index])


def test_an_enhanced_object_obeys_the_offsets_of_its_own_times(tmp_path):
    def corrected(ds, k):
        del ds.CorrectedImage, ds.DecayCorrection, ds.Units
        ds.AttenuationCorrected = ds.DecayCorrected = "YES"
        ds.DecayCorrectionDateTime = "20240301040000.000000-0600"
        ds.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartDateTime = "20240301101500+0100"

    enhanced(tmp_path, "EPT", slopes=[2.0] * 6, edit=corrected)
    source = read_series(tmp_path, "function")
    assert factor_of(source) == pytest.approx(factor_by_hand(45), rel=1e-9)
    assert said(source) == ""
