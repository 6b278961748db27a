"""Results on disk: formats that other programs read, whole or not at all."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

import coconet_med
from coconet_med.errors import WriteError
from coconet_med.model import Model
from coconet_med.phantom import HeadPhantom, slice_pair
from coconet_med.result import FusionResult
from coconet_med.writers import atomic, check_target, targets


@pytest.fixture
def result(head: HeadPhantom, mean_model: Model) -> FusionResult:
    return coconet_med.fuse(head.t1, head.pet, model=mean_model, register="never")


@pytest.fixture
def flat(mean_model: Model) -> FusionResult:
    return coconet_med.fuse(*slice_pair(64), model=mean_model)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha"])
def test_colors_and_geometry_read_back_exactly(result: FusionResult, tmp_path: Path, suffix: str) -> None:
    result.save(tmp_path / f"fused{suffix}")
    back = sitk.ReadImage(str(tmp_path / f"fused{suffix}"))
    assert back.GetNumberOfComponentsPerPixel() == 3
    assert np.array_equal(sitk.GetArrayFromImage(back), sitk.GetArrayFromImage(result.color))
    assert np.allclose(back.GetOrigin(), result.color.GetOrigin(), atol=1e-4)
    assert np.allclose(back.GetDirection(), result.color.GetDirection(), atol=1e-6)
    assert np.allclose(back.GetSpacing(), result.color.GetSpacing(), atol=1e-5)


def test_nifti_color_is_rgb24_in_millimeters(result: FusionResult, tmp_path: Path) -> None:
    result.save(tmp_path / "fused.nii.gz")
    header = nib.load(tmp_path / "fused.nii.gz").header
    assert header["datatype"] == 128
    assert header.get_xyzt_units()[0] == "mm"
    assert header["sform_code"] == header["qform_code"] == 1


def test_the_same_voxels_give_the_same_compressed_file_whatever_its_name(result: FusionResult, tmp_path: Path) -> None:
    for name in ("a.nii.gz", "b.nii.gz"):
        result.save(tmp_path / name)
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()


def test_it_is_one_member_for_readers_that_know_no_more(result: FusionResult, tmp_path: Path) -> None:
    result.save(tmp_path / "fused.nii.gz")
    reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert len(reader.decompress((tmp_path / "fused.nii.gz").read_bytes())) == 352 + 3 * np.prod(result.color.GetSize())
    assert reader.eof
    assert reader.unused_data == b""


def test_nrrd_says_that_the_first_axis_is_color(result: FusionResult, tmp_path: Path) -> None:
    result.save(tmp_path / "fused.nrrd")
    assert b"kinds: RGB-color domain domain domain" in (tmp_path / "fused.nrrd").read_bytes()[:1000]


def test_luminance_and_uptake_come_on_request(result: FusionResult, tmp_path: Path) -> None:
    written = result.save(tmp_path / "fused.nii.gz", luminance=True, uptake=True)
    names = sorted(path.name for path in written)
    assert names == ["fused.json", "fused.nii.gz", "fused_legend.png", "fused_luminance.nii.gz", "fused_uptake.nii.gz"]
    uptake = sitk.ReadImage(str(tmp_path / "fused_uptake.nii.gz"))
    assert np.array_equal(sitk.GetArrayFromImage(uptake), sitk.GetArrayFromImage(result.uptake))
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_the_sidecar_lies_beside_the_result(result: FusionResult, tmp_path: Path) -> None:
    result.save(tmp_path / "my.fused.nii.gz")
    assert json.loads((tmp_path / "my.fused.json").read_text(encoding="utf-8")) == json.loads(
        json.dumps(result.sidecar())
    )


def test_a_picture_keeps_its_pixels_and_gets_a_legend_beside_it(flat: FusionResult, tmp_path: Path) -> None:
    flat.save(tmp_path / "fused.png")
    with Image.open(tmp_path / "fused.png") as image:
        assert np.array_equal(np.asarray(image), sitk.GetArrayFromImage(flat.color))
    with Image.open(tmp_path / "fused_legend.png") as image:
        assert image.height >= 256


def test_a_volume_as_png_is_an_overview_with_legend(result: FusionResult, tmp_path: Path) -> None:
    result.save(tmp_path / "fused.png")
    with Image.open(tmp_path / "fused.png") as image:
        assert image.width > 3 * 200
        assert np.asarray(image)[:, -100:].max() > 200  # the legend's bar and text stand at the right side


def test_a_picture_can_be_written_as_a_volume(flat: FusionResult, tmp_path: Path) -> None:
    flat.save(tmp_path / "fused.nii.gz")
    assert sitk.ReadImage(str(tmp_path / "fused.nii.gz")).GetSize() == (64, 64, 1)


def test_what_exists_is_kept_unless_overwriting_is_asked_for(result: FusionResult, tmp_path: Path) -> None:
    (tmp_path / "fused.json").write_text("mine", encoding="utf-8")
    with pytest.raises(WriteError, match="--overwrite"):
        result.save(tmp_path / "fused.nii.gz")
    assert (tmp_path / "fused.json").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "fused.nii.gz").exists()
    result.save(tmp_path / "fused.nii.gz", overwrite=True)
    assert "research" in (tmp_path / "fused.json").read_text(encoding="utf-8")


def test_two_saves_give_the_same_bytes(result: FusionResult, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        result.save(tmp_path / name / "fused.nii.gz", luminance=True)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


@pytest.mark.parametrize("name", ["fused.bmp", "fused.dcm", "fused.txt"])
def test_a_format_that_is_not_written_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(WriteError, match="is not written"):
        check_target(tmp_path / name)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="no such folder"):
        check_target(tmp_path / "none" / "fused.nii.gz")


def test_every_file_of_a_result_is_known_beforehand(tmp_path: Path) -> None:
    files = targets(tmp_path / "a.png", luminance=True, uptake=True)
    assert {key: path.name for key, path in files.items()} == {
        "color": "a.png",
        "sidecar": "a.json",
        "legend": "a_legend.png",
        "luminance": "a_luminance.tiff",
        "uptake": "a_uptake.tiff",
    }


def test_a_failure_half_way_leaves_nothing(tmp_path: Path) -> None:
    def full_disk(path: Path) -> None:
        path.write_text("half", encoding="utf-8")
        raise OSError(28, "No space left on device")

    jobs = [(tmp_path / "a", lambda p: p.write_text("whole", encoding="utf-8")), (tmp_path / "b", full_disk)]
    with pytest.raises(WriteError, match="No space left"):
        atomic.write_together(jobs)
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    def interrupted(path: Path) -> None:
        path.write_text("half", encoding="utf-8")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        atomic.write_together([(tmp_path / "a", interrupted)])
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    def slow(path: Path) -> None:
        path.write_text("ours", encoding="utf-8")
        (tmp_path / "a").write_text("theirs", encoding="utf-8")

    with pytest.raises(WriteError, match="exists already"):
        atomic.write_together([(tmp_path / "a", slow)])
    assert (tmp_path / "a").read_text(encoding="utf-8") == "theirs"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
