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
from dicom_phantom import classic, enhanced
from pet_times import mean_time

from coconet_med.readers.dicom import read_series

WEIGHT, HEIGHT, DOSE, HALF_LIFE = 70.0, 1.75, 368.08e6, 6586.2
SERIES, INJECTED = datetime(2025, 1, 1, 11, 0), datetime(2025, 1, 1, 10, 0)
SUV = np.ones((6, 10, 12))
SUV[:, 2:4], SUV[:, 6:8] = 0.2, 4.0
OBJECTS = Path(__file__).resolve().parents[3] / "shared" / "cases" / "files" / "suv_late_frame_F18_50min"


def _made(
    folder, edit=lambda ds, k: None, *, per_suv=None, at=SERIES, half_life=HALF_LIFE, given=INJECTED, slopes=None
):
    """A series with a slope such that 1000 stored are SUV 1; ``per_suv`` is the value of SUV 1 (Bq/ml by default)."""
    left = DOSE * 2 ** (-(at - given).total_seconds() / half_life)
    value = left / (1000 * WEIGHT) if per_suv is None else per_suv
    shares = np.ones(6) if slopes is None else np.asarray(slopes)

    def header(ds, k):
        ds.PatientSize, ds.PatientWeight, ds.PatientSex = str(HEIGHT), str(WEIGHT), "O"
        ds.SeriesDate = ds.AcquisitionDate = SERIES.strftime("%Y%m%d")
        ds.SeriesTime = ds.AcquisitionTime = SERIES.strftime("%H%M%S")
        ds.ActualFrameDuration, ds.FrameReferenceTime, ds.DecayFactor = "603000", "0", "1.0"
        drug = ds.RadiopharmaceuticalInformationSequence[0]
        drug.RadionuclideTotalDose, drug.RadionuclideHalfLife = str(DOSE), str(half_life)
        drug.RadiopharmaceuticalStartDateTime = given.strftime("%Y%m%d%H%M%S")
        drug.RadiopharmaceuticalStartTime = given.strftime("%H%M%S")
        edit(ds, k)

    stored = np.rint(SUV * 1000 / shares[:, None, None]).astype(int)
    classic(folder, "PT", values=stored, slopes=value / 1000 * shares, edit=header)
    return read_series(folder, "function")


def _peak(source):
    assert source.units == "SUVbw", source.warnings
    values = sitk.GetArrayFromImage(source.image)
    return float(values.min()), float(np.median(values)), float(values.max())


def _drug(ds):
    return ds.RadiopharmaceuticalInformationSequence[0]


def _set(**attributes):
    return lambda ds, k: [setattr(ds, keyword, found) for keyword, found in attributes.items()]


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
    source = _made(tmp_path)
    assert _peak(source) == pytest.approx((0.2, 1.0, 4.0), rel=1e-6)
    assert source.warnings == ()


def test_a_slope_of_its_own_for_each_slice(tmp_path):
    """1_0."""
    assert _peak(_made(tmp_path, slopes=[1, 2, 4, 5, 8, 10])) == pytest.approx((0.2, 1.0, 4.0), rel=1e-6)


@pytest.mark.parametrize("sex", ["M", "F", "O"])
@pytest.mark.parametrize("kind", ["LBM", "LBMJAMES128", "LBMJANMA", "IBW"])
def test_values_normalized_by_another_mass(tmp_path, kind, sex):
    """2_1, 2_2, 2_6."""
    source = _made(tmp_path, _set(Units="GML", SUVType=kind, PatientSex=sex), per_suv=_mass(kind, sex))
    assert _peak(source) == pytest.approx((0.2, 1.0, 4.0), rel=1e-6)


@pytest.mark.parametrize("stated", [{"SUVType": "BSA"}, {}])
def test_values_normalized_by_body_surface(tmp_path, stated):
    """2_3: Du Bois, cm2."""
    surface = 0.007184 * WEIGHT**0.425 * 175**0.725 * 1e4
    source = _made(tmp_path, _set(Units="CM2ML", **stated), per_suv=surface / (1000 * WEIGHT))
    assert _peak(source)[2] == pytest.approx(4.0, rel=1e-6)


def test_values_that_are_suv(tmp_path):
    """2_0."""
    assert _peak(_made(tmp_path, _set(Units="GML"), per_suv=1.0))[2] == pytest.approx(4.0, rel=1e-6)


@pytest.mark.parametrize("tag", [0x70531000, 0x70531009])
def test_philips_counts(tmp_path, tag):
    """2_4, 2_5: without the private creator, as in the objects."""
    left = DOSE * 2 ** (-3600 / HALF_LIFE) / (1000 * WEIGHT)
    scale = 0.0005 if tag == 0x70531000 else 25.0

    def edit(ds, k):
        ds.Units = "CNTS"
        ds.add_new(tag, "DS", str(scale))

    source = _made(tmp_path, edit, per_suv=(1.0 if tag == 0x70531000 else left) / scale)
    assert _peak(source)[2] == pytest.approx(4.0, rel=1e-6)


