"""What the DICOM writer needs to know of a series that was read: headers without pixels, and where each slice lies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from coconet_med.dicom.series import Series

if TYPE_CHECKING:
    from pydicom import Dataset


@dataclass(frozen=True)
class SliceReference:
    """One source frame: its object, its number in it (from 1), and its position (LPS mm)."""

    sop_class: str
    uid: str
    frame: int
    position: tuple[float, ...]


@dataclass(frozen=True)
class DicomRecord:
    """A series as it was read.

    Attributes:
        series: headers without pixels.
        slices: all frames that went into the image.
    """

    series: Series
    slices: tuple[SliceReference, ...]

    @property
    def header(self) -> Dataset:
        """Header of the first object."""
        return self.series.header

    @cached_property
    def multiframes(self) -> frozenset[str]:
        """SOP Instance UIDs of the objects that hold several frames."""
        return frozenset(i.uid for i in self.series.instances if "NumberOfFrames" in i.header)
