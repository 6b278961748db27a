"""A slice whose levels are known."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.phantom import slice_pair


@pytest.fixture(scope="module")
def level() -> np.ndarray:
    """Uptake of a generated slice in [0, 1], with a focus at the top."""
    pet = slice_pair(96)[1].astype(float)
    y, x = np.mgrid[:96, :96]
    focus = np.exp(-((y - 40) ** 2 + (x - 48) ** 2) / 20)
    sharp = sitk.GetImageFromArray(np.maximum(0.7 * pet / pet.max(), focus))
    smooth = sitk.GetArrayFromImage(sitk.SmoothingRecursiveGaussian(sharp, 1.5))  # as PET is
    return np.clip(smooth / smooth.max(), 0, 1)