def test_a_dose_in_megabecquerels_is_refused_with_that_reason(tmp_path):
    """3_0."""
    source = _made(tmp_path, lambda ds, k: setattr(_drug(ds), "RadionuclideTotalDose", "368.08"))
    assert source.units == "Bq/ml"
    assert any("injected dose of 368.08 Bq is not plausible (MBq, it seems" in w for w in source.warnings)


def test_decay_corrected_to_the_administration(tmp_path):
    """3_1."""
    assert _peak(_made(tmp_path, _set(DecayCorrection="ADMIN"), at=INJECTED))[2] == pytest.approx(4.0, rel=1e-6)


def _late(maker, convention):
    """An image of 603 s, 50 min after the start; Series Time three hours late."""
    within = mean_time(603.0, "F18") if convention == "mean" else 0.0
    return _set(
        Manufacturer=maker,
        SeriesTime="140000",
        AcquisitionTime="115000",
        FrameReferenceTime=f"{(3000 + within) * 1000:.1f}",
    )


@pytest.mark.parametrize(
    ("maker", "convention"),
    [("SIEMENS", "mean"), ("GE MEDICAL SYSTEMS", "start"), ("Philips Medical Systems", "mean"), ("Synthetic", "mean")],
)
def test_series_time_after_the_acquisition(tmp_path, maker, convention):
    """3_2."""
    source = _made(tmp_path, _late(maker, convention))
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
        _late(maker, "mean")(ds, k)
        del ds.FrameReferenceTime
        if with_creator:
            ds.add_new(creator[0], "LO", creator[1])
        ds.add_new(element, "DT", "20250101110000.000000")

    assert _peak(_made(tmp_path, edit))[2] == pytest.approx(4.0, rel=1e-6)


def test_not_decay_corrected_with_several_acquisition_times(tmp_path):
    """3_4: each slice holds what is left at its own mean count time."""
    starts = [SERIES + timedelta(seconds=150 * k) for k in range(6)]
    moments = [start + timedelta(seconds=mean_time(120.0, "F18")) for start in starts]
    left = [2 ** (-(moment - SERIES).total_seconds() / HALF_LIFE) for moment in moments]

    def edit(ds, k):
        ds.DecayCorrection, ds.CorrectedImage = "NONE", ["ATTN", "SCAT"]
        ds.AcquisitionTime, ds.ActualFrameDuration = starts[k].strftime("%H%M%S"), "120000"
        ds.RescaleSlope = f"{float(ds.RescaleSlope) * left[k]:.10g}"

    assert _peak(_made(tmp_path, edit)) == pytest.approx((0.2, 1.0, 4.0), rel=1e-6)


@pytest.mark.parametrize("maker", ["SIEMENS", "GE MEDICAL SYSTEMS", "Philips Medical Systems", "Synthetic"])
@pytest.mark.parametrize("reference", ["0", f"{mean_time(603.0, 'F18') * 1000:.1f}"])
def test_series_time_equal_to_the_acquisition(tmp_path, maker, reference):
    """3_5."""
    source = _made(tmp_path, _set(Manufacturer=maker, FrameReferenceTime=reference))
    assert _peak(source)[2] == pytest.approx(4.0, rel=1e-6)
    assert source.warnings == ()


@pytest.mark.parametrize("gone", ["RadiopharmaceuticalStartTime", "RadiopharmaceuticalStartDateTime"])
def test_either_form_of_the_injection_time(tmp_path, gone):
    """4_0, 4_1."""
    assert _peak(_made(tmp_path, lambda ds, k: delattr(_drug(ds), gone)))[2] == pytest.approx(4.0, rel=1e-6)


@pytest.mark.parametrize("dated", [True, False])
def test_uptake_over_midnight(tmp_path, dated):
    """4_2, 4_3."""
    given, start = datetime(2025, 1, 1, 23, 40), datetime(2025, 1, 2, 0, 40)

    def edit(ds, k):
        ds.SeriesDate = ds.AcquisitionDate = "20250102"
        ds.SeriesTime = ds.AcquisitionTime = "004000"
        if not dated:
            del _drug(ds).RadiopharmaceuticalStartDateTime

    assert _peak(_made(tmp_path, edit, at=start, given=given))[2] == pytest.approx(4.0, rel=1e-6)


@pytest.mark.parametrize("dated", [True, False])
def test_uptake_over_midnight_with_an_anonymized_date(tmp_path, dated):
    """4_4."""
    given, start = datetime(2025, 1, 1, 23, 40), datetime(2025, 1, 2, 0, 40)

    def edit(ds, k):
        ds.SeriesDate, ds.AcquisitionDate = "20250102", "19000101"
        ds.SeriesTime = ds.AcquisitionTime = "004000"
        if not dated:
            del _drug(ds).RadiopharmaceuticalStartDateTime

    source = _made(tmp_path, edit, at=start, given=given)
    assert _peak(source)[2] == pytest.approx(4.0, rel=1e-6)
    assert any("Acquisition Date 1900-01-01" in w for w in source.warnings)


