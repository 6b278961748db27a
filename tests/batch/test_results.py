"""Results of a batch are no inputs, wherever they lie."""

from __future__ import annotations

import pytest
from batch_phantom import save_pair

from coconet_med.batch.sources import find_cases
from coconet_med.errors import OptionError


@pytest.fixture
def case(tmp_path):
    save_pair(tmp_path / "in", "p", 0)
    return find_cases(tmp_path / "in", anatomy="*_mri.nii.gz", function="*_pet.nii.gz")[0]


def test_results_inside_of_the_source_are_no_inputs(tmp_path, dicom_study):
    dicom_study(tmp_path / "in/anna")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    for out in ("in/fused", "in/a/fused"):
        dicom_study(tmp_path / out / "anna_fused")
    (tmp_path / "in/a/fused/.coconet").mkdir()
    assert [case.id for case in find_cases(tmp_path / "in", output=tmp_path / "link/fused")] == ["anna"]
    with pytest.raises(OptionError, match="is the folder of the studies itself"):
        find_cases(tmp_path / "in", output=tmp_path / "link")
    with pytest.raises(OptionError, match=r"lies inside the study .*anna"):
        find_cases(tmp_path / "in", output=tmp_path / "in/anna/fused")


def test_results_are_no_inputs_of_globs(tmp_path):
    for folder in ("a", "out"):
        save_pair(tmp_path / folder, "p", 0, size=4)
    globs = {"anatomy": "**/*_mri.nii.gz", "function": "**/*_pet.nii.gz"}
    assert [case.id for case in find_cases(tmp_path, **globs, output=tmp_path / "out")] == ["a_p"]
