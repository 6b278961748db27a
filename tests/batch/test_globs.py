"""Pairs named by patterns: the wildcards stand for the same text."""

from __future__ import annotations

import pytest
from batch_phantom import ids, touch

from coconet_med.batch.sources import find_cases
from coconet_med.errors import OptionError


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
