"""The generated head is a head: its parts, its uptake, its geometry and its lesions are what they are said to be."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from head_cases import array, head, mean_by_label, value_at

from coconet_med.errors import OptionError
from coconet_med.phantom import LABELS, head_phantom, slice_pair


def test_the_anatomical_grid_is_upright_and_centered() -> None:
    phantom = head()
    assert phantom.t1.GetSize() == (96, 112, 96)
    assert phantom.t1.GetDirection() == (1, 0, 0, 0, 1, 0, 0, 0, 1)
    middle = [(n - 1) / 2 for n in phantom.t1.GetSize()]
    np.testing.assert_allclose(phantom.t1.TransformContinuousIndexToPhysicalPoint(middle), (0, 0, 0), atol=1e-6)
    for image in (phantom.labels, phantom.true_uptake):
        assert image.GetOrigin() == phantom.t1.GetOrigin()
        assert image.GetSpacing() == phantom.t1.GetSpacing()
        assert image.GetSize() == phantom.t1.GetSize()
    assert phantom.t1.GetPixelID() == phantom.pet.GetPixelID() == sitk.sitkFloat32
    assert phantom.labels.GetPixelID() == sitk.sitkUInt8


def test_t1_shows_white_over_gray_over_fluid_bright_fat_and_dark_bone() -> None:
    signal = mean_by_label(head().t1, head())
    assert signal["fat"] > signal["white"] > signal["thalamus"] > signal["gray"] > signal["lateral_ventricle"]
    assert signal["gray"] > 2 * signal["csf"]
    assert signal["skull"] < 0.35 * signal["gray"]
    assert signal["air"] < 0.2 * signal["gray"]


def test_t2_reverses_the_contrast() -> None:
    phantom = head_phantom(spacing=4.0, noise=0.0, with_t2=True)
    signal = mean_by_label(phantom.t2, phantom)
    assert signal["lateral_ventricle"] > signal["gray"] > signal["white"]


def test_true_uptake_of_gray_is_four_times_white() -> None:
    phantom = head()
    uptake = mean_by_label(phantom.true_uptake, phantom)
    assert uptake["gray"] == pytest.approx(4 * uptake["white"], rel=1e-6)
    assert min(uptake["caudate"], uptake["putamen"], uptake["thalamus"]) > uptake["gray"]
    assert uptake["white"] == pytest.approx(5000)
    assert phantom.units == "Bq/ml"


def test_lesions_are_where_they_are_said_to_be() -> None:
    phantom = head()
    for lesion in phantom.lesions:
        mask = phantom.labels == LABELS[lesion.name]
        where = np.argwhere(array(mask))[:, ::-1]
        points = [phantom.labels.TransformIndexToPhysicalPoint([int(n) for n in index]) for index in where]
        np.testing.assert_allclose(np.mean(points, axis=0), lesion.center, atol=0.5)
        assert len(points) * 8 == pytest.approx(4 / 3 * np.pi * lesion.radius**3, rel=0.2)
        assert value_at(phantom.true_uptake, lesion.center) == pytest.approx(lesion.uptake)
        across = (-lesion.center[0], *lesion.center[1:])
        assert value_at(phantom.labels, across) != LABELS[lesion.name]
    hot, cold, marker = phantom.lesions
    assert hot.center[0] > 0 > cold.center[0]
    assert marker.center[0] > 0
    assert value_at(phantom.pet, hot.center) > 1.3 * value_at(phantom.pet, (-29, -42, 33))
    assert value_at(phantom.pet, cold.center) < 0.25 * phantom.lesions[0].uptake


def test_left_differs_from_right_beyond_the_lesions() -> None:
    labels = array(head().labels)
    mirrored = labels[:, :, ::-1]
    both = (labels == LABELS["gray"]).sum()
    shared = ((labels == LABELS["gray"]) & (mirrored == LABELS["gray"])).sum()
    assert 0.35 < shared / both < 0.85  # alike, not mirror images


def test_the_same_seed_is_the_same_head_and_another_seed_another() -> None:
    first, second, other = (head_phantom(spacing=4.0, seed=seed) for seed in (0, 0, 1))
    for name in ("t1", "pet", "labels"):
        one, same, different = (array(getattr(phantom, name)) for phantom in (first, second, other))
        np.testing.assert_array_equal(one, same)
        assert (one != different).mean() > 0.05


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(OptionError, match="function 'ct' is not known"):
        head_phantom(function="ct")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="spacing is 0"):
        head_phantom(spacing=0)
    with pytest.raises(OptionError, match="noise is -1"):
        head_phantom(noise=-1)
    with pytest.raises(OptionError, match="plane 'oblique'"):
        slice_pair(64, plane="oblique")  # type: ignore[arg-type]
