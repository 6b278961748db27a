"""Text headers of NRRD and MetaImage: units, sides, slopes, and what is said where they are not known."""

from __future__ import annotations

import bz2
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.errors import ReadError
from coconet_med.readers import read

RNG = np.random.default_rng(5)


def array(shape=(5, 6, 7), kind=np.float32) -> np.ndarray:
    return RNG.integers(0, 200, shape).astype(kind)


def _with_unit(path: Path, line: bytes) -> Path:
    key = b"kinds:" if path.suffix == ".nrrd" else b"ElementSpacing"
    path.write_bytes(path.read_bytes().replace(key, line + b"\n" + key, 1))
    return path


@pytest.mark.parametrize(
    ("suffix", "line", "factor"),
    [
        (".nrrd", b'space units: "um" "um" "um"', 1e-3),
        (".nrrd", b'space units: "microns" "microns" "microns"', 1e-3),
        (".nrrd", b'space units: "cm" "cm" "cm"', 10),
        (".nrrd", b'space units: "m" "m" "m"', 1e3),
        (".nrrd", b'space units: "" "" ""', 1),
        (".mha", b"DistanceUnits = um", 1e-3),
        (".mha", b"DistanceUnits = cm", 10),
        (".mha", b"DistanceUnits = ?", 1),
    ],
)
def test_units_of_nrrd_and_metaimage_are_obeyed(tmp_path: Path, suffix: str, line: bytes, factor: float) -> None:
    image = sitk.GetImageFromArray(array())
    image.SetSpacing((2 / factor, 2.5 / factor, 3 / factor))
    image.SetOrigin((-10 / factor, 20 / factor, 30 / factor))
    image.SetDirection((0.8, -0.6, 0, 0.6, 0.8, 0, 0, 0, 1))
    path = tmp_path / f"a{suffix}"
    sitk.WriteImage(image, str(path))
    source = read(_with_unit(path, line), "anatomy")
    assert np.allclose(source.image.GetSpacing(), (2, 2.5, 3))
    at = np.array(image.TransformIndexToPhysicalPoint((1, 2, 3))) * factor
    assert np.allclose(source.image.TransformIndexToPhysicalPoint((1, 2, 3)), at)
    assert bool(source.warnings) == (factor != 1)


def test_a_unit_that_is_not_known_is_taken_as_mm_and_said(tmp_path: Path) -> None:
    sitk.WriteImage(sitk.GetImageFromArray(array()), str(tmp_path / "a.nrrd"))
    source = read(_with_unit(tmp_path / "a.nrrd", b'space units: "furlong" "furlong" "furlong"'), "anatomy")
    assert source.image.GetSpacing() == (1, 1, 1)
    assert "'furlong' is not known" in source.warnings[0]


@pytest.mark.parametrize(
    ("space", "words"),
    [
        (b"space: right-anterior-superior", ""),
        (b"space: LPS", ""),
        (b"space: left-posterior-superior-time", ""),
        (b"space: scanner-xyz", "its space is 'scanner-xyz'"),
        (b"space: 3D-right-handed", "its space is '3d-right-handed'"),
        (b"space dimension: 3", "its header names no space"),
    ],
)
def test_an_nrrd_whose_axes_name_no_side_of_the_patient_is_said(tmp_path: Path, space: bytes, words: str) -> None:
    path = tmp_path / "a.nrrd"
    sitk.WriteImage(sitk.GetImageFromArray(array()), str(path))
    start = path.read_bytes()
    if b"time" not in space:
        path.write_bytes(start.replace(b"space: left-posterior-superior", space))
        assert path.read_bytes() != start or space in start
    notes = " ".join(read(path, "function").warnings)
    assert ("left and right are a guess" in notes) == bool(words)
    assert words in notes


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (b"TransformMatrix = 1 0 0 0 1 0 0 0 1\nAnatomicalOrientation = RAI", ""),
        (b"TransformMatrix = 1 0 0 0 1 0 0 0 1\nAnatomicalOrientation = LPS", ""),
        (b"TransformMatrix = 1 0 0 0 1 0 0 0 1\nAnatomicalOrientation = ???", ""),
        (b"TransformMatrix = -1 0 0 0 -1 0 0 0 1\nAnatomicalOrientation = LPI", ""),
        (b"TransformMatrix = -1 0 0 0 -1 0 0 0 1\nAnatomicalOrientation = RAI", ""),
        (b"TransformMatrix = 1 0 0 0 1 0 0 0 1\nAnatomicalOrientation = LAI", "says LAI, its TransformMatrix RAI"),
        (b"Offset = 0 0 0", "its header has no TransformMatrix"),
        (b"AnatomicalOrientation = RAI", ""),
    ],
)
def test_a_metaimage_whose_orientations_disagree_or_are_missing_is_said(
    tmp_path: Path, lines: bytes, words: str
) -> None:
    head = b"ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n" + lines
    head += b"\nElementSpacing = 2 2 2\nDimSize = 5 4 3\nElementType = MET_FLOAT\nElementDataFile = LOCAL\n"
    path = tmp_path / "a.mha"
    path.write_bytes(head + np.arange(60, dtype="<f4").tobytes())
    notes = " ".join(read(path, "function").warnings)
    assert words in notes
    assert bool(notes) == bool(words)


