"""Which PET of a BIDS dataset are cases, with which T1w; all others are named with the reason."""

from __future__ import annotations

import pytest
from batch_phantom import ball, bids_dataset, bids_image, ids, touch

from coconet_med.batch.case import BatchOptions
from coconet_med.batch.layout import files_of
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


def test_a_person_with_another_anatomical_image_is_told_so(tmp_path):
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
    assert (case.units, case.frame_seconds) == ("Bq/ml", (60.0, 120.0))


def test_participants_and_sessions_are_chosen_with_or_without_prefix(tmp_path):
    root = bids_dataset(
        tmp_path, tuple(f"sub-{s}_ses-{t}_{kind}.nii.gz" for s in "12" for t in "ab" for kind in ("T1w", "pet"))
    )
    assert ids(find_cases(root, participants=["sub-1"], sessions=["b"])) == ["sub-1_ses-b"]
    with pytest.raises(OptionError, match="no participant 9; there are 1, 2"):
        find_cases(root, participants=["9"])


@pytest.mark.parametrize(
    "names",
    [
        ("sub-01_trc-FDG_acq-early", "sub-01_trc-FDG_acq-late"),
        ("sub-01_trc-FDG_rec-acdyn", "sub-01_trc-FDG_rec-nacdyn"),
        ("sub-01_run-01", "sub-01_run-02"),
        ("sub-01", "sub-01_recon-x"),
        ("sub-01", "sub-01_desc-defaced"),
        ("sub-01_task-rest", "sub-01_task-eyes"),
    ],
)
def test_every_entity_tells_one_pet_from_another(tmp_path, names):
    cases = find_cases(bids_dataset(tmp_path, ("sub-01_T1w.nii.gz", *(f"{name}_pet.nii.gz" for name in names))))
    assert len(cases) == len(names)
    assert {case.function.name for case in cases} == {f"{name}_pet.nii.gz" for name in names}
    files = [path for case in cases for path in files_of(case, BatchOptions(luminance=True, uptake=True)).values()]
    assert len(set(files)) == len(files) == 6 * len(names)


def test_a_word_without_hyphen_tells_as_well(tmp_path):
    root = bids_dataset(tmp_path, ("sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    touch(root / "sub-01/pet/sub-01_FDG_pet.nii.gz")
    assert ids(find_cases(root)) == ["sub-01", "sub-01_FDG"]


def test_pet_files_that_are_not_as_bids_says_are_named_with_the_reason(tmp_path):
    root = bids_dataset(tmp_path, ("sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    for name in (
        "pet/sub-02_pet.nii.gz",
        "pet/sub-01_ses-b_pet.nii.gz",
        "pet/sub-01_run-1_run-2_pet.nii.gz",
        "pet/sub-01_acq-a_PET.nii.gz",
        "pet/sub-01_acq-b_pet.mgz",
        "pet/sub-01_pet.nii",
        "PET/sub-01_acq-c_pet.nii.gz",
        "sub-01_acq-d_pet.nii.gz",
    ):
        touch(root / "sub-01" / name)
    (root / "sub-01/pet/sub-01_pet.json").write_text("{}", encoding="utf-8")
    (root / "sub-01/pet/sub-01_recording-manual_blood.tsv").write_text("", encoding="utf-8")
    for name in ("sub-01-pet.nii.gz", "sub-01_trc-FDG.nii.gz", "sub-01_suv.nii", "sub-01_spect.nii.gz"):
        touch(root / "sub-01/pet" / name)
    touch(root / "sub-01/nm/sub-01_trc-HMPAO_spect.nii.gz")
    cases = find_cases(root)
    assert ids(case for case in cases if not case.skip) == ["sub-01"]
    told = {case.id.removeprefix("sub-01-").removeprefix("pet-"): case.skip for case in cases if case.skip}
    assert {name: " ".join(text.split()[:4]) for name, text in told.items()} == {
        "sub-02_pet.nii.gz": "lies in sub-01, but",
        "sub-01_ses-b_pet.nii.gz": "its name says ses-b,",
        "sub-01_run-1_run-2_pet.nii.gz": "has run twice in",
        "sub-01_acq-a_PET.nii.gz": "BIDS writes _pet; rename",
        "sub-01_acq-b_pet.mgz": "is not NIfTI (.nii",
        "sub-01_pet.nii.gz": "has the same name",
        "PET-sub-01_acq-c_pet.nii.gz": "does not lie in",
        "sub-01_acq-d_pet.nii.gz": "does not lie in",
        "sub-01-pet.nii.gz": "its name does not",
        "sub-01_trc-FDG.nii.gz": "its name does not",
        "sub-01_suv.nii": "its name does not",
        "sub-01_spect.nii.gz": "is SPECT, which BIDS",
        "nm-sub-01_trc-HMPAO_spect.nii.gz": "is SPECT, which BIDS",
    }


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
