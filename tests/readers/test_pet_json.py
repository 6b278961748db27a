"""What stands beside a NIfTI PET: read where it can be read safely, named where not, and SUV by it as by hand."""

from __future__ import annotations

import json
import math
import os

import pytest
import SimpleITK as sitk

from coconet_med.errors import OptionError, ReadError
from coconet_med.readers import read
from coconet_med.readers.pet_json import dataset_of, facts_of, read_json
from coconet_med.readers.pet_suv import insist_on_suv, suv_of

TOLD = {
    "Units": "Bq/mL",
    "TracerName": "FDG",
    "TracerRadionuclide": "F18",
    "InjectedRadioactivity": 200,
    "InjectedRadioactivityUnits": "MBq",
    "BodyWeight": 70,
    "TimeZero": "11:00:00",
    "ScanStart": 0,
    "InjectionStart": -2700,
    "FrameTimesStart": [0],
    "FrameDuration": [600],
    "ImageDecayCorrected": True,
    "ImageDecayCorrectionTime": 0,
}
#: 70 kg, 200 MBq, 45 min, F-18.
BY_HAND = 70000 / (2e8 * 2 ** (-2700 / 6586.2))


@pytest.fixture
def pet(tmp_path):
    """``sub-01_pet.nii.gz`` of a dataset without any JSON file, its largest value 4000."""
    (tmp_path / "dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.10.0"}', encoding="utf-8")
    path = tmp_path / "sub-01/pet/sub-01_pet.nii.gz"
    path.parent.mkdir(parents=True)
    image = sitk.GaussianSource(sitk.sitkFloat32, (20, 20, 20), (4.0,) * 3, (10.0,) * 3, 4000.0)
    sitk.WriteImage(image, str(path))
    return path


def _write(pet, told=TOLD, **more):
    beside = pet.with_name("sub-01_pet.json")
    kept = {key: value for key, value in (told | more).items() if value is not None}
    beside.write_text(json.dumps(kept), encoding="utf-8")
    return beside


def _suv(pet):
    return suv_of(facts_of(pet))


def test_a_pet_becomes_suv_by_the_json_file_beside_it(pet):
    _write(pet)
    plain = read(pet, "function")
    peak = float(sitk.GetArrayFromImage(plain.image).max())
    assert (plain.units, plain.warnings) == ("Bq/ml", ())
    made = insist_on_suv(plain)
    assert (made.units, made.details["suv"]["applied"]) == ("SUVbw", True)
    assert float(sitk.GetArrayFromImage(made.image).max()) == pytest.approx(peak * BY_HAND, rel=1e-6)
    assert insist_on_suv(made) is made


@pytest.mark.parametrize(
    ("more", "share"),
    [
        ({}, 1.0),
        ({"Units": "kBq/mL"}, 1e3),
        ({"InjectedRadioactivity": 2e8, "InjectedRadioactivityUnits": "Bq"}, 1.0),
        ({"InjectedRadioactivity": 200 / 37, "InjectedRadioactivityUnits": "mCi"}, 1.0),
        ({"BodyWeight": 70000, "BodyWeightUnits": "g"}, 1.0),
        ({"BodyWeight": None, "PatientWeight": 35}, 0.5),
        ({"InjectionStart": 0, "ImageDecayCorrectionTime": 2700}, 1.0),
        ({"InjectionStart": 10, "ImageDecayCorrectionTime": 0}, 2 ** (-2710 / 6586.2)),
        ({"TracerRadionuclide": "[18F]"}, 1.0),
        ({"TracerRadionuclide": "C11"}, 2 ** (2700 / 1221.8 - 2700 / 6586.2)),
        ({"InjectionStart": [-2700]}, 1.0),
        ({"BodyWeight": "70"}, 1.0),
        ({"BodyWeight": " 70 kg "}, 1.0),
        ({"BodyWeight": "70000g"}, 1.0),
        ({"InjectedRadioactivity": "200", "InjectionStart": "-2700", "ImageDecayCorrectionTime": ["0"]}, 1.0),
    ],
)
def test_the_factor_is_that_by_hand(pet, more, share):
    _write(pet, **more)
    assert _suv(pet).factor == pytest.approx(BY_HAND * share, rel=1e-9), _suv(pet).reason


