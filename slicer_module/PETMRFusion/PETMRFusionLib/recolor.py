"""Coloring a finished fusion in another way: strength, lightness, threshold; without the network."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from PETMRFusionLib import record
from PETMRFusionLib.blend import Blend
from PETMRFusionLib.slabs import Work, new_image


class Recolor:
    """Keeps what the last volume needs for coloring, so that a slider is followed at once."""

    def __init__(self) -> None:
        self._kept: tuple[tuple[Any, ...], Blend] | None = None

    def volume(
        self, fused: slicer.vtkMRMLVectorVolumeNode, strength: float, lightness: float, threshold: float | None
    ) -> Work[None]:
        """Color a volume anew, in pieces; the node changes at the end, as a whole.

        Raises:
            ValueError: the volume is no fusion, or one of its sources is gone.
        """
        sources = (*record.sources_of(fused), fused.GetNodeReference(record.NO_DATA))
        key = (*((node.GetID(), node.GetMTime()) if node else None for node in sources), threshold)
        if self._kept is None or self._kept[0] != key:
            self._kept = None
            self._kept = (key, (yield from record.blending_of(fused, threshold)))
        yield from coloring(fused, self._kept[1], strength, lightness)
        record.state_look(fused, strength, lightness, threshold)


def coloring(node: slicer.vtkMRMLVectorVolumeNode, blend: Blend, strength: float, lightness: float) -> Work[None]:
    """Give a node other colors, in pieces; its image gets them at the end."""
    image, colors = new_image((*blend.uptake.shape, 3), np.uint8)
    yield from blend.coloring(strength, colors, lightness=lightness)
    with slicer.util.NodeModify(node):
        node.GetImageData().GetPointData().SetScalars(image.GetPointData().GetScalars())
        node.GetImageData().Modified()
        node.Modified()
