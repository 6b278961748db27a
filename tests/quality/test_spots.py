"""Foci found the plain way, by which published shares were counted."""

from __future__ import annotations

import numpy as np
import pytest
from foci_cases import HEAD, PLACES, disk, head, near
from scipy import ndimage

from coconet_med.quality.spots import local_median, spots_of


@pytest.mark.parametrize("width", [15, 25])
def test_the_local_median_is_that_of_scipy(width: int) -> None:
    picture = np.round(np.random.default_rng(3).uniform(0, 255, (70, 61)))
    np.testing.assert_array_equal(local_median(picture, width), ndimage.median_filter(picture, width))


def test_plain_spots_are_those_of_the_definition() -> None:
    function = np.round(np.clip(head(80, noise=2), 0, 255))
    for center, radius in zip(PLACES, (1.2, 3.0, 8.0, 10.5), strict=True):  # 5, 29, 197 and 349 pixels
        function[disk(center, radius)] = 200
    median = ndimage.median_filter(function, 25)
    labels, count = ndimage.label((function - median > 45) & HEAD)
    sizes = np.bincount(labels.ravel())
    spots = spots_of(head(110), function)
    assert len(spots) == sum(6 <= sizes[n] <= 250 for n in range(1, count + 1)) >= 2
    assert not near(spots, PLACES[0])  # 5 pixels
    for spot in spots:
        mask = np.zeros(HEAD.shape, bool)
        mask.ravel()[spot.spot] = True
        away = ndimage.distance_transform_edt(~mask)
        ring = (away >= 2) & (away <= 6)
        np.testing.assert_array_equal(np.sort(spot.ring), np.flatnonzero(ring))
        assert spot.contrast == pytest.approx(function[mask].mean() - function[ring].mean())
