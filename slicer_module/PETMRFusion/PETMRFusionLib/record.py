"""What a fused volume remembers, saved with the scene: its sources, windows, color table, model and warnings."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _

from PETMRFusionLib.blend import DIVERGING, STEPS, Blend, blending
from PETMRFusionLib.geometry import array_of
from PETMRFusionLib.slabs import Work

#: Node references of a fused volume.
MR, PET, UPTAKE, LUMINANCE, TEXT = (f"PETMRFusion.{role}" for role in ("MR", "PET", "Uptake", "Luminance", "Record"))
#: Another one, only where the functional image has no data somewhere: the mask of it.
NO_DATA = "PETMRFusion.NoData"
#: And one only where a registration was applied.
MOVED = "PETMRFusion.RegistrationNode"

#: Attributes of a fused volume: strength, lightness and threshold (empty: none) at which it is colored now.
STRENGTH, LIGHTNESS, THRESHOLD = "PETMRFusion.Strength", "PETMRFusion.Lightness", "PETMRFusion.Threshold"

#: Attribute of a result: the name that was given to it here; another name is the user's.
NAME = "PETMRFusion.Name"

#: Attribute of a fused volume: name of the registration that was applied; of a registration: how far it moves.
REGISTRATION = "PETMRFusion.Registration"
#: Its value where nothing had to be moved.
ALIGNED = "aligned already"

#: Attributes of a registration: the matrix that was found, to tell it from one that the user made or changed; warnings.
MATRIX, WARNINGS = "PETMRFusion.Matrix", "PETMRFusion.Warnings"


@dataclass(frozen=True)
class Record:
    """Facts of one fusion.

    Attributes:
        anatomy_window: MRI values that became 0 and 1.
        window: functional values that became 0 and 1.
        units: of the functional values.
        colormap: name of the color map.
        plane: plane of the slices that the network saw.
        table: RGB ``uint8`` (256 luminances, 256 uptakes, 3) of the color map.
        provenance: software, model with its sha256, libraries.
        warnings: what the user should know.
        asked: the settings that the picture was asked for with (:meth:`~.settings.FusionSettings.look`).
        no_data: share of the picture where the functional image has no data.
    """

    anatomy_window: tuple[float, float]
    window: tuple[float, float]
    units: str
    colormap: str
    plane: str
    table: np.ndarray
    provenance: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    asked: dict[str, Any] = field(default_factory=dict)
    no_data: float = 0.0

    def to_text(self) -> str:
        """JSON."""
        facts = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "table"}
        packed = base64.b64encode(zlib.compress(self.table.tobytes(), 9)).decode("ascii")
        return json.dumps({**facts, "table": packed}, indent=1)

    @classmethod
    def from_text(cls, text: str) -> Record:
        """The record of :meth:`to_text`."""
        facts = json.loads(text)
        table = np.frombuffer(zlib.decompress(base64.b64decode(facts["table"])), np.uint8).reshape(STEPS, STEPS, 3)
        for name in ("anatomy_window", "window", "warnings"):
            facts[name] = tuple(facts[name])
        return cls(**{**facts, "table": table})


#: The record that was read last, after what it was read from.
_read: list[Any] = [None, None]


def write_record(fused: slicer.vtkMRMLVolumeNode, record: Record) -> None:
    """Put the record into a hidden text node beside the fused volume."""
    text = fused.GetNodeReference(TEXT)
    if text is None:
        text = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", f"{fused.GetName()} record")
        text.SetHideFromEditors(True)
        fused.SetNodeReferenceID(TEXT, text.GetID())
    text.SetText(record.to_text())


def read_record(fused: slicer.vtkMRMLVolumeNode | None) -> Record | None:
    """The record of a fused volume; ``None`` of any other volume."""
    text = fused.GetNodeReference(TEXT) if fused is not None else None
    if text is None or not text.GetText():
        return None
    if _read[0] != (key := (text.GetID(), text.GetMTime())):
        _read[:] = [key, Record.from_text(text.GetText())]  # asked for again and again, and 200 kB of colors each time
    return _read[1]


def keep_tidy(scene: slicer.vtkMRMLScene) -> None:
    """Remove record and mask of a fused volume together with it: hidden nodes could not be removed by hand."""

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def removed(caller: Any, event: str, node: Any) -> None:
        if node is None or caller.IsClosing() or node.GetNodeReferenceID(TEXT) is None:
            return
        for role in (TEXT, NO_DATA):
            hidden = caller.GetNodeByID(node.GetNodeReferenceID(role) or "")
            if hidden is not None:
                caller.RemoveNode(hidden)

    scene.AddObserver(scene.NodeRemovedEvent, removed)


def matrix_text(transform: slicer.vtkMRMLLinearTransformNode) -> str:
    """The matrix of a transform node, as the attribute :data:`MATRIX` has it."""
    matrix = vtk.vtkMatrix4x4()
    transform.GetMatrixTransformToParent(matrix)
    return " ".join(f"{matrix.GetElement(row, column):.9g}" for row in range(4) for column in range(4))


def is_own_registration(transform: slicer.vtkMRMLLinearTransformNode | None) -> bool:
    """Whether a transform was found by Register and nobody changed it since: only such a one may be replaced."""
    return transform is not None and transform.GetAttribute(MATRIX) == matrix_text(transform)


def state_look(
    fused: slicer.vtkMRMLVolumeNode, strength: float, lightness: float = 1.0, threshold: float | None = None
) -> None:
    """Let a fused volume say how it is colored now."""
    fused.SetAttribute(STRENGTH, f"{strength:g}")
    fused.SetAttribute(LIGHTNESS, f"{lightness:g}")
    fused.SetAttribute(THRESHOLD, "" if threshold is None else f"{threshold:.9g}")


def look_of(fused: slicer.vtkMRMLVolumeNode) -> tuple[str, str, str]:
    """What :func:`state_look` wrote."""
    return (
        fused.GetAttribute(STRENGTH) or "1",
        fused.GetAttribute(LIGHTNESS) or "1",
        fused.GetAttribute(THRESHOLD) or "",
    )


def sources_of(fused: slicer.vtkMRMLVolumeNode) -> list[Any]:
    """MRI, luminance, uptake and record of a fused volume; ``None`` for what is gone."""
    return [fused.GetNodeReference(role) for role in (MR, LUMINANCE, UPTAKE, TEXT)]


def blending_of(fused: slicer.vtkMRMLVolumeNode, threshold: float | None = None) -> Work[Blend]:
    """All that coloring in another way needs, from the nodes in the scene, in pieces.

    Raises:
        ValueError: the volume is no fusion, or one of its sources is gone.
    """
    record = read_record(fused)
    nodes = sources_of(fused)[:3]
    if record is None or any(node is None or node.GetImageData() is None for node in nodes):
        msg = _("'{name}' cannot be colored anew: one of its sources is gone; apply the fusion again")
        raise ValueError(msg.format(name=fused.GetName()))
    mr, luminance, uptake = (array_of(node) for node in nodes)
    if not mr.shape == luminance.shape == uptake.shape:
        msg = _("'{name}' cannot be colored anew: its MRI has another size now; apply the fusion again")
        raise ValueError(msg.format(name=fused.GetName()))
    mask = fused.GetNodeReference(NO_DATA)
    return (
        yield from blending(
            mr,
            luminance,
            uptake,
            record.table,
            anatomy_window=record.anatomy_window,
            window=record.window,
            signed=record.colormap == DIVERGING,
            threshold=threshold,
            no_data=array_of(mask) if mask is not None else None,
        )
    )
