"""One file and one series as the scanner sees them: headers without pixels, and how messages name them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from coconet_med.dicom import headers

if TYPE_CHECKING:
    from pydicom import Dataset

#: Software name in Manufacturer (0008,0070) of the objects that this package writes; never read back as a source.
OWN_MANUFACTURER = "coconet-med"

#: Storage classes whose pixels are an image of MR, CT, PET or SPECT (PS3.4 B.5), with the short name used in messages.
IMAGE_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.2": "CT Image",
    "1.2.840.10008.5.1.4.1.1.2.1": "Enhanced CT Image",
    "1.2.840.10008.5.1.4.1.1.2.2": "Legacy Converted Enhanced CT Image",
    "1.2.840.10008.5.1.4.1.1.4": "MR Image",
    "1.2.840.10008.5.1.4.1.1.4.1": "Enhanced MR Image",
    "1.2.840.10008.5.1.4.1.1.4.4": "Legacy Converted Enhanced MR Image",
    "1.2.840.10008.5.1.4.1.1.20": "NM Image",
    "1.2.840.10008.5.1.4.1.1.128": "PET Image",
    "1.2.840.10008.5.1.4.1.1.128.1": "Legacy Converted Enhanced PET Image",
    "1.2.840.10008.5.1.4.1.1.130": "Enhanced PET Image",
}
NM_CLASS = "1.2.840.10008.5.1.4.1.1.20"
MODALITIES = ("MR", "CT", "PT", "NM")
#: Modality (0008,0060) of the images of these classes (PS3.3 A.3, A.4, A.5, A.21, A.36, A.38, A.56, A.70 to A.72).
MODALITY_OF_CLASS = {
    uid: "PT" if "PET" in name.split() else next(modality for modality in MODALITIES if modality in name.split())
    for uid, name in IMAGE_CLASSES.items()
}


@dataclass(frozen=True)
class Instance:
    """One DICOM file: its path and its header (no pixels)."""

    path: Path
    header: Dataset
    transfer_syntax: str
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """File name as messages show it."""
        return headers.printable(self.path.name, limit=80)

    @cached_property
    def facts(self) -> Dataset:
        """The header with the attributes that a legacy conversion kept apart (:mod:`coconet_med.dicom.converted`)."""
        from coconet_med.dicom.converted import with_converted

        return with_converted(self.header)

    @cached_property
    def sop_class(self) -> str:
        return headers.text(self.header, "SOPClassUID")

    @cached_property
    def uid(self) -> str:
        return headers.text(self.header, "SOPInstanceUID")

    @cached_property
    def image_type(self) -> tuple[str, ...]:
        return tuple(word.upper() for word in headers.words(self.header, "ImageType"))


@dataclass(frozen=True)
class Series:
    """The image files that share a Series Instance UID, one file for each SOP Instance UID.

    Attributes:
        uid: Series Instance UID.
        instances: the files.
        duplicates: files of objects that are among ``instances`` already.
        mappings: Real World Value Mapping objects that name its images (:mod:`coconet_med.dicom.mapping_objects`).
        zone: offset from UTC by the user, of times that state none in a series that states none.
    """

    uid: str
    instances: tuple[Instance, ...]
    duplicates: tuple[Instance, ...] = ()
    mappings: tuple[Instance, ...] = ()
    zone: timedelta | None = None

    @property
    def header(self) -> Dataset:
        return self.instances[0].header

    @property
    def facts(self) -> Dataset:
        """As :attr:`Instance.facts`, of the first object."""
        return self.instances[0].facts

    @cached_property
    def modality(self) -> str:
        return headers.text(self.header, "Modality").upper()

    @cached_property
    def description(self) -> str:
        return headers.text(self.header, "SeriesDescription")

    @cached_property
    def study_uid(self) -> str:
        return headers.text(self.header, "StudyInstanceUID")

    def words(self) -> set[str]:
        """All values of Image Type (0008,0008) that occur in the series, upper case."""
        return {word for instance in self.instances for word in instance.image_type}

    def describe(self) -> str:
        """How messages name the series: UID, modality, description, number of files."""
        count = len(self.instances)
        title = f"'{self.description}'" if self.description else "no description"
        return f"{self.uid} ({self.modality or 'no modality'}, {title}, {count} file{'s' if count != 1 else ''})"


def name_files(paths: Iterable[Path], limit: int = 3) -> str:
    """The first ``limit`` file names, printable, and how many more there are."""
    names = sorted(headers.printable(path.name, limit=80) for path in paths)
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"


def is_reprojection(series: Series) -> bool:
    """Whether a PET series holds maximum projections seen from around the body (PS3.3 C.8.9.1.1.2), not slices."""
    return any("REPROJECTION" in headers.words(instance.header, "SeriesType") for instance in series.instances)
