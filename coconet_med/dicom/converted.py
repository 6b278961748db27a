"""Attributes of legacy converted enhanced objects that found no place in a functional group.

Conversion puts them into Unassigned Shared Converted Attributes Sequence (0020,9170) and Unassigned Per-Frame Converted
Attributes Sequence (0020,9171) (PS3.3 C.7.6.16.2.25 and .26): of a PET its Units, Corrected Image, Decay Correction,
the radiopharmaceutical and Frame Reference Time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coconet_med.dicom import headers

if TYPE_CHECKING:
    from pydicom import Dataset


def with_converted(header: Dataset) -> Dataset:
    """``header`` together with its shared converted attributes; what stands at top level wins."""
    shared = headers.items(header, "SharedFunctionalGroupsSequence")
    found = [
        item for group in shared[:1] for item in headers.items(group, "UnassignedSharedConvertedAttributesSequence")
    ]
    return _merged(header, found[0]) if found else header


def of_frame(group: Dataset) -> Dataset | None:
    """The converted attributes of one frame, ``None`` where it has none."""
    found = headers.items(group, "UnassignedPerFrameConvertedAttributesSequence")
    return found[0] if found else None


def _merged(first: Dataset, second: Dataset) -> Dataset:
    from pydicom import Dataset

    merged = Dataset()
    merged.update(first)
    for tag in second.keys():  # noqa: SIM118  (a Dataset iterates over elements, converting each)
        if tag not in first or headers.value(first, tag) is None:
            try:
                merged[tag] = second[tag]
            except Exception:  # pydicom raises almost any kind of error on damaged values
                continue
    return merged
