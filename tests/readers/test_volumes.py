"""NIfTI, NRRD and MetaImage: the place of each voxel in the world, and what is refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from nifti_cases import OBLIQUE, save, values

from coconet_med.errors import GeometryError, ReadError
from coconet_med.readers import read

RNG = np.random.default_rng(0)


def test_a_voxel_lies_at_the_world_point_that_its_affine_gives(tmp_path: Path) -> None:
    array = values()
    source = read(save(tmp_path / "a.nii.gz", array), "anatomy")
    point = source.image.TransformIndexToPhysicalPoint((2, 3, 4))
    assert np.allclose(np.array(point) * [-1, -1, 1], (OBLIQUE @ [2, 3, 4, 1])[:3], atol=1e-4)
    assert source.image[2, 3, 4] == pytest.approx(array[2, 3, 4])


@pytest.mark.parametrize("suffix", [".nrrd", ".mha", ".nii"])
def test_other_formats_give_the_same_volume_as_nifti(tmp_path: Path, suffix: str) -> None:
    reference = read(save(tmp_path / "a.nii.gz", values()), "anatomy").image
    sitk.WriteImage(reference, str(tmp_path / f"b{suffix}"))
    other = read(tmp_path / f"b{suffix}", "anatomy").image
    assert np.array_equal(sitk.GetArrayFromImage(other), sitk.GetArrayFromImage(reference))
    assert np.allclose(other.GetOrigin(), reference.GetOrigin(), atol=1e-4)
    assert np.allclose(other.GetDirection(), reference.GetDirection(), atol=1e-6)
    assert np.allclose(other.GetSpacing(), reference.GetSpacing(), atol=1e-6)


def test_slope_and_intercept_are_applied(tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.arange(24, dtype=np.int16).reshape(2, 3, 4), np.eye(4))
    image.header.set_slope_inter(2.5, -1)
    nib.save(image, tmp_path / "a.nii")
    assert read(tmp_path / "a.nii", "function").image[1, 2, 3] == pytest.approx(23 * 2.5 - 1)


def test_big_endian_files_are_read(tmp_path: Path) -> None:
    array = np.arange(24, dtype=">i2").reshape(2, 3, 4)
    header = nib.Nifti1Header(endianness=">")
    nib.save(nib.Nifti1Image(array, np.eye(4), header), tmp_path / "a.nii")
    assert read(tmp_path / "a.nii", "anatomy").image[1, 2, 3] == 23


def test_a_trailing_axis_of_one_is_no_fourth_dimension(tmp_path: Path) -> None:
    assert read(save(tmp_path / "a.nii.gz", values((4, 5, 6, 1))), "anatomy").image.GetSize() == (4, 5, 6)


def test_not_a_number_becomes_background_with_a_warning(tmp_path: Path) -> None:
    for shift in (0, -500):  # background is 0 where all values lie above it, else the lowest
        array = values() + np.float32(1 + shift)
        array[1, 2, 3], array[4, 4, 4] = np.nan, np.inf
        source = read(save(tmp_path / "a.nii.gz", array), "anatomy")
        lowest = np.nanmin(array[np.isfinite(array)])
        assert source.image[1, 2, 3] == source.image[4, 4, 4] == min(lowest, 0)
    assert "2 voxels" in source.warnings[0]


def test_a_color_volume_keeps_its_colors_and_gives_its_luminance(tmp_path: Path) -> None:
    rgb = np.zeros((3, 4, 5), [("R", "u1"), ("G", "u1"), ("B", "u1")])
    rgb["R"], rgb["G"][1, 1, 1] = 200, 100
    nib.save(nib.Nifti1Image(rgb, np.eye(4)), tmp_path / "a.nii.gz")
    source = read(tmp_path / "a.nii.gz", "function")
    assert source.color is not None
    assert source.color[1, 1, 1] == (200, 100, 0)
    assert source.image[1, 1, 1] == pytest.approx(0.299 * 200 + 0.587 * 100)
    with pytest.raises(ReadError, match="in color"):
        read(tmp_path / "a.nii.gz", "anatomy")


def test_the_hash_is_that_of_the_file(tmp_path: Path) -> None:
    import hashlib

    path = save(tmp_path / "a.nii.gz", values())
    assert read(path, "anatomy").sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_sheared_affine_is_refused(tmp_path: Path) -> None:
    affine = np.diag([2.0, 2, 2, 1])
    affine[0, 1] = 0.2
    with pytest.raises(GeometryError, match="sheared by 5"):
        read(save(tmp_path / "a.nii.gz", values(), affine), "anatomy")


def test_an_affine_sheared_by_rounding_alone_is_taken(tmp_path: Path) -> None:
    affine = OBLIQUE.copy()
    affine[0, 1] += 2e-5
    read(save(tmp_path / "a.nii.gz", values(), affine), "anatomy")


def test_axes_that_miss_right_angles_by_little_are_squared_up_and_that_is_said(tmp_path: Path) -> None:
    """Anima issue 108, TotalSegmentator issue 461: affines as averaging and resampling programs write them."""
    affine = OBLIQUE.copy()
    affine[:3, 1] += 2e-3 * affine[:3, 0]
    source = read(save(tmp_path / "a.nii.gz", values(), affine), "anatomy")
    assert any("0.11 degrees off right angles and were squared up" in warning for warning in source.warnings)
    corners = np.array([(i, j, k, 1) for i in (0, 5) for j in (0, 5) for k in (0, 4)], float)
    there = np.array([source.image.TransformIndexToPhysicalPoint([int(n) for n in c[:3]]) for c in corners])
    np.testing.assert_allclose(there * (-1, -1, 1), (corners @ affine.T)[:, :3], atol=0.02)
    image = sitk.GetImageFromArray(values().T.astype(np.float32))
    image.SetDirection((1, 2e-3, 0, 0, 1, 0, 0, 0, 1))
    for path in (tmp_path / "a.nrrd", tmp_path / "a.mha"):
        sitk.WriteImage(image, str(path))
        assert any("squared up" in warning for warning in read(path, "anatomy").warnings)


@pytest.mark.parametrize("broken", ["zero", "parallel", "nan"])
def test_a_singular_affine_is_refused(tmp_path: Path, broken: str) -> None:
    affine = np.diag([2.0, 2, 2, 1])
    if broken == "zero":
        affine[1, 1] = 0
    elif broken == "parallel":
        affine[:3, 1] = affine[:3, 0]
    else:
        affine[0, 3] = np.nan
    image = nib.Nifti1Image(values(), np.eye(4))
    image.header["sform_code"], image.header["qform_code"] = 1, 0
    for row, name in enumerate(("srow_x", "srow_y", "srow_z")):
        image.header[name] = affine[row]
    image._affine = affine
    path = tmp_path / "a.nii"
    with path.open("wb") as file:
        file.write(image.header.binaryblock + b"\0" * 4 + values().tobytes(order="F"))
    raw = bytearray(path.read_bytes())
    raw[108:112] = np.float32(352).tobytes()
    raw[344:348] = b"n+1\0"
    path.write_bytes(raw)
    with pytest.raises(GeometryError, match=r"no finite numbers \(NaN" if broken == "nan" else "singular"):
        read(path, "anatomy")


HEADERS = {
    "offset.mha": "ObjectType = Image\nNDims = 3\nBinaryData = True\nTransformMatrix = 1 0 0 0 1 0 0 0 1\n"
    "Offset = nan 0 0\nElementSpacing = 2 2 2\nDimSize = 4 5 6\nElementType = MET_FLOAT\nElementDataFile = LOCAL\n",
    "space origin.nrrd": "NRRD0004\ntype: float\ndimension: 3\nspace: left-posterior-superior\nsizes: 4 5 6\n"
    "space directions: (2,0,0) (0,2,0) (0,0,2)\nspace origin: (nan,nan,nan)\nendian: little\nencoding: raw\n\n",
    "spacings.nrrd": "NRRD0004\ntype: float\ndimension: 3\nsizes: 4 5 6\nspacings: 2 inf 2\nendian: little\n"
    "encoding: raw\n\n",
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_place_that_is_no_number_is_refused_before_itk_makes_it_zero(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(HEADERS[name].encode() + values().tobytes())
    with pytest.raises(GeometryError, match=rf"its '{path.stem}' holds (nan|inf), which is no finite number; correct"):
        read(path, "anatomy")


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.ones((4, 5, 6), np.float32), "every voxel is 1"),
        (np.zeros((4, 5, 6), np.int16), "every voxel is 0"),
        (np.full((4, 5, 6), np.nan, np.float32), "no voxel has a finite value"),
        (RNG.normal(size=(4, 5, 6, 3)), "4-D"),
        (RNG.normal(size=(4, 5, 6)).astype(np.complex64), "real numbers"),
        (np.full((4, 5, 6), 1e300), "no voxel has a finite value"),
    ],
)
def test_what_cannot_be_fused_is_refused_with_the_reason(tmp_path: Path, array: np.ndarray, words: str) -> None:
    with pytest.raises(ReadError, match=words):
        read(save(tmp_path / "a.nii.gz", array, np.eye(4)), "function")


def test_very_large_values_are_kept(tmp_path: Path) -> None:
    array = values().astype(np.float64) * 1e30
    assert read(save(tmp_path / "a.nii.gz", array), "function").image[1, 1, 1] == pytest.approx(
        array[1, 1, 1], rel=1e-6
    )


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha", ".png", ".tif"])
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_text("no image\n" * 100, encoding="utf-8")
    with pytest.raises(ReadError, match="not a readable"):
        read(path, "anatomy")
    path.write_bytes(b"")
    with pytest.raises(ReadError, match="empty"):
        read(path, "anatomy")


@pytest.mark.parametrize("role", ["anatomy", "function"])
@pytest.mark.parametrize(
    ("written", "named", "reported"),
    [
        ("a.nii.gz", "b.nii", "is gzip, but its name does not end in .gz; rename it to b.nii.gz"),
        ("a.nii", "b.NII.GZ", "is not gzip, but its name ends in .gz; rename it to b.NII"),
    ],
)
def test_a_name_that_says_the_wrong_compression_is_reported_with_the_right_one(
    tmp_path: Path, written: str, named: str, reported: str, role: str
) -> None:
    save(tmp_path / written, values()).rename(tmp_path / named)
    with pytest.raises(ReadError) as refusal:
        read(tmp_path / named, role)
    assert str(refusal.value) == f"{tmp_path / named}: {reported}"


def test_compressed_voxels_of_a_pair_under_a_plain_name_are_reported(tmp_path: Path) -> None:
    nib.save(nib.Nifti1Pair(values(), OBLIQUE), tmp_path / "a.hdr")
    (tmp_path / "a.img").write_bytes(gzip.compress((tmp_path / "a.img").read_bytes()))
    with pytest.raises(ReadError, match=r"a\.img: is gzip, .*; pack both files of the pair or neither"):
        read(tmp_path / "a.hdr", "anatomy")


def test_voxels_that_begin_like_gzip_by_chance_are_read(tmp_path: Path) -> None:
    array = np.arange(7 * 8 * 9, dtype=np.int16).reshape(7, 8, 9)
    array[:2, 0, 0] = np.frombuffer(b"\x1f\x8b\x08\x08", np.int16)  # the first two in the file
    nib.save(nib.Nifti1Pair(array, OBLIQUE), tmp_path / "a.hdr")
    assert (tmp_path / "a.img").read_bytes()[:3] == b"\x1f\x8b\x08"
    assert sitk.GetArrayFromImage(read(tmp_path / "a.hdr", "anatomy").image)[0, 0, 0] == array[0, 0, 0]


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
def test_a_file_cut_short_is_refused(tmp_path: Path, suffix: str) -> None:
    image = sitk.GetImageFromArray(values((20, 20, 20)))
    path = tmp_path / f"a{suffix}"
    sitk.WriteImage(image, str(path))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ReadError, match="copy"):
        read(path, "anatomy")


def test_an_absurd_size_in_a_header_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii", values())
    raw = bytearray(path.read_bytes())
    raw[40:56] = np.array([3, 32000, 32000, 32000, 1, 1, 1, 1], np.int16).tobytes()
    path.write_bytes(raw)
    with pytest.raises(ReadError, match="can be read"):
        read(path, "anatomy")


def test_a_missing_file_and_an_unknown_format_are_named(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no such file"):
        read(tmp_path / "none.nii.gz", "anatomy")
    (tmp_path / "a.doc").write_text("x" * 200, encoding="utf-8")
    with pytest.raises(ReadError, match="not a format"):
        read(tmp_path / "a.doc", "anatomy")


@pytest.mark.parametrize(("kind", "taken"), [("list", False), ("time", False), ("vector", True), ("RGB-color", True)])
def test_a_list_of_three_volumes_is_no_color(tmp_path: Path, kind: str, taken: bool) -> None:
    stored = RNG.integers(0, 255, (4, 5, 6, 3), dtype=np.uint8)
    path = tmp_path / "a.nrrd"
    sitk.WriteImage(sitk.GetImageFromArray(stored, isVector=True), str(path))
    path.write_bytes(path.read_bytes().replace(b"kinds: vector", f"kinds: {kind}".encode(), 1))
    if taken:
        assert read(path, "function").color is not None
    else:
        with pytest.raises(ReadError, match="holds a list of 3 volumes"):
            read(path, "function")


def test_mgh_without_an_orientation_is_read_as_freesurfer_does_and_that_is_said(tmp_path: Path) -> None:
    """nibabel fills in a default and the flag itself, so that its header does not tell any more."""
    path = tmp_path / "a.mgh"
    nib.save(nib.MGHImage(values(), OBLIQUE.astype(np.float32)), path)
    assert read(path, "anatomy").warnings == ()
    raw = bytearray(path.read_bytes())
    raw[28:30] = bytes(2)  # goodRASFlag
    path.write_bytes(raw)
    source = read(path, "anatomy")
    assert "gives no orientation (goodRASFlag is 0)" in source.warnings[-1]
    assert source.image.GetSpacing() == (1, 1, 1)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_a_place_that_no_scanner_gives_is_refused(tmp_path: Path, suffix: str) -> None:
    image = read(save(tmp_path / "a.nii.gz", values()), "anatomy").image
    image.SetOrigin((0.0, 2e5, 0.0))
    sitk.WriteImage(image, str(tmp_path / f"b{suffix}"))
    with pytest.raises(GeometryError, match=r"lie at .*200000, 0 mm, more than 100 m away"):
        read(tmp_path / f"b{suffix}", "anatomy")


@pytest.mark.parametrize("count", [1, 5])
def test_an_nrrd_of_several_volumes_that_gives_no_kinds_is_told_in_our_words(tmp_path: Path, count: int) -> None:
    header = f"NRRD0005\ntype: short\ndimension: 4\nsizes: 4 5 6 {count}\nendian: little\nencoding: raw\n"
    header += "space: left-posterior-superior\nspace directions: (1,0,0) (0,1,0) (0,0,1) none\n\n"
    (tmp_path / "a.nrrd").write_bytes(header.encode() + np.arange(120 * count, dtype="<i2").tobytes())
    with pytest.raises(ReadError, match=r"has more axes than its space, and no kinds.*save the volume") as error:
        read(tmp_path / "a.nrrd", "function")
    assert "ITK" not in str(error.value)
