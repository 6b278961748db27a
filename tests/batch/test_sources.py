"""Pairs named by patterns, folders of studies and pictures, and the parts that share the cases out."""

from __future__ import annotations

import pytest
from batch_phantom import bids_dataset, ids

from coconet_med.batch.sources import find_cases, part_of, still_of
from coconet_med.errors import OptionError, ReadError


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


def test_participants_that_have_left_a_dataset_are_none_of_its_cases(tmp_path):
    """As after consent was withdrawn: the group level counts them no more."""
    bids_dataset(tmp_path, ("sub-01_T1w.nii.gz", "sub-01_pet.nii.gz"))
    is_one = still_of(tmp_path)
    assert is_one("sub-01_ses-1_trc-FDG")
    assert not is_one("sub-02_ses-1_trc-FDG")
    assert not is_one("sub-011")
    assert still_of(tmp_path / "gone")("sub-02")
    (tmp_path / "m.csv").write_text("id,mri,pet\na,x,y\n", encoding="utf-8")
    assert [still_of(tmp_path / "m.csv")(name) for name in ("a", "b")] == [True, False]
