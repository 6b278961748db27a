"""A result saves what is asked for, the same bytes each time, and replaces nothing unasked."""

from __future__ import annotations

from pathlib import Path

import pytest

import coconet_med
from coconet_med.errors import WriteError
from coconet_med.model import Model
from coconet_med.phantom import HeadPhantom
from coconet_med.result import FusionResult


@pytest.fixture
def result(head: HeadPhantom, mean_model: Model) -> FusionResult:
    return coconet_med.fuse(head.t1, head.pet, model=mean_model, register="never")


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
