"""Maps of both signs: found by their values, shown on both sides of 0, read back with their sign."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

import coconet_med
from coconet_med.color import compose, decode
from coconet_med.color.colormap import STEPS, ZERO
from coconet_med.color.colormaps import get_colormap
from coconet_med.color.readback import read_back
from coconet_med.commands.main import main
from coconet_med.errors import OptionError, WriteError
from coconet_med.fusion import mix_again
from coconet_med.phantom import HeadPhantom
from coconet_med.quality.oklab import oklab
from coconet_med.quality.ranks import spearman
from coconet_med.readers.memory import from_memory
from coconet_med.windowing.signed import why_signed
from coconet_med.windowing.window import window_for
from coconet_med.writers.study import write_study

#: Radius in voxels, value, and place beside the middle of the brain (k, j, i) of what lies in the map.
FINDINGS = ((2.2, 5.0, (0, -5, 8)), (2.2, -5.0, (0, -5, -8)), (3.5, 3.0, (4, 7, 5)), (3.5, -3.0, (4, 7, -5)))


@pytest.fixture(scope="module")
def scores(head: HeadPhantom) -> sitk.Image:
    """z-scores on the grid of the T1, NaN outside the brain as SPM writes them."""
    labels = sitk.GetArrayFromImage(head.labels)
    brain = (labels >= 7) & (labels <= 20)
    place = np.indices(brain.shape)
    rng = np.random.default_rng(0)
    values = 0.5 * rng.normal(size=brain.shape)
    for radius, height, where in FINDINGS:
        values[_ball(place, brain, where, radius)] += height
    values[~brain] = np.nan
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.CopyInformation(head.t1)
    return image


@pytest.fixture(scope="module")
def result(head: HeadPhantom, scores: sitk.Image) -> coconet_med.FusionResult:
    return coconet_med.fuse(head.t1, scores)


def _ball(place: np.ndarray, brain: np.ndarray, where: tuple[int, ...], radius: float) -> np.ndarray:
    middle = np.argwhere(brain).mean(axis=0) + where
    return ((place - middle.reshape(3, 1, 1, 1)) ** 2).sum(axis=0) < radius**2


def test_the_diverging_map_is_gray_at_0_and_decodes_both_sides() -> None:
    light, uptake = np.meshgrid(np.linspace(0, 1, 128), np.linspace(-1, 1, 255), indexing="ij")
    rgb = compose(light, uptake, colormap="diverging")
    assert np.ptp(rgb[:, 127].astype(int), axis=-1).max() == 0
    found = decode(rgb, colormap="diverging")
    assert np.abs(found - uptake).mean() < 0.01
    assert np.abs(found - uptake).mean(axis=1).max() < 0.03
    assert min(spearman(a, b, np.ones(255, bool)) for a, b in zip(found[::9], uptake[::9], strict=True)) > 0.98
    assert (np.sign(found[3:]) * np.sign(uptake[3:]) >= 0).all()
    assert get_colormap("diverging").levels[[0, 1, ZERO, STEPS - 1]].tolist() == [-1, -1, 0, 1]


#: Machado, Oliveira and Fernandes, IEEE Trans Vis Comput Graph 15:1291 (2009), severity 1.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize(("light", "least"), [(0.25, 0.85), (0.5, 0.99), (0.75, 0.99)])
def test_both_sides_are_in_order_on_the_axis_from_blue_to_yellow(sight: str, light: float, least: float) -> None:
    rgb = compose(np.full(255, light), np.linspace(-1, 1, 255), colormap="diverging") / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    blue_yellow = oklab(np.clip(linear @ np.array(SIGHT[sight]).T, 0, 1))[:, 2]
    ramp = np.arange(128.0)
    for side in (blue_yellow[127:], -blue_yellow[127::-1]):
        assert spearman(ramp, side, np.ones(128, bool)) >= least
    assert blue_yellow[0] < blue_yellow[127] - 0.08 < blue_yellow[254] - 0.12


def _noisy(head: HeadPhantom, share: float) -> sitk.Image:
    """The PET with noise that goes so far below 0, as a share of its top."""
    values = sitk.GetArrayFromImage(head.pet)
    noise = np.random.default_rng(3).normal(size=values.shape)
    noise *= share * np.percentile(values, 99.9) / -noise.min()
    image = sitk.GetImageFromArray((values + noise).astype(np.float32))
    image.CopyInformation(head.pet)
    return image


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6])
def test_noise_below_0_makes_no_signed_map(head: HeadPhantom, share: float) -> None:
    image = _noisy(head, share)
    source = from_memory(image, "function")
    values = sitk.GetArrayViewFromImage(source.image)
    assert values.min() < 0
    assert why_signed(source, values) is None
    assert not window_for(source, values, "function").signed


def test_what_the_header_says_goes_before_the_values(head: HeadPhantom, scores: sitk.Image) -> None:
    source = from_memory(scores, "function")
    values = sitk.GetArrayViewFromImage(source.image)
    assert "averaged over 8 mm" in why_signed(source, values)
    for units in ("SUVbw", "Bq/ml", "HU", "counts/s"):
        assert why_signed(replace(source, units=units), values) is None
    noisy = from_memory(_noisy(head, 0.05), "function")
    reported = sitk.GetArrayViewFromImage(noisy.image)
    assert why_signed(replace(noisy, details={"nifti_intent": 5}), reported) == "the header says z scores"
    assert why_signed(replace(noisy, units="STDDEV"), reported) == "the header says standard deviations"
    assert why_signed(replace(noisy, units="STDDEV"), np.abs(reported)) is None


def test_findings_of_both_signs_are_seen_and_read_with_their_sign(result: coconet_med.FusionResult) -> None:
    assert result.colormap == "diverging"
    assert result.window.low == -result.window.high
    truth, read = sitk.GetArrayFromImage(result.uptake), result.read_uptake()
    light = sitk.GetArrayFromImage(result.luminance)
    there = truth != 0
    clipped = np.clip(truth, result.window.low, result.window.high)
    assert spearman(clipped, read, there) > 0.98
    assert np.abs(read - clipped)[there].mean() < 0.03 * result.window.high
    place = np.indices(truth.shape)
    anatomy = result.anatomy_window.apply(sitk.GetArrayViewFromImage(result.anatomy.image))
    for radius, height, where in FINDINGS:
        spot = _ball(place, there, where, radius) & there
        assert np.sign(height) * read[spot].mean() > 0.8 * abs(height)
        ring = _ball(place, there, where, 2 * radius) & ~spot & there
        added = light - anatomy
        gained = added[spot].mean() - added[ring].mean()
        assert gained > 0.05, (height, gained)  # lightness is raised, whatever the sign


def test_nan_outside_the_mask_is_0_and_stays_plain_anatomy(result: coconet_med.FusionResult) -> None:
    outside = sitk.GetArrayFromImage(result.uptake) == 0
    assert outside.mean() > 0.3
    assert np.ptp(sitk.GetArrayFromImage(result.color)[outside].astype(int), axis=-1).max() == 0


def test_sidecar_legend_and_reading_command_know_the_sign(result: coconet_med.FusionResult, tmp_path: Path) -> None:
    result.save(tmp_path / "fused.nii.gz")
    reported = json.loads((tmp_path / "fused.json").read_text(encoding="utf-8"))
    assert reported["window"]["signed"] is True
    assert "values of both signs" in reported["window"]["reason"]
    found = read_back(tmp_path / "fused.nii.gz")
    np.testing.assert_allclose(sitk.GetArrayFromImage(found.uptake), result.read_uptake(), atol=1e-5)
    (tmp_path / "fused.json").unlink()
    top = result.window.high
    again = read_back(tmp_path / "fused.nii.gz", colormap="diverging", window=(-top, top))
    np.testing.assert_allclose(sitk.GetArrayFromImage(again.uptake), result.read_uptake(), atol=1e-5)
    with pytest.raises(OptionError, match="is symmetric"):
        read_back(tmp_path / "fused.nii.gz", colormap="diverging", window=(0, top))


def test_a_threshold_holds_for_both_signs(result: coconet_med.FusionResult) -> None:
    again = mix_again(result, threshold=2.5)
    truth, color = sitk.GetArrayFromImage(again.uptake), sitk.GetArrayFromImage(again.color).astype(int)
    assert np.ptp(color[np.abs(truth) < 1.9], axis=-1).max() == 0
    read = again.read_uptake()
    for sign in (1, -1):
        above = sign * truth > 2.7
        assert above.any()
        assert (sign * read[above] > 1.5).mean() > 0.95
    with pytest.raises(OptionError, match="--colormap uptake: this fusion needs diverging"):
        mix_again(result, colormap="uptake")


def test_windows_of_a_signed_map(scores: sitk.Image) -> None:
    source = from_memory(scores, "function")
    values = sitk.GetArrayViewFromImage(source.image)
    window = window_for(source, values, "function", given=(-3, 4))
    assert (window.low, window.high, window.signed) == (-4, 4, True)
    assert "made symmetric" in window.reason
    assert not window_for(source, values, "function", given=(0, 4)).signed
    half = window_for(source, values, "function", given="percent:-50-50")
    assert half.high == pytest.approx(0.5 * np.abs(values).max())
    with pytest.raises(OptionError, match="reach to both sides of 0; give -4 4"):
        window_for(source, values, "function", given=(-4, 0))
    with pytest.raises(OptionError, match="reach to both sides of 0"):
        window_for(source, values, "function", given=(0, 4), signed=True)
    assert window.restore(window.apply(np.array([-4.0, -1, 0, 2]))).tolist() == [-4, -1, 0, 2]


def test_values_that_are_not_shown_are_reported(head: HeadPhantom, scores: sitk.Image, mean_model) -> None:
    one_sided = coconet_med.fuse(head.t1, scores, window=(0, 5), model=mean_model)
    assert one_sided.colormap == "uptake"
    assert any("are below 0" in warning and "to see both signs" in warning for warning in one_sided.warnings)
    both = coconet_med.fuse(head.t1, _noisy(head, 0.3), colormap="diverging", model=mean_model, register="never")
    assert both.window.signed
    assert not any("below 0" in warning for warning in both.warnings)


def test_a_sparse_map_stays_where_its_affine_puts_it(head: HeadPhantom, scores: sitk.Image, mean_model) -> None:
    values = np.nan_to_num(sitk.GetArrayFromImage(scores))
    sparse = sitk.GetImageFromArray(np.where(np.abs(values) > 2.5, values, 0))
    sparse.CopyInformation(scores)
    found = coconet_med.fuse(head.t1, sparse, model=mean_model)
    assert not found.alignment.registered
    assert "map of both signs" in found.alignment.summary()["reason"]


def test_gray_dicom_of_both_signs_is_refused(result: coconet_med.FusionResult, tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="both signs"):
        write_study(result, tmp_path / "series", form="gray")
    assert not (tmp_path / "series").exists()


def test_the_command_finds_a_signed_map_by_its_intent(head: HeadPhantom, scores: sitk.Image, tmp_path: Path) -> None:
    import nibabel as nib

    from coconet_med.writers.volumes import write_volume

    write_volume(head.t1, tmp_path / "t1.nii.gz")
    write_volume(scores, tmp_path / "plain.nii.gz")
    file = nib.load(tmp_path / "plain.nii.gz")
    file.header.set_intent("z score")
    nib.save(file, tmp_path / "z.nii.gz")
    with pytest.raises(SystemExit) as left:
        main(["fuse", *(str(tmp_path / f"{n}.nii.gz") for n in ("t1", "z")), "-o", str(tmp_path / "f.png"), "--quiet"])
    assert left.value.code in (0, None)
    reported = json.loads((tmp_path / "f.json").read_text(encoding="utf-8"))
    assert reported["colormap"] == "diverging"
    assert "the header says z scores" in reported["window"]["reason"]
