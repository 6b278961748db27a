"""The logic: all that the widget does can be done from a script.

Example:
    >>> nodes = PETMRFusionLogic().fuse(mr, pet)  # doctest: +SKIP
    >>> nodes.fused, nodes.uptake, nodes.luminance  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

from PETMRFusionLib import fusing, sequence
from PETMRFusionLib.fusing import FusionNodes
from PETMRFusionLib.identity import unchanged_since_now
from PETMRFusionLib.install import Installer
from PETMRFusionLib.jobs import JobFolder, Progress, Running
from PETMRFusionLib.logic_alignment import AlignmentLogic
from PETMRFusionLib.logic_outputs import OutputLogic
from PETMRFusionLib.parameters import PETMRFusionParameterNode
from PETMRFusionLib.preview import Preview
from PETMRFusionLib.recolor import Recolor
from PETMRFusionLib.runtime import Runtime, find_runtime
from PETMRFusionLib.settings import FusionSettings
from PETMRFusionLib.slabs import Work
from PETMRFusionLib.slabs import finish as finish_work
from PETMRFusionLib.units import units_of
from PETMRFusionLib.volumes import check_pair, check_scalar

Notice = Callable[[str], None]

REQUIREMENTS = Path(__file__).resolve().parents[1] / "Resources" / "requirements.txt"


class PETMRFusionLogic(ScriptedLoadableModuleLogic, AlignmentLogic, OutputLogic):
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
        self._recolor = Recolor()

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
        ordered: list[fusing.Ordered] = []

        def order() -> Work[JobFolder]:
            ordered.append((yield from fusing.ordering_fusion(mr, [pet], settings, registration)))
            return ordered[0].folder

        def finish(results: JobFolder) -> Work[FusionNodes]:
            unchanged()
            facts = fusing.read_record(results, 0, units_of(pet), settings)
            images = yield from fusing.making_images(mr, results, 0, ordered[0].uptakes[0], facts, settings)
            unchanged()
            nodes = fusing.output_nodes(mr, pet, out, uptake, luminance)
            fusing.fill_nodes(mr, pet, nodes, images, facts, settings, registration)
            return nodes

        return Running(self.runtime(python), order(), finish, progress=progress, notice=notice)

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
        sequence.check_frames(frames)
        unchanged = unchanged_since_now(mr, frames=frames, registration=registration)
        ordered: list[fusing.Ordered] = []

        def order() -> Work[JobFolder]:
            with sequence.frames_in_scene(frames) as volumes:
                ordered.append((yield from fusing.ordering_fusion(mr, volumes, settings, registration)))
            return ordered[0].folder

        def finish(results: JobFolder) -> Work[sequence.FusedSequence]:
            unchanged()
            return (yield from sequence.building(mr, frames, results, ordered[0].uptakes, settings, registration))

        return Running(self.runtime(python), order(), finish, progress=progress, notice=notice)

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

    def setStrength(
        self,
        fused: slicer.vtkMRMLVectorVolumeNode,
        strength: float,
        *,
        lightness: float = 1.0,
        threshold: float | None = None,
    ) -> None:
        """Color a fused volume anew, without the network; of a dynamic one all frames.

        Args:
            fused: the volume, or the one in which fused frames are played.
            strength: linear weight between the MRI alone (0) and the full fusion (1).
            lightness: the same of the lightness alone.
            threshold: uptake below which only the MRI is shown, in its units.

        Raises:
            ValueError: the volume is no fusion, or one of its sources is gone.
        """
        finish_work(self.coloring(fused, strength, lightness=lightness, threshold=threshold))

    def coloring(
        self,
        fused: slicer.vtkMRMLVectorVolumeNode,
        strength: float,
        *,
        lightness: float = 1.0,
        threshold: float | None = None,
    ) -> Work[None]:
        """:meth:`setStrength` in pieces; the picture changes as a whole, at the end."""
        yield from self._recolor.volume(fused, strength, lightness, threshold)
        yield from sequence.recoloring_others(fused, strength, lightness, threshold)


def _asking(running: Running[Any], canceled: Callable[[], bool] | None) -> Callable[[], None]:
    def idle() -> None:
        if canceled is not None and canceled():
            running.cancel()
        slicer.app.processEvents()

    return idle
