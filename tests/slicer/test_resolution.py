"""A coarse MRI gets what its voxels hold, as in the core."""

from __future__ import annotations

import numpy as np
import pytest
import slicer

from PETMRFusionLib.geometry import resample
from slicer_cases import (
    grid,
    points_of,
    turned,
    volume,
)


@pytest.mark.parametrize(
    ("spacing", "turn"), [((1, 1, 6), 0), ((7, 7, 7), 23), ((1, 1, 1), 11)], ids=["thick slices", "coarse", "fine"]
)
def test_a_coarse_mri_gets_what_its_voxels_hold_as_in_the_core(scene, spacing, turn):
    """Not one fine voxel out of each: smoothed as coconet-med does, so that Slicer and command line agree."""
    import SimpleITK as sitk

    from coconet_med.align.grid import resample as core
    from worker_exchange import to_image

    noise = np.random.default_rng(0).random((40, 44, 46), np.float32)
    pet = volume("pet", noise, grid((2, 2.1, 2.2), (-45, -45, -40), turned((0.2, 0.5, 1), turn)))
    size = [int(90 / step) for step in spacing[::-1]]
    mr = volume(
        "mr", np.zeros(size, np.float32), grid(spacing, (-40.3, -42.2, -38.1))
    )  # no voxel lies exactly on the edge
    images = [to_image(slicer.util.arrayFromVolume(node), points_of(node)) for node in (pet, mr)]
    wanted = sitk.GetArrayFromImage(core(*images, sitk.Transform(3, sitk.sitkIdentity)))
    found = resample(pet, mr)
    assert np.abs(found - wanted).max() < 2e-3  # of noise between 0 and 1
    if min(spacing) > 2.5 or max(spacing) > 5:
        assert found[found > 0].std() < 0.8 * noise.std()
