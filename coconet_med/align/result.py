"""What an alignment says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk

from coconet_med.align.resampled import Resampled
from coconet_med.geometry import matrix_of


@dataclass(frozen=True)
class Alignment:
    """The functional image on the anatomical grid, and how it came there.

    Attributes:
        resampled: the functional volume on the anatomical grid, in the units of the functional source, with
            ``background`` beyond the functional field of view.
        inside: ``uint8`` mask (0 or 1) on the same grid: the functional field of view.
        transform: takes an anatomical point to its functional point (the sense of :func:`SimpleITK.Resample`); the
            identity unless ``registered`` or ``given``.
        registered: whether ``transform`` was found by registration.
        coverage: part of the anatomical foreground inside the functional field of view, 0 to 1.
        overlap: Dice coefficient of the two foregrounds where both images have data, 0 to 1.
        offset_mm: how far ``transform`` moves the middle of the anatomical foreground.
        angle_deg: rotation angle of ``transform``, 0 to 180.
        mutual_information_before: in nat, under the given affines; 0 where the fields of view do not meet.
        mutual_information_after: in nat, under ``transform``.
        moved_reason: why the images were registered, or why not.
        warnings: what the user should know.
        given: file, format and direction of the transform, where the user gave one.
        background: value beyond the functional field of view: -1000 (air) for CT in HU, else 0.
    """

    resampled: Resampled
    inside: sitk.Image
    transform: sitk.Transform
    registered: bool
    coverage: float
    overlap: float
    offset_mm: float
    angle_deg: float
    mutual_information_before: float
    mutual_information_after: float
    moved_reason: str
    warnings: tuple[str, ...] = ()
    background: float = 0.0
    given: str = ""

    @property
    def function(self) -> sitk.Image:
        """The functional image on the anatomical grid, ``float32``; of a large one made when it is first asked for."""
        return self.resampled.image

    @property
    def matrix(self) -> np.ndarray:
        """``transform`` as a 4 x 4 matrix: homogeneous LPS point of the anatomy to that of the function."""
        return matrix_of(self.transform)

    def summary(self) -> dict[str, Any]:
        """The facts for a side-car, plain JSON types only."""
        return {
            "registered": self.registered,
            "reason": self.moved_reason,
            **({"given": self.given} if self.given else {}),
            "matrix_lps_anatomy_to_function": self.matrix.tolist(),
            "offset_mm": self.offset_mm,
            "angle_deg": self.angle_deg,
            "coverage": self.coverage,
            "overlap": self.overlap,
            "mutual_information_before": self.mutual_information_before,
            "mutual_information_after": self.mutual_information_after,
            "background": self.background,
            "warnings": list(self.warnings),
        }
