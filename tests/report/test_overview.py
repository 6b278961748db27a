"""Pictures for people: one scale for all planes, a bar of known length, letters for the sides, true legends."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

import coconet_med
from coconet_med.color import luma
from coconet_med.color.known_palettes import known_palettes
from coconet_med.color.likeness import likeness_path
from coconet_med.phantom import HeadPhantom, slice_pair
from coconet_med.report.marks import SIDES, bar_length, with_bar, with_sides
from coconet_med.report.overview import legend_of
from coconet_med.report.panels import cuts
from coconet_med.slices import slicing_of


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
    scales = []
    for cut in cuts(result, size=200):
        for rgb in cut.panels.values():
            scales += [pixels / mm for pixels, mm in zip(rgb.shape, expected[cut.plane], strict=False)]
    assert np.ptp(scales) < 0.01 * np.mean(scales)
    assert max(rgb.shape[0] for cut in cuts(result, size=200) for rgb in cut.panels.values()) <= 200


@pytest.mark.parametrize("plane", SIDES)
def test_letters_name_the_sides_that_the_slicing_shows(result: coconet_med.FusionResult, plane: str) -> None:
    """The letter at an edge is that of the patient's side whose voxels lie there."""
    slicing = slicing_of(result.anatomy.image, plane=plane)
    shape = sitk.GetArrayViewFromImage(result.anatomy.image).shape
    world = [np.zeros(shape) for _ in range(3)]
    for k, j, i in np.ndindex(2, 2, 2):
        index = (i * (shape[2] - 1), j * (shape[1] - 1), k * (shape[0] - 1))
        point = result.anatomy.image.TransformIndexToPhysicalPoint(index)
        for axis in range(3):
            world[axis][index[::-1]] = point[axis]
    left, right, top, bottom = SIDES[plane]
    corners = [slicing.stack(w)[0][np.ix_((0, -1), (0, -1))] for w in world]
    along = {"L": (0, 1), "R": (0, -1), "P": (1, 1), "A": (1, -1), "S": (2, 1), "I": (2, -1)}
    for letter, far, near in (
        (left, (0, 0), (0, 1)),
        (right, (0, 1), (0, 0)),
        (top, (0, 0), (1, 0)),
        (bottom, (1, 0), (0, 0)),
    ):
        axis, sign = along[letter]
        assert sign * (corners[axis][far] - corners[axis][near]) > 0


def test_letters_stand_at_the_edges_and_nowhere_else() -> None:
    rgb = np.full((120, 160, 3), 90, np.uint8)
    marked = with_sides(rgb, "axial")
    changed = (marked != rgb).any(axis=-1)
    for where in (np.s_[50:70, :16], np.s_[50:70, -16:], np.s_[:16, 70:90], np.s_[-16:, 70:90]):
        assert changed[where].any()
        changed[where] = False
    assert not changed.any()


def test_the_bar_is_as_long_as_it_says() -> None:
    rgb = np.zeros((120, 200, 3), np.uint8)
    drawn = with_bar(rgb, 1.25)  # 200 pixels are 160 mm: the bar is 50 mm
    assert bar_length(160) == 50
    row = drawn[-7, :, 0] > 200
    assert row.sum() == pytest.approx(62.5, abs=1.5)
    assert [bar_length(mm) for mm in (1000, 249, 12, 3)] == [200, 50, 2, 1]


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
