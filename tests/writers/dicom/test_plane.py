"""Each slice of a DICOM result states its place, in order."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from dicom_phantom import OBLIQUE, classic, stored_values
from parts_cases import parts_of, stored_of

from coconet_med.readers.dicom import read_series
from coconet_med.writers.dicom import write_dicom


@pytest.mark.parametrize("form", ["sc", "gray"])
def test_each_slice_states_its_place(study, tmp_path, form):
    parts = parts_of(study, form)
    for k, path in enumerate(write_dicom(parts, tmp_path / "out", form=form)):
        ds = pydicom.dcmread(path)
        assert ds.InstanceNumber == k + 1
        np.testing.assert_allclose(
            ds.ImagePositionPatient, parts.image.TransformIndexToPhysicalPoint((0, 0, k)), atol=1e-9
        )
        np.testing.assert_allclose(ds.ImageOrientationPatient, OBLIQUE, atol=1e-9)
        assert [float(v) for v in ds.PixelSpacing] == [1.5, 1.25]
        assert list(ds.PatientOrientation) == ["LP", "PHR"]
        np.testing.assert_array_equal(ds.pixel_array, stored_of(parts.image, form)[k])


def test_slices_of_a_large_grid_keep_their_order(tmp_path):
    classic(tmp_path / "mr", values=stored_values(12))
    classic(tmp_path / "pt", "PT", series="PET AC")
    sources = read_series(tmp_path / "mr", "anatomy"), read_series(tmp_path / "pt", "function")
    heights = [
        float(pydicom.dcmread(f).ImagePositionPatient[2]) for f in write_dicom(parts_of(sources), tmp_path / "out")
    ]
    np.testing.assert_allclose(np.diff(heights), 2.0)