def test_the_intensity_function_of_metaimage_is_applied(tmp_path: Path) -> None:
    stored = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    path = tmp_path / "a.mha"
    sitk.WriteImage(sitk.GetImageFromArray(stored), str(path))
    lines = b"ElementToIntensityFunctionSlope = 0.5\nElementToIntensityFunctionOffset = 3"
    source = read(_with_unit(path, lines), "function")
    assert np.array_equal(sitk.GetArrayViewFromImage(source.image), 0.5 * stored + 3)
    assert "0.5 x + 3) was applied" in source.warnings[0]
    with pytest.raises(ReadError, match="makes no values"):
        read(_with_unit(path, b"ElementToIntensityFunctionSlope = 0"), "function")


def test_a_quantized_nrrd_is_said_to_be_one(tmp_path: Path) -> None:
    stored = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    sitk.WriteImage(sitk.GetImageFromArray(stored), str(tmp_path / "a.nrrd"))
    source = read(_with_unit(tmp_path / "a.nrrd", b"old min: 0\nold max: 25000"), "function")
    assert np.array_equal(sitk.GetArrayViewFromImage(source.image), stored)
    assert "values from 0 to 25000 (old min, old max)" in source.warnings[0]


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_a_size_of_voxels_that_nobody_gives_is_said(tmp_path: Path, suffix: str) -> None:
    """ITK takes 1 mm without a word, also of an NRRD that gives the ends of its axes only."""
    path = tmp_path / f"a{suffix}"
    if suffix == ".nrrd":
        head = (
            "NRRD0004\ntype: float\ndimension: 3\nsizes: 7 6 5\naxis mins: 0 0 0\naxis maxs: 14 12 15\nendian: little\n"
        )
        head += "encoding: raw\n\n"
    else:
        head = "ObjectType = Image\nNDims = 3\nDimSize = 7 6 5\nElementType = MET_FLOAT\nElementDataFile = LOCAL\n"
    path.write_bytes(head.encode() + array().tobytes())
    assert any("gives no size of voxels, and 1 mm was taken" in warning for warning in read(path, "anatomy").warnings)


def test_bzip2_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.nrrd"
    sitk.WriteImage(sitk.GetImageFromArray(array()), str(path))
    head, _, body = path.read_bytes().partition(b"\n\n")
    path.write_bytes(head.replace(b"encoding: raw", b"encoding: bzip2") + b"\n\n" + bz2.compress(body))
    with pytest.raises(ReadError, match="packed with bzip2"):
        read(path, "anatomy")


@pytest.mark.parametrize(
    ("space", "signs"),
    [
        ("right-anterior-superior-time", (-1, -1, 1)),
        ("left-anterior-superior-time", (1, -1, 1)),
        ("left-posterior-superior-time", (1, 1, 1)),
        ("RAST", (-1, -1, 1)),
        ("LAST", (1, -1, 1)),
    ],
)
def test_a_space_with_a_time_axis_lies_where_its_name_says(tmp_path: Path, space: str, signs) -> None:
    path = tmp_path / "a.nrrd"
    head = (
        "NRRD0005\ntype: float\ndimension: 4\nsizes: 7 6 5 1\nendian: little\nencoding: raw\n"
        f"space: {space}\nspace directions: (2,0,0,0) (0,2,0,0) (0,0,3,0) (0,0,0,1)\nspace origin: (10,20,30,0)\n\n"
    )
    path.write_bytes(head.encode() + array().tobytes())
    source = read(path, "anatomy")
    expected = np.array((12.0, 24.0, 39.0)) * signs
    assert np.allclose(source.image.TransformIndexToPhysicalPoint((1, 2, 3)), expected)
    assert any("time axis" in said for said in source.warnings) == (signs != (1, 1, 1))
