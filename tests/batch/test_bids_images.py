"""Files of a BIDS dataset by their names: what is an image, and why others are none."""

from __future__ import annotations

from batch_phantom import bids_dataset, ids, touch

from coconet_med.batch.sources import find_cases


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
    reported = {case.id.removeprefix("sub-01-").removeprefix("pet-"): case.skip for case in cases if case.skip}
    assert {name: " ".join(text.split()[:4]) for name, text in reported.items()} == {
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
