"""What windows cut off gives a warning."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.source import Source
from coconet_med.steps.notes import above_all, clipped, signs_lost, unseen_anatomy
from coconet_med.windowing.window import Window


def _source(values: np.ndarray, **details: int) -> Source:
    return Source(sitk.GetImageFromArray(values.astype(np.float32)), "z.nii", details=dict(details))


def test_a_share_above_the_window_is_reported_unless_the_window_was_found(monkeypatch) -> None:
    function = _source(np.arange(100.0).reshape(4, 5, 5))
    resampled = SimpleNamespace(shape=(4, 5, 5), count_beyond=lambda low, high: (3, 20))
    alignment = SimpleNamespace(resampled=resampled)
    given = Window(0.0, 79.0, "SUVbw", "given")
    assert clipped(given, function, alignment) == (
        "z.nii: 20 % of the voxels are above the window (79 SUVbw) and look alike",
    )
    assert clipped(Window(0.0, 79.0, "SUVbw", "robust"), function, alignment) == ()


def test_a_robust_window_of_suv_that_a_full_bladder_makes_wide_is_reported() -> None:
    body, brain = np.linspace(0.0, 4.0, 1000), np.linspace(0.0, 14.0, 1000)
    body[::20] = 30.0
    alignment = SimpleNamespace()
    robust = Window(0.0, 30.0, "SUVbw", "robust")
    (said,) = clipped(robust, _source(body.reshape(10, 10, 10)), alignment)
    assert "goes up to SUV 30" in said
    assert "75 % of the uptake lie below 7.5" in said
    assert "--window suv:0-10" in said
    counted = Window(0.0, 30.0, "Bq/ml", "robust")
    assert clipped(counted, _source(body.reshape(10, 10, 10)), alignment) == ()
    assert clipped(Window(0.0, 14.0, "SUVbw", "robust"), _source(brain.reshape(10, 10, 10)), alignment) == ()


def test_signs_that_are_shown_as_nothing_are_reported() -> None:
    half = np.where(np.arange(1000).reshape(10, 10, 10) % 2, 3.0, -3.0)
    zscores = _source(half, nifti_intent=5)
    (said,) = signs_lost(Window(0.0, 3.0, "relative", "given"), zscores)
    assert "50 % of its values are below 0" in said
    assert signs_lost(Window(-3.0, 3.0, "relative", "given"), zscores) == ()
    assert signs_lost(Window(0.0, 3.0, "relative", "given"), _source(np.abs(half))) == ()


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (200.0, 300.0, "all of it lies below"),
        (-20.0, -1.0, "all of it lies above and looks alike"),
        (0.0, 1e5, "hardly anything of it is to be seen"),
    ],
)
def test_a_window_that_shows_nothing_of_an_image_is_reported(low: float, high: float, words: str) -> None:
    source = _source(np.arange(100.0).reshape(4, 5, 5))
    alignment = SimpleNamespace(resampled=SimpleNamespace(shape=(4, 5, 5), count_beyond=lambda low, high: (3, 20)))
    given = Window(low, high, "Bq/ml", "given")
    for said in (clipped(given, source, alignment), unseen_anatomy(given, source)):
        assert len(said) == 1
        assert words in said[0]
    assert unseen_anatomy(Window(0.0, 50.0, "relative", "given"), source) == ()


def test_a_threshold_above_all_uptake_is_reported() -> None:
    source = _source(np.arange(-99.0, 1.0).reshape(4, 5, 5))
    plain, both = Window(0.0, 50.0, "relative", "given"), Window(-50.0, 50.0, "relative", "given", signed=True)
    assert "its highest value is 0 relative, below the threshold of 50" in above_all(50.0, source, plain)[0]
    assert above_all(50.0, source, both) == above_all(None, source, plain) == above_all(0.0, source, plain) == ()
