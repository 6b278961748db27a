"""An image in the space of a template beside one in the person's own is reported, by header or by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.geometry import NiftiForms
from coconet_med.pair import check_pair
from coconet_med.pair.spaces import space_warnings
from coconet_med.source import Source


def source(name: str, sform: int = 0, qform: int = 0) -> Source:
    place = np.eye(4)
    forms = NiftiForms(place, place, sform, qform) if sform or qform else None
    return Source(sitk.Image(2, 2, 2, sitk.sitkFloat32), name, files=(Path(name),), forms=forms)


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (("t1.nii", 1), ("pet.nii", 4), "the scanner (code 1) and MNI (code 4)"),
        (("t1.nii", 3), ("pet.nii", 0, 1), "Talairach (code 3) and the scanner (code 1)"),
        (("t1.nii", 5), ("pet.nii", 1), "a template (code 5) and the scanner (code 1)"),
        (("t1.nii", 4), ("pet.nii", 4), ""),
        (("t1.nii", 2), ("pet.nii", 4), ""),  # "aligned" may mean to that template
        (("t1.nii", 1), ("pet.mha",), ""),
        (("sub-1_T1w.nii",), ("sub-1_space-MNI152Lin_pet.nii",), "no template and space-MNI152Lin"),
        (("tpl-MNI152Lin_T1w.nii", 4), ("sub-1_space-MNI152Lin_pet.nii", 1), ""),
        (("sub-1_space-MNI152Lin_T1w.nii",), ("sub-1_space-MNIPediatricAsym_pet.nii",), "and space-MNIPediatricAsym"),
        (("sub-1_T1w.nii", 1), ("sub-1_space-T1w_pet.nii", 2), ""),
        (("sub-1_space-individual_T1w.nii",), ("sub-1_space-orig_pet.nii",), ""),
    ],
)
def test_spaces_are_told_apart(first: tuple, second: tuple, said: str) -> None:
    found = space_warnings(source(*first), source(*second))
    assert len(found) == bool(said)
    assert all(said in note and "may lie in different spaces" in note for note in found)


def test_a_pair_is_asked_for_its_spaces() -> None:
    values = np.random.default_rng(0).normal(50, 9, (12, 12, 12)).astype(np.float32)
    one, other = (sitk.GetImageFromArray(array) for array in (values, values[::-1] ** 2))
    place = np.eye(4)
    anatomy = Source(one, "t1.nii", forms=NiftiForms(place, place, 1, 1))
    function = Source(other, "pet.nii", forms=NiftiForms(place, place, 4, 4))
    assert any("different spaces" in note for note in check_pair(anatomy, function).warnings)
