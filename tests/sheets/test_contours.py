"""Lines of equal uptake: where they lie, what they are drawn over, and what can no longer be read then."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

import coconet_med
from coconet_med.color.readback import read_back
from coconet_med.commands.main import main
from coconet_med.commands.options import windows_joined
from coconet_med.errors import OptionError
from coconet_med.fusion import mix_again
from coconet_med.phantom import slice_pair
from coconet_med.report.measures import measure
from coconet_med.sheets.contours import COLORS, gray_with_lines, outline, parse_levels, with_contours


@pytest.fixture(scope="module")
def result():
    """Uptake that falls off evenly from the middle of the volume: equal uptake lies on circles of known radius."""
    k, j, i = np.mgrid[:6, :48, :48]
    away = np.hypot(j - 23.5, i - 23.5)
    uptake = np.clip(24 - away, 0, None).astype(np.float32)
    anatomy = (100 + 50 * np.sin(i / 5) + 10 * k).astype(np.float32)
    images = []
    for values in (anatomy, uptake):
        image = sitk.GetImageFromArray(values)
        image.SetSpacing((2, 2, 4))
        images.append(image)
    return coconet_med.fuse(*images, register="never", window=(0, 24))


def _drawn(result, level, *, over="anatomy"):
    lines = with_contours(result, level, over=over)
    rgb = sitk.GetArrayFromImage(lines.color)
    return (rgb == COLORS[4]).all(axis=-1), rgb


def test_a_line_lies_where_the_uptake_reaches_its_level(result):
    line, _ = _drawn(result, 12)
    k, j, i = np.nonzero(line)
    radius = np.hypot(j - 23.5, i - 23.5)
    assert set(k) == set(range(6))
    assert radius.max() <= 12
    assert radius.min() > 12 - 1.5
    turns = np.unique(np.round(np.degrees(np.arctan2(j - 23.5, i - 23.5)) / 10))
    assert len(turns) == 37  # from -18 to 18: closed


def test_around_the_lines_there_is_the_plain_anatomy_or_the_fusion(result):
    line, over_anatomy = _drawn(result, 12)
    gray = np.rint(255 * result.anatomy_window.apply(sitk.GetArrayViewFromImage(result.anatomy.image)))
    np.testing.assert_array_equal(over_anatomy[~line], np.repeat(gray[..., None], 3, -1)[~line])
    line, over_fusion = _drawn(result, 12, over="fused")
    np.testing.assert_array_equal(over_fusion[~line], sitk.GetArrayFromImage(result.color)[~line])


def test_nothing_is_drawn_along_the_edge_of_the_field_of_view():
    values = np.zeros((1, 6, 6), np.float32)
    values[:, :, :3] = 5
    known = np.ones_like(values, bool)
    known[:, :, 3:] = False
    assert outline(values, 4).any()
    assert not outline(values, 4, known).any()


def test_levels_below_zero_enclose_what_is_lower():
    values = np.zeros((1, 7, 7), np.float32)
    values[0, 2:5, 2:5] = -3
    assert outline(values, -2).sum() == 8


def test_percent_is_of_the_maximum_and_levels_have_colors_of_their_own(result):
    lines = with_contours(result, "50% 6")
    top = float(sitk.GetArrayViewFromImage(result.function.image).max())
    assert lines.contours.levels == pytest.approx((6, top / 2))
    rgb = sitk.GetArrayFromImage(lines.color)
    assert (rgb == COLORS[0]).all(axis=-1).any()
    assert (rgb == COLORS[-1]).all(axis=-1).any()
    assert lines.sidecar()["contours"]["over"] == "anatomy"


def test_a_level_that_is_never_reached_is_reported(result):
    assert "no line at 500" in with_contours(result, [6, 500]).warnings[-1]


def test_lines_stay_when_a_fusion_is_mixed_again(result):
    lines = with_contours(result, 12, over="fused")
    weaker = mix_again(lines, strength=0.5)
    assert weaker.contours == lines.contours
    line = (sitk.GetArrayFromImage(weaker.color) == COLORS[4]).all(axis=-1)
    assert line.sum() == _drawn(result, 12)[0].sum()


def test_uptake_is_not_read_from_lines(result, tmp_path):
    lines = with_contours(result, 12)
    with pytest.raises(OptionError, match="contour lines"):
        lines.read_uptake()
    lines.save(tmp_path / "lines.nii.gz")
    with pytest.raises(OptionError, match="shows contour lines"):
        read_back(tmp_path / "lines.nii.gz")


def test_in_gray_the_lines_are_white(result):
    for over in ("anatomy", "fused"):
        lines = with_contours(result, 12, over=over)
        gray = sitk.GetArrayFromImage(gray_with_lines(lines))
        line = (sitk.GetArrayFromImage(lines.color) == COLORS[4]).all(axis=-1)
        assert (gray[line] == 1).all()
        base = result.anatomy_window.apply(sitk.GetArrayViewFromImage(result.anatomy.image))
        base = base if over == "anatomy" else sitk.GetArrayFromImage(result.luminance)
        np.testing.assert_array_equal(gray[~line], base[~line])


def test_a_report_judges_the_fusion_and_not_the_lines(result):
    plain, _ = measure(result)
    drawn, _ = measure(with_contours(result, [6, 12, 18]))
    for name in ("Q_MRI_in", "rho_lp"):  # but for the rounding of colors
        assert drawn["fused"][name] == pytest.approx(plain["fused"][name], abs=0.06)
        assert abs(plain["anatomy"][name] - plain["fused"][name]) > 0.3  # what lines over the anatomy would be given


@pytest.mark.parametrize(
    ("given", "words"),
    [("much", "--contours much: give uptakes"), ("", "nothing"), ([1] * 9, "9 levels; give 1 to 8"), ("nan", "nan")],
)
def test_levels_that_are_none_are_refused(given, words):
    with pytest.raises(OptionError, match=words):
        parse_levels(given)


def test_colors_of_an_unknown_palette_have_no_levels(tmp_path):
    mri, pet = slice_pair(48)
    gray = np.rint(255 * mri / mri.max()).astype(np.uint8)
    level = np.rint(255 * pet / pet.max()).astype(np.uint8)
    Image.fromarray(gray).save(tmp_path / "mri.png")
    Image.fromarray(np.stack([level, 255 - level, level // 2], -1)).save(tmp_path / "pet.png")
    with pytest.raises(OptionError, match="--contours: the palette of"):
        coconet_med.fuse(tmp_path / "mri.png", tmp_path / "pet.png", contours=3)


def test_the_command_takes_levels_one_after_the_other(tmp_path: Path, capsys):
    mri, pet = slice_pair(48)
    for name, values in (("mri", mri), ("pet", pet)):
        Image.fromarray(np.rint(255 * values / values.max()).astype(np.uint8)).save(tmp_path / f"{name}.png")
    words = ["fuse", "--contours", "40%", "0.8", str(tmp_path / "mri.png"), str(tmp_path / "pet.png")]
    with pytest.raises(SystemExit) as end:
        main([*words, "-o", str(tmp_path / "lines.jpg"), "--quiet"])
    assert not end.value.code
    assert (tmp_path / "lines.jpg").is_file()
    assert (tmp_path / "lines_legend.png").is_file()
    assert windows_joined(["--contours", "1", "2", "mri.png"]) == ["--contours", "1 2", "mri.png"]
