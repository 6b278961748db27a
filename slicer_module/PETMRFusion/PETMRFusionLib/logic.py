"""The logic: all that the widget does can be done from a script.

Example:
    >>> nodes = PETMRFusionLogic().fuse(mr, pet)  # doctest: +SKIP
    >>> nodes.fused, nodes.uptake, nodes.luminance  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

from PETMRFusionLib import fusing, output, record, sequence
from PETMRFusionLib.fusing import FusionNodes
from PETMRFusionLib.geometry import array_of, to_vtk
from PETMRFusionLib.identity import unchanged_since_now
from PETMRFusionLib.install import Installer
from PETMRFusionLib.jobs import JobFolder, Progress, Running
from PETMRFusionLib.parameters import PETMRFusionParameterNode
from PETMRFusionLib.preview import Preview
from PETMRFusionLib.runtime import Runtime, find_runtime
from PETMRFusionLib.settings import FusionSettings
from PETMRFusionLib.units import units_of
from PETMRFusionLib.volumes import check_pair, check_scalar

Notice = Callable[[str], None]

REQUIREMENTS = Path(__file__).resolve().parents[1] / "Resources" / "requirements.txt"


class PETMRFusionLogic(ScriptedLoadableModuleLogic):
    """Fuses an MRI and a PET or SPECT of the same person.

    Inputs are never changed.  Results lie on the grid of the MRI, under its transform.

    Args:
        runtime: what does the work; by default a worker process in the Python that :func:`find_runtime` gives.
        installer: puts coconet-med into Slicer's Python.
    """

    def __init__(self, runtime: Runtime | None = None, installer: Installer | None = None) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        self._runtime = runtime
        self.installer = installer or Installer(REQUIREMENTS)
        self._blend: tuple[Any, Any] = (None, None)

    def getParameterNode(self) -> PETMRFusionParameterNode:
        """The settings, saved with the scene."""
        return PETMRFusionParameterNode(super().getParameterNode())

    def runtime(self, python: str = "") -> Runtime:
        """What does the work: the one given to the constructor, else a worker in ``python``."""
        return self._runtime or find_runtime(python)

    def hasOwnRuntime(self) -> bool:
        """Whether the constructor was given what does the work, so that nothing needs to be installed."""
        return self._runtime is not None

    def fuse(
        self,
        mr: slicer.vtkMRMLScalarVolumeNode,
        pet: slicer.vtkMRMLScalarVolumeNode,
        out: slicer.vtkMRMLVectorVolumeNode | None = None,
        *,
        settings: FusionSettings | None = None,
        uptake: slicer.vtkMRMLScalarVolumeNode | None = None,
        luminance: slicer.vtkMRMLScalarVolumeNode | None = None,
        registration: slicer.vtkMRMLLinearTransformNode | None = None,
        progress: Progress | None = None,
        isCancelled: Callable[[], bool] | None = None,
        python: str = "",
    ) -> FusionNodes | None:
        """Fuse, and wait for it.

        Args:
            mr: the MRI (or CT).
            pet: the PET or SPECT.
            out: node for the colors; a new one by default.
            settings: options; the defaults suit most cases.
            uptake: node for the functional values on the grid of the MRI; a new one by default.
            luminance: node for the fused luminance; a new one by default.
            registration: moves the PET, in the local frame of the MRI, before fusing (:meth:`register`).
            progress: called with (stage, done, total).
            isCancelled: asked again and again; True stops the work, and no node is touched.
            python: path of another Python that has coconet-med.

        Returns:
            The nodes, ``None`` where it was canceled.

        Raises:
            ValueError: inputs or settings cannot be used.
            FusionError: the worker could not do it.
        """
        running = self.startFuse(
            mr,
            pet,
            out,
            settings=settings,
            uptake=uptake,
            luminance=luminance,
            registration=registration,
            progress=progress,
            python=python,
        )
        return running.wait(_asking(running, isCancelled))

    def startFuse(
        self,
        mr: slicer.vtkMRMLScalarVolumeNode,
        pet: slicer.vtkMRMLScalarVolumeNode,
        out: slicer.vtkMRMLVectorVolumeNode | None = None,
        *,
        settings: FusionSettings | None = None,
        uptake: slicer.vtkMRMLScalarVolumeNode | None = None,
        luminance: slicer.vtkMRMLScalarVolumeNode | None = None,
        registration: slicer.vtkMRMLLinearTransformNode | None = None,
        progress: Progress | None = None,
        notice: Notice | None = None,
        python: str = "",
    ) -> Running[FusionNodes]:
        """:meth:`fuse` without waiting: poll what it returns."""
        check_pair(mr, pet)
        settings = settings or FusionSettings()
        unchanged = unchanged_since_now(mr, pet, registration=registration)
        folder, uptakes = fusing.order_fusion(mr, [pet], settings, registration)

        def finish(results: JobFolder) -> FusionNodes:
            unchanged()
            fused_luminance, facts = fusing.read_results(results, 0, units_of(pet), settings)
            nodes = fusing.output_nodes(mr, pet, out, uptake, luminance)
            fusing.fill_nodes(mr, pet, nodes, fused_luminance, uptakes[0], facts, settings.strength, registration)
            return nodes

        return Running(self.runtime(python), folder, finish, progress=progress, notice=notice)

    def startFuseSequence(
        self,
        mr: slicer.vtkMRMLScalarVolumeNode,
        frames: slicer.vtkMRMLSequenceNode,
        *,
        settings: FusionSettings | None = None,
        registration: slicer.vtkMRMLLinearTransformNode | None = None,
        progress: Progress | None = None,
        notice: Notice | None = None,
        python: str = "",
    ) -> Running[sequence.FusedSequence]:
        """Fuse every frame of a dynamic PET, with one window for all of them."""
        check_scalar(mr, "MRI")
        settings = settings or FusionSettings()
        unchanged = unchanged_since_now(mr, frames=frames, registration=registration)
        with sequence.frames_in_scene(frames) as volumes:
            folder, uptakes = fusing.order_fusion(mr, volumes, settings, registration)
            units = units_of(volumes[0])

        def finish(results: JobFolder) -> sequence.FusedSequence:
            unchanged()
            read = [fusing.read_results(results, number, units, settings) for number in range(len(uptakes))]
            return sequence.build(mr, frames, read, uptakes, settings.strength)

        return Running(self.runtime(python), folder, finish, progress=progress, notice=notice)

    def startCheck(
        self,
        mr: slicer.vtkMRMLScalarVolumeNode,
        pet: slicer.vtkMRMLScalarVolumeNode,
        registration: slicer.vtkMRMLLinearTransformNode | None = None,
        *,
        progress: Progress | None = None,
        python: str = "",
    ) -> Running[dict[str, Any]]:
        """Does the alignment look plausible?

        The value is a dictionary: ``coverage``, ``overlap``, ``offset_mm``, ``mutual_information``, and ``doubts``:
        words, none where nothing speaks against it.
        """
        check_pair(mr, pet)
        folder = fusing.order_alignment("check", mr, [pet], registration)
        return Running(self.runtime(python), folder, JobFolder.facts, progress=progress)

    def startCheckSequence(
        self,
        mr: slicer.vtkMRMLScalarVolumeNode,
        frames: slicer.vtkMRMLSequenceNode,
        registration: slicer.vtkMRMLLinearTransformNode | None = None,
        *,
        progress: Progress | None = None,
        python: str = "",
    ) -> Running[dict[str, Any]]:
        """:meth:`startCheck` of the first, the middle and the last frame; doubts name the frame."""
        check_scalar(mr, "MRI")
        with sequence.frames_in_scene(frames) as volumes:
            folder = fusing.order_alignment("check", mr, fusing.representative(volumes), registration)
        return Running(self.runtime(python), folder, JobFolder.facts, progress=progress)

    def startRegister(
        self,
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
        folder = fusing.order_alignment("register", mr, [pet])

        def finish(results: JobFolder) -> slicer.vtkMRMLLinearTransformNode:
            unchanged()
            facts = results.facts()
            node = out or slicer.mrmlScene.AddNewNodeByClass(
                "vtkMRMLLinearTransformNode", f"{pet.GetName()} to {mr.GetName()}"
            )
            node.SetMatrixTransformToParent(to_vtk(np.linalg.inv(np.array(facts["matrix"]))))
            moved = f"{facts['offset_mm']:.1f} mm, {facts['angle_deg']:.1f} degrees"
            node.SetAttribute(record.REGISTRATION, moved if facts["registered"] else record.ALIGNED)
            node.SetAttribute(record.WARNINGS, "\n".join(facts["warnings"]) or None)
            node.SetAttribute(record.MATRIX, record.matrix_text(node))
            return node

        return Running(self.runtime(python), folder, finish, progress=progress)

    def startPreview(
        self,
        mr: slicer.vtkMRMLScalarVolumeNode,
        pet: slicer.vtkMRMLScalarVolumeNode,
        *,
        settings: FusionSettings | None = None,
        registration: slicer.vtkMRMLLinearTransformNode | None = None,
        python: str = "",
    ) -> Preview:
        """Keep a worker that fuses single slices as they are asked for."""
        check_pair(mr, pet)
        return Preview(self.runtime(python), mr, pet, settings or FusionSettings(), registration)

    def startQuality(
        self, fused: slicer.vtkMRMLVectorVolumeNode, *, progress: Progress | None = None, python: str = ""
    ) -> Running[slicer.vtkMRMLTableNode]:
        """Measure what the fused volume keeps of both sources, beside a plain average of the two: a table node."""
        folder = output.order_quality(fused)
        return Running(
            self.runtime(python), folder, lambda results: output.quality_table(fused, results), progress=progress
        )

    def startExportDicom(
        self,
        fused: slicer.vtkMRMLVectorVolumeNode,
        folder: str,
        files: list[str] | str | None = None,
        *,
        progress: Progress | None = None,
        python: str = "",
    ) -> Running[list[str]]:
        """Write the fused volume as a DICOM series.

        Args:
            fused: the volume; its MRI must come from DICOM.
            folder: new folder for the series.
            files: files, or folder, of the MRI series; by default those that the DICOM database knows.
            progress: called with (stage, done, total).
            python: path of another Python.
        """
        job = output.order_dicom(fused, folder, files)
        return Running(self.runtime(python), job, lambda results: results.facts()["files"], progress=progress)

    def setStrength(self, fused: slicer.vtkMRMLVectorVolumeNode, strength: float) -> None:
        """Color a fused volume anew, without the network.

        Raises:
            ValueError: the volume is no fusion, or one of its sources is gone.
        """
        sources = [fused.GetNodeReference(role) for role in (record.MR, record.LUMINANCE, record.UPTAKE, record.TEXT)]
        key = tuple((node.GetID(), node.GetMTime()) if node else None for node in sources)
        if self._blend[0] != key:
            self._blend = (key, record.blend_of(fused))
        self._blend[1].colors(strength, out=array_of(fused))  # in place: fast enough for a slider
        slicer.util.arrayFromVolumeModified(fused)
        fused.SetAttribute(record.STRENGTH, f"{strength:g}")

    def save(self, node: slicer.vtkMRMLVolumeNode, path: str) -> str:
        """Write a volume as NRRD or NIfTI, with the facts of a fused one beside it."""
        return output.save(node, path)


def _asking(running: Running[Any], canceled: Callable[[], bool] | None) -> Callable[[], None]:
    def idle() -> None:
        if canceled is not None and canceled():
            running.cancel()
        slicer.app.processEvents()

    return idle
