"""No result replaces what it is made of, whatever may be overwritten."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import SimpleITK as sitk

import coconet_med
from coconet_med.commands.main import main
from coconet_med.errors import WriteError
from coconet_med.model import Model
from coconet_med.phantom import HeadPhantom
from coconet_med.writers.inputs import spare_inputs


@pytest.fixture
def folder(tmp_path: Path, head: HeadPhantom) -> Path:
    for name, image in (("t1", head.t1), ("pet", head.pet)):
        sitk.WriteImage(image, str(tmp_path / f"{name}.nii.gz"))
    labels = sitk.Cast(head.t1 > 0, sitk.sitkUInt8)
    sitk.WriteImage(labels, str(tmp_path / "labels.nii.gz"))
    (tmp_path / "pet.json").write_text('{"Units": "Bq/mL"}', encoding="utf-8")
    return tmp_path


def _refused(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Run a command that must be refused and leave every file as it was; what it said."""
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(SystemExit) as end:
        main([str(folder / word) if "." in word else word for word in words])
    assert end.value.code == 2
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    return capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ("fuse", "t1.nii.gz", "pet.nii.gz", "-o", "t1.nii.gz"),
        ("fuse", "t1.nii.gz", "pet.nii.gz", "-o", "pet.nrrd"),  # its side-car would be the JSON file of the PET
        ("fuse", "t1.nii.gz", "pet.nii.gz", "-o", "f.nii.gz", "--report", "pet.nii.gz"),
        ("fuse", "t1.nii.gz", "pet.nii.gz", "-o", "f.nii.gz", "--labels", "labels.nii.gz", "--report", "labels.nii.gz"),
        ("measure", "t1.nii.gz", "pet.nii.gz", "--labels", "labels.nii.gz", "--csv", "labels.nii.gz"),
        ("evaluate", "t1.nii.gz", "pet.nii.gz", "--json", "pet.json"),
        ("view", "t1.nii.gz", "pet.nii.gz", "--save", "t1.nii.gz"),
        ("read", "t1.nii.gz", "-o", "t1.nii.gz"),
    ],
)
def test_an_input_is_never_replaced(folder: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    assert "is read for this result" in _refused(folder, capsys, *words, "--overwrite")


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_nor_by_another_name(folder: Path, capsys: pytest.CaptureFixture[str], link: object) -> None:
    link(folder / "t1.nii.gz", folder / "other.nii.gz")  # type: ignore[operator]
    said = _refused(folder, capsys, "fuse", "t1.nii.gz", "pet.nii.gz", "-o", "other.nii.gz", "--overwrite")
    assert "other.nii.gz: is read for this result" in said


def test_two_results_have_two_names(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pair = ("t1.nii.gz", "pet.nii.gz", "--labels", "labels.nii.gz")
    said = _refused(folder, capsys, "measure", *pair, "--csv", "x.csv", "--json", "x.csv")
    assert "x.csv: is the name of two results" in said


def test_python_is_refused_as_well(folder: Path, mean_model: Model) -> None:
    result = coconet_med.fuse(folder / "t1.nii.gz", folder / "pet.nii.gz", model=mean_model, register="never")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    for write in (result.save, result.report):
        with pytest.raises(WriteError, match="is read for this result"):
            write(folder / "t1.nii.gz", overwrite=True)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_an_earlier_result_of_the_same_stem_is_replaced(folder: Path, mean_model: Model) -> None:
    result = coconet_med.fuse(folder / "t1.nii.gz", folder / "pet.nii.gz", model=mean_model, register="never")
    result.save(folder / "t1.nrrd")
    result.save(folder / "t1.nrrd", overwrite=True)
    assert json.loads((folder / "t1.json").read_text(encoding="utf-8"))["software"]["name"] == "coconet-med"


def test_a_folder_that_holds_an_input_is_spared(tmp_path: Path) -> None:
    (tmp_path / "MR").mkdir()
    (tmp_path / "MR" / "IM00001.dcm").write_bytes(b"slice")
    for target in (tmp_path, tmp_path / "MR"):
        with pytest.raises(WriteError, match="is read for this result"):
            spare_inputs([target], [tmp_path / "MR" / "IM00001.dcm"])
    spare_inputs([tmp_path / "FUSED"], [tmp_path / "MR"])


def test_a_folder_that_is_there_is_no_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in (".", ".."):
        with pytest.raises(SystemExit) as end:
            main(["fuse", str(folder / "t1.nii.gz"), str(folder / "pet.nii.gz"), "-o", name])
        assert end.value.code == 2
        assert "is a folder that is there" in capsys.readouterr().err
