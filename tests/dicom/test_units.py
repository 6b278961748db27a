"""Units that a series states, and those that are kept where asked."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from dicom_phantom import classic

from coconet_med.readers.dicom import read_series


def test_own_units_are_kept_where_asked(tmp_path):
    stored = classic(tmp_path, "PT")
    source = read_series(tmp_path, "function", suv="never")
    assert source.units == "Bq/ml"
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored)
    assert source.warnings == ()


def test_values_in_gml_are_suv_already(tmp_path):
    stored = classic(tmp_path, "PT", edit=lambda ds, k: setattr(ds, "Units", "GML"))
    source = read_series(tmp_path, "function")
    assert (source.units, source.details["suv"]["factor"]) == ("SUVbw", 1.0)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored)


def test_suv_by_lean_body_mass_is_not_called_body_weight(tmp_path):
    def lean(ds, k):
        ds.Units, ds.SUVType = "GML", "LBM"

    classic(tmp_path, "PT", edit=lean)
    assert read_series(tmp_path, "function").units == "SUVlbm"
