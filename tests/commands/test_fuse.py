"""``coconet-med fuse`` as users type it: what it writes, what it says, and what it refuses."""

from __future__ import annotations

import json
import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image
from typed import run

from coconet_med.commands.fuse import _summary
from coconet_med.phantom import slice_pair


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[Path, Path]:
    paths = tmp_path / "mri.png", tmp_path / "pet.png"
    for array, path in zip(slice_pair(64), paths, strict=True):
        Image.fromarray(array).save(path)
    return paths


def volume(path: Path, array: np.ndarray, affine: np.ndarray | None = None) -> Path:
    nib.save(nib.Nifti1Image(array, np.diag([4.0, 4, 4, 1]) if affine is None else affine), path)
    return path


def test_one_command_fuses_a_volume(
    pair: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "fused.nii.gz"
    assert run("fuse", *pair, "-o", out, "--engine", "onnx", "--luminance", "--uptake") == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "wrote" in said.err
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["fused.json", "fused.nii.gz", "fused_legend.png", "fused_luminance.nii.gz", "fused_uptake.nii.gz"]
    rgb = sitk.GetArrayFromImage(sitk.ReadImage(str(out)))
    assert rgb.shape[-1] == 3
    assert (rgb.max(axis=-1) != rgb.min(axis=-1)).mean() > 0.1  # there is color


def test_what_was_written_is_named_whole_but_for_the_slices_of_a_series(tmp_path: Path) -> None:
    slices = [tmp_path / "FUSED" / f"{n:04d}.dcm" for n in range(3)]
    others = [tmp_path / name for name in ("FUSED_legend.dcm", "FUSED.json")]
    assert _summary([*slices, *others]) == ", ".join([f"{tmp_path / 'FUSED'} (3 DICOM files)", *map(str, others)])


def test_one_command_fuses_pictures(pictures: tuple[Path, Path], tmp_path: Path) -> None:
    assert run("fuse", *pictures, "-o", tmp_path / "fused.png", "--engine", "onnx", "--quiet") == 0
    with Image.open(tmp_path / "fused.png") as image:
        assert image.size == (64, 64)


def test_json_prints_the_sidecar(
    pictures: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("fuse", *pictures, "-o", tmp_path / "fused.png", "--engine", "onnx", "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "fused.json").read_text(encoding="utf-8"))


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line that a wrong command says, after checking that it is one line and the code is 2."""
    assert run(*arguments) == 2
    said = capsys.readouterr()
    lines = [line for line in said.err.splitlines() if line.startswith("error:")]
    assert len(lines) == 1
    assert "Traceback" not in said.err
    assert said.out == ""
    return lines[0]


FIELD = np.random.default_rng(0).uniform(0, 100, (16, 16, 16)).astype(np.float32)


AWAY = np.array([[4.0, 0, 0, 9000], [0, 4, 0, 0], [0, 0, 4, 0], [0, 0, 0, 1]])


SHEARED = np.array([[4.0, 1, 0, 0], [0, 4, 0, 0], [0, 0, 4, 0], [0, 0, 0, 1]])


@pytest.mark.parametrize(
    ("array", "affine", "words"),
    [
        (np.stack([FIELD, FIELD], -1), None, "4-D"),
        (np.zeros_like(FIELD), None, "every voxel is 0"),
        (np.full_like(FIELD, 7), None, "every voxel is 7"),
        (np.full_like(FIELD, np.nan), None, "finite"),
        (FIELD, SHEARED, "sheared"),
        (np.roll(FIELD, 3, 0), AWAY, "overlap"),
    ],
)
def test_input_that_cannot_be_fused_gets_one_line_and_leaves_nothing(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    array: np.ndarray,
    affine: np.ndarray | None,
    words: str,
) -> None:
    good = volume(tmp_path / "good.nii.gz", FIELD)
    bad = volume(tmp_path / "bad.nii.gz", array, affine)
    out = tmp_path / "out"
    out.mkdir()
    assert words in refused(capsys, "fuse", good, bad, "-o", out / "f.nii.gz", "--register", "never", "--quiet")
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"not an image", None])
def test_a_file_that_is_no_image_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    good, bad = volume(tmp_path / "good.nii.gz", FIELD), tmp_path / "bad.nii.gz"
    if content is not None:
        bad.write_bytes(content)
    assert str(bad) in refused(capsys, "fuse", good, bad, "-o", tmp_path / "f.nii.gz")


def test_pictures_of_unequal_size_are_refused(
    pictures: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(slice_pair(48)[1]).save(pictures[1])
    said = refused(capsys, "fuse", *pictures, "-o", tmp_path / "fused.png", "--quiet")
    assert "64 x 64" in said
    assert "48 x 48" in said


@pytest.mark.parametrize("value", [1e30, -1e5])
def test_huge_and_negative_values_are_fused(tmp_path: Path, value: float) -> None:
    field = FIELD.copy()
    field[3, 3, 3] = value
    inputs = volume(tmp_path / "a.nii.gz", FIELD), volume(tmp_path / "f.nii.gz", field)
    out = tmp_path / "fused.nii.gz"
    assert run("fuse", *inputs, "-o", out, "--register", "never", "--engine", "onnx", "--quiet") == 0
    assert json.loads((tmp_path / "fused.json").read_text(encoding="utf-8"))["window"]["high"] < 110


def test_a_volume_with_some_nan_is_fused_and_says_so(tmp_path: Path) -> None:
    field = FIELD.copy()
    field[3, 3, :] = np.nan
    inputs = volume(tmp_path / "a.nii.gz", FIELD), volume(tmp_path / "f.nii.gz", field)
    out = tmp_path / "fused.nii.gz"
    assert run("fuse", *inputs, "-o", out, "--register", "never", "--engine", "onnx", "--quiet") == 0
    assert "16 voxels" in json.loads((tmp_path / "fused.json").read_text(encoding="utf-8"))["warnings"][0]


def test_an_existing_result_is_kept_before_any_work_is_done(
    pair: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "fused.nii.gz"
    out.write_text("mine", encoding="utf-8")
    assert "--overwrite" in refused(capsys, "fuse", *pair, "-o", out)
    assert out.read_text(encoding="utf-8") == "mine"


def test_an_existing_report_is_kept_before_any_work_is_done(
    pair: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "report.html"
    page.write_text("mine", encoding="utf-8")
    said = refused(capsys, "fuse", *pair, "-o", tmp_path / "f.nii.gz", "--report", page)
    assert str(page) in said
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert page.read_text(encoding="utf-8") == "mine"


def test_a_place_that_cannot_be_written_is_named(
    pair: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "no such folder" in refused(capsys, "fuse", *pair, "-o", tmp_path / "none" / "f.nii.gz")
    assert "is a folder" in refused(capsys, "fuse", *pair, "-o", _folder(tmp_path / "f.nii.gz"))
    if os.geteuid() != 0:  # root may write everywhere
        closed = _folder(tmp_path / "closed")
        closed.chmod(0o500)
        assert "no permission" in refused(capsys, "fuse", *pair, "-o", closed / "f.nii.gz")


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("-o", "FUSED"), "-o FUSED: asks for DICOM, but "),
        (("-o", "f.nii.gz", "--dicom-form", "gray"), "--dicom-form gray: is for DICOM results, -o f.nii.gz is none"),
        (("-o", "f.nii.gz", "--dicom-form", "jpeg"), "--dicom-form jpeg: choose sc, enhanced, gray or navigation"),
        (("-o", "f.nii.gz", "--window", "5", "1"), "--window 5 1: give two finite numbers, the lower one first"),
        (("-o", "f.nii.gz", "--window", "0", "nan"), "--window 0 nan: give two finite numbers"),
        (("-o", "f.nii.gz", "--register", "maybe"), "--register maybe: choose auto, always or never"),
        (("-o", "f.nii.gz", "--plane", "oblique"), "--plane oblique: choose auto, axial"),
        (("-o", "f.nii.gz", "--palette", "nope.csv"), "nope.csv"),
    ],
)
def test_what_cannot_be_served_is_refused_before_any_image_is_read(
    options: tuple[str, ...],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("T1.nii.gz", "PET.nii.gz"):  # not readable: whoever reads them says so
        (tmp_path / name).write_bytes(b"no image")
    assert run("fuse", "T1.nii.gz", "PET.nii.gz", *options) == 2
    said = capsys.readouterr().err
    assert message in said
    assert len(said.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["PET.nii.gz", "T1.nii.gz"]


def test_files_of_an_earlier_result_that_are_left_are_named(
    pictures: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("fuse", *pictures, "-o", tmp_path / "fused.png", "--engine", "onnx", "--overwrite")
    assert run(*given, "--uptake", "--luminance") == 0
    assert "of an earlier result" not in capsys.readouterr().err
    assert run(*given, "--luminance") == 0
    assert "fused_uptake.tiff: not written now, so of an earlier result" in capsys.readouterr().err


def test_without_output_the_command_says_what_is_missing(
    pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert "-o" in refused(capsys, "fuse", *pair)
