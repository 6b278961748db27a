"""Transforms that other programs found: read from their files, brought to one convention, and written.

One convention inside: a 4 x 4 matrix that takes an anatomical point to its functional point, LPS, mm (the sense of
:func:`SimpleITK.Resample`).
"""

from __future__ import annotations

from coconet_med.transform_files.read import check_transform, read_transform
from coconet_med.transform_files.stored import StoredTransform

__all__ = ["StoredTransform", "check_transform", "read_transform"]
