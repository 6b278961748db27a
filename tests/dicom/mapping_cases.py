"""Real World Value Mapping objects that name the images of a PET."""

from __future__ import annotations

from pathlib import Path

import pydicom
from dicom_phantom import CLASSES, header, save, uid

#: As 3D Slicer's PETDICOM calls itself.
PETDICOM = "https://github.com/QIICR/Slicer-SUVFactorCalculator"
SUV = "{SUVbw}g/ml"


def _code(value: str, scheme: str = "UCUM") -> pydicom.Dataset:
    ds = pydicom.Dataset()
    ds.CodeValue, ds.CodingSchemeDesignator, ds.CodeMeaning = value, scheme, value
    return ds


def world(slope: float, units: str = SUV) -> pydicom.Dataset:
    ds = pydicom.Dataset()
    ds.LUTLabel = ds.LUTExplanation = units[:16]
    ds.RealWorldValueSlope, ds.RealWorldValueIntercept = slope, 0.0
    ds.add_new("RealWorldValueFirstValueMapped", "US", 0)
    ds.add_new("RealWorldValueLastValueMapped", "US", 100)
    ds.MeasurementUnitsCodeSequence = [_code(units)]
    return ds


def _images(numbers, of: tuple[str, ...]) -> list[pydicom.Dataset]:
    found = []
    for k in numbers:
        ds = pydicom.Dataset()
        ds.ReferencedSOPClassUID, ds.ReferencedSOPInstanceUID = CLASSES["PT"], uid("object", *of, k)
        found.append(ds)
    return found


def put(
    folder: Path,
    groups,
    *,
    name: str = "rwv",
    maker: str = PETDICOM,
    of: tuple[str, ...] = ("PET",),
    **edits: object,
) -> Path:
    """An object with one item for each of ``groups``: numbers of images, and their mappings.

    ``of`` is what the UIDs of the images and of their series are made of.
    """
    ds = header("PT", "RWV")
    for keyword in (
        "RadiopharmaceuticalInformationSequence",
        "Units",
        "DecayCorrection",
        "CorrectedImage",
        "ImageType",
    ):
        delattr(ds, keyword)
    ds.SOPClassUID, ds.Modality, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.67", "RWV", uid("rwv", name)
    ds.Manufacturer = maker
    series = pydicom.Dataset()
    series.SeriesInstanceUID, series.ReferencedInstanceSequence = uid("series", *of), _images(range(6), of)
    ds.ReferencedSeriesSequence = [series]
    items = []
    for numbers, worlds in groups:
        item = pydicom.Dataset()
        item.ReferencedImageSequence, item.RealWorldValueMappingSequence = _images(numbers, of), list(worlds)
        items.append(item)
    ds.ReferencedImageRealWorldValueMappingSequence = items
    for keyword, value in edits.items():
        setattr(ds, keyword, value)
    return save(ds, folder / f"{name}.dcm")
