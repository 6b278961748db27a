"""The logic of what is made of a fused volume: tables, DICOM, a page, files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from PETMRFusionLib import output, pages
from PETMRFusionLib.jobs import JobFolder, Progress, Running
from PETMRFusionLib.logic_alignment import HasRuntime
from PETMRFusionLib.units import units_of


class OutputLogic:
    """Handing results on; part of :class:`~PETMRFusionLib.logic.PETMRFusionLogic`."""

    def startSuvScale(
        self: HasRuntime, pet: slicer.vtkMRMLScalarVolumeNode, *, progress: Progress | None = None, python: str = ""
    ) -> Running[dict[str, Any]]:
        """How much SUVbw one Bq/ml is, by the DICOM headers of a PET.

        The value is a dictionary: ``factor``, ``rule`` (how it was found), ``warnings``.

        Raises:
            ValueError: the volume does not come from DICOM.
        """
        files = output.dicom_files_of(pet)
        if not files:
            msg = _("'{name}' was not loaded from DICOM: no header says what SUV its values are")
            raise ValueError(msg.format(name=pet.GetName()))
        folder = JobFolder()
        folder.order("suv", files=files, units=units_of(pet), name=pet.GetName())
        return Running(self.runtime(python), folder, JobFolder.facts, progress=progress)

    def startQuality(
        self: HasRuntime, fused: slicer.vtkMRMLVectorVolumeNode, *, progress: Progress | None = None, python: str = ""
    ) -> Running[slicer.vtkMRMLTableNode]:
        """Measure what the fused volume keeps of both sources, beside a plain average of the two: a table node."""
        output.check_fused(fused)
        order = output.ordering_quality(fused)
        return Running(
            self.runtime(python), order, lambda results: output.quality_table(fused, results), progress=progress
        )

    def startExportDicom(
        self: HasRuntime,
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
        order = output.ordering_dicom(fused, folder, output.check_dicom(fused, files))
        return Running(self.runtime(python), order, lambda results: results.facts()["files"], progress=progress)

    def startFoci(
        self: HasRuntime,
        fused: slicer.vtkMRMLVectorVolumeNode,
        *,
        progress: Progress | None = None,
        python: str = "",
    ) -> Running[slicer.vtkMRMLTableNode]:
        """List small findings of the uptake and of the MRI, and what the fused picture keeps of them: a table node.

        Raises:
            ValueError: the volume is no fusion, or its MRI or PET is gone.
        """
        order = pages.ordering_again("foci", fused)
        return Running(self.runtime(python), order, lambda results: pages.foci_table(fused, results), progress=progress)

    def startPage(
        self: HasRuntime,
        fused: slicer.vtkMRMLVectorVolumeNode,
        path: str,
        *,
        progress: Progress | None = None,
        python: str = "",
    ) -> Running[str]:
        """Write a page with the three images that any browser shows, without a network; the value is its path.

        Raises:
            ValueError: the volume is no fusion, or its MRI or PET is gone.
        """
        order = pages.ordering_again("page", fused, path=str(Path(path).absolute()), name=fused.GetName())
        return Running(self.runtime(python), order, lambda results: results.facts()["page"], progress=progress)

    def save(self, node: slicer.vtkMRMLVolumeNode, path: str) -> str:
        """Write a volume as NRRD or NIfTI, with the facts of a fused one beside it."""
        return output.save(node, path)
