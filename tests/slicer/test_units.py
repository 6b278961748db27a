"""Units of a PET come from the DICOM database, and a real-world map first."""

from __future__ import annotations

import types

import pytest
import slicer

from PETMRFusionLib import record
from PETMRFusionLib.logic import PETMRFusionLogic
from PETMRFusionLib.sample import tiny_pair
from PETMRFusionLib.selftest import AverageRuntime
from PETMRFusionLib.units import units_of


def database(monkeypatch, **tags: str) -> None:
    """A DICOM database that knows one instance."""
    names = {"units": "0054,1001", "kind": "0054,1006"}
    known = {names[name]: value for name, value in tags.items()}
    answers = types.SimpleNamespace(
        instanceValue=lambda uid, tag: known.get(tag, "") if uid == "1.2.3" else "", fileForInstance=lambda uid: ""
    )
    monkeypatch.setattr(slicer, "dicomDatabase", answers, raising=False)


@pytest.mark.parametrize(
    ("tags", "units"),
    [
        ({"units": "BQML"}, "Bq/ml"),
        ({"units": "GML"}, "SUVbw"),
        ({"units": "GML", "kind": "LBM"}, "SUVlbm"),
        ({"units": "CNTS"}, "counts"),
        ({"units": "Bq/ml"}, "Bq/ml"),
        ({"units": "gml", "kind": "lbm"}, "SUVlbm"),
        ({}, "relative"),
    ],
)
def test_units_come_from_the_dicom_database(scene, monkeypatch, tags, units):
    mr, pet = tiny_pair()
    database(monkeypatch, **tags)
    assert units_of(pet) == "relative"
    pet.SetAttribute("DICOM.instanceUIDs", "1.2.3 1.2.4")
    assert units_of(pet) == units
    nodes = PETMRFusionLogic(AverageRuntime()).fuse(mr, pet)
    assert record.read_record(nodes.fused).units == units
    if units in ("Bq/ml", "SUVbw", "SUVlbm"):
        monkeypatch.setattr(slicer, "dicomDatabase", None)
        assert units_of(nodes.uptake) == units  # the resampled values carry them without the database


@pytest.mark.parametrize(("code", "units"), [("{SUVbw}g/ml", "SUVbw"), ("{SUVlbm}g/ml", "SUVlbm"), ("Bq/ml", "Bq/ml")])
def test_units_of_a_real_world_map_come_first(scene, monkeypatch, code, units):
    _, pet = tiny_pair()
    database(monkeypatch, units="CNTS")
    pet.SetAttribute("DICOM.instanceUIDs", "1.2.3")
    entry = slicer.vtkCodedEntry()
    entry.SetValueSchemeMeaning(code, "UCUM", "as the PETDICOM extension writes it")
    pet.SetVoxelValueUnits(entry)
    assert units_of(pet) == units
