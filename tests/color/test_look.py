"""What is shown of a fusion: its lightness, uptake above a threshold, and plain anatomy where there is no data."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

import coconet_med
from coconet_med.color.look import BORDER, LEAST_BORDER, beyond_field_of_view, faded, hatched, opacity, unfaded
from coconet_med.color.readback import read_back
from coconet_med.errors import OptionError
from coconet_med.fusion import mix_again
from coconet_med.phantom import slice_pair

IDENTITY = sitk.Transform(3, sitk.sitkIdentity)


@pytest.fixture(scope="module")
def pair() -> tuple[sitk.Image, sitk.Image]:
    """MRI of 64 x 64 x 6, and a PET that has data in the left three quarters of the first four slices only."""
    mri, pet = (np.repeat(np.asarray(a, np.float32)[None], 6, axis=0) for a in slice_pair(64))
    rng = np.random.default_rng(1)
    images = [sitk.GetImageFromArray(a + rng.uniform(0, 0.01, a.shape).astype(np.float32)) for a in (mri, pet)]
    for image in images:
        image.SetSpacing((3.0, 3.0, 4.0))
    return images[0], images[1][:48, :, :4]


@pytest.fixture(scope="module")
def partial(pair: tuple[sitk.Image, sitk.Image]) -> coconet_med.FusionResult:
    return coconet_med.fuse(*pair, register="never")


def test_beyond_the_functional_field_of_view_stands_the_plain_anatomy_in_a_hatched_border(partial) -> None:
    rgb = sitk.GetArrayFromImage(partial.color)
    beyond = np.ones(rgb.shape[:3], bool)
    beyond[:4, :, :48] = False
    gray = 255 * partial.anatomy_window.apply(sitk.GetArrayViewFromImage(partial.anatomy.image))
    assert (np.ptp(rgb[beyond].astype(int), axis=-1) == 0).all()
    width = max(LEAST_BORDER, round(BORDER * 64))
    inner = np.zeros_like(beyond)
    inner[4:, width:-width, width:-width] = inner[:4, width:-width, 48 + width : -width] = True
    assert np.abs(rgb[inner][:, 0] - gray[inner]).max() <= 1
    border = beyond & ~inner
    assert np.abs(rgb[border][:, 0] - gray[border]).mean() > 5
    assert (np.ptp(rgb[~beyond].astype(int), axis=-1) > 20).any()


def test_no_data_is_reported_in_the_sidecar_the_legend_and_the_report(partial, tmp_path) -> None:
    share = 1 - 4 / 6 * 48 / 64
    assert partial.sidecar()["no_data"]["share"] == pytest.approx(share)
    from coconet_med.report.overview import _notes, legend_of

    assert _notes(partial) == ["hatched: no data"]
    assert legend_of(partial).shape[0] == 256
    page = partial.report(tmp_path / "r.html").read_text(encoding="utf-8")
    assert "50% of the picture lies beyond the functional field of view" in page


def test_nothing_is_hatched_where_the_function_covers_the_anatomy(pair) -> None:
    mri, _ = pair
    assert beyond_field_of_view(mri, mri, IDENTITY) is None
    beyond = beyond_field_of_view(pair[1], mri, IDENTITY)
    assert beyond is not None
    assert beyond.mean() == pytest.approx(0.5)


def test_a_slice_beyond_as_a_whole_is_framed() -> None:
    shown = hatched(np.full((1, 40, 40), 0.5, np.float32), np.ones((1, 40, 40), bool))[0]
    assert (shown[3:-3, 3:-3] == 0.5).all()
    for edge in (shown[:3], shown[-3:], shown[:, :3], shown[:, -3:]):
        assert set(np.unique(edge)) == {0.25, 0.5} or (edge != 0.5).mean() > 0.6


def test_at_lightness_0_the_anatomy_is_the_gray_under_the_full_color(partial) -> None:
    again = mix_again(partial, lightness=0)
    gray = partial.anatomy_window.apply(sitk.GetArrayViewFromImage(partial.anatomy.image))
    inside = np.zeros(gray.shape, bool)
    inside[:4, :, :48] = True
    assert np.abs(sitk.GetArrayViewFromImage(again.luminance)[inside] - gray[inside]).max() < 1e-6
    assert np.abs(sitk.GetArrayViewFromImage(partial.luminance)[inside] - gray[inside]).max() > 0.05
    assert again.sidecar()["lightness"] == 0
    lit = inside & (gray > 0.2)  # black has no room for color
    before, after = (r.read_uptake()[lit] / r.window.high for r in (partial, again))
    assert np.abs(before - after).mean() < 0.01
    back = mix_again(again, lightness=1)
    assert (sitk.GetArrayFromImage(back.color) == sitk.GetArrayFromImage(partial.color)).all()


def test_below_the_threshold_only_the_anatomy_is_shown_and_above_it_all_can_be_read(partial) -> None:
    top = float(sitk.GetArrayViewFromImage(partial.function.image).max())
    result = mix_again(partial, threshold=0.4 * top)
    uptake = sitk.GetArrayViewFromImage(result.uptake)
    inside = np.zeros(uptake.shape, bool)
    inside[:4, :, :48] = True
    rgb = sitk.GetArrayFromImage(result.color).astype(int)
    low, high = inside & (uptake < 0.3 * top), inside & (uptake > 0.42 * top)
    assert low.any()
    assert high.any()
    assert (np.ptp(rgb[low], axis=-1) == 0).all()
    assert (rgb[high] == sitk.GetArrayFromImage(partial.color)[high]).all()
    assert np.abs(result.read_uptake()[high] - np.minimum(uptake[high], result.window.high)).mean() < 0.02 * top


def test_reading_says_how_much_lies_below_the_threshold_and_errs_only_where_uptake_is_shown(partial, tmp_path) -> None:
    top = float(sitk.GetArrayViewFromImage(partial.function.image).max())
    mix_again(partial, threshold=0.4 * top).save(tmp_path / "fused.nii.gz")
    found = read_back(tmp_path / "fused.nii.gz")
    assert found.threshold == pytest.approx(0.4 * top)
    assert 0.2 < found.hidden < 1
    assert f"{found.hidden:.2%} are below the threshold" in found.words()
    partial.save(tmp_path / "all.nii.gz")
    assert "threshold" not in read_back(tmp_path / "all.nii.gz").words()


def test_the_edge_of_a_threshold_fades_and_can_be_undone() -> None:
    uptake = np.linspace(0, 1, 501)
    shown = opacity(uptake, 0.5)
    assert (shown[uptake <= 0.4] == 0).all()
    assert (shown[uptake >= 0.5] == 1).all()
    assert (np.diff(faded(uptake, 0.5)) >= 0).all()
    seen = uptake > 0.401
    assert unfaded(faded(uptake, 0.5), 0.5)[seen] == pytest.approx(uptake[seen])


@pytest.mark.parametrize("threshold", ["-1", "x", "101%", "nan"])
def test_what_is_no_threshold_is_refused(pair, threshold: str) -> None:
    with pytest.raises(OptionError, match="--threshold"):
        coconet_med.fuse(*pair, threshold=threshold)


def test_lightness_outside_0_to_1_is_refused(pair) -> None:
    with pytest.raises(OptionError, match="--lightness 2"):
        coconet_med.fuse(*pair, lightness=2)


def test_the_command_that_reads_colors_undoes_the_edge_of_a_threshold(partial, tmp_path) -> None:
    from coconet_med.color.readback import read_back

    result = mix_again(partial, threshold="40%")
    result.save(tmp_path / "fused.nii.gz")
    found = read_back(tmp_path / "fused.nii.gz")
    values = found.uptake if isinstance(found.uptake, np.ndarray) else sitk.GetArrayFromImage(found.uptake)
    assert np.abs(values - result.read_uptake()).max() < 1e-3 * result.window.high
