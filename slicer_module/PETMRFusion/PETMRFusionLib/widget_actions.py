"""The part of the widget that answers buttons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from PETMRFusionLib import display, machine, record
from PETMRFusionLib.fusing import FusionNodes
from PETMRFusionLib.install import sha256_of
from PETMRFusionLib.parameters import settings_of
from PETMRFusionLib.sequence import FusedSequence
from PETMRFusionLib.settings import FusionSettings


class Actions:
    """What happens on clicks; every action reads the parameter node, never the controls."""

    def __init__(self) -> None:
        self._legendOf: str | None = None
        self._model = ""
        self._twoPatients: tuple[Any, ...] | None = None

    def connectActions(self) -> None:
        ui = self.ui
        ui.applyButton.connect("clicked(bool)", self.onApply)
        ui.sequenceButton.connect("clicked(bool)", self.onSequence)
        ui.showButton.connect("clicked(bool)", self.onShow)
        ui.suvButton.connect("clicked(bool)", self.onSuv)
        ui.qualityButton.connect("clicked(bool)", self.onQuality)
        ui.saveButton.connect("clicked(bool)", self.onSave)
        ui.dicomButton.connect("clicked(bool)", self.onDicom)
        ui.modelButton.connect("clicked(bool)", self.onBrowseModel)
        ui.pythonButton.connect("clicked(bool)", self.onBrowsePython)
        ui.wheelsButton.connect("clicked(bool)", self.onBrowseWheels)
        ui.strengthSlider.connect("valueChanged(double)", self.onStrength)
        ui.previewCheckBox.connect("toggled(bool)", self.onPreviewToggled)
        for edit, name in ((ui.pythonEdit, machine.PYTHON), (ui.wheelsEdit, machine.WHEELS)):
            edit.text = machine.read(name)
            edit.connect("textChanged(QString)", lambda text, name=name: self.onMachine(name, text))

    # Fusing

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
        self.start(
            lambda: self.logic.startFuse(
                p.mrVolume,
                p.petVolume,
                p.fusedVolume,
                settings=self.settings(),
                registration=p.registration,
                progress=self.onProgress,
                notice=self.onNotice,
                python=self.python(),
            ),
            self.onFused,
            failed=lambda error: self.askAboutPatients(error, self.fuse),
        )

    def onFused(self, nodes: FusionNodes) -> None:
        p = self._parameterNode
        self.ui.previewCheckBox.checked = False
        p.fusedVolume = nodes.fused
        facts = record.read_record(nodes.fused)
        if facts.warnings:
            self.ui.noticeLabel.text = "\n".join(facts.warnings)
        self.onShow()

    def onSequence(self, clicked: bool = False) -> None:
        """Fuse every frame of the dynamic PET, after a look at the alignment."""
        self.ui.noticeLabel.text = ""
        self.whenAligned(self.fuseFrames, dynamic=True)

    def fuseFrames(self) -> None:
        """Start fusing all frames."""
        p = self._parameterNode
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
            self.onSequenceFused,
            failed=lambda error: self.askAboutPatients(error, self.fuseFrames),
        )

    def onSequenceFused(self, made: FusedSequence) -> None:
        volumes = [made.browser.GetProxyNode(sequence) for sequence in (made.uptake, made.fused)]
        display.show_side_by_side(self._parameterNode.mrVolume, *volumes)

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

    # Display

    def refreshActions(self) -> None:
        """Bring labels and the display of the PET up to date with the settings."""
        p = self._parameterNode
        self.refreshModel()
        facts = record.read_record(p.fusedVolume)
        if facts is None:
            return
        self.colorUptake(facts)
        if self._legendOf != facts.colormap:
            self._legendOf = facts.colormap
            picture = display.legend_picture(facts.table)
            pixmap = qt.QPixmap()
            pixmap.loadFromData(qt.QByteArray(display.to_ppm(picture)))
            self.ui.legendLabel.setPixmap(pixmap)
        low, high = facts.window
        self.ui.legendTextLabel.text = _("uptake {low:.5g} to {high:.5g} {units} (upwards), MRI dark to bright").format(
            low=low, high=high, units=facts.units
        )

    def colorUptake(self, facts: record.Record) -> None:
        """Show the resampled uptake in the colors and the window that the user chose."""
        p = self._parameterNode
        uptake = p.fusedVolume.GetNodeReference(record.UPTAKE)
        if uptake is not None:
            window = facts.window if p.robustWindow else (p.windowLow, p.windowHigh)
            if window[0] < window[1]:
                display.color_pet(uptake, p.palette, window, facts.units)

    def onShow(self, clicked: bool = False) -> None:
        """MRI, PET and fusion side by side."""
        fused = self._parameterNode.fusedVolume
        mr, uptake = (fused.GetNodeReference(role) for role in (record.MR, record.UPTAKE))
        display.show_side_by_side(mr, uptake, fused)

    def onSuv(self, clicked: bool = False) -> None:
        """The window that readers of FDG PET are used to."""
        p = self._parameterNode
        p.windowLow, p.windowHigh = display.SUV_WINDOW
        p.robustWindow = False

    # Results

    def onQuality(self, clicked: bool = False) -> None:
        p = self._parameterNode

        def done(table: Any) -> None:
            text = _("Quality figures are in the table '{name}'").format(name=table.GetName())
            self.ui.statusLabel.text = text

        self.start(lambda: self.logic.startQuality(p.fusedVolume, progress=self.onProgress, python=self.python()), done)

    def onSave(self, clicked: bool = False) -> None:
        path = qt.QFileDialog.getSaveFileName(
            None, _("Save the fused volume"), "fused.nrrd", "NRRD (*.nrrd);;NIfTI (*.nii.gz)"
        )
        path = path[0] if isinstance(path, tuple) else path
        if path:
            with slicer.util.tryWithErrorDisplay(_("The volume was not saved.")):
                self.ui.statusLabel.text = _("Saved {path}").format(
                    path=self.logic.save(self._parameterNode.fusedVolume, path)
                )

    def onDicom(self, clicked: bool = False) -> None:
        p = self._parameterNode
        parent = qt.QFileDialog.getExistingDirectory(None, _("Folder in which the DICOM series is made"), "")
        if not parent:
            return

        def done(files: list[str]) -> None:
            self.ui.statusLabel.text = _("Wrote {count} DICOM files").format(count=len(files))

        name = "".join(c if c.isalnum() else "_" for c in p.fusedVolume.GetName())
        self.start(
            lambda: self.logic.startExportDicom(
                p.fusedVolume, f"{parent}/{name}", progress=self.onProgress, python=self.python()
            ),
            done,
        )

    # Where the work is done

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

    def onBrowseModel(self, clicked: bool = False) -> None:
        self._browse(self.ui.modelEdit, qt.QFileDialog.getOpenFileName(None, _("Model"), "", "Weights (*.onnx *.pt)"))

    def onBrowsePython(self, clicked: bool = False) -> None:
        self._browse(self.ui.pythonEdit, qt.QFileDialog.getOpenFileName(None, _("Python with coconet-med"), ""))

    def onBrowseWheels(self, clicked: bool = False) -> None:
        self._browse(self.ui.wheelsEdit, qt.QFileDialog.getExistingDirectory(None, _("Folder of wheels"), ""))

    def _browse(self, edit: Any, chosen: Any) -> None:
        path = chosen[0] if isinstance(chosen, tuple) else chosen
        if path:
            edit.text = path
