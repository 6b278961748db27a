"""Label maps on the grid of the head of the tests."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk


def like(values: np.ndarray, image: sitk.Image) -> sitk.Image:
    made = sitk.GetImageFromArray(values)
    made.CopyInformation(image)
    return made
