"""The generated head is a head: its parts, its uptake, its geometry and its lesions are what they are said to be."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pytest
import scipy.ndimage
import SimpleITK as sitk

from coconet_med.errors import OptionError
from coconet_med.phantom import LABELS, HeadPhantom, head_phantom, slice_pair
from coconet_med.phantom.lattice import STEP, lattice_axes, noise, onto
from coconet_med.phantom.scan import FWHM_PER_SIGMA, emission_image


@lru_cache(maxsize=2)
def head(*, spacing: float = 2.0, noise: float = 0.0) -> HeadPhantom:
    return head_phantom(spacing=spacing, noise=noise)


def array(image: sitk.Image) -> np.ndarray:
    return sitk.GetArrayFromImage(image)


def value_at(image: sitk.Image, point: tuple[float, float, float]) -> float:
    return float(image[image.TransformPhysicalPointToIndex(point)])


def mean_by_label(image: sitk.Image, phantom: HeadPhantom) -> dict[str, float]:
    labels = array(phantom.labels)
    means = scipy.ndimage.mean(array(image), labels, list(LABELS.values()))
    return dict(zip(LABELS, means, strict=True))


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


def test_eyes_are_in_front_cerebellum_behind_and_vault_on_top() -> None:
    labels, spacing = array(head().labels), 2.0
    center = {
        name: (np.argwhere(labels == LABELS[name]).mean(0) - (np.array(labels.shape) - 1) / 2) * spacing
        for name in ("eye", "cerebellar_grey", "grey", "brain_stem")
    }  # (z, y, x) mm
    assert center["eye"][1] < -60
    assert center["cerebellar_grey"][1] > 30
    assert center["grey"][0] > center["brain_stem"][0] > -60
    assert center["grey"][0] > center["cerebellar_grey"][0] + 30


def test_every_tissue_is_there_and_the_brain_has_the_volume_of_a_brain() -> None:
    milliliters = np.bincount(array(head().labels).ravel(), minlength=len(LABELS)) * 8 / 1000
    assert (milliliters > 0).all(), [name for name, label in LABELS.items() if milliliters[label] == 0]
    assert 450 < milliliters[LABELS["grey"]] < 750
    assert 400 < milliliters[LABELS["white"]] < 700
    assert 70 < milliliters[LABELS["cerebellar_grey"]] + milliliters[LABELS["cerebellar_white"]] < 180
    assert 8 < milliliters[LABELS["lateral_ventricle"]] < 40


@pytest.mark.parametrize("tissue", ["grey", "white", "csf", "skin", "skull"])
def test_large_tissues_hang_together(tissue: str) -> None:
    mask = array(head().labels) == LABELS[tissue]
    parts, _ = scipy.ndimage.label(mask, np.ones((3, 3, 3)))
    assert np.bincount(parts.ravel())[1:].max() > 0.95 * mask.sum()


def test_paired_nuclei_come_in_pairs() -> None:
    labels = array(head().labels)
    for name in ("caudate", "putamen", "pallidum", "thalamus", "eye"):
        parts, _ = scipy.ndimage.label(labels == LABELS[name], np.ones((3, 3, 3)))
        sizes = np.sort(np.bincount(parts.ravel())[1:])[::-1]
        assert sizes[1] > 0.7 * sizes[0], name


def test_the_cortex_is_folded() -> None:
    """The pial contour is far longer than the smooth one around it: a gyrification index above 1.6."""
    labels = array(head().labels)
    brain = np.isin(labels, [LABELS["grey"], LABELS["white"]])[60:75]  # slices 24 to 52 mm above the middle
    contour = sum(np.count_nonzero(brain != np.roll(brain, 1, axis)) for axis in (1, 2))
    hull = scipy.ndimage.binary_fill_holes(scipy.ndimage.binary_closing(np.pad(brain, 15), iterations=12))
    envelope = sum(np.count_nonzero(hull != np.roll(hull, 1, axis)) for axis in (1, 2))
    assert contour > 1.6 * envelope


def test_t1_shows_white_over_grey_over_fluid_bright_fat_and_dark_bone() -> None:
    signal = mean_by_label(head().t1, head())
    assert signal["fat"] > signal["white"] > signal["thalamus"] > signal["grey"] > signal["lateral_ventricle"]
    assert signal["grey"] > 2 * signal["csf"]
    assert signal["skull"] < 0.35 * signal["grey"]
    assert signal["air"] < 0.2 * signal["grey"]


def test_t2_reverses_the_contrast() -> None:
    phantom = head_phantom(spacing=4.0, noise=0.0, with_t2=True)
    signal = mean_by_label(phantom.t2, phantom)
    assert signal["lateral_ventricle"] > signal["grey"] > signal["white"]


def test_true_uptake_of_grey_is_four_times_white() -> None:
    phantom = head()
    uptake = mean_by_label(phantom.true_uptake, phantom)
    assert uptake["grey"] == pytest.approx(4 * uptake["white"], rel=1e-6)
    assert min(uptake["caudate"], uptake["putamen"], uptake["thalamus"]) > uptake["grey"]
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
    both = (labels == LABELS["grey"]).sum()
    shared = ((labels == LABELS["grey"]) & (mirrored == LABELS["grey"])).sum()
    assert 0.35 < shared / both < 0.85  # alike, not mirror images


def test_the_blur_of_a_point_is_the_stated_width() -> None:
    size, spacing = 101, 2.0
    point = sitk.Image(size, size, size, sitk.sitkFloat32)
    point.SetSpacing([spacing] * 3)
    point.SetOrigin([-100.0] * 3)
    point[50, 50, 50] = 1e6
    still = sitk.Euler3DTransform()
    options = {"tilt": (5.0, -3.0, 8.0), "relative_noise": 0.0, "reference": 1.0, "seed": 0}
    image = emission_image(point, spacing=2.0, fwhm=6.0, true_transform=still, **options)
    values = array(image).astype(float)
    index = np.argwhere(values > 1e-4 * values.max())
    weight = values[tuple(index.T)]
    deviation = index - np.average(index, axis=0, weights=weight)
    sigma = np.sqrt(np.average((deviation * spacing) ** 2, axis=0, weights=weight))
    np.testing.assert_allclose(sigma * FWHM_PER_SIGMA, 6.0, rtol=0.04)
    peak = image.TransformContinuousIndexToPhysicalPoint(np.average(index, axis=0, weights=weight)[::-1].tolist())
    np.testing.assert_allclose(peak, (0, 0, 0), atol=0.05)


def test_the_same_seed_is_the_same_head_and_another_seed_another() -> None:
    first, second, other = (head_phantom(spacing=4.0, seed=seed) for seed in (0, 0, 1))
    for name in ("t1", "pet", "labels"):
        one, same, different = (array(getattr(phantom, name)) for phantom in (first, second, other))
        np.testing.assert_array_equal(one, same)
        assert (one != different).mean() > 0.05


def test_a_seed_is_the_same_head_at_every_voxel_size() -> None:
    fine, coarse = head(), head(spacing=4.0)
    finer = array(sitk.Resample(fine.labels, coarse.labels, sitk.Transform(), sitk.sitkNearestNeighbor))
    assert (finer == array(coarse.labels)).mean() > 0.85


def test_the_functional_grid_is_its_own() -> None:
    phantom = head_phantom(spacing=4.0, pet_tilt=(5.0, -3.0, 8.0))
    assert phantom.pet.GetSpacing() == (2.0, 2.0, 2.0)
    assert phantom.pet.GetDirection() != phantom.t1.GetDirection()
    direction = np.reshape(phantom.pet.GetDirection(), (3, 3))
    np.testing.assert_allclose(direction @ direction.T, np.eye(3), atol=1e-12)


def test_spect_is_coarser_and_in_counts() -> None:
    phantom = head_phantom(spacing=4.0, function="spect")
    assert phantom.pet.GetSpacing() == (4.0, 4.0, 4.0)
    assert (phantom.units, phantom.modality, phantom.fwhm) == ("counts", "NM", 10.0)


@pytest.mark.parametrize(
    ("misalign", "tilt"),
    [
        (None, (0.0, 0.0, 0.0)),
        (None, (6.0, -4.0, 9.0)),
        (((4.0, -6.0, 10.0), (7.0, -5.0, 9.0)), (0.0, 0.0, 0.0)),
        (((-5.0, 3.0, 8.0), (-9.0, 6.0, -4.0)), (5.0, -3.0, 8.0)),
    ],
    ids=["aligned", "oblique", "moved", "moved and oblique"],
)
def test_the_true_transform_lays_the_functional_image_on_the_anatomy(misalign: Any, tilt: Any) -> None:
    phantom = head_phantom(spacing=3.0, noise=0.0, misalign=misalign, pet_tilt=tilt)
    back = array(sitk.Resample(phantom.pet, phantom.t1, phantom.true_transform))
    sigma = phantom.fwhm / FWHM_PER_SIGMA / 3.0
    truth = scipy.ndimage.gaussian_filter(array(phantom.true_uptake), sigma)
    inner = (slice(12, -6),) * 3  # away from the neck, which leaves the field of view
    assert np.corrcoef(back[inner].ravel(), truth[inner].ravel())[0, 1] > 0.99
    hot = phantom.lesions[0]
    there = phantom.true_transform.TransformPoint(hot.center)
    near = sitk.Cast(phantom.pet > 0.75 * array(phantom.pet).max(), sitk.sitkUInt8)
    statistics = sitk.LabelShapeStatisticsImageFilter()
    statistics.Execute(near)
    np.testing.assert_allclose(statistics.GetCentroid(1), there, atol=1.0)
    if misalign is not None:
        assert np.linalg.norm(np.subtract(there, hot.center)) > 5


def test_noise_follows_the_counts_and_can_be_left_out() -> None:
    clean, noisy = head(spacing=4.0), head_phantom(spacing=4.0, noise=1.0)
    difference, level = array(noisy.pet) - array(clean.pet), array(clean.pet)
    high, low = level > 14000, (level > 2000) & (level < 5000)
    assert 0.03 < difference[high].std() / level[high].mean() < 0.08
    ratio = (difference[high].var() / level[high].mean()) / (difference[low].var() / level[low].mean())
    assert 0.6 < ratio < 1.4
    assert array(noisy.pet).min() >= 0
    outside = scipy.ndimage.binary_erosion(array(clean.labels) == LABELS["background"], iterations=2, border_value=1)
    air = array(noisy.t1)[outside]
    assert air.mean() == pytest.approx(1.253 * 0.022 * 620, rel=0.15)  # Rayleigh: the magnitude of pure noise


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(OptionError, match="function 'ct' is not known"):
        head_phantom(function="ct")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="spacing is 0"):
        head_phantom(spacing=0)
    with pytest.raises(OptionError, match="noise is -1"):
        head_phantom(noise=-1)
    with pytest.raises(OptionError, match="plane 'oblique'"):
        slice_pair(64, plane="oblique")  # type: ignore[arg-type]


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_a_slice_pair_is_two_pictures_of_one_place(plane: Any) -> None:
    mri, pet = slice_pair(96, plane=plane)
    assert mri.shape == pet.shape == (96, 96)
    assert mri.dtype == pet.dtype == np.uint8
    assert mri.max() > 200
    assert 80 < np.percentile(pet, 98) < 255
    tissue, active = mri > 60, pet > 60
    assert (tissue & active).sum() > 0.85 * active.sum()


def test_noise_on_the_lattice_has_unit_variance_and_the_wavelength_asked_for() -> None:
    field = noise(0, 99, 24.0, width=0.2)
    assert field.std() == pytest.approx(1, abs=1e-3)
    line = np.abs(np.fft.rfft(field, axis=0)) ** 2
    np.testing.assert_allclose(onto(lattice_axes(), field), field, atol=1e-5)
    frequency = np.fft.rfftfreq(field.shape[0], STEP)
    assert line.sum((1, 2))[frequency > 1.8 / 24].sum() < 0.01 * line.sum()
