"""MONAI dictionary transforms: the steps of :func:`coconet_med.fuse` for MONAI pipelines, with the same voxels."""

from coconet_med.transforms.dictionary import (
    PAIR,
    BringOnGridd,
    FindWindowd,
    FuseColord,
    ReadSourced,
    ScaleToWindowd,
    StackSlicesd,
    UnstackSlicesd,
    prepare,
)
from coconet_med.transforms.no_data import HatchNoDatad

__all__ = [
    "PAIR",
    "BringOnGridd",
    "FindWindowd",
    "FuseColord",
    "HatchNoDatad",
    "ReadSourced",
    "ScaleToWindowd",
    "StackSlicesd",
    "UnstackSlicesd",
    "prepare",
]
