"""Mosaics: which slices, where they lie, and on how many pages."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.sheets.contours import COLORS, with_contours
from coconet_med.sheets.mosaic import mosaic, place_of
from coconet_med.slices import slicing_of


def test_a_mosaic_has_the_slices_asked_for_on_pages(result):
    (one,) = mosaic(result, slices=6)
    assert one.dtype == np.uint8
    pages = mosaic(result, slices=7, contact=3)
    assert len(pages) == 3
    (fewer,) = mosaic(result, slices=3)
    assert one.shape[0] > fewer.shape[0]


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_places_say_where_a_slice_lies_in_the_body(result, plane):
    image = result.anatomy.image
    for turned in (image, sitk.Flip(image, [True, True, True], False), sitk.PermuteAxes(image, [1, 2, 0])):
        slicing = slicing_of(turned, plane=plane)
        axis, low, high = {"axial": (2, "I", "S"), "coronal": (1, "A", "P"), "sagittal": (0, "R", "L")}[plane]
        coordinates = sitk.GetImageFromArray(
            np.stack(np.meshgrid(*[np.arange(n) for n in turned.GetSize()[::-1]], indexing="ij"), -1).astype(np.float32)
        )
        where = slicing.stack(sitk.GetArrayFromImage(coordinates))
        for index in (0, 3, len(where) - 1):
            k, j, i = where[index].mean(axis=(0, 1))
            value = turned.TransformContinuousIndexToPhysicalPoint([float(i), float(j), float(k)])[axis]
            assert place_of(turned, slicing, index) == f"{high if value >= 0 else low} {abs(value):.0f} mm"


def test_lines_in_a_mosaic_are_as_fine_as_the_picture(result):
    (page,) = mosaic(with_contours(result, "20%"), slices=5)
    line = (page == COLORS[4]).all(axis=-1)
    assert 300 < line.sum() < 0.02 * line.size
