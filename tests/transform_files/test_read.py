"""Transforms of other programs lay the functional image where they say, or are refused; ours are read by others."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

import coconet_med
from coconet_med.errors import FusionError, GeometryError, OptionError, ReadError, RegistrationError
from coconet_med.geometry import affine_of
from coconet_med.model import Model
from coconet_med.phantom import HeadPhantom
from coconet_med.source import Source
from coconet_med.transform_files import read_transform
from coconet_med.writers.volumes import write_volume

FLIP = np.diag((-1.0, -1.0, 1.0, 1.0))


@pytest.fixture(scope="module")
def move() -> np.ndarray:
    """A point of the anatomy to that of the moved PET, LPS mm: 12 degrees and 23 mm."""
    euler = sitk.Euler3DTransform((3.0, -5.0, 10.0), *np.radians((6.0, -4.0, 10.0)).tolist(), (14.0, -9.0, 16.0))
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(euler.GetMatrix()).reshape(3, 3)
    matrix[:3, 3] = euler.TransformPoint((0.0, 0.0, 0.0))
    return matrix


@pytest.fixture(scope="module")
def moved(head: HeadPhantom, move: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """T1 and a PET whose header puts it elsewhere, as NIfTI."""
    folder = tmp_path_factory.mktemp("moved")
    paths = folder / "T1.nii.gz", folder / "PET.nii.gz"
    pet = sitk.Image(head.pet)
    pet.SetOrigin((move @ [*head.pet.GetOrigin(), 1.0])[:3].tolist())
    pet.SetDirection((move[:3, :3] @ np.array(head.pet.GetDirection()).reshape(3, 3)).ravel().tolist())
    for image, path in zip((head.t1, pet), paths, strict=True):
        write_volume(image, path)
    return paths


@pytest.fixture
def truth(head: HeadPhantom) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.Resample(head.pet, head.t1, sitk.Transform(), sitk.sitkLinear, 0.0))


def tfm(matrix: np.ndarray, path: Path) -> Path:
    transform = sitk.AffineTransform(matrix[:3, :3].ravel().tolist(), matrix[:3, 3].tolist())
    sitk.WriteTransform(transform, str(path))
    return path


def lta(matrix: np.ndarray, src: sitk.Image, dst: sitk.Image, path: Path, *, voxels: bool = False) -> Path:
    """As FreeSurfer writes it: ``matrix`` from src to dst, RAS mm, or voxels to voxels."""
    if voxels:
        matrix = np.linalg.inv(affine_of(dst)) @ matrix @ affine_of(src)
    lines = [
        f"type      = {0 if voxels else 1}",
        "nxforms   = 1",
        "mean      = 0.0 0.0 0.0",
        "sigma     = 1.0",
        "1 4 4",
    ]
    lines += [" ".join(f"{v:.15e}" for v in row) for row in matrix]
    for name, image in (("src", src), ("dst", dst)):
        affine, size = affine_of(image), np.array(image.GetSize())
        lines += [f"{name} volume info", "valid = 1  # volume info valid", f"filename = {name}.mgz"]
        lines += [f"volume = {' '.join(map(str, size))}", f"voxelsize = {' '.join(map(repr, image.GetSpacing()))}"]
        axes = affine[:3, :3] / image.GetSpacing()
        lines += [f"{x}ras   = {' '.join(repr(float(v)) for v in axes[:, n])}" for n, x in enumerate("xyz")]
        lines += [f"cras   = {' '.join(repr(float(v)) for v in affine[:3, :3] @ (size / 2) + affine[:3, 3])}"]
    path.write_text("# transform file\n" + "\n".join(lines) + "\nsubject fred\nfscale 0.15\n", encoding="utf-8")
    return path


def flirt(matrix: np.ndarray, start: Path, end: Path, path: Path) -> Path:
    """The FLIRT matrix of RAS ``matrix`` from one NIfTI file to another, found from eight corners point by point."""

    def scaled(file: Path, voxel: np.ndarray) -> np.ndarray:
        image = nib.load(file)
        i, j, k = voxel
        if np.linalg.det(image.affine[:3, :3]) > 0:  # neurological storage: FSL turns the first axis round
            i = image.shape[0] - 1 - i
        return np.array([i, j, k]) * image.header.get_zooms()[:3]

    first, second = nib.load(start).affine, nib.load(end).affine
    voxels = np.array([[n & 1, n >> 1 & 1, n >> 2 & 1] for n in range(8)]) * 30.0
    there = [(np.linalg.inv(second) @ matrix @ first @ [*v, 1.0])[:3] for v in voxels]
    left = np.array([[*scaled(start, v), 1.0] for v in voxels])
    right = np.array([[*scaled(end, v), 1.0] for v in there])
    found = np.linalg.lstsq(left, right, rcond=None)[0].T
    path.write_text("\n".join("  ".join(f"{v:.12f}" for v in row) + "  " for row in found) + "\n", encoding="utf-8")
    return path


def sources(paths: tuple[Path, Path]) -> tuple[Source, Source]:
    from coconet_med.readers import read

    return read(paths[0], "anatomy"), read(paths[1], "function")


def close(found: np.ndarray, move: np.ndarray) -> None:
    np.testing.assert_allclose(found, move, atol=2e-4)


@pytest.mark.parametrize("name", ["x.tfm", "x.h5", "x.mat", "x.txt"])
def test_an_itk_or_slicer_transform_goes_from_the_anatomy_to_the_function(moved, move, tmp_path, name):
    close(read_transform(tfm(move, tmp_path / name), *sources(moved)).matrix, move)


def test_a_composite_of_linear_transforms_is_taken_and_a_deformation_refused(moved, move, tmp_path):
    half = sitk.AffineTransform(np.eye(3).ravel().tolist(), (5.0, 0.0, 0.0))
    rest = sitk.AffineTransform(move[:3, :3].ravel().tolist(), (move[:3, 3] - move[:3, :3] @ [5.0, 0.0, 0.0]).tolist())
    sitk.WriteTransform(sitk.CompositeTransform([rest, half]), str(tmp_path / "both.h5"))
    close(read_transform(tmp_path / "both.h5", *sources(moved)).matrix, move)
    field = sitk.DisplacementFieldTransform(sitk.Image([8, 8, 8], sitk.sitkVectorFloat64, 3))
    sitk.WriteTransform(field, str(tmp_path / "field.h5"))
    with pytest.raises(GeometryError, match="not linear"):
        read_transform(tmp_path / "field.h5", *sources(moved))


@pytest.mark.parametrize("voxels", [False, True])
@pytest.mark.parametrize("from_pet", [True, False])
def test_an_lta_tells_its_direction_by_its_grids(moved, move, tmp_path, voxels, from_pet):
    pair = sources(moved)
    t1, pet = (source.image for source in pair)
    ras = FLIP @ move @ FLIP
    path = tmp_path / "reg.lta"
    lta(np.linalg.inv(ras), pet, t1, path, voxels=voxels) if from_pet else lta(ras, t1, pet, path, voxels=voxels)
    close(read_transform(path, *pair).matrix, move)


@pytest.mark.parametrize("turned", [False, True])
def test_a_flirt_matrix_counts_in_the_scaled_voxels_of_its_images(moved, move, tmp_path, turned):
    """Also where the first axis of an image runs the other way (FSL turns it round by the sign of the determinant)."""
    t1, pet = moved
    if turned:
        image = sitk.ReadImage(str(pet))
        pet = tmp_path / "PET.nii.gz"
        write_volume(sitk.Flip(image, (True, False, False)), pet)
    ras = FLIP @ move @ FLIP
    path = flirt(np.linalg.inv(ras), pet, t1, tmp_path / "pet2t1.mat")
    pair = sources((t1, pet))
    close(read_transform(path, *pair).matrix, move)
    close(read_transform(path, *pair, images=(pet, t1)).matrix, move)
    back = flirt(ras, t1, pet, tmp_path / "t12pet.mat")
    close(read_transform(back, *pair, images=(t1, pet)).matrix, move)
    close(read_transform(back, *pair, reverse=True).matrix, move)


def test_a_flirt_matrix_without_its_images_is_refused(head, move, tmp_path):
    path = tmp_path / "x.mat"
    path.write_text("1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n", encoding="utf-8")
    with pytest.raises(OptionError, match="--transform-images IN"):
        read_transform(path, Source(head.t1, "t1"), Source(head.pet, "pet"))


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


@pytest.mark.parametrize(
    ("text", "name", "error", "words"),
    [
        ("", "x.tfm", ReadError, "is empty"),
        ("hello", "x.tfm", ReadError, "cannot be read as an ITK"),
        ("hello", "x.lta", ReadError, "no complete LTA"),
        ("hello", "x.xfm", ReadError, "no transform that is read"),
        ("1 0 0 0\n0 1 0 0\n0 0 0 0\n0 0 0 1\n", "x.mat", GeometryError, "singular"),
        ("-1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n", "x.mat", GeometryError, "mirrors"),
    ],
)
def test_what_is_no_transform_is_named(moved, tmp_path, text, name, error, words):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(error, match=words):
        read_transform(tmp_path / name, *sources(moved))


def test_an_lta_of_other_images_is_refused(moved, move, head, tmp_path):
    other = sitk.Image(64, 64, 64, sitk.sitkFloat32)
    with pytest.raises(GeometryError, match="other images"):
        read_transform(lta(move, other, other, tmp_path / "x.lta"), *sources(moved))


def test_options_that_do_not_go_together_are_refused_before_reading(tmp_path):
    (tmp_path / "x.tfm").write_text("#", encoding="utf-8")
    missing = tmp_path / "none.nii.gz"
    with pytest.raises(OptionError, match="--register always"):
        coconet_med.fuse(missing, missing, transform=tmp_path / "x.tfm", register="always")
    with pytest.raises(OptionError, match="stated or reverse"):
        coconet_med.fuse(missing, missing, transform=tmp_path / "x.tfm", transform_direction="backwards")
    with pytest.raises(ReadError, match="no such file"):
        coconet_med.fuse(missing, missing, transform=tmp_path / "y.tfm")


def test_the_written_transform_is_read_by_simpleitk_and_by_us(moved, move, mean_model, tmp_path):
    result = coconet_med.fuse(*moved, transform=tfm(move, tmp_path / "x.tfm"), model=mean_model)
    written = result.save(tmp_path / "fused.nii.gz", transform=True)
    assert tmp_path / "fused_transform.tfm" in written
    back = sitk.ReadTransform(str(tmp_path / "fused_transform.tfm"))
    point = (12.0, -30.0, 44.0)
    np.testing.assert_allclose(back.TransformPoint(point), (move @ [*point, 1.0])[:3], atol=1e-9)
    close(read_transform(tmp_path / "fused_transform.tfm", *sources(moved)).matrix, move)


def test_pictures_have_no_transform(mean_model, move, tmp_path):
    from coconet_med.phantom import slice_pair

    mri, pet = slice_pair(32)
    with pytest.raises(OptionError, match="is for volumes"):
        coconet_med.fuse(mri, pet, transform=tfm(move, tmp_path / "x.tfm"), model=mean_model)
    with pytest.raises(FusionError, match="is for volumes"):
        coconet_med.fuse(mri, pet, model=mean_model).save(tmp_path / "f.png", transform=True)