def test_a_frame_that_is_not_decay_corrected_is_so_at_its_mean_count_time(pet):
    rate = math.log(2) / 6586.2
    mean = -math.log((1 - math.exp(-rate * 600)) / (rate * 600)) / rate
    _write(pet, ImageDecayCorrected=False, ImageDecayCorrectionTime=None, FrameTimesStart=[300])
    assert _suv(pet).factor == pytest.approx(70000 / (2e8 * 2 ** (-(2700 + 300 + mean) / 6586.2)), rel=1e-9)
    _write(pet, ImageDecayCorrected=False, FrameTimesStart=[0, 300], FrameDuration=[300, 600])
    assert "not those of one frame" in _suv(pet).reason
    chosen = suv_of(facts_of(pet), frame=1)
    assert chosen.factor == pytest.approx(70000 / (2e8 * 2 ** (-(2700 + 300 + mean) / 6586.2)), rel=1e-9)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"BodyWeight": None}, "body weight is missing (BodyWeight of the JSON file, or weight in participants.tsv)"),
        (
            {"BodyWeight": "seventy"},
            "body weight cannot be read: BodyWeight of the JSON file is 'seventy', which is no",
        ),
        ({"BodyWeight": "70,5"}, "BodyWeight of the JSON file is '70,5', which is no number of kg, g or lb"),
        ({"BodyWeight": "70 stone"}, "BodyWeight of the JSON file is '70 stone', which is no number"),
        ({"BodyWeightUnits": "stone"}, "BodyWeight of the JSON file is 70 stone, which is no number of kg, g or lb"),
        ({"BodyWeight": "n/a"}, "body weight is missing"),
        ({"BodyWeight": True}, "BodyWeight of the JSON file is True, which is no number"),
        ({"BodyWeight": 70000}, "body weight of 70000 kg (BodyWeight of the JSON file) is not plausible"),
        ({"InjectedRadioactivity": None}, "InjectedRadioactivity is missing"),
        ({"InjectedRadioactivity": "n/a"}, "InjectedRadioactivity is 'n/a', not a number"),
        ({"InjectedRadioactivityUnits": None}, "InjectedRadioactivityUnits are 'missing'"),
        ({"InjectedRadioactivityUnits": "GBq", "InjectedRadioactivity": 200}, "of 200 GBq is not plausible"),
        ({"TracerRadionuclide": "Xx9"}, "half-life of 'Xx9'"),
        ({"RadionuclideHalfLife": 109.8}, "RadionuclideHalfLife of 109.8 s is not that of F18 (6586.2 s)"),
        ({"InjectionStart": None}, "InjectionStart is missing"),
        ({"InjectionStart": "10:15:00"}, "InjectionStart is '10:15:00', expected seconds from TimeZero"),
        ({"ImageDecayCorrected": "yes"}, "ImageDecayCorrected is 'yes', expected true or false"),
        ({"InjectionStart": 900}, "the injection (900 s) lies after the scan"),
        ({"InjectionStart": -99999}, "the injection lies 15 half-lives before the scan"),
        ({"ImageDecayCorrected": None}, "ImageDecayCorrected is missing"),
        ({"ImageDecayCorrectionTime": None}, "ImageDecayCorrectionTime is missing"),
        ({"Units": None}, "Units are 'not stated'"),
        ({"Units": "unitless"}, "Units are 'unitless'"),
        ({"AttenuationCorrection": "none"}, "not corrected for attenuation"),
    ],
)
def test_without_what_suv_needs_the_true_reason_is_told(pet, more, reason):
    _write(pet, **more)
    suv = _suv(pet)
    assert suv.factor is None
    assert reason in suv.reason
    with pytest.raises(OptionError, match="there is no SUV: "):
        insist_on_suv(read(pet, "function"))


