"""The part of the widget that answers buttons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from PETMRFusionLib import machine, output, record
from PETMRFusionLib.fusing import FusionNodes, is_of
from PETMRFusionLib.install import sha256_of
from PETMRFusionLib.parameters import settings_of
from PETMRFusionLib.sequence import FusedSequence
from PETMRFusionLib.settings import FusionSettings
from PETMRFusionLib.slots import slot


class Actions:
    """What happens on clicks; every action reads the parameter node, never the controls."""

    def __init__(self) -> None:
        self._model = ""
        self._twoPatients: tuple[Any, ...] | None = None

    def connectActions(self) -> None:
        ui = self.ui
        ui.applyButton.connect("clicked(bool)", self.onApply)
        ui.sequenceButton.connect("clicked(bool)", self.onSequence)
        ui.qualityButton.connect("clicked(bool)", self.onQuality)
        ui.saveButton.connect("clicked(bool)", self.onSave)
        ui.dicomButton.connect("clicked(bool)", self.onDicom)
        ui.modelButton.connect("clicked(bool)", self.onBrowseModel)
        ui.pythonButton.connect("clicked(bool)", self.onBrowsePython)
        ui.wheelsButton.connect("clicked(bool)", self.onBrowseWheels)
        ui.fociButton.connect("clicked(bool)", self.onFoci)
        ui.viewerButton.connect("clicked(bool)", self.onViewer)
        ui.previewCheckBox.connect("toggled(bool)", self.onPreviewToggled)
        for edit, name in (
            (ui.pythonEdit, machine.PYTHON),
            (ui.wheelsEdit, machine.WHEELS),
            (ui.proxyEdit, machine.PROXY),
        ):
            edit.text = machine.read(name)
            edit.connect("textChanged(QString)", lambda text, name=name: self.onMachine(name, text))

    # Fusing

    @slot
    def onApply(self, clicked: bool = False) -> None:
        """Fuse, after a look at the alignment; or cancel what runs."""
        if self._running is not None:
            self._running.cancel()
            self.ui.statusLabel.text = _("Canceling …")
            return
        self.ui.noticeLabel.text = ""
        self.whenAligned(self.fuse)

    def fuse(self) -> None:
        """Start fusing the two volumes."""
        p = self._parameterNode
        other = record.read_record(p.fusedVolume) is not None and not is_of(p.fusedVolume, p.mrVolume, p.petVolume)
        out = None if other else p.fusedVolume  # the picture of another pair is kept
        looked_at = self.alignmentKey()
        self.start(
            lambda: self.logic.startFuse(
                p.mrVolume,
                p.petVolume,
                out,
                settings=self.settings(),
                registration=p.registration,
                progress=self.onProgress,
                notice=self.onNotice,
                python=self.python(),
            ),
            lambda nodes: self.onFused(nodes, looked_at),
            failed=lambda error: self.askAboutPatients(error, self.fuse),
        )

    def onFused(self, nodes: FusionNodes, looked_at: tuple[Any, ...]) -> None:
        self._pictured = (nodes.fused.GetID(), looked_at)
        self.showFused(nodes.fused)

    def showFused(self, fused: Any) -> None:
        """A fusion is there: its warnings, its views, and the outputs that it has."""
        self.ui.previewCheckBox.checked = False
        self._parameterNode.fusedVolume = fused
        facts = record.read_record(fused)
        if facts.warnings:
            self.ui.noticeLabel.text = "\n".join(facts.warnings)
        self.onShow()

    @slot
    def onSequence(self, clicked: bool = False) -> None:
        """Fuse every frame of the dynamic PET, after a look at the alignment."""
        self.ui.noticeLabel.text = ""
        self.whenAligned(self.fuseFrames, dynamic=True)

    def fuseFrames(self) -> None:
        """Start fusing all frames."""
        p = self._parameterNode
        looked_at = self.alignmentKey(dynamic=True)
        self.start(
            lambda: self.logic.startFuseSequence(
                p.mrVolume,
                p.petSequence,
                settings=self.settings(),
                registration=p.registration,
                progress=self.onProgress,
                notice=self.onNotice,
                python=self.python(),
            ),
            lambda made: self.onSequenceFused(made, looked_at),
            failed=lambda error: self.askAboutPatients(error, self.fuseFrames),
        )

    def onSequenceFused(self, made: FusedSequence, looked_at: tuple[Any, ...]) -> None:
        fused = made.browser.GetProxyNode(made.fused)
        self._pictured = (fused.GetID(), looked_at)
        self.showFused(fused)

    # Whose images

    def settings(self) -> FusionSettings:
        """The settings of the panel, and whether the user said that images of two patients are meant."""
        p = self._parameterNode
        chosen = settings_of(p)
        return replace(chosen, different_patients=self._twoPatients is not None and self._twoPatients == self.people())

    def people(self) -> tuple[Any, ...]:
        """The images that a decision about their patients belongs to."""
        p = self._parameterNode
        nodes = (p.mrVolume, p.petVolume, p.petSequence)
        return tuple(node.GetAttribute("DICOM.instanceUIDs") or node.GetID() if node else None for node in nodes)

    def askAboutPatients(self, error: Exception, again: Callable[[], None]) -> bool:
        """Images of two patients are fused only where the user says so; True where this error was about them."""
        if getattr(error, "kind", "") != "DifferentPatientsError":
            return False
        self.ui.statusLabel.text = str(error)
        question = _("{error}.\n\nFuse images of two different patients all the same? The result will say so.")
        if slicer.util.confirmYesNoDisplay(question.format(error=error), _("PET-MR Fusion: different patients")):
            self._twoPatients = self.people()
            again()
        return True

    # Results

    @slot
    def onQuality(self, clicked: bool = False) -> None:
        p = self._parameterNode

        def done(table: Any) -> None:
            text = _("Quality figures are in the table '{name}'").format(name=table.GetName())
            self.ui.statusLabel.text = text

        self.start(lambda: self.logic.startQuality(p.fusedVolume, progress=self.onProgress, python=self.python()), done)

    @slot
    def onSave(self, clicked: bool = False) -> None:
        path = qt.QFileDialog.getSaveFileName(
            None, _("Save the fused volume"), "fused.nrrd", "NRRD (*.nrrd);;NIfTI (*.nii.gz)"
        )
        path = path[0] if isinstance(path, tuple) else path
        if path:
            self.ui.statusLabel.text = _("Saved {path}").format(
                path=self.logic.save(self._parameterNode.fusedVolume, path)
            )

    @slot
    def onDicom(self, clicked: bool = False) -> None:
        p = self._parameterNode
        parent = qt.QFileDialog.getExistingDirectory(None, _("Folder in which the DICOM series is made"), "")
        if not parent:
            return

        name = "".join(c if c.isalnum() else "_" for c in p.fusedVolume.GetName())
        folder = f"{parent}/{name}"

        def done(files: list[str]) -> None:
            text = _("Wrote {count} DICOM files")
            try:
                if output.import_series(folder):
                    text = _("Wrote {count} DICOM files, and added them to the DICOM database")
            except Exception as error:  # the files are there all the same
                self.ui.noticeLabel.text = str(error)
                text = _("Wrote {count} DICOM files, but they were not added to the DICOM database")
            self.ui.statusLabel.text = text.format(count=len(files))

        self.start(
            lambda: self.logic.startExportDicom(p.fusedVolume, folder, progress=self.onProgress, python=self.python()),
            done,
        )

    @slot
    def onFoci(self, clicked: bool = False) -> None:
        """List small hot findings of the uptake, and what the fused picture keeps of them."""
        p = self._parameterNode

        def done(table: Any) -> None:
            text = _("{count} foci are in the table '{name}'")
            self.ui.statusLabel.text = text.format(count=table.GetNumberOfRows(), name=table.GetName())

        self.start(lambda: self.logic.startFoci(p.fusedVolume, progress=self.onProgress, python=self.python()), done)

    @slot
    def onViewer(self, clicked: bool = False) -> None:
        """Write a page with the three images, and open it in the browser."""
        p = self._parameterNode
        chosen = qt.QFileDialog.getSaveFileName(None, _("Save the page"), "fusion.html", _("Web page (*.html)"))
        path = chosen[0] if isinstance(chosen, tuple) else chosen
        if not path:
            return

        def done(page: str) -> None:
            self.ui.statusLabel.text = _("Saved {path}").format(path=page)
            qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(page))

        self.start(
            lambda: self.logic.startPage(p.fusedVolume, path, progress=self.onProgress, python=self.python()), done
        )

    # Where the work is done

    @slot
    def onMachine(self, name: str, text: str) -> None:
        """A setting of this computer: kept by the application, never in a scene."""
        machine.write(name, text)
        self.onParametersChanged()

    def python(self) -> str:
        """The Python that the user of this computer chose; empty for Slicer's own."""
        return machine.read(machine.PYTHON)

    def refreshModel(self) -> None:
        """Remember what a newly chosen model is, so that a file that changes later is not taken for it."""
        p = self._parameterNode
        if p.modelPath != self._model:
            self._model = p.modelPath
            p.modelSha256 = sha256_of(p.modelPath)
        self.showModel()

    def rememberModel(self, path: str) -> None:
        """The model of these settings was chosen earlier: its checksum stays what it was then."""
        self._model = path
        self.showModel()

    def showModel(self) -> None:
        known = self._parameterNode.modelSha256 if self._parameterNode else ""
        self.ui.modelLabel.text = f"sha256 {known[:16]}…" if known else _("light model of coconet-med")

    @slot
    def onBrowseModel(self, clicked: bool = False) -> None:
        self._browse(self.ui.modelEdit, qt.QFileDialog.getOpenFileName(None, _("Model"), "", "Weights (*.onnx *.pt)"))

    @slot
    def onBrowsePython(self, clicked: bool = False) -> None:
        self._browse(self.ui.pythonEdit, qt.QFileDialog.getOpenFileName(None, _("Python with coconet-med"), ""))

    @slot
    def onBrowseWheels(self, clicked: bool = False) -> None:
        self._browse(self.ui.wheelsEdit, qt.QFileDialog.getExistingDirectory(None, _("Folder of wheels"), ""))

    def _browse(self, edit: Any, chosen: Any) -> None:
        path = chosen[0] if isinstance(chosen, tuple) else chosen
        if path:
            edit.text = path