def test_zirconium_89_after_three_days(tmp_path):
    """4_5."""
    given = SERIES - timedelta(hours=73)
    assert _peak(_made(tmp_path, half_life=282276.0, given=given))[2] == pytest.approx(4.0, rel=1e-6)


def test_gallium_68(tmp_path):
    """5_0."""
    assert _peak(_made(tmp_path, half_life=4057.74))[2] == pytest.approx(4.0, rel=1e-6)


def _enhanced(tmp_path, edit, slopes):
    def header(ds, k):
        for keyword in ("CorrectedImage", "DecayCorrection", "Units", "FrameReferenceTime", "ActualFrameDuration"):
            delattr(ds, keyword)
        ds.AttenuationCorrected = ds.DecayCorrected = "YES"
        ds.DecayCorrectionDateTime = SERIES.strftime("%Y%m%d%H%M%S")
        ds.SeriesDate = ds.AcquisitionDate = SERIES.strftime("%Y%m%d")
        ds.PatientWeight = str(WEIGHT)
        drug = _drug(ds)
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
    stored, values, source = _enhanced(tmp_path, _set(SeriesTime="140000"), slopes)
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


def _without(keyword, drug=False):
    return lambda ds, k: delattr(_drug(ds) if drug else ds, keyword)


def _of_drug(keyword, found):
    return lambda ds, k: setattr(_drug(ds), keyword, found)


def _long_ago(ds, k):
    """Zirconium 89, days before, without a date or with one that was put in by de-identification."""
    _drug(ds).RadionuclideHalfLife = "282276"
    del _drug(ds).RadiopharmaceuticalStartDateTime


def _anonymized(ds, k):
    _drug(ds).RadionuclideHalfLife = "282276"
    _drug(ds).RadiopharmaceuticalStartDateTime = "19000101100000"


def _late_without_duration(ds, k):
    _late("Synthetic", "mean")(ds, k)
    del ds.ActualFrameDuration


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (_without("PatientWeight"), "patient weight is missing"),
        (_set(PatientWeight="0"), "patient weight of 0 kg"),
        (_set(Units="GML", SUVType="IBW", PatientSex=""), "patient's sex is 'missing'"),
        (_set(Units="GML", SUVType="IBW", PatientSex="X"), "patient's sex is 'X'"),
        (
            lambda ds, k: (_set(Units="GML", SUVType="IBW")(ds, k), delattr(ds, "PatientSize")),
            "patient height is missing",
        ),
        (_set(Units="GML", SUVType="IBW", PatientSize="0"), "patient height of 0 m"),
        (_set(Units="CNTS"), "there is no Philips SUV scale factor"),
        (_set(Units="PROPCNTS"), "units are 'PROPCNTS'"),
        (_set(Units="PROPCPS"), "units are 'PROPCPS'"),
        (_without("RadionuclideTotalDose", drug=True), "injected dose is missing"),
        (_of_drug("RadionuclideTotalDose", "-1"), "injected dose of -1 Bq"),
        (_late_without_duration, "Actual Frame Duration do not tell it"),
        (
            lambda ds, k: (
                _without("RadiopharmaceuticalStartDateTime", drug=True)(ds, k),
                _without("RadiopharmaceuticalStartTime", drug=True)(ds, k),
            ),
            "injection time (Radiopharmaceutical Start DateTime) is missing",
        ),
        (_long_ago, "injection date is missing"),
        (_anonymized, "half-lives before the scan"),
        (_without("RadionuclideHalfLife", drug=True), "half-life is missing"),
    ],
)
def test_objects_without_what_suv_needs_say_what_is_missing(tmp_path, edit, reason):
    """error_2_0 to error_5_0."""
    source = _made(tmp_path, edit)
    assert source.units != "SUVbw"
    assert any(w.startswith("no SUV: ") and reason in w for w in source.warnings), source.warnings


@pytest.mark.skipif(not OBJECTS.is_dir(), reason="the shared cases are not here")
def test_the_late_frame_made_from_object_3_2():
    source = read_series(OBJECTS, "function")
    assert float(sitk.GetArrayFromImage(source.image).max()) == pytest.approx(4.0, abs=1e-3)
    ds = pydicom.dcmread(next(OBJECTS.glob("*.dcm")), stop_before_pixels=True)
    assert float(ds.FrameReferenceTime) / 1000 - 3000 == pytest.approx(mean_time(603.0, "F18"), abs=1e-3)
    assert math.isclose(source.details["suv"]["factor"], 70000 / (368.08e6 * 2 ** (-3600 / 6586.2)), rel_tol=1e-6)
