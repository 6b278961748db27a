"""A given transform is taken where it says, and checked by the fit."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from transform_cases import FLIP, flirt, tfm

import coconet_med
from coconet_med.errors import FusionError, OptionError, ReadError, RegistrationError
from coconet_med.model import Model
from coconet_med.phantom import HeadPhantom


@pytest.fixture
def truth(head: HeadPhantom) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.Resample(head.pet, head.t1, sitk.Transform(), sitk.sitkLinear, 0.0))


def test_the_uptake_lies_where_the_transform_says(moved, move, truth, mean_model: Model, tmp_path):
    result = coconet_med.fuse(*moved, transform=tfm(move, tmp_path / "x.tfm"), model=mean_model)
    found = sitk.GetArrayFromImage(result.uptake)
    assert np.abs(found - truth).max() < 0.01 * truth.max()
    assert not [note for note in result.warnings if "transform" in note]
    alignment = result.sidecar()["alignment"]
    assert alignment["given"].startswith("ITK transform x.tfm, from the fixed image (the anatomy)")
    assert alignment["angle_deg"] == pytest.approx(12.3, abs=0.5)


def test_the_wrong_direction_is_refused_and_the_reverse_taken_on_demand(moved, move, truth, mean_model, tmp_path):
    path = tfm(np.linalg.inv(move), tmp_path / "x.tfm")
    with pytest.raises(RegistrationError, match="--transform-direction reverse"):
        coconet_med.fuse(*moved, transform=path, model=mean_model)
    result = coconet_med.fuse(*moved, transform=path, transform_direction="reverse", model=mean_model)
    assert np.abs(sitk.GetArrayFromImage(result.uptake) - truth).max() < 0.01 * truth.max()
    forced = coconet_med.fuse(*moved, transform=path, model=mean_model, force=True)
    assert any("--transform-direction reverse" in note for note in forced.warnings)


@pytest.mark.parametrize("inverted", [False, True])
def test_a_matrix_of_world_points_is_not_taken_for_one_of_flirt(moved, move, mean_model, tmp_path, inverted):
    """greedy, NiftyReg and MRtrix write 4 x 4 numbers, too: such a PET was resampled elsewhere, with a mild warning."""
    ras = FLIP @ (np.linalg.inv(move) if inverted else move) @ FLIP
    np.savetxt(tmp_path / "greedy.mat", ras)
    with pytest.raises(RegistrationError, match=r"as a matrix of world points \(RAS\).*c3d_affine_tool"):
        coconet_med.fuse(*moved, transform=tmp_path / "greedy.mat", model=mean_model)
    path = flirt(np.linalg.inv(FLIP @ move @ FLIP), moved[1], moved[0], tmp_path / "flirt.mat")
    assert not [w for w in coconet_med.fuse(*moved, transform=path, model=mean_model).warnings if "transform" in w]


def test_options_that_do_not_go_together_are_refused_before_reading(tmp_path):
    (tmp_path / "x.tfm").write_text("#", encoding="utf-8")
    missing = tmp_path / "none.nii.gz"
    with pytest.raises(OptionError, match="--register always"):
        coconet_med.fuse(missing, missing, transform=tmp_path / "x.tfm", register="always")
    with pytest.raises(OptionError, match="stated or reverse"):
        coconet_med.fuse(missing, missing, transform=tmp_path / "x.tfm", transform_direction="backwards")
    with pytest.raises(ReadError, match="no such file"):
        coconet_med.fuse(missing, missing, transform=tmp_path / "y.tfm")


def test_pictures_have_no_transform(mean_model, move, tmp_path):
    from coconet_med.phantom import slice_pair

    mri, pet = slice_pair(32)
    with pytest.raises(OptionError, match="is for volumes"):
        coconet_med.fuse(mri, pet, transform=tfm(move, tmp_path / "x.tfm"), model=mean_model)
    with pytest.raises(FusionError, match="is for volumes"):
        coconet_med.fuse(mri, pet, model=mean_model).save(tmp_path / "f.png", transform=True)
