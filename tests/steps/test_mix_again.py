"""Mixing again, with another look, gives what fusing so gives."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

import coconet_med
from coconet_med.fusion import mix_again
from coconet_med.phantom import slice_pair


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


def test_mixing_again_is_what_fusing_so_gives(pair, partial) -> None:
    fused = coconet_med.fuse(*pair, register="never", lightness=0.3, threshold="40%")
    again = mix_again(partial, lightness=0.3, threshold="40%")
    assert (sitk.GetArrayFromImage(fused.color) == sitk.GetArrayFromImage(again.color)).all()
    assert fused.threshold == again.threshold
