"""Positions decide the grid, and whatever is no regular grid is refused with the reason."""

from __future__ import annotations

import copy

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_phantom import AXIAL, OBLIQUE, classic, enhanced, places, stored_values

from coconet_med.errors import ReadError
from coconet_med.readers.dicom import read_series


def _grid(image: sitk.Image) -> list[np.ndarray]:
    return [np.array(get()) for get in (image.GetSpacing, image.GetOrigin, image.GetDirection)]


@pytest.mark.parametrize("orientation", [AXIAL, OBLIQUE, (0, 1, 0, 0, 0, -1), (-1, 0, 0, 0, 1, 0)])
def test_voxels_lie_where_position_orientation_and_pixel_spacing_say(tmp_path, orientation):
    stored = classic(tmp_path, orientation=orientation)
    source = read_series(tmp_path, "anatomy")
    spacing, origin, direction = _grid(source.image)
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    np.testing.assert_allclose(spacing, [1.25, 1.5, 2.0], atol=1e-6)
    np.testing.assert_allclose(origin, [-8.0, -9.5, 20.25], atol=1e-6)
    np.testing.assert_allclose(direction.reshape(3, 3).T, [row, column, np.cross(row, column)], atol=1e-6)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(source.image), stored)
    assert source.slice_axis == 2
    assert source.warnings == ()


def test_slices_against_the_normal_are_put_in_order_and_keep_their_place(tmp_path):
    stored = classic(tmp_path, step=-2.0)
    image = read_series(tmp_path, "anatomy").image
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), stored[::-1])
    assert image.TransformIndexToPhysicalPoint((0, 0, 5)) == pytest.approx((-8.0, -9.5, 20.25))
    assert np.linalg.det(np.array(image.GetDirection()).reshape(3, 3)) == pytest.approx(1)


@pytest.mark.parametrize("step", [3.27, 1.25, 0.94])
def test_positions_rounded_to_a_tenth_of_a_millimeter_lose_nothing_at_the_end(tmp_path, step):
    """Some scanners round; readers that take the first step (dcm2niix, XMedCon) put the last slice up to 3 mm off."""
    true = np.array([-8.0, -9.5, 20.25]) + np.outer(np.arange(60), (0, 0, step))
    classic(tmp_path, values=stored_values(60), positions=np.round(true, 1))
    image = read_series(tmp_path, "anatomy").image
    assert image.TransformIndexToPhysicalPoint((0, 0, 59)) == pytest.approx(true[59], abs=0.06)


def test_steps_that_vary_are_no_missing_slices(tmp_path):
    where = places(9, OBLIQUE, (0, 0, 0), 2.0) + np.outer(
        (0, 0, 0, 0.15, 0, 0, -0.15, 0, 0), np.cross(OBLIQUE[:3], OBLIQUE[3:])
    )
    classic(tmp_path, values=stored_values(9), positions=where, orientation=OBLIQUE)
    with pytest.raises(ReadError, match=r"slice steps vary from 1\.85 to 2\.15 mm"):
        read_series(tmp_path, "anatomy")


def _without(*missing: int, slices: int = 9) -> tuple[np.ndarray, np.ndarray]:
    kept = [k for k in range(slices) if k not in missing]
    return stored_values(slices)[kept], places(slices, OBLIQUE, (0, 0, 0), 2.0)[kept]


def test_missing_slices_are_counted_and_refused(tmp_path):
    values, where = _without(3, 4)
    classic(tmp_path, values=values, positions=where, orientation=OBLIQUE)
    with pytest.raises(ReadError, match=r"2 slice\(s\) missing \(step 2 mm\) next to .*_2\.dcm"):
        read_series(tmp_path, "anatomy")


def test_uneven_spacing_is_refused(tmp_path):
    where = places(6, AXIAL, (0, 0, 0), 2.0)
    where[3:, 2] += 0.7
    classic(tmp_path, positions=where)
    with pytest.raises(ReadError, match=r"slice steps vary from 2 to 2\.7 mm; --allow-gaps"):
        read_series(tmp_path, "anatomy")