@pytest.mark.parametrize(
    ("told", "units", "said"),
    [
        ({"Units": "kBq/cc"}, "kBq/ml", False),
        ({"Units": "Bq/cm3"}, "Bq/ml", False),
        ({"Units": "nCi/cc"}, "nCi/ml", False),
        ({"Units": ["Bq/mL"]}, "Bq/ml", False),
        ({"Units": None, "Unit": "Bq/mL"}, "Bq/ml", False),
        ({"Units": "unitless"}, "relative", False),
        ({"Units": "SUV"}, "relative", True),
    ],
)
def test_units_are_known_as_they_are_written_or_named(pet, told, units, said):
    """Drafts of PET-BIDS said Unit, ECAT and FreeSurfer say nCi/cc: they were relative without a word."""
    _write(pet, **told)
    source = read(pet, "function")
    assert source.units == units
    assert any("Units of the JSON file are 'SUV', which are not known" in w for w in source.warnings) == said


def test_microcuries_are_becquerels_in_suv(pet):
    _write(
        pet, Units="uCi/cc", BodyWeight="154.3 lbs", InjectedRadioactivityUnits=None, InjectedRadioactivityUnit="MBq"
    )
    assert _suv(pet).factor == pytest.approx(BY_HAND * 3.7e4, rel=1e-3)


def test_without_a_json_file_the_reason_is_that(pet):
    with pytest.raises(OptionError, match="neither a header nor a JSON file tells units, dose, weight and times"):
        insist_on_suv(read(pet, "function"))


def test_an_injection_at_the_start_of_a_static_scan_is_doubted(pet):
    _write(pet, InjectionStart=0)
    assert f"if it was an hour before, SUV 1.00 would be {2 ** (3600 / 6586.2):.3g}" in _suv(pet).warnings[0]


@pytest.mark.parametrize(
    ("table", "weight"),
    [
        ("participant_id\tage\tweight\nsub-02\t1\t50\nsub-01\t2\t80.5\n", 80.5),
        ("\ufeffparticipant_id\tBody Weight\n01\t80.5\n", 80.5),
        ("participant_id\tweight\nsub-01\tn/a\n", None),
        ("participant_id\tage\nsub-01\t80\n", None),
        ("participant_id\tweight\nsub-011\t80\n", None),
    ],
)
def test_the_weight_may_stand_in_the_table_of_participants(pet, table, weight):
    _write(pet, BodyWeight=None)
    (pet.parents[2] / "participants.tsv").write_text(table, encoding="utf-8")
    suv = _suv(pet)
    assert suv.factor == (pytest.approx(BY_HAND * weight / 70) if weight else None)
    assert suv.inputs.get("weight_from") == ("participants.tsv" if weight else None)


@pytest.mark.parametrize(
    ("cell", "factor", "reason"),
    [
        ("70 kg", BY_HAND, ""),
        ("80,5", None, "the weight in participants.tsv is '80,5', which is no number of kg, g or lb"),
        ("heavy", None, "the weight in participants.tsv is 'heavy', which is no number"),
    ],
)
def test_a_weight_in_a_table_is_read_or_named(pet, cell, factor, reason):
    _write(pet, BodyWeight=None)
    (pet.parents[2] / "participants.tsv").write_text(f"participant_id\tweight\nsub-01\t{cell}\n", encoding="utf-8")
    suv = _suv(pet)
    assert suv.factor == (pytest.approx(factor) if factor else None)
    assert reason in suv.reason


def test_a_table_that_cannot_be_read_is_named_where_it_would_matter(pet):
    _write(pet)
    (pet.parents[2] / "participants.tsv").write_bytes(
        "participant_id\tweight\tname\nsub-01\t70\tMüller\n".encode("latin-1")
    )
    assert _suv(pet).factor == pytest.approx(BY_HAND)
    _write(pet, BodyWeight=None)
    assert "participants.tsv cannot be read (UnicodeDecodeError); save it as UTF-8" in _suv(pet).reason


