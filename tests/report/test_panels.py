"""The pictures of a report: square pixels, and slices that show the uptake."""

from __future__ import annotations

import pytest
import SimpleITK as sitk

from coconet_med.report.panels import cuts, middle_of_uptake
from coconet_med.slices import slicing_of


def test_panels_have_square_pixels_whatever_the_voxels(result):
    for cut in cuts(result, size=120):
        shapes = {panel.shape for panel in cut.panels.values()}
        assert len(shapes) == 1
        height, width, _ = shapes.pop()
        wide, tall = {"axial": (192, 224), "coronal": (192, 192), "sagittal": (224, 192)}[cut.plane]
        assert width / height == pytest.approx(wide / tall, rel=0.04)


def test_the_slice_shown_cuts_the_uptake_in_half(result):
    slicing = slicing_of(result.anatomy.image, plane="axial")
    low, middle, high = middle_of_uptake(result, slicing, (0.0, 0.5, 1.0))
    assert low < middle < high
    uptake = slicing.stack(sitk.GetArrayViewFromImage(result.uptake))
    assert uptake[:middle].sum() == pytest.approx(uptake[middle:].sum(), rel=0.35)
