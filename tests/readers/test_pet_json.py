"""What stands beside a NIfTI PET: read where it can be read safely, named where not, and SUV by it as by hand."""

from __future__ import annotations

import json
import os

import pytest
from pet_cases import BY_HAND, STATED, suv_by_it, write_json

from coconet_med.errors import OptionError
from coconet_med.readers import read
from coconet_med.readers.pet_json import dataset_of, facts_of, read_json
from coconet_med.readers.pet_suv import insist_on_suv, suv_of


def test_without_a_json_file_the_reason_is_that(pet):
    with pytest.raises(OptionError, match="neither a header nor a JSON file tells units, dose, weight and times"):
        insist_on_suv(read(pet, "function"))


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
    write_json(pet, BodyWeight=None)
    (pet.parents[2] / "participants.tsv").write_text(table, encoding="utf-8")
    suv = suv_by_it(pet)
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
    write_json(pet, BodyWeight=None)
    (pet.parents[2] / "participants.tsv").write_text(f"participant_id\tweight\nsub-01\t{cell}\n", encoding="utf-8")
    suv = suv_by_it(pet)
    assert suv.factor == (pytest.approx(factor) if factor else None)
    assert reason in suv.reason


def test_a_table_that_cannot_be_read_is_named_where_it_would_matter(pet):
    write_json(pet)
    (pet.parents[2] / "participants.tsv").write_bytes(
        "participant_id\tweight\tname\nsub-01\t70\tMüller\n".encode("latin-1")
    )
    assert suv_by_it(pet).factor == pytest.approx(BY_HAND)
    write_json(pet, BodyWeight=None)
    assert "participants.tsv cannot be read (UnicodeDecodeError); save it as UTF-8" in suv_by_it(pet).reason


def test_the_units_of_a_column_are_obeyed_and_a_session_goes_before_a_participant(pet):
    root = pet.parents[2]
    write_json(pet, BodyWeight=None)
    (root / "participants.tsv").write_text("participant_id\tweight\nsub-01\t154.3236\n", encoding="utf-8")
    (root / "participants.json").write_text('{"weight": {"Units": "lb"}}', encoding="utf-8")
    assert suv_by_it(pet).factor == pytest.approx(BY_HAND, rel=1e-5)
    moved = root / "sub-01/ses-b/pet/sub-01_ses-b_pet.nii.gz"
    moved.parent.mkdir(parents=True)
    pet.rename(moved)
    pet.with_name("sub-01_pet.json").rename(moved.with_name("sub-01_ses-b_pet.json"))
    (root / "sub-01/sub-01_sessions.tsv").write_text("session_id\tweight\nses-a\t60\nses-b\t35\n", encoding="utf-8")
    assert suv_of(facts_of(moved)).factor == pytest.approx(BY_HAND / 2, rel=1e-9)


def test_files_higher_up_count_and_nearer_ones_win(pet):
    (pet.parents[2] / "pet.json").write_text(json.dumps(STATED | {"BodyWeight": 50}), encoding="utf-8")
    (pet.parents[1] / "sub-01_pet.json").write_text('{"BodyWeight": 70}', encoding="utf-8")
    (pet.parents[1] / "sub-01_trc-PIB_pet.json").write_text('{"BodyWeight": 1}', encoding="utf-8")  # of another tracer
    assert suv_by_it(pet).factor == pytest.approx(BY_HAND, rel=1e-9)
    assert dataset_of(pet) == pet.parents[2]


def test_a_byte_order_mark_changes_nothing(pet):
    beside = write_json(pet)
    for encoding in ("utf-8-sig", "utf-16"):
        beside.write_text(json.dumps(STATED), encoding=encoding)
        assert suv_by_it(pet).factor == pytest.approx(BY_HAND, rel=1e-9)


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
    (lambda path: path.write_text(json.dumps(STATED)[:-1] + ",}", encoding="utf-8"), "it is not JSON"),
    (lambda path: path.write_text("", encoding="utf-8"), "it is not JSON (Expecting value, line 1, column 1); mend it"),
    (lambda path: path.write_text("[1]", encoding="utf-8"), "it holds no JSON object; mend it"),
    (lambda path: path.write_text("[" * 100000, encoding="utf-8"), "it is not JSON"),
    (
        lambda path: path.write_text(json.dumps(STATED)[:-1] + ', "Units": "kBq/mL"}', encoding="utf-8"),
        'the key "Units" stands twice in it, with "Bq/mL" and "kBq/mL"; keep the right one',
    ),
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