def test_the_units_of_a_column_are_obeyed_and_a_session_goes_before_a_participant(pet):
    root = pet.parents[2]
    _write(pet, BodyWeight=None)
    (root / "participants.tsv").write_text("participant_id\tweight\nsub-01\t154.3236\n", encoding="utf-8")
    (root / "participants.json").write_text('{"weight": {"Units": "lb"}}', encoding="utf-8")
    assert _suv(pet).factor == pytest.approx(BY_HAND, rel=1e-5)
    moved = root / "sub-01/ses-b/pet/sub-01_ses-b_pet.nii.gz"
    moved.parent.mkdir(parents=True)
    pet.rename(moved)
    pet.with_name("sub-01_pet.json").rename(moved.with_name("sub-01_ses-b_pet.json"))
    (root / "sub-01/sub-01_sessions.tsv").write_text("session_id\tweight\nses-a\t60\nses-b\t35\n", encoding="utf-8")
    assert suv_of(facts_of(moved)).factor == pytest.approx(BY_HAND / 2, rel=1e-9)


def test_files_higher_up_count_and_nearer_ones_win(pet):
    (pet.parents[2] / "pet.json").write_text(json.dumps(TOLD | {"BodyWeight": 50}), encoding="utf-8")
    (pet.parents[1] / "sub-01_pet.json").write_text('{"BodyWeight": 70}', encoding="utf-8")
    (pet.parents[1] / "sub-01_trc-PIB_pet.json").write_text('{"BodyWeight": 1}', encoding="utf-8")  # of another tracer
    assert _suv(pet).factor == pytest.approx(BY_HAND, rel=1e-9)
    assert dataset_of(pet) == pet.parents[2]


def test_a_byte_order_mark_changes_nothing(pet):
    beside = _write(pet)
    for encoding in ("utf-8-sig", "utf-16"):
        beside.write_text(json.dumps(TOLD), encoding=encoding)
        assert _suv(pet).factor == pytest.approx(BY_HAND, rel=1e-9)


def _annexed(path):
    path.symlink_to("../../.git/annex/objects/xx/MD5E-s100--0.json")


def _latin(path):
    path.write_bytes(json.dumps({"Manufacturer": "Gerät"}, ensure_ascii=False).encode("latin-1"))


UNREADABLE = [
    (_annexed, "its content is not here (a git-annex link); get it with: datalad get"),
    (lambda path: path.symlink_to("elsewhere.json"), "is a link to elsewhere.json, which is not there"),
    (
        lambda path: path.write_text("/annex/objects/MD5E-s1--0.json\n", encoding="utf-8"),
        "(a pointer to it); get it with: datalad get",
    ),
    (lambda path: path.write_text(json.dumps(TOLD)[:-1] + ",}", encoding="utf-8"), "it is not JSON"),
    (lambda path: path.write_text("", encoding="utf-8"), "it is not JSON (Expecting value, line 1, column 1); mend it"),
    (lambda path: path.write_text("[1]", encoding="utf-8"), "it holds no JSON object; mend it"),
    (lambda path: path.write_text("[" * 100000, encoding="utf-8"), "it is not JSON"),
    (_latin, "it is not UTF-8 (byte 22); save it as UTF-8"),
    (lambda path: path.mkdir(), "Is a directory"),
]


@pytest.mark.parametrize(("spoil", "reason"), UNREADABLE)
def test_a_json_file_that_cannot_be_read_is_named_with_the_reason(pet, spoil, reason):
    beside = pet.with_name("sub-01_pet.json")
    spoil(beside)
    source = read(pet, "function")
    assert len(source.warnings) == 1
    assert source.warnings[0].startswith("sub-01_pet.json cannot be read: ")
    assert reason in source.warnings[0]
    with pytest.raises(OptionError, match=r"there is no SUV: sub-01_pet\.json cannot be read"):
        insist_on_suv(source)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_json_file_without_permission_is_named(pet):
    beside = _write(pet)
    beside.chmod(0)
    with pytest.raises(ValueError, match="Permission denied; check its permissions"):
        read_json(beside)


