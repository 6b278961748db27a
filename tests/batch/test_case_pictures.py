"""Pictures in a batch: their own colors under the fused lightness, other formats, contour lines."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from coconet_med.commands.main import main
from coconet_med.phantom import slice_pair


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Two pairs: one whose first picture is in color, and one that is gray."""
    first, second = (np.rint(255.0 * one / one.max()).astype(np.uint8) for one in slice_pair(48))
    for folder in ("visible", "infrared"):
        (tmp_path / "in" / folder).mkdir(parents=True)
    Image.fromarray(np.stack([first, first // 2, 255 - first], -1)).save(tmp_path / "in" / "visible" / "1.png")
    Image.fromarray(first).save(tmp_path / "in" / "visible" / "2.png")
    for name in ("1", "2"):
        Image.fromarray(second).save(tmp_path / "in" / "infrared" / f"{name}.png")
    return tmp_path / "in"


def _batch(folder: Path, out: Path, *more: str) -> int:
    words = ["batch", str(folder), str(out), "--anatomy", "visible/*.png", "--function", "infrared/*.png", "--quiet"]
    try:
        main([*words, *more])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def _chroma(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("YCbCr")).astype(int)[..., 1:]


def test_pictures_keep_their_own_colors_and_gray_ones_stay_gray(pictures: Path, tmp_path: Path) -> None:
    assert _batch(pictures, tmp_path / "out", "--color", "source") == 0
    (color,) = (path for path in (tmp_path / "out").rglob("1*.png") if "legend" not in path.name)
    (gray,) = (path for path in (tmp_path / "out").rglob("2*.png") if "legend" not in path.name)
    wanted = _chroma(pictures / "visible" / "1.png")
    inside = (wanted != 128).any(axis=-1)
    assert np.median(np.abs(_chroma(color) - wanted)[inside]) <= 2
    rgb = np.asarray(Image.open(gray)).astype(int)
    assert np.ptp(rgb, axis=-1).max() == 0
    sidecar = json.loads(color.with_suffix(".json").read_text(encoding="utf-8"))
    assert sidecar["colormap"] == "colors of the anatomical picture (YCbCr)"


def test_lines_and_other_formats_work_in_a_batch(pictures: Path, tmp_path: Path) -> None:
    (pictures / "visible" / "1.png").unlink()
    (pictures / "infrared" / "1.png").unlink()
    assert _batch(pictures, tmp_path / "out", "--contours", "40%", "0.8", "--format", "tiff") == 0
    (written,) = (path for path in (tmp_path / "out").rglob("*.tiff"))
    sidecar = json.loads(written.with_suffix(".json").read_text(encoding="utf-8"))
    assert len(sidecar["contours"]["levels"]) == 2


def test_pictures_that_are_nearly_black_are_fused_and_measured_too(pictures: Path, tmp_path: Path) -> None:
    for path in pictures.rglob("*.png"):
        if path.name == "1.png":
            path.unlink()
        else:
            Image.fromarray((np.asarray(Image.open(path)) > 60).astype(np.uint8)).save(path)
    assert _batch(pictures, tmp_path / "out") == 0


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--color", "blue"), "--color blue: choose map or source"),
        (("--contours", "much"), "--contours much: give uptakes"),
        (("--contours", "1", "--contours-over", "all"), "--contours-over all: choose anatomy or fused"),
    ],
)
def test_options_that_no_case_can_take_are_refused_at_once(pictures, tmp_path, capsys, more, words) -> None:
    assert _batch(pictures, tmp_path / "out", *more) == 2
    assert words in capsys.readouterr().err
