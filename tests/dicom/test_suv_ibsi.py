"""The kinds of the IBSI-SUV digital reference objects (oncoray/suv_computation, CC BY 4.0), made here: SUVmax is 4.00.

None of their pixels is here: each test writes an object whose header has what the list of objects says of its kind, and
whose stored values are made, by the formula of the manual, from an image with SUV 0.2, 1 and 4.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pet_times import mean_time
from suv_cases import DOSE, HALF_LIFE, HEIGHT, INJECTED, SERIES, WEIGHT, drug_of, late_frame, made_pet, setting

from coconet_med.readers.dicom import read_series

OBJECTS = Path(__file__).resolve().parents[3] / "shared" / "cases" / "files" / "suv_late_frame_F18_50min"


def _peak(source):
    assert source.units == "SUVbw", source.warnings
    values = sitk.GetArrayFromImage(source.image)
    return float(values.min()), float(np.median(values)), float(values.max())


def _mass(kind, sex):
    """Body weight by the mass of the kind, kg by kg, from the formulas of the manual."""
    w, h = WEIGHT, HEIGHT * 100
    bmi = WEIGHT / HEIGHT**2
    men, women = {
        "LBMJAMES128": (1.1 * w - 128 * (w / h) ** 2, 1.07 * w - 148 * (w / h) ** 2),
        "LBM": (1.1 * w - 120 * (w / h) ** 2, 1.07 * w - 148 * (w / h) ** 2),
        "LBMJANMA": (9270 * w / (6680 + 216 * bmi), 9270 * w / (8780 + 244 * bmi)),
        "IBW": (48 + 1.06 * (h - 152), 45.5 + 0.91 * (h - 152)),
    }[kind]
    return {"M": men, "F": women, "O": (men + women) / 2}[sex] / WEIGHT


def test_default(tmp_path):
    """0_0."""
    source = made_pet(tmp_path)
    assert _peak(source) == pytest.approx((0.2, 1.0, 4.0), rel=1e-6)
    assert source.warnings == ()


def test_a_slope_of_its_own_for_each_slice(tmp_path):
    """1_0."""
    assert _peak(made_pet(tmp_path, slopes=[1, 2, 4, 5, 8, 10])) == pytest.approx((0.2, 1.0, 4.0), rel=1e-6)


@pytest.mark.parametrize("sex", ["M", "F", "O"])
@pytest.mark.parametrize("kind", ["LBM", "LBMJAMES128", "LBMJANMA", "IBW"])
def test_values_normalized_by_another_mass(tmp_path, kind, sex):
    """2_1, 2_2, 2_6."""
    source = made_pet(tmp_path, setting(Units="GML", SUVType=kind, PatientSex=sex), per_suv=_mass(kind, sex))
    assert _peak(source) == pytest.approx((0.2, 1.0, 4.0), rel=1e-6)


@pytest.mark.parametrize("stated", [{"SUVType": "BSA"}, {}])
def test_values_normalized_by_body_surface(tmp_path, stated):
    """2_3: Du Bois, cm2."""
    surface = 0.007184 * WEIGHT**0.425 * 175**0.725 * 1e4
    source = made_pet(tmp_path, setting(Units="CM2ML", **stated), per_suv=surface / (1000 * WEIGHT))
    assert _peak(source)[2] == pytest.approx(4.0, rel=1e-6)


def test_values_that_are_suv(tmp_path):
    """2_0."""
    assert _peak(made_pet(tmp_path, setting(Units="GML"), per_suv=1.0))[2] == pytest.approx(4.0, rel=1e-6)


@pytest.mark.parametrize("tag", [0x70531000, 0x70531009])
def test_philips_counts(tmp_path, tag):
    """2_4, 2_5: without the private creator, as in the objects."""
    left = DOSE * 2 ** (-3600 / HALF_LIFE) / (1000 * WEIGHT)
    scale = 0.0005 if tag == 0x70531000 else 25.0

    def edit(ds, k):
        ds.Units = "CNTS"
        ds.add_new(tag, "DS", str(scale))

    source = made_pet(tmp_path, edit, per_suv=(1.0 if tag == 0x70531000 else left) / scale)
    assert _peak(source)[2] == pytest.approx(4.0, rel=1e-6)


def test_a_dose_in_megabecquerels_is_refused_with_that_reason(tmp_path):
    """3_0."""
    source = made_pet(tmp_path, lambda ds, k: setattr(drug_of(ds), "RadionuclideTotalDose", "368.08"))
    assert source.units == "Bq/ml"
    assert any("injected dose of 368.08 Bq is not plausible (MBq, it seems" in w for w in source.warnings)


def test_decay_corrected_to_the_administration(tmp_path):
    """3_1."""
    assert _peak(made_pet(tmp_path, setting(DecayCorrection="ADMIN"), at=INJECTED))[2] == pytest.approx(4.0, rel=1e-6)


@pytest.mark.parametrize(
    ("maker", "convention"),
    [("SIEMENS", "mean"), ("GE MEDICAL SYSTEMS", "start"), ("Philips Medical Systems", "mean"), ("Synthetic", "mean")],
)
def test_series_time_after_the_acquisition(tmp_path, maker, convention):
    """3_2."""
    source = made_pet(tmp_path, late_frame(maker, convention))
    assert _peak(source)[2] == pytest.approx(4.0, rel=1e-6)
    assert any("Series Date and Time say 2025-01-01 14:00:00" in w for w in source.warnings)


@pytest.mark.parametrize(
    ("maker", "creator", "element"),
    [("SIEMENS", (0x00710010, "SIEMENS MED PT"), 0x00711022), ("GE", (0x00090010, "GEMS_PETD_01"), 0x0009100D)],
)
@pytest.mark.parametrize("with_creator", [True, False])
def test_private_start_of_the_scan(tmp_path, maker, creator, element, with_creator):
    """3_3."""

    def edit(ds, k):
        late_frame(maker, "mean")(ds, k)
        del ds.FrameReferenceTime
        if with_creator:
            ds.add_new(creator[0], "LO", creator[1])
        ds.add_new(element, "DT", "20250101110000.000000")

    assert _peak(made_pet(tmp_path, edit))[2] == pytest.approx(4.0, rel=1e-6)


def test_not_decay_corrected_with_several_acquisition_times(tmp_path):
    """3_4: each slice holds what is left at its own mean count time."""
    starts = [SERIES + timedelta(seconds=150 * k) for k in range(6)]
    moments = [start + timedelta(seconds=mean_time(120.0, "F18")) for start in starts]
    left = [2 ** (-(moment - SERIES).total_seconds() / HALF_LIFE) for moment in moments]

    def edit(ds, k):
        ds.DecayCorrection, ds.CorrectedImage = "NONE", ["ATTN", "SCAT"]
        ds.AcquisitionTime, ds.ActualFrameDuration = starts[k].strftime("%H%M%S"), "120000"
        ds.RescaleSlope = f"{float(ds.RescaleSlope) * left[k]:.10g}"

    assert _peak(made_pet(tmp_path, edit)) == pytest.approx((0.2, 1.0, 4.0), rel=1e-6)


@pytest.mark.parametrize("maker", ["SIEMENS", "GE MEDICAL SYSTEMS", "Philips Medical Systems", "Synthetic"])
@pytest.mark.parametrize("reference", ["0", f"{mean_time(603.0, 'F18') * 1000:.1f}"])
def test_series_time_equal_to_the_acquisition(tmp_path, maker, reference):
    """3_5."""
    source = made_pet(tmp_path, setting(Manufacturer=maker, FrameReferenceTime=reference))
    assert _peak(source)[2] == pytest.approx(4.0, rel=1e-6)
    assert source.warnings == ()


@pytest.mark.parametrize("gone", ["RadiopharmaceuticalStartTime", "RadiopharmaceuticalStartDateTime"])
def test_either_form_of_the_injection_time(tmp_path, gone):
    """4_0, 4_1."""
    assert _peak(made_pet(tmp_path, lambda ds, k: delattr(drug_of(ds), gone)))[2] == pytest.approx(4.0, rel=1e-6)


@pytest.mark.parametrize("dated", [True, False])
def test_uptake_over_midnight(tmp_path, dated):
    """4_2, 4_3."""
    given, start = datetime(2025, 1, 1, 23, 40), datetime(2025, 1, 2, 0, 40)

    def edit(ds, k):
        ds.SeriesDate = ds.AcquisitionDate = "20250102"
        ds.SeriesTime = ds.AcquisitionTime = "004000"
        if not dated:
            del drug_of(ds).RadiopharmaceuticalStartDateTime

    assert _peak(made_pet(tmp_path, edit, at=start, given=given))[2] == pytest.approx(4.0, rel=1e-6)


@pytest.mark.parametrize("dated", [True, False])
def test_uptake_over_midnight_with_an_anonymized_date(tmp_path, dated):
    """4_4."""
    given, start = datetime(2025, 1, 1, 23, 40), datetime(2025, 1, 2, 0, 40)

    def edit(ds, k):
        ds.SeriesDate, ds.AcquisitionDate = "20250102", "19000101"
        ds.SeriesTime = ds.AcquisitionTime = "004000"
        if not dated:
            del drug_of(ds).RadiopharmaceuticalStartDateTime

    source = made_pet(tmp_path, edit, at=start, given=given)
    assert _peak(source)[2] == pytest.approx(4.0, rel=1e-6)
    assert any("Acquisition Date 1900-01-01" in w for w in source.warnings)


def test_zirconium_89_after_three_days(tmp_path):
    """4_5."""
    given = SERIES - timedelta(hours=73)
    assert _peak(made_pet(tmp_path, half_life=282276.0, given=given))[2] == pytest.approx(4.0, rel=1e-6)


def test_gallium_68(tmp_path):
    """5_0."""
    assert _peak(made_pet(tmp_path, half_life=4057.74))[2] == pytest.approx(4.0, rel=1e-6)


@pytest.mark.skipif(not OBJECTS.is_dir(), reason="the shared cases are not here")
def test_the_late_frame_made_from_object_3_2():
    source = read_series(OBJECTS, "function")
    assert float(sitk.GetArrayFromImage(source.image).max()) == pytest.approx(4.0, abs=1e-3)
    ds = pydicom.dcmread(next(OBJECTS.glob("*.dcm")), stop_before_pixels=True)
    assert float(ds.FrameReferenceTime) / 1000 - 3000 == pytest.approx(mean_time(603.0, "F18"), abs=1e-3)
    assert math.isclose(source.details["suv"]["factor"], 70000 / (368.08e6 * 2 ** (-3600 / 6586.2)), rel_tol=1e-6)
