"""The logic of the alignment: checks, registration, transforms of other programs."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import slicer
from slicer.i18n import tr as _

from PETMRFusionLib import fusing, record, sequence, transforms
from PETMRFusionLib.geometry import to_vtk
from PETMRFusionLib.identity import unchanged_since_now
from PETMRFusionLib.jobs import JobFolder, Progress, Running
from PETMRFusionLib.runtime import Runtime
from PETMRFusionLib.slabs import Work
from PETMRFusionLib.volumes import check_pair, check_scalar


class HasRuntime(Protocol):
    """What a part of the logic needs of the whole."""

    def runtime(self, python: str = "") -> Runtime: ...


class AlignmentLogic:
    """Whether and how two volumes lie on each other; part of :class:`~PETMRFusionLib.logic.PETMRFusionLogic`."""

    def startCheck(
        self: HasRuntime,
        mr: slicer.vtkMRMLScalarVolumeNode,
        pet: slicer.vtkMRMLScalarVolumeNode,
        registration: slicer.vtkMRMLLinearTransformNode | None = None,
        *,
        progress: Progress | None = None,
        python: str = "",
    ) -> Running[dict[str, Any]]:
        """Does the alignment look plausible?

        The value is a dictionary: ``coverage``, ``overlap``, ``offset_mm``, ``mutual_information``, and ``problems``:
        words, none where nothing speaks against it.
        """
        check_pair(mr, pet)
        order = fusing.ordering_alignment("check", mr, [pet], registration)
        return Running(self.runtime(python), order, JobFolder.facts, progress=progress)

    def startCheckSequence(
        self: HasRuntime,
        mr: slicer.vtkMRMLScalarVolumeNode,
        frames: slicer.vtkMRMLSequenceNode,
        registration: slicer.vtkMRMLLinearTransformNode | None = None,
        *,
        progress: Progress | None = None,
        python: str = "",
    ) -> Running[dict[str, Any]]:
        """:meth:`startCheck` of the first, the middle and the last frame; problems name the frame."""
        check_scalar(mr, "MRI")
        sequence.check_frames(frames)

        def order() -> Work[JobFolder]:
            with sequence.frames_in_scene(frames) as volumes:
                chosen = fusing.representative(volumes)
                return (yield from fusing.ordering_alignment("check", mr, chosen, registration))

        return Running(self.runtime(python), order(), JobFolder.facts, progress=progress)

    def startRegister(
        self: HasRuntime,
        mr: slicer.vtkMRMLScalarVolumeNode,
        pet: slicer.vtkMRMLScalarVolumeNode,
        out: slicer.vtkMRMLLinearTransformNode | None = None,
        *,
        progress: Progress | None = None,
        python: str = "",
    ) -> Running[slicer.vtkMRMLLinearTransformNode]:
        """Register the PET rigidly to the MRI.

        The value is a transform node for ``registration`` of :meth:`fuse`: it moves the PET in the local frame of the
        MRI.  The PET itself stays where it is.  Where both lie right already, the node holds the identity and its
        attribute ``record.REGISTRATION`` is ``record.ALIGNED``.
        """
        check_pair(mr, pet)
        unchanged = unchanged_since_now(mr, pet)
        order = fusing.ordering_alignment("register", mr, [pet])

        def finish(results: JobFolder) -> slicer.vtkMRMLLinearTransformNode:
            unchanged()
            facts = results.facts()
            node = out or slicer.mrmlScene.AddNewNodeByClass(
                "vtkMRMLLinearTransformNode", _("{pet} to {mr}").format(pet=pet.GetName(), mr=mr.GetName())
            )
            node.SetMatrixTransformToParent(to_vtk(np.linalg.inv(np.array(facts["matrix"]))))
            moved = _("{offset:.1f} mm, {angle:.1f} degrees").format(
                offset=facts["offset_mm"], angle=facts["angle_deg"]
            )
            node.SetAttribute(record.REGISTRATION, moved if facts["registered"] else record.ALIGNED)
            node.SetAttribute(record.WARNINGS, "\n".join(facts["warnings"]) or None)
            node.SetAttribute(record.MATRIX, record.matrix_text(node))
            return node

        return Running(self.runtime(python), order, finish, progress=progress)

    def startLoadTransform(
        self: HasRuntime,
        mr: slicer.vtkMRMLScalarVolumeNode,
        pet: slicer.vtkMRMLScalarVolumeNode,
        path: str,
        *,
        progress: Progress | None = None,
        python: str = "",
    ) -> Running[slicer.vtkMRMLLinearTransformNode]:
        """Read the transform of another program: ITK or Slicer, FreeSurfer LTA, FSL FLIRT, DICOM Spatial Registration.

        The value is a transform node for ``registration`` of :meth:`fuse`.

        Raises:
            ValueError: a transform between the two volumes is not linear.
        """
        check_pair(mr, pet)
        transforms.frames_between(mr, pet)
        order = transforms.ordering_transform(mr, pet, path)

        def finish(results: JobFolder) -> slicer.vtkMRMLLinearTransformNode:
            return transforms.registration_node(mr, pet, path, np.array(results.facts()["matrix"]))

        return Running(self.runtime(python), order, finish, progress=progress)
