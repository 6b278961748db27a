"""The main job in Python: geometry, values and provenance of the result."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from SimpleITK import GetArrayFromImage as array

import coconet_med
from coconet_med.model import Model
from coconet_med.phantom import HeadPhantom, head_phantom, slice_pair
from coconet_med.quality.ranks import spearman


def test_the_result_lies_on_the_anatomical_grid(head: HeadPhantom, mean_model: Model) -> None:
    result = coconet_med.fuse(head.t1, head.pet, model=mean_model)
    for image in (result.color, result.luminance, result.uptake):
        assert image.GetSize() == head.t1.GetSize()
        assert image.GetOrigin() == head.t1.GetOrigin()
        assert image.GetSpacing() == head.t1.GetSpacing()
        assert image.GetDirection() == head.t1.GetDirection()
    assert result.color.GetPixelIDTypeAsString() == "vector of 8-bit unsigned integer"
    assert result.luminance.GetPixelID() == sitk.sitkFloat32


def test_the_luminance_is_what_the_network_said_where_there_is_light(head: HeadPhantom, mean_model: Model) -> None:
    result = coconet_med.fuse(head.t1, head.pet, model=mean_model)
    light = result.anatomy_window.apply(array(head.t1))
    uptake = result.window.apply(array(result.uptake))
    lit = np.maximum(light, uptake) > 6 / 255
    assert np.allclose(array(result.luminance)[lit], ((light + uptake) / 2)[lit], atol=1e-6)


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_the_plane_changes_nothing_for_a_pixelwise_engine(head: HeadPhantom, mean_model: Model, plane: str) -> None:
    results = [coconet_med.fuse(head.t1, head.pet, model=mean_model, plane=p) for p in ("axial", plane)]
    assert results[1].plane == plane
    assert np.allclose(*(array(r.luminance) for r in results), atol=1e-6)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("tilt", [0, 20])
def test_uptake_comes_to_its_world_point(head: HeadPhantom, mean_model: Model, axis: int, tilt: float) -> None:
    """A functional image that holds its own world coordinate must show it, voxel by voxel, on the anatomical grid."""
    pet = head_phantom(spacing=4.0, pet_spacing=6.0, noise=0.0, pet_tilt=(tilt, -tilt, tilt / 2)).pet
    k, j, i = np.indices(array(pet).shape)
    matrix = np.array(pet.GetDirection()).reshape(3, 3) * pet.GetSpacing()
    coordinate = np.stack([i, j, k], -1) @ matrix.T + pet.GetOrigin()
    ramp = sitk.GetImageFromArray((coordinate[..., axis] + 500).astype(np.float32))
    ramp.CopyInformation(pet)
    result = coconet_med.fuse(head.t1, ramp, model=mean_model, register="never")
    inside = array(result.alignment.inside)
    inside[:2] = inside[-2:] = inside[:, :2] = inside[:, -2:] = inside[:, :, :2] = inside[:, :, -2:] = 0
    inside = sitk.GetArrayFromImage(sitk.BinaryErode(sitk.GetImageFromArray(inside), (2, 2, 2)))
    found = np.argwhere(inside)[::97]
    assert len(found) > 100
    shown = array(result.uptake)
    for k, j, i in found:
        place = result.color.TransformIndexToPhysicalPoint((int(i), int(j), int(k)))
        assert abs(shown[k, j, i] - 500 - place[axis]) < 0.1


@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (1, -1, -1)])
def test_a_marker_voxel_in_a_file_lies_at_the_same_world_point_in_the_output_file(
    tmp_path: Path, mean_model: Model, flips: tuple[int, ...]
) -> None:
    import nibabel as nib

    rotation = np.array([[0.96, -0.28, 0], [0.28, 0.96, 0], [0, 0, 1.0]])
    affine = np.eye(4)
    affine[:3, :3] = rotation @ np.diag(np.array(flips) * (2.0, 2.5, 3.0))
    affine[:3, 3] = (10, -20, 30)
    anatomy = np.random.default_rng(0).uniform(100, 200, (20, 22, 18)).astype(np.float32)
    anatomy[3, 4, 5] = 0  # the marker: the only dark voxel
    function = np.full((20, 22, 18), 5, np.float32)
    function[0, 0, 0] = 4
    for name, values in (("a", anatomy), ("f", function)):
        nib.save(nib.Nifti1Image(values, affine), tmp_path / f"{name}.nii.gz")
    result = coconet_med.fuse(
        tmp_path / "a.nii.gz", tmp_path / "f.nii.gz", model=mean_model, register="never", window=(0, 10)
    )
    result.save(tmp_path / "fused.nii.gz")
    file = nib.load(tmp_path / "fused.nii.gz")
    rgb = np.asarray(file.dataobj)
    green = rgb["G"].astype(int)
    marker = np.unravel_index(green.argmin(), green.shape)
    world = file.affine @ [*marker, 1]
    assert np.linalg.norm(world - affine @ [3, 4, 5, 1]) < 0.1


def test_uptake_can_be_read_back_from_the_colors(head: HeadPhantom, mean_model: Model) -> None:
    result = coconet_med.fuse(head.t1, head.pet, model=mean_model)
    truth = array(result.uptake)
    hot = (truth > 0.05 * result.window.high) & (truth < result.window.high)
    read = result.read_uptake()
    assert spearman(truth, read, hot) > 0.999
    assert np.abs(read - truth)[hot].mean() < 0.01 * result.window.high


def test_the_light_network_keeps_more_of_both_than_averaging_does() -> None:
    from coconet_med.quality import evaluate_pair
    from coconet_med.quality.baselines import fuse_classically

    mri, pet = slice_pair(128)
    result = coconet_med.fuse(mri, pet, engine="onnx")
    ours = evaluate_pair(mri, pet, array(result.color))["H"]
    assert ours > evaluate_pair(mri, pet, fuse_classically("average", mri, pet))["H"] + 0.05
    assert ours > evaluate_pair(mri, pet, mri)["H"] + 0.2


def test_strength_zero_is_the_anatomy_in_gray_and_strength_is_linear(head: HeadPhantom, mean_model: Model) -> None:
    none, half, full = (
        coconet_med.fuse(head.t1, head.pet, model=mean_model, strength=s, register="never") for s in (0, 0.5, 1)
    )
    light = none.anatomy_window.apply(array(head.t1))
    assert np.allclose(array(none.luminance), light)
    rgb = array(none.color)
    assert (rgb[..., 0] == rgb[..., 2]).all()
    assert np.allclose(array(half.luminance), (light + array(full.luminance)) / 2, atol=1e-6)


def test_values_above_a_given_window_are_reported(head: HeadPhantom, mean_model: Model) -> None:
    result = coconet_med.fuse(head.t1, head.pet, model=mean_model, window=(0, 1000))
    assert (result.window.low, result.window.high) == (0, 1000)
    assert any("above the window" in warning for warning in result.warnings)


def test_the_sidecar_says_what_went_in_and_what_was_done(pair: tuple[Path, Path], mean_model: Model) -> None:
    import hashlib

    reported = json.loads(json.dumps(coconet_med.fuse(*pair, model=mean_model).sidecar(), allow_nan=False))
    for role, path in zip(("anatomy", "function"), pair, strict=True):
        assert reported["sources"][role]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert reported["model"]["sha256"] == "0" * 64
    assert reported["software"]["version"] == coconet_med.__version__
    assert np.array(reported["alignment"]["matrix_lps_anatomy_to_function"]).shape == (4, 4)
    for key in ("window", "units", "warnings", "colormap", "plane", "research_use_only"):
        assert key in reported


def test_two_runs_give_the_same_bits(pair: tuple[Path, Path], mean_model: Model) -> None:
    runs = [coconet_med.fuse(*pair, model=mean_model, register="always") for _ in range(2)]
    assert np.array_equal(array(runs[0].color), array(runs[1].color))
    assert runs[0].sidecar() == runs[1].sidecar()


def test_arrays_written_through_an_image_are_in_the_image() -> None:
    from coconet_med.source import writable

    for image in (sitk.Image([4, 3, 2], sitk.sitkFloat32), sitk.Image([4, 3, 2], sitk.sitkVectorUInt8, 3)):
        values = np.random.default_rng(0).integers(0, 99, array(image).shape)
        writable(image)[...] = values
        assert (array(image) == values).all()


@pytest.mark.parametrize("plane", ["axial", "sagittal"])
def test_coloring_slices_is_coloring_the_volume(head: HeadPhantom, mean_model: Model, plane: str) -> None:
    from coconet_med.color import compose

    result = coconet_med.fuse(head.t1, head.pet, model=mean_model, plane=plane, strength=0.7)
    uptake = result.window.apply(array(result.uptake))
    assert (array(result.color) == compose(array(result.luminance), uptake, strength=0.7)).all()


def test_the_sidecar_says_in_what_numbers_was_computed(head: HeadPhantom, mean_model: Model) -> None:
    assert coconet_med.fuse(head.t1, head.pet, model=mean_model).sidecar()["model"]["precision"] == "float32"
