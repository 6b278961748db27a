"""Pairs for the bundle: what is found, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from coconet_med.bundle.datalist import find_pairs, persons, split_pairs
from coconet_med.errors import OptionError, ReadError


def _touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"not looked into")


def test_each_subfolder_is_a_case_by_default(tmp_path: Path) -> None:
    _touch(tmp_path, "b/mri.nii.gz", "b/pet.nii.gz", "a.1/mri.nii.gz", "a.1/pet.nii.gz")
    pairs = find_pairs(tmp_path)
    assert [pair["id"] for pair in pairs] == ["a.1", "b"]
    assert pairs[0]["function"] == str(tmp_path / "a.1" / "pet.nii.gz")


def test_globs_pair_two_folders(tmp_path: Path) -> None:
    _touch(tmp_path, "mri/7.nii.gz", "pet/7.nii.gz")
    (pair,) = find_pairs(tmp_path, anatomy="mri/*.nii.gz", function="pet/*.nii.gz")
    assert (pair["id"], Path(pair["anatomy"]).parent.name) == ("7", "mri")


def test_a_folder_of_dicom_studies_gives_each_study_for_both_keys(tmp_path: Path) -> None:
    _touch(tmp_path, "study-1/series/1.dcm")
    (pair,) = find_pairs(tmp_path)
    assert pair["anatomy"] == pair["function"] == str(tmp_path / "study-1")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ((), "no pair found"),
        (("a/mri.nii.gz", "a/pet.nii.gz", "b/mri.nii.gz"), "no functional image belongs to"),
        (("a/mri.nii.gz",), "no file fits"),
        (("a b/mri.nii.gz", "a b/pet.nii.gz", "a-b/mri.nii.gz", "a-b/pet.nii.gz"), "occurs twice"),
        (("MRI/1.png", "PET/1.png"), "is a picture"),
    ],
    ids=["empty", "unpaired", "one side only", "outputs would overwrite each other", "pictures"],
)
def test_a_doubtful_folder_is_refused(tmp_path: Path, names: tuple[str, ...], words: str) -> None:
    _touch(tmp_path, *names)
    with pytest.raises((ReadError, OptionError), match=words):
        find_pairs(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no such folder"):
        find_pairs(tmp_path / "nowhere")


def test_validation_cases_are_not_trained_on() -> None:
    pairs = [{"id": str(i), "anatomy": "", "function": ""} for i in range(10)]
    parts = [split_pairs(pairs, part) for part in ("train", "validation")]
    assert [p["id"] for p in parts[1]] == ["4", "9"]
    assert sorted(p["id"] for part in parts for p in part) == [str(i) for i in range(10)]


def test_of_few_cases_one_is_held_out_and_a_single_one_serves_for_both() -> None:
    pairs = [{"id": str(i), "anatomy": "", "function": "", "person": str(i)} for i in range(2)]
    assert split_pairs(pairs, "train") == pairs[:1]
    assert split_pairs(pairs, "validation") == pairs[1:]
    assert split_pairs(pairs[:1], "train") == split_pairs(pairs[:1], "validation") == pairs[:1]
    with pytest.raises(OptionError, match=r"validation_share 0\.9"):
        split_pairs(pairs, "train", validation_share=0.9)


@pytest.mark.parametrize(
    "ids",
    [
        [f"sub-{n:02d}_ses-{visit}_T1w" for n in range(1, 6) for visit in ("baseline", "rescan")],
        [f"{name}_{visit}" for name in ("anna", "bert", "carl", "dora", "emil") for visit in (1, 2)],
    ],
    ids=["BIDS", "NAME_session"],
)
def test_no_person_is_in_both_parts(ids: list[str]) -> None:
    pairs = [{"id": one, "anatomy": "", "function": ""} for one in ids]
    train, validation = ({p["id"].split("_")[0] for p in split_pairs(pairs, part)} for part in ("train", "validation"))
    assert len(train) == 4
    assert len(validation) == 1
    assert not train & validation


def test_who_is_who() -> None:
    assert persons(["case_1", "case_2"]) == ["case_1", "case_2"]  # "case" is nobody
    assert persons(["sub-1_ses-1", "sub-1_ses-2"]) == ["sub-1", "sub-1"]
    assert persons(["a.1", "b"]) == ["a.1", "b"]
    assert persons(["case-1", "case-2"]) == ["case-1", "case-2"]
    assert persons(["P1-1", "P1-2", "P2-1"]) == ["P1", "P1", "P2"]  # each session was a person, in both parts
    assert persons(["at_P1_a", "at_P1_b", "at_P2_a"]) == ["at_P1", "at_P1", "at_P2"]  # so was it behind a site
    assert persons(["OAS-0001-d100", "OAS-0001-d900", "OAS-0002-d10"]) == ["OAS-0001", "OAS-0001", "OAS-0002"]
    assert persons(["TCGA-02-0001", "TCGA-02-0003"]) == ["TCGA-02-0001", "TCGA-02-0003"]
    assert persons(["x-01-a", "x-02-b"], r"x-(\d+)") == ["01", "02"]
    with pytest.raises(OptionError, match=r"person '\^\(z\+\)': no expression with a group that fits b"):
        persons(["z1", "b"], "^(z+)")


def test_a_folder_called_like_a_number_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _touch(tmp_path, "2024/a/mri.nii.gz", "2024/a/pet.nii.gz")
    monkeypatch.chdir(tmp_path)
    assert [pair["id"] for pair in find_pairs(2024)] == ["a"]  # what MONAI makes of --dataset_dir 2024
