"""Real-world value mappings in any order, and PET that was converted to an enhanced object."""

from __future__ import annotations

import itertools

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_phantom import classic, enhanced, spect
from pet_times import factor_by_hand, factor_of, said, timed

from coconet_med.readers.dicom import read_series

SUV, BQML, COUNTS = ("{SUVbw}g/ml", 0.002), ("Bq/ml", 2.5), ("{counts}", 7.0)


def _item(code, slope, quantity=""):
    units, world = pydicom.Dataset(), pydicom.Dataset()
    units.CodeValue, units.CodingSchemeDesignator, units.CodeMeaning = code, "UCUM", code
    world.RealWorldValueSlope, world.RealWorldValueIntercept = slope, 0.0
    world.MeasurementUnitsCodeSequence = [units]
    if quantity:
        concept, definition = pydicom.Dataset(), pydicom.Dataset()
        concept.CodeValue, concept.CodingSchemeDesignator, concept.CodeMeaning = quantity, "DCM", "SUV"
        definition.ConceptCodeSequence = [concept]
        world.QuantityDefinitionSequence = [definition]
    return world


def _values(source):
    return sitk.GetArrayFromImage(source.image)


@pytest.mark.parametrize("order", list(itertools.permutations([SUV, BQML, COUNTS])))
def test_the_mapping_to_suv_wins_in_any_order(tmp_path, order):
    def edit(ds, k):
        ds.Units = "CNTS"
        ds.RealWorldValueMappingSequence = [_item(*one) for one in order]

    stored = classic(tmp_path, "PT", edit=edit)
    source = read_series(tmp_path, "function")
    assert source.units == "SUVbw"
    np.testing.assert_allclose(_values(source), 0.002 * stored, rtol=1e-6)


@pytest.mark.parametrize("order", list(itertools.permutations([BQML, COUNTS])))
def test_a_mapping_to_activity_is_made_suv_by_weight_and_dose(tmp_path, order):
    def edit(ds, k):
        timed()(ds, k)
        ds.Units = "CNTS"
        ds.RealWorldValueMappingSequence = [_item(*one) for one in order]

    stored = classic(tmp_path, "PT", edit=edit)
    source = read_series(tmp_path, "function")
    assert source.units == "SUVbw"
    np.testing.assert_allclose(_values(source), 2.5 * factor_by_hand(45) * stored, rtol=1e-6)


def test_kilobecquerels_and_grams_with_a_quantity_are_understood(tmp_path):
    for name, item, scale in (
        ("a", _item("kBq/ml", 0.0025), 2.5 * factor_by_hand(45)),
        ("b", _item("g/ml", 0.5, "126401"), 0.5),
    ):

        def edit(ds, k, item=item):
            timed()(ds, k)
            ds.Units = "CNTS"
            ds.RealWorldValueMappingSequence = [item]

        stored = classic(tmp_path / name, "PT", edit=edit)
        source = read_series(tmp_path / name, "function")
        assert source.units == "SUVbw"
        np.testing.assert_allclose(_values(source), scale * stored, rtol=1e-6)


def test_two_mappings_to_one_unit_that_differ_are_not_chosen_from(tmp_path):
    def edit(ds, k):
        ds.Units = "CNTS"
        ds.RealWorldValueMappingSequence = [_item("{SUVbw}g/ml", 0.002), _item("{SUVbw}g/ml", 0.004)]

    classic(tmp_path, "PT", edit=edit)
    assert read_series(tmp_path, "function").units == "counts"


def _for(item, first, last, vr="US"):
    item.add_new(0x00409216, vr, first)
    item.add_new(0x00409211, vr, last)
    return item


@pytest.mark.parametrize(
    ("ranges", "outside"),
    [([(0, 65535)], False), ([(0, 1000), (1001, 4095)], False), ([(0, 1000)], True), ([(4095, 0)], False)],
)
def test_a_mapping_that_does_not_hold_for_all_stored_values_is_said(tmp_path, ranges, outside):
    def edit(ds, k):
        ds.Units = "CNTS"
        ds.RealWorldValueMappingSequence = [_for(_item(*SUV), *one) for one in ranges]

    stored = classic(tmp_path, "PT", edit=edit)
    source = read_series(tmp_path, "function")
    np.testing.assert_allclose(_values(source), 0.002 * stored, rtol=1e-6)
    share = 100 * (stored > 1000).mean()
    words = f"holds for stored values from 0 to 1000; {share:.2g} % of the voxels lie outside"
    notes = " ".join(source.warnings)
    assert (words in notes) == ("lie outside" in notes) == outside


def test_the_range_of_a_mapping_holds_for_quantitative_spect_too(tmp_path):
    def edit(ds, k=0):
        ds.RealWorldValueMappingSequence = [_for(_item(*BQML), 0, 1)]

    spect(tmp_path, edit=edit)
    assert "holds for stored values from 0 to 1;" in " ".join(read_series(tmp_path, "function").warnings)


def test_beside_activity_the_mapping_to_suv_is_a_check_and_stands_in_where_the_weight_is_missing(tmp_path):
    def edit(ds, k, weight="70", share=1.0):
        timed()(ds, k)
        ds.PatientWeight = weight
        ds.RealWorldValueMappingSequence = [_item("Bq/ml", 3.0), _item("{SUVbw}g/ml", 3 * share * factor_by_hand(45))]

    def read(name, **how):
        stored = classic(tmp_path / name, "PT", slopes=[3.0] * 6, edit=lambda ds, k: edit(ds, k, **how))
        return stored, read_series(tmp_path / name, "function")

    _, same = read("same")
    assert same.warnings == ()
    _, other = read("other", share=1.1)
    assert factor_of(other) == pytest.approx(factor_by_hand(45), rel=1e-9)
    assert "the Real World Value Mapping of the scanner says 1.1 where weight, dose and times give 1.00" in said(other)
    stored, without = read("without", weight="0")
    np.testing.assert_allclose(_values(without), 3 * factor_by_hand(45) * stored, rtol=1e-6)
    assert "Real World Value Mapping to SUVbw (patient weight" in without.details["suv"]["rule"]


@pytest.mark.parametrize("shared", [False, True])
def test_an_enhanced_pet_has_all_its_mappings_looked_at(tmp_path, shared):
    def edit(ds, k):
        del ds.Units
        worlds = [_item(*one) for one in (COUNTS, SUV, BQML)]
        groups = ds.SharedFunctionalGroupsSequence if shared else ds.PerFrameFunctionalGroupsSequence
        for group in groups:
            group.RealWorldValueMappingSequence = worlds

    stored = enhanced(tmp_path, "EPT", edit=edit)
    source = read_series(tmp_path, "function")
    assert source.units == "SUVbw"
    np.testing.assert_allclose(_values(source), 0.002 * stored, rtol=1e-6)


def test_a_quantitative_spect_has_all_its_mappings_looked_at(tmp_path):
    def edit(ds, k):
        ds.RealWorldValueMappingSequence = [_item(*COUNTS), _item(*BQML)]

    stored = spect(tmp_path, edit=edit)
    source = read_series(tmp_path, "function")
    assert source.units == "Bq/ml"
    np.testing.assert_allclose(_values(source), 2.5 * stored, rtol=1e-6)
