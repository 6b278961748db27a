"""Pairs named by patterns, folders of studies and pictures, and the parts that share the cases out."""

from __future__ import annotations

import pytest
from batch_phantom import ids, save_picture, touch

from coconet_med.batch.sources import find_cases, part_of
from coconet_med.errors import OptionError, ReadError


def test_wildcards_that_stand_for_the_same_text_make_a_pair(tmp_path):
    for name in ("7_mri.png", "7_pet.png", "12_mri.png", "12_pet.png"):
        touch(tmp_path / name)
    cases = find_cases(tmp_path, anatomy="*_mri.png", function="*_pet.png")
    assert [(c.id, c.anatomy.name, c.function.name) for c in cases] == [
        ("12", "12_mri.png", "12_pet.png"),
        ("7", "7_mri.png", "7_pet.png"),
    ]


def test_double_stars_reach_into_subfolders(tmp_path):
    for name in ("s1/a/T1.nii", "s1/a/PET.nii", "s2/T1.nii", "s2/PET.nii"):
        touch(tmp_path / name)
    assert ids(find_cases(tmp_path, anatomy="**/T1.nii", function="**/PET.nii")) == ["s1-a", "s2"]


def test_an_image_without_partner_is_a_case_with_a_problem(tmp_path):
    for name in ("1_mri.nii", "1_pet.nii", "2_mri.nii"):
        touch(tmp_path / name)
    cases = find_cases(tmp_path, anatomy="*_mri.nii", function="*_pet.nii")
    assert cases[0].problem is None
    assert "no functional image belongs to" in cases[1].problem


@pytest.mark.parametrize(
    ("anatomy", "function", "message"),
    [
        ("*_mri.nii", None, "go together"),
        ("*_t2.nii", "*_pet.nii", r"no file fits \*_t2.nii"),
        ("1_mri.nii", "*_pet.nii", "give a pattern with a wildcard"),
        ("1_*.nii", "*_pet.nii", "must stand for the same text"),
    ],
)
def test_globs_that_make_no_pairs_are_refused(tmp_path, anatomy, function, message):
    for name in ("1_mri.nii", "1_pet.nii"):
        touch(tmp_path / name)
    with pytest.raises(OptionError, match=message):
        find_cases(tmp_path, anatomy=anatomy, function=function)


def test_each_subfolder_with_dicom_is_a_study(tmp_path):
    for name in ("anna/series/1", "bert/IM1"):
        touch(tmp_path / name).write_bytes(bytes(128) + b"DICM")
    touch(tmp_path / "notes/readme.txt")
    cases = find_cases(tmp_path)
    assert ids(cases) == ["anna", "bert"]
    assert cases[0].function is None


def test_pictures_pair_by_folder(tmp_path):
    for folder in ("MRI", "PET"):
        save_picture(tmp_path / folder / "7.png", 0)
    case = find_cases(tmp_path)[0]
    assert (case.id, case.anatomy.parent.name, case.function.parent.name) == ("7", "MRI", "PET")


def test_pictures_pair_by_name_and_each_function_is_a_case(tmp_path):
    for name in ("3_1_mri.png", "3_1_pet.png", "3_1_ct.png", "9_mri.png"):
        save_picture(tmp_path / name, 0)
    cases = find_cases(tmp_path)
    assert ids(cases) == ["3_1_ct", "3_1_pet", "9"]
    assert "no functional picture" in cases[-1].problem


def test_a_folder_without_cases_is_refused(tmp_path):
    with pytest.raises(OptionError, match="no cases found; give a BIDS dataset"):
        find_cases(tmp_path)


def test_a_source_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ReadError, match="no such file or folder"):
        find_cases(tmp_path / "nowhere")


def test_parts_share_all_cases_out_without_overlap(tmp_path):
    (tmp_path / "m.csv").write_text("id,mri,pet\n" + "".join(f"{n},a,b\n" for n in range(7)), encoding="utf-8")
    cases = find_cases(tmp_path / "m.csv")
    parts = [ids(part_of(cases, n, 3)) for n in (1, 2, 3)]
    assert sorted(name for part in parts for name in part) == ids(cases)
    with pytest.raises(OptionError, match="part 4/3"):
        part_of(cases, 4, 3)
