"""Folders of studies and of pictures."""

from __future__ import annotations

import pytest
from batch_phantom import ids, save_picture, touch

from coconet_med.batch.sources import find_cases
from coconet_med.errors import OptionError


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
