"""Shares of a fine grid are those of all its voxels."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from formula_head import CENTER, grid, head, painted, sources, world_points

from coconet_med.align import align
from coconet_med.align.plausibility import foreground


@pytest.mark.parametrize("thickness", [0.4, 5.0, 40.0])
def test_shares_of_a_fine_grid_are_those_of_all_its_voxels(thickness):
    fine = grid((520, 260, 12), (0.3, 0.75, 8.0))
    fine = painted(fine, head(world_points(fine), metabolic=False))
    slab = grid((1, 70, 40), (thickness, 2.5, 3.0), center=np.add(CENTER, (7.1, 0.0, 0.0)))
    slab = painted(slab, head(world_points(slab), metabolic=True))
    result = align(*sources(fine, slab), register="never")
    body = sitk.GetArrayFromImage(foreground(fine)) > 0
    inside = sitk.GetArrayFromImage(result.inside) > 0
    assert result.coverage > 0
    assert result.coverage == pytest.approx((body & inside).sum() / body.sum(), rel=0.1)