def test_what_an_unreadable_file_may_overrule_is_not_taken(pet):
    """A JSON file higher up gave a dose that the image's own file, which could not be read, may contradict."""
    (pet.parents[2] / "pet.json").write_text(json.dumps(STATED), encoding="utf-8")
    assert read(pet, "function").units == "Bq/ml"
    pet.with_name("sub-01_pet.json").write_text('{"Units": "kBq/mL",}', encoding="utf-8")
    source = read(pet, "function")
    assert source.units == "relative"
    assert source.details["suv"]["factor"] is None
    raw = facts_of(pet.parents[2] / "pet.nii.gz", pet.parents[2])
    assert raw.values
    assert not facts_of(pet).completed_by(raw, same_units=True).values
    (pet.parents[2] / "pet.json").write_text("{broken", encoding="utf-8")
    write_json(pet)  # the nearer file says all
    assert suv_by_it(pet).factor == pytest.approx(BY_HAND)


@pytest.mark.parametrize(
    ("table", "described", "reason"),
    [
        (
            "participant_id\tweight\nsub-01\t154\n",
            '{"weight": {"Units": "lb"},}',
            "participants.tsv has no units, since",
        ),
        ("", "{}", "body weight is missing"),
    ],
)
def test_a_table_without_readable_units_states_no_weight(pet, table, described, reason):
    write_json(pet, BodyWeight=None)
    (pet.parents[2] / "participants.tsv").write_text(table, encoding="utf-8")
    (pet.parents[2] / "participants.json").write_text(described, encoding="utf-8")
    suv = suv_by_it(pet)
    assert suv.factor is None
    assert reason in suv.reason


def test_two_columns_of_weight_are_two_weights(pet):
    write_json(pet, BodyWeight=None)
    (pet.parents[2] / "participants.tsv").write_text(
        "participant_id\tweight\tweight\nsub-01\t80\t70\n", encoding="utf-8"
    )
    suv = suv_by_it(pet)
    assert suv.factor == pytest.approx(BY_HAND * 80 / 70)
    assert "70 kg by participants.tsv" in " ".join(suv.warnings)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_json_file_without_permission_is_named(pet):
    beside = write_json(pet)
    beside.chmod(0)
    with pytest.raises(ValueError, match="Permission denied; check its permissions"):
        read_json(beside)


def test_an_anatomy_needs_no_json_file(pet):
    pet.with_name("sub-01_pet.json").write_text("{broken", encoding="utf-8")
    assert read(pet, "anatomy").warnings == ()


@pytest.mark.parametrize(
    ("reported", "rows", "other"),
    [
        (80, "sub-01\t70", "70 kg by participants.tsv, by which SUV 1.00 would be 0.875"),
        (None, "sub-01\t80\nsub-01\t70", "70 kg by participants.tsv"),
        (80, "sub-01\t80.2", ""),
        (80, "sub-02\t70", ""),
    ],
)
def test_a_second_weight_that_differs_is_reported_with_the_suv_that_it_would_give(pet, reported, rows, other):
    write_json(pet, BodyWeight=reported)
    (pet.parents[2] / "participants.tsv").write_text(f"participant_id\tweight\n{rows}\n", encoding="utf-8")
    suv = suv_by_it(pet)
    assert suv.factor == pytest.approx(BY_HAND * 80 / 70)
    assert (other in " ".join(suv.warnings)) if other else not suv.warnings


def test_the_weight_of_a_session_may_differ_from_that_of_the_participant(tmp_path):
    path = tmp_path / "sub-01/ses-b/pet/sub-01_ses-b_pet.nii.gz"
    path.parent.mkdir(parents=True)
    path.with_name("sub-01_ses-b_pet.json").write_text(json.dumps(STATED | {"BodyWeight": None}), encoding="utf-8")
    (tmp_path / "sub-01/sub-01_sessions.tsv").write_text("session_id\tweight\nses-b\t80\n", encoding="utf-8")
    (tmp_path / "participants.tsv").write_text("participant_id\tweight\nsub-01\t70\n", encoding="utf-8")
    suv = suv_of(facts_of(path, tmp_path))
    assert suv.factor == pytest.approx(BY_HAND * 80 / 70)
    assert not suv.warnings


@pytest.mark.parametrize(
    ("reported", "units", "said"),
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
def test_units_are_known_as_they_are_written_or_named(pet, reported, units, said):
    """Drafts of PET-BIDS said Unit, ECAT and FreeSurfer say nCi/cc: they were relative without a word."""
    write_json(pet, **reported)
    source = read(pet, "function")
    assert source.units == units
    assert any("Units of the JSON file are 'SUV', which are not known" in w for w in source.warnings) == said
