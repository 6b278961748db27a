"""What the core makes of a fusion anew from its sources: a page for the browser, a list of foci."""

from __future__ import annotations

from typing import Any

import slicer
import vtk
from slicer.i18n import tr as _

from PETMRFusionLib import record as rec
from PETMRFusionLib.fusing import ordering_alignment
from PETMRFusionLib.geometry import between
from PETMRFusionLib.jobs import JobFolder
from PETMRFusionLib.slabs import Work


def ordering_again(task: str, fused: slicer.vtkMRMLVectorVolumeNode | None, **orders: Any) -> Work[JobFolder]:
    """The job of fusing the sources of a volume again as it was fused, and as it is colored now.

    Raises:
        ValueError: it is no fusion, or its MRI or PET is gone.
    """
    record = rec.read_record(fused)
    if record is None:
        raise ValueError(_("Apply the fusion first: there is no fused volume yet"))
    mr, pet = fused.GetNodeReference(rec.MR), fused.GetNodeReference(rec.PET)
    if mr is None or pet is None:
        msg = _("'{name}': its MRI or its PET is gone; apply the fusion again")
        raise ValueError(msg.format(name=fused.GetName()))
    strength, lightness, threshold = rec.look_of(fused)
    model, sha256 = record.asked.get("model", ["light", ""])
    return ordering_alignment(
        task,
        mr,
        [pet],
        fused.GetNodeReference(rec.MOVED),
        window=list(record.window),
        anatomy_window=record.asked.get("anatomy_window", "auto"),
        colormap=record.colormap,
        plane=record.plane,
        strength=float(strength),
        lightness=float(lightness),
        threshold=float(threshold) if threshold else None,
        model=model,
        sha256=sha256,
        **orders,
    )


def foci_table(fused: slicer.vtkMRMLVectorVolumeNode, results: JobFolder) -> slicer.vtkMRMLTableNode:
    """Foci as a table node, those that the picture weakens most first; places in the world, RAS, mm."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", _("{name} foci").format(name=fused.GetName()))
    source, numbers = vtk.vtkStringArray(), [vtk.vtkDoubleArray() for _number in range(7)]
    titles = (_("Source"), "R (mm)", "A (mm)", "S (mm)", _("Diameter (mm)"), _("Contrast in source"))
    titles += (_("Contrast in fusion"), _("Kept"))
    for array, title in zip((source, *numbers), titles, strict=True):
        array.SetName(title)
    to_world = between(fused, None)
    for focus in results.facts()["foci"]:
        words = {"anatomy": _("MRI"), "uptake": _("PET")}[focus["source"]]
        source.InsertNextValue((_("{source}, hot") if focus["hot"] else _("{source}, cold")).format(source=words))
        place = to_world.TransformPoint(focus["ras"])
        values = (*place, focus["diameter"], focus["contrast"], focus["shown"], focus["kept"])
        for array, value in zip(numbers, values, strict=True):
            array.InsertNextValue(value)
    for array in (source, *numbers):
        node.AddColumn(array)
    node.SetUseColumnTitleAsColumnHeader(True)
    return node
