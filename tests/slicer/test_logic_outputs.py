"""What is saved, as a scene or as files, shows the same colors at the same places and keeps the facts of the fusion."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import slicer
from slicer.util import arrayFromVolume

from PETMRFusionLib import record
from PETMRFusionLib.blend import table_at
from PETMRFusionLib.selftest import red_table
from PETMRFusionLib.settings import FusionSettings
from slicer_cases import SHEAR, head_nodes, moved, parent, points_of, turned


def test_what_a_fusion_remembers_survives_saving_the_scene(average, tmp_path):
    mr, pet = head_nodes()
    nodes = average.fuse(mr, pet, settings=FusionSettings(strength=0.5, window=(0, 9000)))
    colors = arrayFromVolume(nodes.fused).copy()
    scene = slicer.mrmlScene
    for node in (mr, pet, nodes.fused, nodes.uptake, nodes.luminance):
        storage = node.CreateDefaultStorageNode()
        storage.SetFileName(str(tmp_path / f"{node.GetName()}.nrrd".replace(" ", "_")))
        scene.AddNode(storage)
        node.SetAndObserveStorageNodeID(storage.GetID())
        assert storage.WriteData(node)
    text = nodes.fused.GetNodeReference(record.TEXT)
    storage = text.CreateDefaultStorageNode()
    storage.SetFileName(str(tmp_path / "record.txt"))
    scene.AddNode(storage)
    text.SetAndObserveStorageNodeID(storage.GetID())
    assert storage.WriteData(text)
    name = nodes.fused.GetName()
    scene.SetURL(str(tmp_path / "scene.mrml"))
    scene.Commit()
    scene.Clear(1)
    scene.SetURL(str(tmp_path / "scene.mrml"))
    scene.Connect()
    fused = scene.GetFirstNodeByName(name)
    assert np.array_equal(arrayFromVolume(fused), colors)
    assert record.read_record(fused).window == (0, 9000)
    assert fused.GetAttribute(record.STRENGTH) == "0.5"
    average.setStrength(fused, 1.0)
    assert not np.array_equal(arrayFromVolume(fused), colors)
    average.setStrength(fused, 0.5)
    assert np.array_equal(arrayFromVolume(fused), colors)


@pytest.mark.parametrize("suffix", [".nrrd", ".mha", ".nii.gz"])
def test_saved_files_show_the_same_colors_at_the_same_places(average, tmp_path, suffix):
    import SimpleITK as sitk

    mr, pet = head_nodes()
    to_world = turned((0.3, 0, 1), 25, (5, 6, 7))
    parent(to_world, mr, pet)
    nodes = average.fuse(mr, pet)
    path = average.save(nodes.fused, str(tmp_path / f"fused{suffix}"))
    image = sitk.ReadImage(path)
    colors = arrayFromVolume(nodes.fused)
    assert np.array_equal(sitk.GetArrayFromImage(image), colors)
    ras = np.array(image.TransformIndexToPhysicalPoint((7, 11, 5))) * [-1, -1, 1]
    assert np.allclose(ras, moved(to_world @ points_of(mr), np.array([7.0, 11.0, 5.0])), atol=1e-3)
    facts = json.loads((tmp_path / "fused.json").read_text(encoding="utf-8"))
    assert facts["colormap"] == "uptake"
    assert "table" not in facts
    assert nodes.fused.GetTransformNodeID() == mr.GetTransformNodeID()


def test_a_foreign_file_beside_the_result_is_not_replaced(average, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nodes = average.fuse(*head_nodes())
    Path("sub-01_T1w.json").write_text('{"MagneticFieldStrength": 3}', encoding="utf-8")
    with pytest.raises(ValueError, match="no facts of a fusion; choose another name"):
        average.save(nodes.fused, str(tmp_path / "sub-01_T1w.nii.gz"))
    assert Path("sub-01_T1w.json").read_text(encoding="utf-8") == '{"MagneticFieldStrength": 3}'
    assert not Path("sub-01_T1w.nii.gz").exists()
    average.save(nodes.fused, "mine.nrrd")  # a relative name is taken from the working folder
    average.save(nodes.fused, "mine.nrrd")  # our own facts are replaced
    assert {"mine.nrrd", "mine.json"} <= {path.name for path in tmp_path.iterdir()}


def test_nifti_is_refused_where_it_would_lose_the_shear(average, tmp_path):
    import SimpleITK as sitk

    mr, pet = head_nodes()
    parent(SHEAR, mr)
    nodes = average.fuse(mr, pet)
    with pytest.raises(ValueError, match=r"NIfTI cannot hold the sheared grid .* save as \.nrrd"):
        average.save(nodes.fused, str(tmp_path / "fused.nii.gz"))
    image = sitk.ReadImage(average.save(nodes.fused, str(tmp_path / "fused.nrrd")))
    ras = np.array(image.TransformIndexToPhysicalPoint((7, 11, 5))) * [-1, -1, 1]
    assert np.allclose(ras, moved(SHEAR @ points_of(mr), np.array([7.0, 11.0, 5.0])), atol=1e-3)


def test_the_table_of_the_record_comes_back_whole():
    table = table_at(red_table(), 0.4)
    facts = record.Record((0, 1), (0, 2), "SUVbw", "uptake", "axial", table, {"a": 1}, ("careful",))
    back = record.Record.from_text(facts.to_text())
    assert np.array_equal(back.table, table)
    assert (back.window, back.warnings, back.provenance) == ((0, 2), ("careful",), {"a": 1})
