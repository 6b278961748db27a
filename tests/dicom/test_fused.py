"""Uptake read back from the colors of a fused DICOM series: Secondary Capture slices, and the enhanced form."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_phantom import classic

import coconet_med
from coconet_med.color.readback import read_back
from coconet_med.dicom.fused import read_fused
from coconet_med.errors import ReadError
from coconet_med.phantom import head_phantom


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    head = head_phantom(spacing=8.0, pet_spacing=8.0, noise=0.0)
    for image, kind, name in ((head.t1, "MR", "T1 MPRAGE"), (head.pet, "PT", "PET AC")):
        values = sitk.GetArrayFromImage(image)
        slope = float(values.max()) / 4000
        classic(
            folder / kind,
            kind,
            series=name,
            values=np.rint(values / slope).astype(int),
            orientation=(0.96, 0.28, 0.0, -0.28, 0.96, 0.0),
            origin=image.GetOrigin(),
            spacing=image.GetSpacing()[1::-1],
            step=image.GetSpacing()[2],
            slopes=[slope] * len(values) if kind == "PT" else None,
        )
    return coconet_med.fuse(folder, register="never")


@pytest.mark.parametrize("form", ["sc", "enhanced"])
def test_a_fused_folder_gives_the_uptake_of_its_colors(result, tmp_path, form):
    result.save(tmp_path / "fused", form=form)
    found = read_back(tmp_path / "fused")
    assert found.units == result.window.units
    np.testing.assert_allclose(sitk.GetArrayFromImage(found.uptake), result.read_uptake(), rtol=1e-6)
    for get in ("GetSize", "GetSpacing", "GetOrigin", "GetDirection"):
        np.testing.assert_allclose(getattr(found.uptake, get)(), getattr(result.color, get)(), atol=1e-4)


def test_the_one_file_of_the_enhanced_form_is_enough(result, tmp_path):
    result.save(tmp_path / "fused", form="enhanced")
    (file,) = (tmp_path / "fused").glob("*.dcm")
    assert read_back(file).uptake.GetSize() == result.color.GetSize()


def test_a_folder_without_its_side_car_needs_what_the_legend_says(result, tmp_path):
    result.save(tmp_path / "fused")
    (tmp_path / "fused.json").unlink()
    with pytest.raises(ReadError, match="has no side-car beside it"):
        read_back(tmp_path / "fused")
    window = result.window.low, result.window.high
    found = read_back(tmp_path / "fused", colormap=result.colormap, window=window)
    np.testing.assert_allclose(sitk.GetArrayFromImage(found.uptake), result.read_uptake(), rtol=1e-6)


def test_what_is_no_fused_series_in_color_is_refused(result, tmp_path):
    result.save(tmp_path / "gray", form="gray")
    with pytest.raises(ReadError, match="a gray fusion"):
        read_fused(tmp_path / "gray")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ReadError, match="no fused series of coconet-med"):
        read_fused(tmp_path / "empty")
    with pytest.raises(ReadError, match="no such file or folder"):
        read_fused(tmp_path / "none")
    result.save(tmp_path / "fused")
    files = sorted((tmp_path / "fused").glob("*.dcm"), key=lambda path: pydicom.dcmread(path).InstanceNumber)
    files[5].unlink()
    with pytest.raises(ReadError, match="slices are missing"):
        read_fused(tmp_path / "fused")


def test_a_picture_without_a_place_is_passed_over(result, tmp_path):
    result.save(tmp_path / "fused")
    first = sorted((tmp_path / "fused").glob("*.dcm"))[0]
    legend = pydicom.dcmread(first)
    del legend.ImagePositionPatient
    legend.SOPInstanceUID = "2.25.7"
    legend.save_as(tmp_path / "fused" / "legend.dcm")
    assert read_fused(tmp_path / "fused").GetSize() == result.color.GetSize()
