"""Painting bodies onto a grid, last one on top, with partial-volume edges in the intensities."""

from __future__ import annotations

import numpy as np

from coconet_med.phantom.lattice import Axes, onto
from coconet_med.phantom.shapes import Shape
from coconet_med.phantom.tissues import TISSUES

Block = tuple[slice, slice, slice]
EVERYWHERE: Block = (slice(None), slice(None), slice(None))
MARGIN = 9.0  # mm: bodies stray from their boxes by displacement and by the edge's softness


class Canvas:
    """Labels and MR intensities under construction; arrays (k, j, i).

    Args:
        axes: voxel centers of the grid.
        coordinates: displaced world coordinates x, y, z at the voxels, at which shapes are evaluated.
        softness: width of the edge in the intensities, mm (about a voxel).
        contrasts: names of the intensity channels, attributes of :class:`~coconet_med.phantom.tissues.Tissue`.
    """

    def __init__(
        self,
        axes: Axes,
        coordinates: tuple[np.ndarray, np.ndarray, np.ndarray],
        *,
        softness: float,
        contrasts: tuple[str, ...],
    ) -> None:
        self.axes = axes
        self.coordinates = coordinates
        self.softness = np.float32(softness)
        self.labels = np.zeros(axes.shape, np.uint8)
        self.channels = {name: np.zeros(axes.shape, np.float32) for name in contrasts}

    def block(self, shape: Shape, *, mirror: bool = False) -> Block:
        """The part of the grid that may hold a shape."""
        lower, upper = shape.lower - MARGIN, shape.upper + MARGIN
        if mirror:
            lower[0], upper[0] = -upper[0], -lower[0]
        edges = [
            slice(int(np.searchsorted(axis, low)), int(np.searchsorted(axis, high, side="right")))
            for axis, low, high in zip((self.axes.x, self.axes.y, self.axes.z), lower, upper, strict=True)
        ]
        return edges[2], edges[1], edges[0]

    def field(self, field: np.ndarray, block: Block) -> np.ndarray:
        """A lattice field at the voxels of a block."""
        return onto(Axes(self.axes.x[block[2]], self.axes.y[block[1]], self.axes.z[block[0]]), field)

    def at(self, block: Block) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Displaced coordinates x, y, z of a block."""
        x, y, z = self.coordinates
        return x[block], y[block], z[block]

    def fill(self, tissue: str, distance: np.ndarray, block: Block = EVERYWHERE) -> None:
        """Paint where ``distance`` (mm, over the block) is negative."""
        labels = self.labels[block]
        labels[distance < 0] = TISSUES[tissue].label
        cover = np.clip(np.float32(0.5) - distance / self.softness, 0, 1)
        for name, channel in self.channels.items():
            part = channel[block]
            part += cover * (np.float32(getattr(TISSUES[tissue], name)) - part)

    def paint(
        self,
        tissue: str,
        shape: Shape,
        *,
        both_sides: bool = False,
        grow: float = 0.0,
        inside: np.ndarray | None = None,
    ) -> None:
        """Paint a shape, on both sides if asked, only where the field ``inside`` (whole grid, mm) is negative too."""
        for mirror in (False, True) if both_sides else (False,):
            block = self.block(shape, mirror=mirror)
            x, y, z = self.at(block)
            if x.size == 0:
                continue
            distance = shape.distance(-x if mirror else x, y, z) - np.float32(grow)
            if inside is not None:
                distance = np.maximum(distance, inside[block])
            self.fill(tissue, distance, block)
