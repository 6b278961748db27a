"""Units of functional values: stated by the node, else by the DICOM database that the volume was loaded from."""

from __future__ import annotations

import re

import slicer

from PETMRFusionLib.volumes import INSTANCES

#: Where neither says anything.
RELATIVE = "relative"

#: Units (0054,1001) of PET series, DICOM PS3.3 C.8.9.1.
DICOM_UNITS = {
    "BQML": "Bq/ml",
    "CNTS": "counts",
    "CPS": "counts/s",
    "PROPCNTS": "proportional counts",
    "PROPCPS": "proportional counts/s",
    "CM2ML": "SUVbsa",
}
#: SUV Type (0054,1006) of series in g/ml; body weight where it is not stated.
SUV_TYPES = {
    "": "SUVbw",
    "BW": "SUVbw",
    "LBM": "SUVlbm",
    "LBMJAMES128": "SUVlbm",
    "LBMJANMA": "SUVlbm",
    "IBW": "SUVibw",
}

#: UCUM codes by the words of this module, for nodes that get their units from here.
UCUM = {"Bq/ml": "Bq/ml", "SUVbw": "{SUVbw}g/ml", "SUVlbm": "{SUVlbm}g/ml", "SUVibw": "{SUVibw}g/ml"}
UCUM |= {"SUVbsa": "{SUVbsa}cm2/ml"}


def units_of(node: slicer.vtkMRMLScalarVolumeNode) -> str:
    """Units of the values: ``"SUVbw"``, ``"Bq/ml"``, ..., or :data:`RELATIVE` where nothing says.

    The PET DICOM extension states them in the node, from the real-world map that it applied; Slicer's own reader leaves
    them out, but the header in the database has them.
    """
    entry = node.GetVoxelValueUnits()
    text = (entry.GetCodeValue() or entry.GetCodeMeaning() or "") if entry is not None else ""
    return _in_words(text) if text else (_of_database(node) or RELATIVE)


def is_suv(units: str) -> bool:
    """Whether values are standardized uptake values."""
    return units.startswith("SUV")


def state_units(source: slicer.vtkMRMLScalarVolumeNode, target: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Let resampled values keep quantity and units; those that only the database knew are written into the node."""
    target.SetVoxelValueQuantity(source.GetVoxelValueQuantity())
    target.SetVoxelValueUnits(source.GetVoxelValueUnits())
    units = units_of(source)
    if source.GetVoxelValueUnits() is None and units in UCUM:
        entry = slicer.vtkCodedEntry()
        entry.SetValueSchemeMeaning(UCUM[units], "UCUM", units)
        target.SetVoxelValueUnits(entry)


def _in_words(text: str) -> str:
    if text in ("[hnsf'U]", "Hounsfield unit", "HU"):
        return "HU"
    braced = re.search(r"\{(SUV\w+)\}", text)
    return braced[1] if braced else DICOM_UNITS.get(text, text)


def _of_database(node: slicer.vtkMRMLScalarVolumeNode) -> str:
    database = getattr(slicer, "dicomDatabase", None)
    instances = (node.GetAttribute(INSTANCES) or "").split()
    if database is None or not instances or not hasattr(database, "instanceValue"):
        return ""
    if (database.instanceValue(instances[0], "0008,0060") or "").strip() == "CT":
        return "HU"
    # Some programs write "bqml" or "Bq/ml", which the package reads likewise.
    stated = database.instanceValue(instances[0], "0054,1001") or ""
    units = stated.upper().replace("/", "").replace(" ", "")
    if units == "GML":
        kind = (database.instanceValue(instances[0], "0054,1006") or "").strip().upper()
        return SUV_TYPES.get(kind, "")
    return DICOM_UNITS.get(units, "")