def test_gantry_tilt_is_refused_with_its_angle(tmp_path):
    where = places(6, AXIAL, (0, 0, 0), 2.0)
    where[:, 1] += np.arange(6) * 2.0 * np.tan(np.radians(14))
    classic(tmp_path, "CT", positions=where)
    with pytest.raises(ReadError, match=r"sheared by 14\.0 degrees \(gantry tilt\)"):
        read_series(tmp_path, "anatomy")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            lambda ds, k: setattr(ds, "ImageOrientationPatient", list(OBLIQUE if k == 2 else AXIAL)),
            "2 different orientations",
        ),
        (lambda ds, k: setattr(ds, "PixelSpacing", ["1", "1"] if k == 2 else ["1.5", "1.5"]), "pixel spacings"),
        (lambda ds, k: setattr(ds, "ImagePositionPatient", ["1", "2", "3"]), "all 6 images lie in one place"),
        (lambda ds, k: setattr(ds, "FrameOfReferenceUID", f"1.2.{k % 2 + 1}"), "2 different frames of reference"),
        (lambda ds, k: setattr(ds, "ImageType", ["ORIGINAL", "PRIMARY", "LOCALIZER"]), "is a localizer"),
        (lambda ds, k: setattr(ds, "ImageType", ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]), "a Siemens mosaic"),
        (lambda ds, k: setattr(ds, "PhotometricInterpretation", "RGB"), "only grayscale values can be fused"),
        (lambda ds, k: delattr(ds, "ImagePositionPatient"), "no usable ImagePositionPatient"),
        (lambda ds, k: setattr(ds, "ImageOrientationPatient", [1, 0, 0, 0.5, 1, 0]), "not two unit vectors"),
        (lambda ds, k: setattr(ds, "PixelSpacing", ["0", "0"]), "not plausible"),
    ],
)
def test_what_is_no_volume_is_refused_with_its_files(tmp_path, edit, message):
    classic(tmp_path, edit=edit)
    with pytest.raises(ReadError, match=message):
        read_series(tmp_path, "anatomy")


def test_slices_of_another_size_are_named(tmp_path):
    def shrink(ds, k):
        if k == 4:
            ds.Rows -= 1
            ds.PixelData = ds.PixelData[: ds.Rows * ds.Columns * 2]

    classic(tmp_path, edit=shrink)
    with pytest.raises(ReadError, match=r"2 different image sizes .* 004_4\.dcm"):
        read_series(tmp_path, "anatomy")


def test_a_single_slice_is_no_volume(tmp_path):
    classic(tmp_path, values=stored_values(1))
    with pytest.raises(ReadError, match="a single slice is no volume"):
        read_series(tmp_path, "anatomy")


@pytest.mark.parametrize("lost", [None, 0, 1])
def test_a_concatenation_is_read_whole_or_refused(tmp_path, lost):
    """A multi-frame object cut into two files; without the second the volume ended early, without a word."""
    stored = enhanced(tmp_path)
    whole = pydicom.dcmread(tmp_path / "enhanced.dcm")
    (tmp_path / "enhanced.dcm").unlink()
    groups = list(whole.PerFrameFunctionalGroupsSequence)
    for part in {0, 1} - {lost}:
        ds = copy.deepcopy(whole)
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{part + 1}"
        ds.NumberOfFrames, ds.PixelData = 3, stored[3 * part : 3 * part + 3].astype("<u2").tobytes()
        ds.PerFrameFunctionalGroupsSequence = groups[3 * part : 3 * part + 3]
        ds.ConcatenationUID, ds.InConcatenationNumber, ds.InConcatenationTotalNumber = "1.2.3", part + 1, 2
        ds.save_as(tmp_path / f"{part}.dcm")
    if lost is None:
        np.testing.assert_array_equal(sitk.GetArrayFromImage(read_series(tmp_path, "anatomy").image), stored)
        return
    with pytest.raises(ReadError, match=f"concatenation of 2 files, and part {lost + 1} is not here"):
        read_series(tmp_path, "anatomy")


def test_an_oblique_stack_whose_directions_are_rounded_is_no_gantry_tilt(tmp_path):
    """Anonymizers write three decimals: of 2,000 oblique heads 6 % leaned by over 0.1 mm and were refused as tilted."""
    rough = (0.98, -0.14, 0.14, 0.12, 0.98, 0.16)
    row = np.array(rough[:3]) / np.linalg.norm(rough[:3])
    column = np.array(rough[3:]) - (np.array(rough[3:]) @ row) * row
    exact = (*row, *column / np.linalg.norm(column))
    where = places(6, exact, (0, 0, 0), 30.0)
    where[:, 0] += np.arange(6) * 0.06  # as rounding of the directions does
    classic(tmp_path, positions=where, orientation=exact)
    source = read_series(tmp_path, "anatomy")
    assert any("slices lean by 0.11 degrees" in w and "no voxel by more than 0.1" in w for w in source.warnings)
    for k in (0, 5):
        there = np.array(source.image.TransformIndexToPhysicalPoint((0, 0, k)))
        assert np.linalg.norm(there - where[k]) < 0.16
    for name in (tmp_path / "b",):
        classic(name, positions=places(6, exact, (0, 0, 0), 2.0), orientation=tuple(np.round(exact, 3)))
        assert read_series(name, "anatomy").warnings == ()


def test_a_localizer_in_one_file_is_named_by_its_frames(tmp_path):
    """Three directions in one Enhanced MR: the name of the only file tells nothing of the fewest frames."""

    def edit(ds, k):
        del ds.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence
        for index, group in enumerate(ds.PerFrameFunctionalGroupsSequence):
            item = pydicom.Dataset()
            item.ImageOrientationPatient = [[1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, -1], [1, 0, 0, 0, 0, -1]][index // 2]
            group.PlaneOrientationSequence = [item]

    enhanced(tmp_path, edit=edit)
    with pytest.raises(ReadError, match=r"3 different orientations among the 6 frames of enhanced.dcm \(a localizer"):
        read_series(tmp_path, "anatomy")