def test_an_image_whose_content_is_not_here_says_how_to_get_it(tmp_path):
    link = tmp_path / "sub-01_pet.nii.gz"
    link.symlink_to("../.git/annex/objects/aa/SHA256E-s1.nii.gz")
    with pytest.raises(ReadError, match="its content is not here \\(a git-annex link\\); get it with: datalad get"):
        read(link, "function")
    pointer = tmp_path / "sub-02_pet.nii.gz"
    pointer.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", encoding="utf-8")
    with pytest.raises(ReadError, match="get it with: git lfs pull --include"):
        read(pointer, "function")


def test_an_anatomy_needs_no_json_file(pet):
    pet.with_name("sub-01_pet.json").write_text("{broken", encoding="utf-8")
    assert read(pet, "anatomy").warnings == ()


@pytest.mark.parametrize(
    ("told", "rows", "other"),
    [
        (80, "sub-01\t70", "70 kg by participants.tsv, by which SUV 1.00 would be 0.875"),
        (None, "sub-01\t80\nsub-01\t70", "70 kg by participants.tsv"),
        (80, "sub-01\t80.2", ""),
        (80, "sub-02\t70", ""),
    ],
)
def test_a_second_weight_that_differs_is_told_with_the_suv_that_it_would_give(pet, told, rows, other):
    _write(pet, BodyWeight=told)
    (pet.parents[2] / "participants.tsv").write_text(f"participant_id\tweight\n{rows}\n", encoding="utf-8")
    suv = _suv(pet)
    assert suv.factor == pytest.approx(BY_HAND * 80 / 70)
    assert (other in " ".join(suv.warnings)) if other else not suv.warnings


def test_the_weight_of_a_session_may_differ_from_that_of_the_participant(tmp_path):
    path = tmp_path / "sub-01/ses-b/pet/sub-01_ses-b_pet.nii.gz"
    path.parent.mkdir(parents=True)
    path.with_name("sub-01_ses-b_pet.json").write_text(json.dumps(TOLD | {"BodyWeight": None}), encoding="utf-8")
    (tmp_path / "sub-01/sub-01_sessions.tsv").write_text("session_id\tweight\nses-b\t80\n", encoding="utf-8")
    (tmp_path / "participants.tsv").write_text("participant_id\tweight\nsub-01\t70\n", encoding="utf-8")
    suv = suv_of(facts_of(path, tmp_path))
    assert suv.factor == pytest.approx(BY_HAND * 80 / 70)
    assert not suv.warnings


def test_a_dose_in_kilobecquerels_called_becquerels_gives_no_suv(pet):
    _write(pet, InjectedRadioactivity=200000, InjectedRadioactivityUnits="Bq")
    assert _suv(pet).factor is None
    assert "a dose of 200000 Bq is not plausible at a body weight of 70 kg" in _suv(pet).reason


def test_more_activity_than_was_injected_is_told(pet):
    """kBq/ml called MBq/ml, and a dose of 1 MBq: a thousand times too much is no body's."""
    _write(pet, Units="MBq/mL", InjectedRadioactivity=1)
    warnings = " ".join(insist_on_suv(read(pet, "function")).warnings)
    assert "times the injected activity, so dose, weight, times or slopes are wrong" in warnings
    _write(pet)
    assert "injected activity" not in " ".join(insist_on_suv(read(pet, "function")).warnings)


def test_a_radionuclide_that_is_not_of_the_tracer_is_told(pet):
    _write(pet, TracerRadionuclide="C11")
    assert _suv(pet).warnings == ("SUV: the half-life of 1221.8 s was taken, but the tracer is called FDG (6586.2 s)",)
