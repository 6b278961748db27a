"""One Enhanced MR Color object (PS3.3 A.36.4): all slices in one file, with a geometry that older readers know too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from coconet_med.dicom import headers
from coconet_med.writers.dicom.derivation import (
    SPATIAL_RESAMPLING,
    add_equipment,
    add_evidence,
    add_references,
    code,
    source_items,
    sources_of_slice,
)
from coconet_med.writers.dicom.modules import character_set, common
from coconet_med.writers.dicom.parts import FusedParts
from coconet_med.writers.dicom.pixels import add_color
from coconet_med.writers.dicom.plane import SlicePlanes, decimal

if TYPE_CHECKING:
    from pydicom import Dataset

ENHANCED_MR_COLOR = "1.2.840.10008.5.1.4.1.1.4.3"
FRAME_TYPE = ["DERIVED", "PRIMARY", "VOLUME", "NONE"]


def enhanced_color(parts: FusedParts, planes: SlicePlanes, pixels: np.ndarray) -> Dataset:
    """The object.

    Args:
        parts: what is written.
        planes: places of the slices.
        pixels: uint8 (k, j, i, 3).
    """
    ds = common(parts, form="enhanced", sop_class=ENHANCED_MR_COLOR, instance=1)
    ds.ImageType = FRAME_TYPE
    for keyword in ("AcquisitionNumber", "AcquisitionDate", "AcquisitionTime"):  # not of this IOD
        ds.pop(keyword, None)
    ds.DeviceSerialNumber = "0"  # type 1 here, and software has none
    ds.ContentQualification = "RESEARCH"
    ds.PresentationLUTShape = "IDENTITY"
    ds.PixelPresentation = "TRUE_COLOR"
    ds.VolumetricProperties = "VOLUME"
    ds.VolumeBasedCalculationTechnique = "NONE"
    ds.ComplexImageComponent = "MAGNITUDE"
    ds.AcquisitionContrast = "UNKNOWN"
    ds.AcquisitionContextSequence = []
    agency = headers.text(parts.record.header, "ApplicableSafetyStandardAgency").strip()
    ds.ApplicableSafetyStandardAgency = agency if agency in ("IEC", "FDA", "MHW") else "IEC"
    ds.NumberOfFrames = len(pixels)
    ds.SharedFunctionalGroupsSequence = [_shared(planes)]
    sources = [sources_of_slice(parts, planes, index) for index in range(len(pixels))]
    ds.PerFrameFunctionalGroupsSequence = [_frame(parts, planes, index, sources[index]) for index in range(len(pixels))]
    _dimensions(ds, parts)
    merged = []
    for record in parts.records:
        seen = dict.fromkeys(r for per in sources for own, references in per if own is record for r in references)
        if seen:
            merged.append((record, list(seen)))
    add_references(ds, merged)
    add_evidence(ds, merged)
    add_equipment(ds, parts)
    add_color(ds, pixels)
    character_set(ds)
    return ds


def _item(**attributes: object) -> Dataset:
    from pydicom import Dataset

    ds = Dataset()
    for keyword, found in attributes.items():
        setattr(ds, keyword, found)
    return ds


def _shared(planes: SlicePlanes) -> Dataset:
    """Functional groups equal for all frames."""
    thickness = decimal(planes.step)[0]
    brain = _item(CodeValue="69536005", CodingSchemeDesignator="SCT", CodeMeaning="Head")
    return _item(
        PixelMeasuresSequence=[
            _item(PixelSpacing=decimal(planes.spacing), SliceThickness=thickness, SpacingBetweenSlices=thickness)
        ],
        PlaneOrientationSequence=[_item(ImageOrientationPatient=decimal(planes.orientation))],
        FrameAnatomySequence=[_item(FrameLaterality="U", AnatomicRegionSequence=[brain])],
        MRImageFrameTypeSequence=[
            _item(
                FrameType=FRAME_TYPE,
                PixelPresentation="TRUE_COLOR",
                VolumetricProperties="VOLUME",
                VolumeBasedCalculationTechnique="NONE",
                ComplexImageComponent="MAGNITUDE",
                AcquisitionContrast="UNKNOWN",
            )
        ],
    )


def _frame(parts: FusedParts, planes: SlicePlanes, index: int, sources: list[Any]) -> Dataset:
    """Functional groups of one frame: place, number and derivation."""
    return _item(
        FrameContentSequence=[_item(StackID="1", InStackPositionNumber=index + 1, DimensionIndexValues=[1, index + 1])],
        PlanePositionSequence=[_item(ImagePositionPatient=decimal(planes.positions[index]))],
        DerivationImageSequence=[
            _item(
                DerivationDescription=parts.derivation,
                DerivationCodeSequence=[code(SPATIAL_RESAMPLING)],
                SourceImageSequence=source_items(sources),
            )
        ],
    )


def _dimensions(ds: Dataset, parts: FusedParts) -> None:
    """Multi-frame Dimension module: frames are indexed by stack and by place in it."""
    from pydicom.datadict import tag_for_keyword

    uid = parts.uid("dimensions")
    group = tag_for_keyword("FrameContentSequence")
    ds.DimensionOrganizationSequence = [_item(DimensionOrganizationUID=uid)]
    ds.DimensionIndexSequence = [
        _item(DimensionOrganizationUID=uid, DimensionIndexPointer=tag_for_keyword(k), FunctionalGroupPointer=group)
        for k in ("StackID", "InStackPositionNumber")
    ]
