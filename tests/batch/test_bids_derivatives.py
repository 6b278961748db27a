"""Which PET of the derivatives of a BIDS dataset is taken for a case, in place of the raw one or beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
from batch_phantom import ball, bids_dataset, bids_image, ids, touch

from coconet_med.batch.bids import petprep_folders
from coconet_med.batch.sources import find_cases
from coconet_med.errors import OptionError, ReadError


def derivative(root: Path, folder: str, *names: str) -> Path:
    done = bids_dataset(root / "derivatives" / folder, (), DatasetType="derivative")
    for name in names:
        bids_image(done, f"{name}_pet.nii.gz", ball(1, size=4)[1])
    return done


def test_pet_that_petprep_registered_is_preferred_and_not_registered_again(tmp_path):
    root = bids_dataset(tmp_path / "ds", ("sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    done = bids_dataset(root / "derivatives/petprep", (), DatasetType="derivative")
    bids_image(done, "sub-01_space-T1w_desc-preproc_pet.nii.gz", ball(1)[1])
    bids_image(done, "sub-01_space-MNI152_desc-preproc_pet.nii.gz", ball(1)[1])
    bids_image(done, "sub-01_desc-preproc_T1w.nii.gz", ball(1)[0])
    case = next(case for case in find_cases(root) if not case.skip)
    assert (case.anatomy.name, case.function.name) == (
        "sub-01_desc-preproc_T1w.nii.gz",
        "sub-01_space-T1w_desc-preproc_pet.nii.gz",
    )
    assert case.register == "never"
    assert case.derived_from[1] == "bids:petprep:sub-01/pet/sub-01_space-T1w_desc-preproc_pet.nii.gz"
    assert [(c.id, c.skip) for c in find_cases(root) if c.skip] == [
        (
            "petprep-sub-01-pet-sub-01_space-MNI152_desc-preproc_pet.nii.gz",
            "lies in the space MNI152, not on the T1w (space-T1w)",
        )
    ]
    raw = find_cases(root, derivatives="none")[0]
    assert (raw.function.name, raw.register) == ("sub-01_pet.nii.gz", None)


def test_a_partial_volume_corrected_pet_is_a_case_beside_the_plain_one(tmp_path):
    root = bids_dataset(tmp_path, ("sub-01_T1w.nii.gz", "sub-01_trc-DASB_pet.nii.gz"))
    derivative(root, "petprep", "sub-01_trc-DASB_space-T1w_desc-preproc")
    derivative(root, "petprep_pvc", "sub-01_trc-DASB_pvc-MG_space-T1w_desc-preproc")
    cases = find_cases(root)
    assert ids(cases) == ["sub-01_trc-DASB", "sub-01_trc-DASB_pvc-MG"]
    assert cases[1].target == "sub-01/pet/sub-01_trc-DASB_pvc-MG_space-T1w_desc-fused_pet"


def test_the_raw_pet_is_a_case_where_only_another_image_was_made_of_it(tmp_path):
    root = bids_dataset(tmp_path, ("sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    derivative(root, "petprep", "sub-01_pvc-MG_space-T1w_desc-preproc", "sub-01_desc-preproc")
    cases = find_cases(root)
    assert [case.function.name for case in cases if not case.skip] == [
        "sub-01_pet.nii.gz",
        "sub-01_pvc-MG_space-T1w_desc-preproc_pet.nii.gz",
    ]
    assert ["no space-T1w in its name" in case.skip for case in cases if case.skip] == [True]


def test_one_version_of_several_derivatives_is_taken_and_the_other_is_named(tmp_path):
    root = bids_dataset(tmp_path, ("sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    derivative(root, "petprep-1", "sub-01_space-T1w_res-2_desc-preproc", "sub-01_space-T1w_desc-preproc")
    other = derivative(root, "petprep-2", "sub-01_space-T1w_desc-preproc")
    derivative(root, "pmod", "sub-01_space-T1w", "sub-01_space-MNI")
    cases = {case.id: case for case in find_cases(root)}
    assert sorted(case.id for case in cases.values() if not case.skip) == ["sub-01", "sub-01_res-2"]
    left = cases["petprep-2-sub-01-pet-sub-01_space-T1w_desc-preproc_pet.nii.gz"].skip
    assert left == (
        "petprep-1/sub-01/pet/sub-01_space-T1w_desc-preproc_pet.nii.gz is taken, which is the same PET; "
        f"give --derivatives {other} to take this one"
    )
    assert "holds 1 PET on the T1w; give --derivatives" in cases["derivatives-pmod"].skip
    chosen = find_cases(root, derivatives=[str(other), str(root / "derivatives/pmod")])
    assert [case.function.parent.parent.parent.name for case in chosen if not case.skip] == ["petprep-2"]


def test_masks_and_references_of_derivatives_are_not_reported_but_names_without_suffix_are(tmp_path):
    root = bids_dataset(tmp_path / "ds", ("sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    done = derivative(root, "petprep", "sub-01_space-T1w_desc-preproc")
    for name in ("sub-01_space-T1w_petref", "sub-01_desc-brain_mask", "sub-01_space-T1w_trc-FDG"):
        touch(done / f"sub-01/pet/{name}.nii.gz")
    reported = {case.id: case.skip for case in find_cases(root) if case.skip}
    assert [name.removeprefix("petprep-sub-01-pet-") for name in reported] == ["sub-01_space-T1w_trc-FDG.nii.gz"]


def test_derivatives_that_are_none_are_refused(tmp_path):
    root = bids_dataset(tmp_path, ("sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    (root / "derivatives").mkdir()
    with pytest.raises(ReadError, match=r"has no folders sub-\.\.\.; give auto, none"):
        find_cases(root, derivatives=str(root / "derivatives"))


def test_derivatives_are_named_as_in_other_bids_apps(tmp_path):
    root = bids_dataset(tmp_path, ("sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    made = derivative(root, "petprep", "sub-01_space-T1w_desc-preproc")
    (case,) = find_cases(root, derivatives=[f"prepared={made}"])
    assert case.derived_from == (
        "bids:raw:sub-01/anat/sub-01_T1w.nii.gz",
        "bids:prepared:sub-01/pet/sub-01_space-T1w_desc-preproc_pet.nii.gz",
    )
    assert petprep_folders(root, [f"prepared={made}"]) == {"prepared": made}
    with_sign = made.rename(made.parent / "a=b")
    assert petprep_folders(root, [str(with_sign)]) == {"a=b": with_sign}
    (tmp_path / "x" / "a=b" / "sub-01").mkdir(parents=True)
    with pytest.raises(OptionError, match="is called a=b too; name this one: NAME="):
        petprep_folders(root, [str(with_sign), str(tmp_path / "x" / "a=b")])
    with pytest.raises(OptionError, match="is the source dataset"):
        petprep_folders(root, str(root))
    with pytest.raises(ReadError, match="--derivatives prepared=nowhere: no such folder"):
        petprep_folders(root, "prepared=nowhere")
