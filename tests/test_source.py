"""What readers hand on can be written through, where memory counts."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from coconet_med.source import writable


def test_what_is_written_through_the_array_is_in_the_image() -> None:
    image = sitk.Image(4, 3, 2, sitk.sitkFloat32)
    array = writable(image)
    assert array.shape == (2, 3, 4)
    array[1, 2, 3] = 7.5
    assert image[3, 2, 1] == 7.5
    color = sitk.Image([4, 3, 2], sitk.sitkVectorUInt8, 3)
    writable(color)[0, 1, 2] = (1, 2, 3)
    assert color[2, 1, 0] == (1, 2, 3)
    assert np.count_nonzero(sitk.GetArrayViewFromImage(color)) == 3
