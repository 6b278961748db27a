"""Constant images are refused however they were read; labels, masks and negative values are reported."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.pair import check_pair
from coconet_med.pair.values import anatomy_warnings, inverted_warnings, values_warnings, wrapped_warnings
from coconet_med.phantom import HeadPhantom
from coconet_med.source import Source


def source(values: np.ndarray, **facts: object) -> Source:
    return Source(sitk.GetImageFromArray(values.astype(np.float32)), "pet.nii", **facts)


@pytest.fixture
def pet(head: HeadPhantom) -> np.ndarray:
    return sitk.GetArrayFromImage(head.pet)


def test_a_map_of_labels_and_a_mask_are_reported(head: HeadPhantom, pet: np.ndarray):
    assert "as a map of labels" in values_warnings(source(sitk.GetArrayFromImage(head.labels)))[0]
    assert "two values only (0 and 1), as a mask does" in values_warnings(source(pet > pet.max() / 3))[0]
    assert "give the image of the uptake itself" in check_pair(Source(head.t1, "t1.nii"), source(pet > 9)).warnings[-1]


@pytest.mark.parametrize("slope", [4.6502e-4, 20000 / 7, 0.1])
def test_a_map_of_labels_that_went_through_a_slope_is_reported(head: HeadPhantom, pet: np.ndarray, slope: float):
    labels = sitk.GetArrayFromImage(head.labels).astype(np.float64)
    assert "as a map of labels" in values_warnings(source(labels * slope))[0]
    assert "as a mask does" in values_warnings(source((pet > pet.max() / 3) * slope))[0]
    whole = np.floor(pet / pet.max() * 255)
    assert values_warnings(source(whole * slope)) == ()


@pytest.mark.parametrize("levels", [32, 255, 4000])
def test_uptake_stored_in_whole_numbers_is_no_map_of_labels(pet: np.ndarray, levels: int):
    whole = np.floor(pet / pet.max() * levels)
    assert values_warnings(source(whole)) == ()
    counts = np.random.default_rng(0).poisson(whole)
    assert values_warnings(source(counts)) == ()


@pytest.mark.parametrize("highest", [12, 20])
def test_suv_that_a_reader_cut_to_whole_numbers_is_reported(pet: np.ndarray, highest: int):
    """SimpleITK 2.5.7 does so above an empty first slice of slope 1 (findings/simpleitk-first-slice-type.sh)."""
    noise = np.random.default_rng(0).normal(scale=0.03, size=pet.shape)
    suv = pet / pet.max() * highest * (1 + noise)
    assert values_warnings(source(suv)) == ()
    cut = values_warnings(source(np.floor(suv)))
    assert "whole numbers only, from 0 to" in cut[0]
    assert "fractions were cut" in cut[0]
    assert values_warnings(source(np.floor(suv), units="counts")) == ()
    assert values_warnings(source(np.floor(suv) * 0.5)) == ()


@pytest.mark.parametrize("outlier", [3e3, 1e4, 1e5])
def test_a_ratio_of_which_one_voxel_set_the_scale_is_reported(pet: np.ndarray, outlier: float):
    """nibabel 5.4.2 writes so with the header of a 16-bit PET (findings/suvr-in-the-header-of-the-pet.sh)."""
    ratio = pet / pet.max() * 2
    ratio[2, 2, 2] = outlier
    assert values_warnings(source(ratio)) == ()
    stored = nibabel.Nifti1Image(ratio, np.eye(4), nibabel.Nifti1Header())
    stored.header.set_data_dtype(np.int16)
    read = nibabel.Nifti1Image.from_bytes(stored.to_bytes()).get_fdata()
    (said,) = values_warnings(source(read, units="SUVR"))
    assert "integers of one scale" in said
    assert f"the highest is {outlier:.3g}" in said
    assert values_warnings(source(np.round(pet / pet.max() * 40) + 4000 * (ratio > 100), units="counts")) == ()


def test_values_that_are_nowhere_above_0_are_reported_unless_they_are_hu(pet: np.ndarray):
    assert "no value is above 0" in values_warnings(source(-pet - 1))[0]
    assert values_warnings(source(-pet - 1, units="HU")) == ()
    assert values_warnings(source(pet - pet.mean())) == ()


def test_labels_and_masks_in_the_place_of_the_anatomy_are_reported(head: HeadPhantom, pet: np.ndarray):
    assert anatomy_warnings(Source(head.t1, "t1.nii")) == ()
    labels = source(sitk.GetArrayFromImage(head.labels))
    assert anatomy_warnings(labels)[0].endswith("give the MRI or CT itself")
    assert any("give the MRI or CT itself" in note for note in check_pair(labels, source(pet)).warnings)
    assert anatomy_warnings(source(sitk.GetArrayFromImage(head.labels), units="HU")) == ()


@pytest.mark.parametrize(("intent", "said"), [(1002, "labels"), (1005, "names of structures"), (22, "p-values")])
def test_a_header_that_says_that_values_are_no_uptake_is_believed(pet: np.ndarray, intent: int, said: str):
    stated = source(pet, details={"nifti_intent": intent})
    assert f"its header says that it holds {said} (intent {intent})" in values_warnings(stated)[0]
    assert said in anatomy_warnings(stated)[0]
    assert values_warnings(source(pet, details={"nifti_intent": 24})) == ()  # -log10 p: high where an effect is strong


def test_an_image_that_is_black_on_white_is_reported(head: HeadPhantom, pet: np.ndarray):
    said = inverted_warnings(source(pet.max() - pet), source(pet))
    assert len(said) == 1
    assert "seems to be inverted (black on white)" in said[0]
    page = 255 - np.floor(pet[len(pet) // 2][None] / pet.max() * 255)
    assert inverted_warnings(source(page, planar=True))
    within = pet[:, 20:-20, 20:-20]  # cut out of the head, with uptake at the border
    assert inverted_warnings(source(within), source(np.log(pet + 1)), Source(head.t1, "t1")) == ()


@pytest.mark.parametrize("lowest", [-1024, -40])
def test_negative_values_that_lost_their_sign_are_reported(pet: np.ndarray, lowest: int):
    """uint16 of what was int16, as a cast or a lost Pixel Representation makes it."""
    signed = np.rint(pet / pet.max() * (2000 - lowest) + lowest).astype(np.int16)
    (said,) = wrapped_warnings(source(signed.view(np.uint16).astype(np.float32)), source(signed))
    assert "negative ones were stored without their sign (-1 as 65535)" in said
    many = pet / pet.max() * 65535  # all of 16 bits, as PET is stored
    two = np.where(pet > pet.mean(), 65535, 0)  # a mask
    assert wrapped_warnings(source(many), source(two)) == ()
