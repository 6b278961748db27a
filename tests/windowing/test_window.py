"""Windows: one for each volume, chosen by what the values mean."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.errors import OptionError
from coconet_med.source import Source
from coconet_med.windowing.window import Window, robust_window, window_for

RNG = np.random.default_rng(3)


def source(**changes: object) -> Source:
    return Source(**{"image": sitk.Image(2, 2, 2, sitk.sitkFloat32), "name": "a", **changes})  # type: ignore[arg-type]


def test_the_limits_become_zero_and_one_and_nothing_leaves_them() -> None:
    window = Window(10, 20, "HU", "given")
    assert window.apply(np.array([0, 10, 15, 20, 99])).tolist() == [0, 0, 0.5, 1, 1]
    assert window.restore(np.array([0, 0.5, 1])).tolist() == [10, 15, 20]


def test_the_largest_floats_do_not_overflow() -> None:
    top = float(np.finfo(np.float32).max)
    scaled = Window(-top, top, "relative", "robust").apply(np.array([-top, 0, top], np.float32))
    assert scaled.tolist() == [0, 0.5, 1]


def test_a_few_hot_voxels_do_not_move_the_window() -> None:
    values = RNG.uniform(0, 100, 100_000)
    _, high = robust_window(values, "function")
    values[:5] = 1e6
    assert robust_window(values, "function")[1] == pytest.approx(high, rel=0.01)


def test_uptake_starts_at_zero_even_where_noise_goes_below() -> None:
    assert robust_window(RNG.normal(50, 30, 10_000), "function")[0] == 0


def test_anatomy_with_an_offset_starts_at_its_lowest_value() -> None:
    assert robust_window(RNG.uniform(-500, 500, 10_000), "anatomy")[0] == pytest.approx(-500, abs=1)
    assert robust_window(RNG.uniform(900, 1000, 10_000), "anatomy")[0] == pytest.approx(900, abs=1)
    assert robust_window(RNG.uniform(1, 1000, 10_000), "anatomy")[0] == 0


def test_one_bright_voxel_on_nothing_still_has_a_window() -> None:
    values = np.zeros((20, 20, 20), np.float32)
    values[3, 3, 3] = 7
    assert robust_window(values, "function") == (0, 7)


def test_values_below_zero_alone_still_have_a_window() -> None:
    low, high = robust_window(RNG.uniform(-9, -1, 1000), "function")
    assert -9 <= low < high <= -1


def test_what_the_values_mean_decides() -> None:
    values = RNG.uniform(0, 3000, (4, 4, 4))
    assert window_for(source(units="HU"), values, "function").chosen == "CT soft-tissue window"
    picture = source(details={"display_range": [0, 255]})
    assert window_for(picture, values, "anatomy") == Window(0, 255, "relative", "display")
    assert window_for(picture, values, "function", given=(1, 2)) == Window(1, 2, "relative", "given")
    assert window_for(source(), values, "function").chosen == "robust"


@pytest.mark.parametrize("given", [(2, 1), (1, 1), (0, float("nan")), (0, float("inf"))])
def test_limits_that_do_not_rise_are_refused(given: tuple[float, float]) -> None:
    with pytest.raises(OptionError, match="two finite numbers"):
        window_for(source(units="SUVbw"), np.ones(3), "function", given=given)


@pytest.mark.parametrize("role", ["anatomy", "function"])
@pytest.mark.parametrize("shape", [(5, 7, 9), (40, 50, 60), (70, 80, 90)])
@pytest.mark.parametrize(("whole", "offset"), [(False, 0), (True, 0), (True, -70), (True, 900)])
def test_the_window_is_that_of_whole_percentiles_and_the_image_is_left_alone(
    role: str, shape: tuple[int, ...], whole: bool, offset: float
) -> None:
    values = RNG.gamma(1, 200, shape).astype(np.float32)
    values = np.rint(values) + np.float32(offset) if whole else values
    before = values.copy()
    rough = float(np.percentile(values, 99.9))
    low = float(values.min())
    if (role == "function" and low <= 0) or 0 < low < 0.1 * values.max():
        low = 0.0
    high = np.percentile(values[values > low + 0.05 * (rough - low)], 99.5 if role == "anatomy" else 99.9)
    assert robust_window(values, role) == (low, pytest.approx(float(high), rel=1e-7))  # type: ignore[arg-type]
    assert (values == before).all()


def test_one_value_between_whole_numbers_is_not_rounded_away() -> None:
    assert robust_window(np.array([0, 1, 8.5] * 50), "anatomy")[1] == 8.5


def test_scaling_in_pieces_is_scaling_at_once() -> None:
    values = RNG.uniform(-3, 5, 200_000).astype(np.float32)
    window = Window(-1.5, 2.25, "relative", "robust")
    at_once = np.clip((values.astype(np.float64) + 1.5) / 3.75, 0, 1).astype(np.float32)
    assert (window.apply(values) == at_once).all()
