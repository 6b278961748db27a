"""A fusion that is given as one of the two images is called so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import SimpleITK as sitk

from coconet_med.pair.results import result_warnings
from coconet_med.source import Source


def _source(path: Path) -> Source:
    return Source(sitk.Image(2, 2, 2, sitk.sitkFloat32), path.name, files=(path,))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("fused.nii.gz", True),
        ("fused.nrrd", True),
        ("fused_luminance.nii.gz", True),
        ("fused_uptake.nii.gz", False),  # the uptake alone, resampled
        ("other.nii.gz", False),
    ],
)
def test_a_result_is_told_by_its_side_car(tmp_path: Path, name: str, told: bool) -> None:
    facts = {"research_use_only": "research use", "sources": {}, "window": {}}
    (tmp_path / "fused.json").write_text(json.dumps(facts), encoding="utf-8")
    said = result_warnings(_source(tmp_path / name))
    assert bool(said) == told
    assert not told or "is a result of this program (by fused.json)" in said[0]


@pytest.mark.parametrize("text", ["{", '{"Units": "Bq/mL"}', "[]"])
def test_another_json_file_beside_an_image_is_no_side_car(tmp_path: Path, text: str) -> None:
    (tmp_path / "pet.json").write_text(text, encoding="utf-8")
    assert result_warnings(_source(tmp_path / "pet.nii.gz")) == ()


def test_a_real_result_is_told(pair: tuple[Path, Path], mean_model, tmp_path: Path) -> None:
    from coconet_med.fusion import fuse

    fuse(*pair, model=mean_model, register="never").save(tmp_path / "fused.nii.gz", luminance=True)
    again = fuse(tmp_path / "fused_luminance.nii.gz", pair[1], model=mean_model, register="never")
    assert any("is a result of this program (by fused.json)" in said for said in again.warnings)
