"""Gaps and tilt are filled and straightened only where asked."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_phantom import AXIAL, OBLIQUE, classic, places, stored_values

from coconet_med.errors import ReadError
from coconet_med.readers.dicom import read_series


def _without(*missing: int, slices: int = 9) -> tuple[np.ndarray, np.ndarray]:
    kept = [k for k in range(slices) if k not in missing]
    return stored_values(slices)[kept], places(slices, OBLIQUE, (0, 0, 0), 2.0)[kept]


def test_missing_slices_are_interpolated_where_asked(tmp_path):
    values, where = _without(3)
    classic(tmp_path, values=values, positions=where, orientation=OBLIQUE)
    source = read_series(tmp_path, "anatomy", allow_gaps=True)
    found = sitk.GetArrayFromImage(source.image)
    full = stored_values(9)
    np.testing.assert_allclose(found[[0, 1, 2, 4, 5, 8]], full[[0, 1, 2, 4, 5, 8]], atol=1e-2)
    np.testing.assert_allclose(found[3], (full[2] + full[4]) / 2, atol=1e-2)
    assert any("1 slice(s) missing" in warning and "resampled" in warning for warning in source.warnings)
    assert "1 slice(s) missing" in source.details["geometry_fault"]


def test_a_gap_too_wide_to_fill_is_refused_even_where_gaps_are_allowed(tmp_path):
    values, where = _without(*range(3, 12), slices=15)
    classic(tmp_path, values=values, positions=where, orientation=OBLIQUE)
    with pytest.raises(ReadError, match="too wide to be filled"):
        read_series(tmp_path, "anatomy", allow_gaps=True)


def test_a_tilted_stack_is_straightened_where_asked(tmp_path):
    """A ramp along world y, sampled by sheared slices, is the same ramp after straightening."""
    where = places(6, AXIAL, (0, 0, 0), 2.0)
    where[:, 1] += np.arange(6) * 0.9
    y = where[:, 1][:, None, None] + 1.5 * np.arange(10)[None, :, None] + np.zeros((1, 1, 12))
    classic(tmp_path, values=np.rint(100 * y).astype(int), positions=where)
    image = read_series(tmp_path, "anatomy", allow_gaps=True).image
    values = sitk.GetArrayFromImage(image)
    for k in range(6):
        for j in range(4, 9):
            point = image.TransformIndexToPhysicalPoint((5, j, k))
            assert values[k, j, 5] == pytest.approx(100 * point[1], abs=2)
