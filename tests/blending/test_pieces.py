"""Pieces of masks and distances to them are those of ITK and of the definition, however an image is turned."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.blending.pieces import distance_to, edge_of, pieces_of, within_reach

RNG = np.random.default_rng(2)
SHAPES = [(1, 1), (1, 9), (9, 1), (2, 3), (17, 23), (40, 31)]


def pieces(mask: np.ndarray) -> set[frozenset[tuple[int, int]]]:
    rows, columns, ends = pieces_of(mask)
    places = list(zip(rows.tolist(), columns.tolist(), strict=True))
    return {frozenset(places[a:b]) for a, b in zip([0, *ends[:-1]], ends, strict=True)}


@pytest.mark.parametrize("shape", SHAPES)
def test_pieces_are_those_of_itk_and_come_row_by_row(shape: tuple[int, int]):
    for share in (0.3, 0.6, 1.0):
        mask = RNG.random(shape) <= share
        mask[0, 0] = True
        labels = sitk.GetArrayFromImage(sitk.ConnectedComponent(sitk.GetImageFromArray(mask.astype(np.uint8))))
        theirs = {frozenset(map(tuple, np.argwhere(labels == n).tolist())) for n in range(1, labels.max() + 1)}
        assert pieces(mask) == theirs
        rows, _, ends = pieces_of(mask)
        assert all(np.all(np.diff(part) >= 0) for part in np.split(rows, ends[:-1]))


@pytest.mark.parametrize("turn", [lambda a: a[::-1], lambda a: a[:, ::-1], lambda a: a.T], ids=["up", "left", "turned"])
def test_a_turned_mask_has_turned_pieces(turn: Callable[[np.ndarray], np.ndarray]):
    mask = RNG.random((30, 24)) < 0.55
    where = np.stack(np.indices(mask.shape), -1)
    turned = turn(where.transpose(2, 0, 1)[0]), turn(where.transpose(2, 0, 1)[1])
    back = {
        frozenset((int(turned[0][place]), int(turned[1][place])) for place in piece)
        for piece in pieces(np.ascontiguousarray(turn(mask)))
    }
    assert back == pieces(mask)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.3, 3.0), (4.0, 4.0)])
@pytest.mark.parametrize("shape", SHAPES)
def test_distances_are_those_to_the_nearest_pixel_by_the_edge_alone(
    shape: tuple[int, int], spacing: tuple[float, float]
):
    mask = RNG.random(shape) < 0.4
    mask[-1, -1] = True
    rows, columns = np.nonzero(mask)
    found = distance_to(shape, rows, columns, edge_of(mask)[rows, columns], spacing)
    apart = (np.argwhere(np.ones(shape))[:, None] - np.argwhere(mask)) * spacing
    by_hand = np.sqrt((apart**2).sum(axis=2)).min(axis=1).reshape(shape)
    np.testing.assert_allclose(found, by_hand, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(within_reach(mask, 3.5, spacing), by_hand <= 3.5)
