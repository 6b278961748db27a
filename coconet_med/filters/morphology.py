"""Connected parts of masks, their holes, and opening, as ``scipy.ndimage`` has them."""

from __future__ import annotations

import numpy as np


def open_by_diamond(mask: np.ndarray, radius: int) -> np.ndarray:
    """Opening of a mask ``(j, i)`` by the diamond |x| + |y| <= radius; outside the frame there is nothing."""
    for _ in range(radius):
        mask = np.logical_and.reduce(_cross(mask))
    for _ in range(radius):
        mask = np.logical_or.reduce(_cross(mask))
    return mask


def components(mask: np.ndarray, *, diagonal: bool = False) -> np.ndarray:
    """Number the connected parts of a mask, from 1 on in the order of their first pixels; 0 outside.

    Args:
        mask: two or three axes.
        diagonal: whether pixels that share only a corner (or an edge of voxels) are connected.
    """
    import SimpleITK as sitk

    # Pixels, not a view: the image does not outlive this line.
    return sitk.GetArrayFromImage(sitk.ConnectedComponent(sitk.GetImageFromArray(mask.astype(np.uint8)), diagonal))


def large_parts(mask: np.ndarray, *, share: float) -> np.ndarray:
    """The connected parts (not over diagonals) of a mask with at least ``share`` of the size of the largest.

    With a share of 1 that is the largest part, and any other of exactly its size.  Nothing has no part.
    """
    labels = components(mask)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    kept = sizes >= share * sizes.max()
    kept[0] = False
    return kept[labels]


def fill_holes(mask: np.ndarray) -> np.ndarray:
    """A mask ``(j, i)`` with what cannot be reached from the frame (not over diagonals) added to it."""
    labels = components(~mask)
    hole = np.ones(labels.max() + 1, dtype=bool)
    for line in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        hole[line] = False
    return mask | (hole[labels] & ~mask)


def _cross(mask: np.ndarray) -> list[np.ndarray]:
    """A mask and its four moves by one pixel."""
    rows, columns = mask.shape
    wide = np.pad(mask, 1)
    moves = ((1, 1), (0, 1), (2, 1), (1, 0), (1, 2))
    return [wide[j : j + rows, i : i + columns] for j, i in moves]
