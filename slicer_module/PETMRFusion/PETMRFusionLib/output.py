"""Handing results on: files, a DICOM series, a table of quality figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import slicer
from slicer.i18n import tr as _

from PETMRFusionLib import record as rec
from PETMRFusionLib.blend import DIVERGING, STEPS, ZERO, Blend
from PETMRFusionLib.geometry import array_of, ijk_to_ras, is_rectangular
from PETMRFusionLib.jobs import JobFolder
from PETMRFusionLib.slabs import Work
from PETMRFusionLib.volumes import INSTANCES

#: Formats in which colors, values and grids survive.  NIfTI loses shear, so sheared grids are refused in it.
SUFFIXES = (".nrrd", ".nhdr", ".mha", ".nii.gz", ".nii")


def save(node: slicer.vtkMRMLVolumeNode | None, path: str) -> str:
    """Write a volume; of a fused one also the facts, as ``NAME.json`` beside it.

    The parent transform of the volume is applied to what is written, as Slicer does on hardening; the node keeps it.

    Raises:
        ValueError: nothing to write, an unknown format, a grid or transform that the format cannot hold, or a foreign
            file in the place of the facts.
        OSError: the file cannot be written.
    """
    path = str(Path(path).absolute())  # MRML takes a relative name from the folder of the scene, users from elsewhere
    if node is None or node.GetImageData() is None:
        raise ValueError(_("There is nothing to save yet: apply the fusion first"))
    suffix = next((known for known in SUFFIXES if path.lower().endswith(known)), None)
    if suffix is None:
        raise ValueError(_("{path}: choose one of {known}").format(path=path, known=", ".join(SUFFIXES)))
    matrix = _in_world(node)
    if suffix.startswith(".nii") and not is_rectangular(matrix):
        msg = _("{path}: NIfTI cannot hold the sheared grid of '{name}'; save as .nrrd")
        raise ValueError(msg.format(path=path, name=node.GetName()))
    record = rec.read_record(node)
    beside = Path(path[: -len(suffix)] + ".json")
    if record is not None and not _is_ours(beside):
        msg = _("{path}: exists and holds no facts of a fusion; choose another name, so that it is not replaced")
        raise ValueError(msg.format(path=beside))
    _write(node, matrix, path)
    if record is not None:
        facts = json.loads(record.to_text())
        del facts["table"]
        look = dict(zip(("strength", "lightness", "threshold"), rec.look_of(node), strict=True))
        facts |= {"research_use_only": "research use, not for diagnosis", **look}
        beside.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return path


def _is_ours(beside: Path) -> bool:
    """Whether a file is not there yet, or holds the facts of an earlier fusion."""
    if not beside.exists():
        return True
    try:
        facts = json.loads(beside.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(facts, dict) and {"research_use_only", "colormap", "strength"} <= set(facts)


def _write(node: slicer.vtkMRMLVolumeNode, matrix: np.ndarray, path: str) -> None:
    copy = slicer.mrmlScene.AddNewNodeByClass(node.GetClassName(), "saving")
    try:
        copy.SetHideFromEditors(True)
        copy.SetAndObserveImageData(node.GetImageData())
        copy.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(matrix))
        if hasattr(copy, "SetVoxelVectorType"):
            copy.SetVoxelVectorType(node.GetVoxelVectorType())
        storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
        storage.SetFileName(path)
        if not storage.WriteData(copy):
            raise OSError(_("{path}: cannot be written; check the folder and the space on the disk").format(path=path))
    finally:
        slicer.mrmlScene.RemoveNode(copy)


def _in_world(node: slicer.vtkMRMLVolumeNode) -> np.ndarray:
    from PETMRFusionLib.geometry import between, to_numpy

    path = between(node, None)
    if not hasattr(path, "GetMatrix"):
        msg = _("'{name}' is under a transform that is not linear: harden it first, then save")
        raise ValueError(msg.format(name=node.GetName()))
    return to_numpy(path.GetMatrix()) @ ijk_to_ras(node)


def check_fused(fused: slicer.vtkMRMLVectorVolumeNode | None) -> None:
    """Refuse what cannot be measured.

    Raises:
        ValueError: it is no fusion.
    """
    if rec.read_record(fused) is None:
        raise ValueError(_("Apply the fusion first: there is nothing to measure yet"))


def ordering_quality(fused: slicer.vtkMRMLVectorVolumeNode) -> Work[JobFolder]:
    """Write the job of measuring a fused volume, in pieces.

    Raises:
        ValueError: one of its sources is gone.
    """
    record = rec.read_record(fused)
    blend = yield from rec.blending_of(fused)
    matrix = ijk_to_ras(fused)
    arrays = {"anatomy": blend.anatomy, "luminance": blend.luminance, "function": _size(blend, record.colormap)}
    with JobFolder.filled() as folder:
        volumes = {}
        for name, array in arrays.items():
            volumes[name] = yield from folder.adding(name, array, matrix)
        folder.order("quality", plane=record.plane, **volumes)
    return folder


def _size(blend: Blend, colormap: str) -> np.ndarray:
    """Uptake in [0, 1]; of values of both signs how far they lie from 0."""
    columns = blend.uptake.astype(np.float32)
    return np.abs(columns - ZERO) / (STEPS - 1 - ZERO) if colormap == DIVERGING else columns / (STEPS - 1)


def quality_table(fused: slicer.vtkMRMLVectorVolumeNode, results: JobFolder) -> slicer.vtkMRMLTableNode:
    """The figures as a table node: measure, fusion, plain average."""
    import vtk

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", _("{name} quality").format(name=fused.GetName()))
    names, columns = vtk.vtkStringArray(), [vtk.vtkDoubleArray(), vtk.vtkDoubleArray()]
    for array, title in zip((names, *columns), (_("Measure"), _("Fusion"), _("Average of MRI and PET")), strict=True):
        array.SetName(title)
    for name, *values in results.facts()["rows"]:
        names.InsertNextValue(name)
        for column, value in zip(columns, values, strict=True):
            column.InsertNextValue(float("nan") if value is None else value)
    for array in (names, *columns):
        node.AddColumn(array)
    node.SetUseColumnTitleAsColumnHeader(True)
    return node


def dicom_files_of(mr: slicer.vtkMRMLScalarVolumeNode) -> list[str]:
    """Files of the series that a volume was loaded from, as far as Slicer's DICOM database knows them."""
    uids = (mr.GetAttribute(INSTANCES) or "").split()
    database = getattr(slicer, "dicomDatabase", None)
    files = [database.fileForInstance(uid) for uid in uids] if database is not None else []
    return [file for file in files if file]  # empty for an instance that was removed from the database


