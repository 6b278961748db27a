"""What windows cut off gives a warning."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import SimpleITK as sitk

from coconet_med.source import Source
from coconet_med.steps.notes import clipped, signs_lost
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


def test_signs_that_are_shown_as_nothing_are_reported() -> None:
    half = np.where(np.arange(1000).reshape(10, 10, 10) % 2, 3.0, -3.0)
    zscores = _source(half, nifti_intent=5)
    (said,) = signs_lost(Window(0.0, 3.0, "relative", "given"), zscores)
    assert "50 % of its values are below 0" in said
    assert signs_lost(Window(-3.0, 3.0, "relative", "given"), zscores) == ()
    assert signs_lost(Window(0.0, 3.0, "relative", "given"), _source(np.abs(half))) == ()
