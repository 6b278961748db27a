"""Pseudo-color in a fusion: levels by the palette, and what is said where there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from painted import as_jpeg, painted_through

import coconet_med
from coconet_med.color.palettes import load_palette
from coconet_med.errors import OptionError


def _flat_anatomy(level: np.ndarray) -> np.ndarray:
    anatomy = np.full(level.shape, 90, np.uint8)
    anatomy[0, 0] = 0
    return anatomy


def test_without_a_palette_the_hottest_focus_is_not_darker_than_its_surroundings(level: np.ndarray, mean_model) -> None:
    mri = _flat_anatomy(level)
    rgb = painted_through(level, load_palette("atlas-pet"))
    known = coconet_med.fuse(mri, rgb, model=mean_model)
    light = sitk.GetArrayFromImage(known.luminance)
    assert light[40, 48] == light.max()
    assert known.colormap == "uptake"
    assert known.sidecar()["sources"]["function"]["details"]["palette"] == "atlas-pet"
    assert any("palette atlas-pet, as its colors show" in warning for warning in known.warnings)
    kept = coconet_med.fuse(mri, rgb, model=mean_model, palette="keep")
    assert kept.colormap is None
    assert sitk.GetArrayFromImage(kept.luminance)[40, 48] < 0.8 * light.max()
    assert any("comes out darker than its surroundings" in warning for warning in kept.warnings)
    with pytest.raises(OptionError, match="not in color"):
        coconet_med.fuse(mri, np.rint(255 * level).astype(np.uint8), palette="hot", model=mean_model)


def test_how_far_a_given_palette_is_off_is_reported(level: np.ndarray, mean_model, tmp_path: Path) -> None:
    rgb = as_jpeg(painted_through(level, load_palette("jet")), 90, halved=False)
    result = coconet_med.fuse(_flat_anatomy(level), rgb, palette="jet", model=mean_model)
    reported = result.sidecar()["sources"]["function"]["details"]["palette_deviation"]
    assert 0 < reported["mean"] < reported["largest"]
    assert any(f"on average {reported['mean']:.1f} and at most" in warning for warning in result.warnings)
