"""The pictures of a report: square pixels, and slices that show the uptake."""

from __future__ import annotations

import pytest
import SimpleITK as sitk

from coconet_med.report.panels import cuts, middle_of_uptake
from coconet_med.slices import slicing_of


def test_letters_and_bar_stand_beside_what_is_narrower_than_the_square(result):
    for cut in cuts(result, size=240):
        wide, _ = {"axial": (192, 224), "coronal": (192, 192), "sagittal": (224, 192)}[cut.plane]
        side = cut.panels["function"].shape[0]
        margin = round(side * (1 - wide / 224) / 2)
        beside = cut.panels["function"][:, :margin]
        assert beside.size == 0 or beside.max() > 200  # the letter of the left side
        assert cut.panels["anatomy"][-12:, :60].max() > 200  # the bar


def test_the_slice_shown_cuts_the_uptake_in_half(result):
    slicing = slicing_of(result.anatomy.image, plane="axial")
    low, middle, high = middle_of_uptake(result, slicing, (0.0, 0.5, 1.0))
    assert low < middle < high
    uptake = slicing.stack(sitk.GetArrayViewFromImage(result.uptake))
    assert uptake[:middle].sum() == pytest.approx(uptake[middle:].sum(), rel=0.35)
