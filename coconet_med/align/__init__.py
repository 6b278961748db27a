"""Bring the functional image onto the anatomical grid: through the affines, after registration where it is needed."""

from __future__ import annotations

from coconet_med.align.alignment import Alignment, RegisterMode, align

__all__ = ["Alignment", "RegisterMode", "align"]