def check_dicom(fused: slicer.vtkMRMLVectorVolumeNode | None, files: list[str] | str | None = None) -> list[str] | str:
    """Files of the MRI that a fused volume can be exported beside.

    Raises:
        ValueError: it is no fusion, or its MRI does not come from DICOM.
    """
    mr = fused.GetNodeReference(rec.MR) if rec.read_record(fused) is not None else None
    if mr is None:
        raise ValueError(_("Choose a fused volume whose MRI is in the scene: apply the fusion first"))
    files = files or dicom_files_of(mr)
    if not files:
        msg = _("'{name}' was not loaded from DICOM, so a DICOM result would belong to nobody; save as NRRD")
        raise ValueError(msg.format(name=mr.GetName()))
    return files


def ordering_dicom(fused: slicer.vtkMRMLVectorVolumeNode, folder: str, files: list[str] | str) -> Work[JobFolder]:
    """Write the job of writing a fused volume as DICOM, in pieces.

    The place of the series is the scanner's: transforms that the user put on the MRI are not exported.
    """
    record, pet = rec.read_record(fused), fused.GetNodeReference(rec.PET)
    functional = dicom_files_of(pet) if pet is not None else []
    model = record.provenance.get("model", {})
    registered = "" if fused.GetAttribute(rec.REGISTRATION) is None else "rigid, mutual information"
    strength, lightness, threshold = rec.look_of(fused)
    options = {"colormap": record.colormap, "strength": strength, "lightness": lightness}
    with JobFolder.filled() as job:
        voxels = yield from job.adding("fused", array_of(fused), ijk_to_ras(fused), kind=np.uint8)
        job.order(
            "dicom",
            fused=voxels,
            anatomy_dicom=files,
            **({"function_dicom": functional} if functional else {}),
            function={"name": pet.GetName() if pet is not None else "PET", "units": record.units},
            provenance={
                "model": str(model.get("name", "")),
                "model_sha256": str(model.get("sha256", "")),
                "window": f"{record.window[0]:g} to {record.window[1]:g}",
                "transform": registered or "none, the transforms of the scene were taken",
                "options": options | ({"threshold": threshold} if threshold else {}),
            },
            folder=folder,
        )
    return job


def import_series(folder: str) -> bool:
    """Let Slicer's DICOM database know a series that was written; False where there is no database."""
    if getattr(slicer, "dicomDatabase", None) is None:
        return False
    from DICOMLib import DICOMUtils

    return bool(DICOMUtils.importDicom(folder, slicer.dicomDatabase))
