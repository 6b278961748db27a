"""Real World Value Mapping objects beside PET slices: when they give the units, for which values, and when not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_phantom import STUDY, classic, uid
from mapping_cases import PETDICOM, put, world
from pet_times import timed

from coconet_med.readers.dicom import read_series

SLOPES = [0.5 + 0.1 * k for k in range(6)]


def _pet(folder: Path, *, units: str = "BQML", weight: str = "", slopes=SLOPES):
    def edit(ds, k):
        timed()(ds, k)
        ds.Units, ds.PatientWeight = units, weight

    return classic(folder, "PT", series="PET", slopes=slopes, edit=edit)


def _read(folder: Path):
    source = read_series(folder, "function")
    return source, sitk.GetArrayFromImage(source.image)


def test_slicers_object_gives_suv_where_the_header_has_no_weight(tmp_path):
    stored = _pet(tmp_path)
    assert read_series(tmp_path, "function").units == "Bq/ml"
    put(tmp_path, [(range(6), [world(0.004)]), (range(6), [world(0.003, "{SUVlbm}g/ml")])])
    source, values = _read(tmp_path)
    assert source.units == "SUVbw"
    np.testing.assert_allclose(values, 0.004 * stored * np.array(SLOPES)[:, None, None], rtol=1e-5)
    assert any("gives its slope for rescaled values" in note for note in source.warnings)
    assert "Real World Value Mapping" in source.details["suv"]["rule"]
    (reported,) = source.details["value_mappings"]
    assert (reported["name"], len(reported["sha256"])) == ("rwv.dcm", 64)


def test_an_object_by_the_standard_has_a_slope_for_the_stored_values_of_each_image(tmp_path):
    stored = _pet(tmp_path)
    put(tmp_path, [([k], [world(0.004 * SLOPES[k])]) for k in range(6)], maker="other")
    source, values = _read(tmp_path)
    assert source.units == "SUVbw"
    np.testing.assert_allclose(values, 0.004 * stored * np.array(SLOPES)[:, None, None], rtol=1e-5)
    assert not any("rescaled" in note for note in source.warnings)


@pytest.mark.parametrize(("maker", "factor"), [(PETDICOM, 0.004 * 2.5), ("other", 0.004)])
def test_where_all_slopes_are_equal_the_maker_tells_for_which_values_they_are(tmp_path, maker, factor):
    stored = _pet(tmp_path, slopes=[2.5] * 6)
    put(tmp_path, [(range(6), [world(0.004)])], maker=maker)
    source, values = _read(tmp_path)
    assert source.units == "SUVbw"
    np.testing.assert_allclose(values, factor * stored, rtol=1e-5)


def test_counts_take_the_units_of_the_object(tmp_path):
    stored = _pet(tmp_path, units="CNTS")
    put(tmp_path, [(range(6), [world(0.02)])])
    source, values = _read(tmp_path)
    assert source.units == "SUVbw"
    np.testing.assert_allclose(values, 0.02 * stored * np.array(SLOPES)[:, None, None], rtol=1e-5)


def test_where_suv_is_known_the_object_is_a_check(tmp_path):
    _pet(tmp_path, weight="70")
    _, before = _read(tmp_path)
    put(tmp_path, [(range(6), [world(1.0)])])
    source, values = _read(tmp_path)
    np.testing.assert_array_equal(values, before)
    assert any("where weight, dose and times give 1.00" in note for note in source.warnings)


@pytest.mark.parametrize(
    ("groups", "edits", "words"),
    [
        ([(range(6), [world(0.004)])], {"PatientID": "P-2"}, "is of another patient (Patient ID differs)"),
        ([(range(6), [world(0.004)])], {"StudyInstanceUID": f"{STUDY}.7"}, "is of another study"),
        ([(range(5), [world(0.004)])], {}, "for 1 of the 6 images"),
        ([(range(6), [world(0.004, "furlong")])], {}, "to units known here for 6 of the 6 images"),
        ([(range(6), [world(0.004), world(0.005)])], {}, "states no single mapping"),
    ],
)
def test_an_object_that_cannot_speak_for_the_series_is_named_and_left_out(tmp_path, groups, edits, words):
    _pet(tmp_path)
    put(tmp_path, groups, **edits)
    source, _ = _read(tmp_path)
    assert source.units == "Bq/ml"
    assert any(words in note and "it was not used" in note for note in source.warnings)


def test_two_objects_that_contradict_each_other_count_for_nothing(tmp_path):
    _pet(tmp_path)
    put(tmp_path, [(range(6), [world(0.004)])])
    put(tmp_path, [(range(6), [world(0.005)])], name="second")
    source, _ = _read(tmp_path)
    assert source.units == "Bq/ml"
    assert any("contradict each other" in note for note in source.warnings)


def test_an_object_of_another_series_changes_nothing(tmp_path):
    _pet(tmp_path)
    other = pydicom.Dataset()
    other.SeriesInstanceUID = uid("series", "another")
    put(tmp_path, [(range(6), [world(0.004)])], ReferencedSeriesSequence=[other])
    source, _ = _read(tmp_path)
    assert source.units == "Bq/ml"
    assert any("but another series" in note for note in source.warnings)
