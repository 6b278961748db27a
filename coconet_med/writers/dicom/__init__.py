"""DICOM out: the fused volume as an RGB Secondary Capture series, an Enhanced MR Color object, or a gray MR series."""

from __future__ import annotations

from coconet_med.choices import LegendPlace
from coconet_med.writers.dicom.form import Form
from coconet_med.writers.dicom.parts import FusedParts
from coconet_med.writers.dicom.write import write_dicom

__all__ = ["Form", "FusedParts", "LegendPlace", "write_dicom"]
