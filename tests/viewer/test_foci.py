"""Foci of a result: where they lie, and those first that the fusion weakened."""

from __future__ import annotations

import numpy as np

import coconet_med
from coconet_med.model import Model
from coconet_med.viewer.foci import list_foci


def test_a_disk_is_one_focus_at_its_place(mean_model: Model) -> None:
    y, x = np.mgrid[:96, :96]
    inside = (y - 48) ** 2 + (x - 48) ** 2 < 40**2
    mri = np.where(inside, 90, 0).astype(np.uint8)
    pet = np.where(inside, 80, 0) + np.where((y - 40) ** 2 + (x - 60) ** 2 < 3.2**2, 120, 0)
    result = coconet_med.fuse(mri, pet.astype(np.uint8), model=mean_model)
    (focus,) = [one for one in list_foci(result) if one["source"] == "uptake"]
    assert focus["hot"]
    assert np.abs(np.array(focus["voxel"]) - (60, 40, 0)).max() <= 1
    assert 4 <= focus["diameter"] <= 9
    assert 0 < focus["kept"] < 1  # the mean of both sources shows half of it
    assert not focus["lost"]
    assert list_foci(result, slices=[]) == []
