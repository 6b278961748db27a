"""What may vary within one volume, and makes kinds only where it parts a series clearly."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_phantom import classic, stored_values, uid

from coconet_med.errors import ReadError
from coconet_med.readers.dicom import read_series


@pytest.mark.parametrize(
    "times",
    [
        [812, 845, 830, 799, 861, 822, 840, 815, 833, 808],  # each slice waits for the heart
        [800, 800, 806, 800, 797, 803, 800, 795, 800, 804],  # and jitters
        [812, 845, 830, 799, 1630, 822, 840, 815, 833, 808],  # a beat was missed
        [800, 800, 800, 800, 1600, 800, 800, 800, 800, 800],
    ],
)
def test_a_repetition_time_that_follows_the_heart_is_no_kind(times, tmp_path):
    def edit(ds, k):
        ds.RepetitionTime = str(times[k])

    stored = classic(tmp_path, values=stored_values(10), edit=edit)
    source = read_series(tmp_path, "anatomy")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored)


@pytest.mark.parametrize("points", [[1] * 6, [1, 2, 3, 4, 5, 6], [100, 100, 100, 100, 100, 101]])
def test_a_point_in_time_that_parts_nothing_clearly_is_no_kind(points, tmp_path):
    stored = classic(tmp_path, edit=lambda ds, k: setattr(ds, "TemporalPositionIdentifier", str(points[k])))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(read_series(tmp_path, "anatomy").image), stored)


def test_high_numbers_of_points_in_time_are_not_rounded_to_one(tmp_path):
    classic(tmp_path, edit=lambda ds, k: setattr(ds, "TemporalPositionIdentifier", str(100 + k % 2)))
    with pytest.raises(ReadError, match=r"TemporalPositionIdentifier=100 \(3 images\), .*=101 \(3 images\)"):
        read_series(tmp_path, "anatomy")


def test_points_in_time_of_pet_are_averaged_as_before(tmp_path):
    def edit(point):
        def change(ds, k):
            ds.SOPInstanceUID, ds.TemporalPositionIdentifier = uid(point, k), str(point)
            ds.FrameReferenceTime = str(300_000 * point)

        return change

    first = classic(tmp_path / "a", "PT", edit=edit(1))
    second = classic(tmp_path / "b", "PT", values=stored_values(seed=1), edit=edit(2))
    source = read_series(tmp_path, "function", suv="never")
    np.testing.assert_allclose(sitk.GetArrayFromImage(source.image), (first + second) / 2)
