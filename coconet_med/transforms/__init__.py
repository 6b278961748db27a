"""MONAI dictionary transforms: the steps of :func:`coconet_med.fuse` for MONAI pipelines, with the same voxels."""

from coconet_med.transforms.dictionary import (
    BringOnGridd,
    FindWindowd,
    FuseColord,
    ScaleToWindowd,
    StackSlicesd,
    UnstackSlicesd,
    prepare,
)
from coconet_med.transforms.no_data import HatchNoDatad
from coconet_med.transforms.reading import PAIR, ReadSourced

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
