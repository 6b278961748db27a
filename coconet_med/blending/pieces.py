"""Pieces of a mask, their edges, and how far other pixels lie from them, on pixels of any size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def pieces_of(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pixels of a mask, piece by piece: rows, columns, and where each piece ends; neighbors share a side.

    Runs of a row are joined to those of the next row that they touch.  Masks here hold some hundred runs, for which
    this takes a fifth of the time of a filter over all pixels.
    """
    rows, columns = np.nonzero(mask)
    width = mask.shape[1] + 1  # no run touches the first pixel of the next row
    places = rows * width + columns
    starts = np.ones(len(places), bool)
    np.greater(places[1:] - places[:-1], 1, out=starts[1:])
    first = np.flatnonzero(starts)
    begin, last = places[first], places[np.append(first[1:], len(places)) - 1]
    low, high = np.searchsorted(last, begin + width), np.searchsorted(begin, last + width, side="right")
    parent = list(range(len(first)))  # of each run an earlier one of the same piece, or itself
    for run, (a, b) in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
        for below in range(a, b):
            one, other = run, below
            while parent[one] != one:
                one = parent[one]
            while parent[other] != other:
                other = parent[other]
            parent[max(one, other)] = min(one, other)
    for run, earlier in enumerate(parent):
        parent[run] = parent[earlier]
    numbers = np.array(parent)[np.cumsum(starts) - 1]
    order = np.argsort(numbers, kind="stable")
    sizes = np.bincount(numbers)
    return rows[order], columns[order], np.cumsum(sizes[sizes > 0])


def edge_of(mask: np.ndarray) -> np.ndarray:
    """Pixels of a mask (and others) one of whose four neighbors is not in it."""
    edge = np.ones_like(mask)
    inner = mask[:-2, 1:-1] & mask[2:, 1:-1]
    inner &= mask[1:-1, :-2]
    inner &= mask[1:-1, 2:]
    np.logical_not(inner, out=edge[1:-1, 1:-1])
    return edge


def distance_to(
    shape: tuple[int, ...], rows: np.ndarray, columns: np.ndarray, edge: np.ndarray, spacing: Sequence[float]
) -> np.ndarray:
    """Distance in mm of each pixel of a box to the nearest one of a spot; 0 in it."""
    down, right = (
        np.square((np.arange(size) - places[edge, None]) * step, dtype=np.float32)
        for size, places, step in zip(shape, (rows, columns), spacing, strict=True)
    )
    distance = (down[:, :, None] + right[:, None, :]).min(axis=0)
    distance[rows, columns] = 0
    return np.sqrt(distance, out=distance)


def within_reach(inside: np.ndarray, reach: float, spacing: Sequence[float]) -> np.ndarray:
    """Pixels no more than ``reach`` mm away from one that is inside."""
    out = inside.copy()
    height, width = inside.shape
    rows, columns = (int(reach / s) for s in spacing)
    for down in range(-rows, rows + 1):
        for right in range(-columns, columns + 1):
            if np.hypot(down * spacing[0], right * spacing[1]) > reach or abs(down) >= height or abs(right) >= width:
                continue
            to = slice(max(down, 0), height + min(down, 0)), slice(max(right, 0), width + min(right, 0))
            of = slice(max(-down, 0), height + min(-down, 0)), slice(max(-right, 0), width + min(-right, 0))
            out[to] |= inside[of]
    return out
