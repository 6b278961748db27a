"""Which PET of a BIDS dataset are cases, with which T1w; all others are named with the reason."""

from __future__ import annotations

import pytest
from batch_phantom import ball, bids_dataset, bids_image, ids

from coconet_med.batch.sources import find_cases
from coconet_med.errors import OptionError


def test_each_tracer_and_session_is_a_case_with_the_t1w_of_its_session(tmp_path):
    root = bids_dataset(
        tmp_path,
        (
            "sub-01_ses-a_T1w.nii.gz",
            "sub-01_ses-b_T1w.nii.gz",
            "sub-01_ses-a_trc-FDG_pet.nii.gz",
            "sub-01_ses-a_trc-PIB_pet.nii.gz",
            "sub-01_ses-b_trc-FDG_pet.nii.gz",
            "sub-02_T1w.nii.gz",
        ),
    )
    cases = find_cases(root)
    assert ids(cases) == ["sub-01_ses-a_trc-FDG", "sub-01_ses-a_trc-PIB", "sub-01_ses-b_trc-FDG"]
    assert [case.anatomy.name for case in cases] == ["sub-01_ses-a_T1w.nii.gz"] * 2 + ["sub-01_ses-b_T1w.nii.gz"]
    assert cases[0].target == "sub-01/ses-a/pet/sub-01_ses-a_trc-FDG_space-T1w_desc-fused_pet"
    assert cases[0].units == "Bq/ml"


def test_the_only_t1w_serves_a_pet_of_another_session_and_this_is_said(tmp_path):
    root = bids_dataset(tmp_path, ("sub-01_ses-a_T1w.nii.gz", "sub-01_ses-b_pet.nii.gz"))
    case = find_cases(root)[0]
    assert case.anatomy.name == "sub-01_ses-a_T1w.nii.gz"
    assert "another session" in case.notes[0]


def test_a_pet_between_t1ws_of_several_other_sessions_is_a_problem_not_a_guess(tmp_path):
    root = bids_dataset(tmp_path, ("sub-01_ses-a_T1w.nii.gz", "sub-01_ses-c_T1w.nii.gz", "sub-01_ses-b_pet.nii.gz"))
    assert "several elsewhere" in find_cases(root)[0].problem


def test_a_pet_without_t1w_is_a_case_with_a_problem(tmp_path):
    assert "sub-01 has no T1w image" in find_cases(bids_dataset(tmp_path, ("sub-01_pet.nii.gz",)))[0].problem


def test_a_person_with_another_anatomical_image_is_reported_so(tmp_path):
    """bids-specification issue 1890: MP2RAGE without a T1w."""
    root = bids_dataset(tmp_path, ("sub-01_UNIT1.nii.gz", "sub-01_pet.nii.gz"))
    problem = find_cases(root)[0].problem
    assert "no T1w image for sub-01_pet.nii.gz, but sub-01_UNIT1.nii.gz; a CSV manifest takes any anatomy" in problem


def test_the_plain_t1w_is_taken_before_those_with_contrast_medium(tmp_path):
    root = bids_dataset(tmp_path, ("sub-01_ce-gad_T1w.nii.gz", "sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    case = find_cases(root)[0]
    assert case.anatomy.name == "sub-01_T1w.nii.gz"
    assert "not sub-01_ce-gad_T1w.nii.gz" in case.notes[0]


def test_metadata_are_inherited_from_the_top_of_the_dataset(tmp_path):
    root = bids_dataset(tmp_path, ("sub-01_T1w.nii.gz",))
    bids_image(root, "sub-01_trc-FDG_pet.nii.gz", ball(0)[1])
    (root / "trc-FDG_pet.json").write_text('{"Units": "Bq/mL", "FrameDuration": [60, 120]}', encoding="utf-8")
    (root / "trc-PIB_pet.json").write_text('{"Units": "counts"}', encoding="utf-8")
    case = find_cases(root)[0]
    assert (case.units, case.pet.durations) == ("Bq/ml", (60.0, 120.0))


def test_participants_and_sessions_are_chosen_with_or_without_prefix(tmp_path):
    root = bids_dataset(
        tmp_path, tuple(f"sub-{s}_ses-{t}_{kind}.nii.gz" for s in "12" for t in "ab" for kind in ("T1w", "pet"))
    )
    assert ids(find_cases(root, participants=["sub-1"], sessions=["b"])) == ["sub-1_ses-b"]
    with pytest.raises(OptionError, match="no participant 9; there are 1, 2"):
        find_cases(root, participants=["9"])


def test_labels_that_match_nothing_are_named_with_those_that_are_there(tmp_path):
    names = ("sub-1_ses-a_T1w.nii.gz", "sub-1_ses-a_pet.nii.gz", "sub-2_ses-b_T1w.nii.gz")
    root = bids_dataset(tmp_path, names)
    with pytest.raises(OptionError, match="no session nope; there are a, b"):
        find_cases(root, sessions=["a", "nope"])
    with pytest.raises(OptionError, match="no session b; there is a"):
        find_cases(root, participants=["1"], sessions=["b"])
    for empty in ("", ",", "sub-"):
        with pytest.raises(OptionError, match="--participant-label: has no label; name one, or leave the option out"):
            find_cases(root, participants=[empty])
    with pytest.raises(OptionError, match="--session-label: has no label"):
        find_cases(root, sessions=[" "])
    with pytest.raises(OptionError, match="no PET to fuse: sub-2: sub-2 has no PET in session b"):
        find_cases(root, participants=["2"], sessions=["b"])
    cases = find_cases(root, participants=["sub-1,2"])
    assert [(case.id, case.skip) for case in cases] == [("sub-1_ses-a", None), ("sub-2", "sub-2 has no PET")]


def test_the_phase_of_a_t1w_is_no_anatomy(tmp_path):
    """BIDS part-phase beside rec-norm: the phase was taken, since its name has no more entities."""
    names = ("sub-01_part-phase_T1w.nii.gz", "sub-01_rec-norm_T1w.nii.gz", "sub-01_pet.nii.gz")
    case = find_cases(bids_dataset(tmp_path / "a", names))[0]
    assert (case.anatomy.name, case.notes) == ("sub-01_rec-norm_T1w.nii.gz", ())
    both = ("sub-01_part-mag_T1w.nii.gz", "sub-01_part-phase_T1w.nii.gz", "sub-01_pet.nii.gz")
    assert find_cases(bids_dataset(tmp_path / "b", both))[0].anatomy.name == "sub-01_part-mag_T1w.nii.gz"
