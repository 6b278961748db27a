"""The nearest color of a table, exactly, for pictures whose colors were changed a little by resampling or JPEG."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

#: Pairs of a color and a table entry that are compared at once rather than after a finer division (4 bytes a pair).
_PAIRS = 1 << 17


def nearest_colors(colors: np.ndarray, table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each color the nearest entry of a table (Euclidean in RGB), exactly.

    Args:
        colors: whole numbers 0 to 255, ``(n, 3)``; best without repetitions.
        table: whole numbers 0 to 255, ``(m, 3)``, m > 0.

    Returns:
        Index in the table ``(n,)``, the first of equally near ones, and the distance to it ``(n,)``.
    """
    colors, table = (np.asarray(values).astype(np.float32) for values in (colors, table))
    # One product gives |color - entry|^2 - |color|^2; whole numbers below 2^24, hence exact in float32.
    terms = np.column_stack([-2 * table, (table * table).sum(axis=1)])
    queries = np.column_stack([colors, np.ones(len(colors), np.float32)])
    squared = (colors * colors).sum(axis=1)
    index = np.empty(len(colors), np.intp)
    for members, near in _neighborhoods(queries, terms, np.arange(len(colors)), np.arange(len(table)), bits=8):
        for start in range(0, len(members), max(1, _PAIRS // len(near))):
            part = members[start : start + max(1, _PAIRS // len(near))]
            distances = queries[part] @ terms[near].T
            best = distances.argmin(axis=1)
            index[part] = near[best]
            squared[part] += distances[np.arange(len(part)), best]
    return index, np.sqrt(squared.astype(np.float64))


def _neighborhoods(
    queries: np.ndarray, terms: np.ndarray, members: np.ndarray, near: np.ndarray, *, bits: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Groups of colors, each with the only table entries that can be nearest to one of them.

    Colors are divided by cubes of 2^bits values of each channel.  Where the middle of a cube lies at distance d from
    the table and its corners at distance h from its middle, nearest entries lie within d + 2 h of its middle.
    """
    if len(members) * len(near) <= _PAIRS or bits <= 2:
        yield members, near
        return
    bits -= 2
    cube = queries[members, :3].astype(np.int32) >> bits
    key = cube[:, 0] << 16 | cube[:, 1] << 8 | cube[:, 2]
    order = np.argsort(key, kind="stable")
    half = (2**bits - 1) / 2
    entries = terms[near]
    for group in np.split(order, np.flatnonzero(np.diff(key[order])) + 1):
        middle = np.append(cube[group[0]] * 2**bits + half, 1.0).astype(np.float32)
        away = np.sqrt(np.maximum(entries @ middle + (middle[:3] ** 2).sum(), 0.0))
        closest = near[away <= away.min() + 2 * np.sqrt(3.0) * half + 0.01]  # with some room for rounding
        yield from _neighborhoods(queries, terms, members[group], closest, bits=bits)
