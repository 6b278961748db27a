"""Pictures for people: one scale for all planes, a bar of known length, letters for the sides, true legends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

import coconet_med
from coconet_med.color import luma
from coconet_med.color.known_palettes import known_palettes
from coconet_med.color.likeness import likeness_path
from coconet_med.phantom import HeadPhantom, slice_pair
from coconet_med.report.overview import legend_of
from coconet_med.report.panels import cuts


@pytest.fixture(scope="module")
def result(head: HeadPhantom) -> coconet_med.FusionResult:
    image = sitk.Cast(head.t1, sitk.sitkFloat32)
    return coconet_med.fuse(image[:, :, 8:], head.pet, register="never")


@pytest.fixture
def flat(mean_model) -> coconet_med.FusionResult:
    mri, pet = slice_pair(64)
    colored = known_palettes()["rainbow"]()[np.rint(255 * (pet / pet.max())).astype(int)]
    return coconet_med.fuse(mri, colored, palette="keep", model=mean_model)


def test_panels_of_all_planes_have_one_scale(result: coconet_med.FusionResult) -> None:
    size = np.array(result.anatomy.image.GetSize()) * result.anatomy.image.GetSpacing()
    expected = {"axial": (size[1], size[0]), "coronal": (size[2], size[0]), "sagittal": (size[2], size[1])}
    white = sitk.GetImageFromArray(
        np.full(sitk.GetArrayViewFromImage(result.color).shape, 255, np.uint8), isVector=True
    )
    white.CopyInformation(result.color)
    found = cuts(replace(result, color=white), size=200)
    assert len({rgb.shape for cut in found for rgb in cut.panels.values()}) == 1  # as large as each other on the page
    scales = []
    for cut in found:
        bright = cut.panels["fused"].min(axis=2) > 250
        sides = [np.ptp(np.flatnonzero(bright.any(axis=axis))) + 1 for axis in (1, 0)]
        scales += [pixels / mm for pixels, mm in zip(sides, expected[cut.plane], strict=True)]
    assert np.ptp(scales) < 0.01 * np.mean(scales)
    assert found[0].panels["fused"].shape[0] <= 200


def test_the_overview_has_three_rows_with_marks(result: coconet_med.FusionResult, tmp_path) -> None:
    picture = result.picture(height=160)
    assert picture.shape[0] <= 26 + 3 * 166
    result.save(tmp_path / "fused.png")
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "fused.png")), result.picture())


def test_the_top_of_the_window_does_not_touch_the_title(result: coconet_med.FusionResult) -> None:
    from coconet_med.color.legend import legend

    for height in (96, 200, 256, 400):
        for units in ("SUVbw", "relative uptake", "a unit that is long, with Ågy"):
            ink = legend("uptake", 0, 8.7, units, height=height).max(axis=-1) > 60
            rows = np.flatnonzero(ink[: height // 3].any(axis=1))
            gaps = np.flatnonzero(np.diff(rows) > 1)
            assert len(gaps) >= 1  # title, an empty row, then the bar and its top label
            assert rows[gaps[0]] - rows[0] >= 5


def test_an_unknown_palette_shows_its_own_colors(flat: coconet_med.FusionResult) -> None:
    bar = legend_of(flat, height=200)
    middle = bar[36:170, 20].astype(int)
    hues = np.argmax(middle, axis=1)[np.ptp(middle, axis=1) > 60]
    assert set(hues) == {0, 1, 2}  # red, green and blue are all there
    path = likeness_path(sitk.GetArrayViewFromImage(flat.function.color))
    assert path[0].tolist() == [0, 0, 0]
    table = known_palettes()["rainbow"]().astype(int)
    place = [int(np.abs(table - color).sum(axis=1).argmin()) for color in path]
    assert np.mean(np.diff(place) > 0) > 0.9
    assert np.abs(luma(bar[100, 10:26]) - luma(bar[101, 10:26])).max() < 12


def test_a_volume_gets_its_legend_beside_it(result: coconet_med.FusionResult, tmp_path) -> None:
    for suffix in (".nii.gz", ".nrrd", ".mha"):
        written = result.save(tmp_path / f"f{suffix[1:3]}{suffix}")
        beside = tmp_path / f"f{suffix[1:3]}_legend.png"
        assert beside in written
        bar = np.asarray(Image.open(beside))
        np.testing.assert_array_equal(bar, legend_of(result, height=len(bar)))
