"""The part of the widget that answers buttons."""

from __future__ import annotations

from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from PETMRFusionLib import display, record
from PETMRFusionLib.fusing import FusionNodes
from PETMRFusionLib.install import sha256_of
from PETMRFusionLib.parameters import settings_of
from PETMRFusionLib.sequence import FusedSequence


class Actions:
    """What happens on clicks; every action reads the parameter node, never the controls."""

    def __init__(self) -> None:
        self._checked: tuple[Any, ...] | None = None
        self._doubts: list[str] = []
        self._legendOf: str | None = None
        self._model = ""

    def connectActions(self) -> None:
        ui = self.ui
        ui.applyButton.connect("clicked(bool)", self.onApply)
        ui.sequenceButton.connect("clicked(bool)", self.onSequence)
        ui.checkButton.connect("clicked(bool)", self.onCheck)
        ui.registerButton.connect("clicked(bool)", self.onRegister)
        ui.showButton.connect("clicked(bool)", self.onShow)
        ui.suvButton.connect("clicked(bool)", self.onSuv)
        ui.qualityButton.connect("clicked(bool)", self.onQuality)
        ui.saveButton.connect("clicked(bool)", self.onSave)
        ui.dicomButton.connect("clicked(bool)", self.onDicom)
        ui.modelButton.connect("clicked(bool)", self.onBrowseModel)
        ui.pythonButton.connect("clicked(bool)", self.onBrowsePython)
        ui.wheelsButton.connect("clicked(bool)", self.onBrowseWheels)
        ui.strengthSlider.connect("valueChanged(double)", self.onStrength)

    # Fusing

    def onApply(self, clicked: bool = False) -> None:
        """Fuse, after a look at the alignment; or cancel what runs."""
        if self._running is not None:
            self._running.cancel()
            self.ui.statusLabel.text = _("Canceling …")
            return
        self.ui.noticeLabel.text = ""
        if self._checked == self.alignmentKey():
            self.fuseUnlessDoubtful()
        else:
            self.check(self.fuseUnlessDoubtful)

    def fuseUnlessDoubtful(self) -> None:
        """Start fusing; where the alignment looks wrong, only if the user insists."""
        if self._doubts:
            question = _("The alignment is in doubt: {doubts}. Fuse the volumes as they are?")
            question = question.format(doubts="; ".join(self._doubts))
            if not slicer.util.confirmYesNoDisplay(question, _("PET-MR Fusion")):
                return
        p = self._parameterNode
        self.start(
            lambda: self.logic.startFuse(
                p.mrVolume,
                p.petVolume,
                p.fusedVolume,
                settings=settings_of(p),
                registration=p.registration,
                progress=self.onProgress,
                notice=self.onNotice,
                python=p.pythonPath,
            ),
            self.onFused,
        )

    def onFused(self, nodes: FusionNodes) -> None:
        p = self._parameterNode
        self.stopPreview()
        p.livePreview = False
        p.fusedVolume = nodes.fused
        facts = record.read_record(nodes.fused)
        if facts.warnings:
            self.ui.noticeLabel.text = "\n".join(facts.warnings)
        self.onShow()

    def onSequence(self, clicked: bool = False) -> None:
        """Fuse every frame of the dynamic PET."""
        p = self._parameterNode
        self.start(
            lambda: self.logic.startFuseSequence(
                p.mrVolume,
                p.petSequence,
                settings=settings_of(p),
                registration=p.registration,
                progress=self.onProgress,
                notice=self.onNotice,
                python=p.pythonPath,
            ),
            self.onSequenceFused,
        )

    def onSequenceFused(self, made: FusedSequence) -> None:
        volumes = [made.browser.GetProxyNode(sequence) for sequence in (made.uptake, made.fused)]
        display.show_side_by_side(self._parameterNode.mrVolume, *volumes)

    # Alignment

    def alignmentKey(self) -> tuple[Any, ...]:
        """What the last check was about."""
        p = self._parameterNode
        nodes = (p.mrVolume, p.petVolume, p.registration)
        return tuple((node.GetID(), node.GetTransformNodeID()) if node is not None else None for node in nodes)

    def onCheck(self, clicked: bool = False) -> None:
        """Say how well the volumes are aligned."""
        self.check(lambda: None)

    def check(self, then: Any) -> None:
        p = self._parameterNode

        def done(facts: dict[str, Any]) -> None:
            self._checked, self._doubts = self.alignmentKey(), facts["doubts"]
            self.showAlignment(words_about(facts))
            then()

        self.start(
            lambda: self.logic.startCheck(
                p.mrVolume, p.petVolume, p.registration, progress=self.onProgress, python=p.pythonPath
            ),
            done,
        )

    def showAlignment(self, text: str) -> None:
        """Words under the buttons; doubts in red and bold."""
        self.ui.alignmentLabel.text = text
        self.ui.alignmentLabel.styleSheet = "color: #b03020; font-weight: bold" if self._doubts else ""

    def onRegister(self, clicked: bool = False) -> None:
        """Register the PET to the MRI; the PET itself stays where it is."""
        p = self._parameterNode

        def done(transform: Any) -> None:
            p.registration = transform
            self._checked, self._doubts = self.alignmentKey(), []
            moved = transform.GetAttribute(record.REGISTRATION)
            if moved == record.ALIGNED:
                self.showAlignment(_("Aligned already: the volumes fit as well as can be found and were not moved."))
            else:
                self.showAlignment(_("Registered: moved by {moved}. Look at the result.").format(moved=moved))

        self.start(
            lambda: self.logic.startRegister(
                p.mrVolume, p.petVolume, p.registration, progress=self.onProgress, python=p.pythonPath
            ),
            done,
        )

    # Display

    def refreshActions(self) -> None:
        """Bring labels and the display of the PET up to date with the settings."""
        p = self._parameterNode
        self.refreshModel()
        if self._checked is not None and self._checked != self.alignmentKey():
            self._checked, self._doubts = None, []
            self.showAlignment(_("Not checked yet"))
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

        self.start(lambda: self.logic.startQuality(p.fusedVolume, progress=self.onProgress, python=p.pythonPath), done)

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
                p.fusedVolume, f"{parent}/{name}", progress=self.onProgress, python=p.pythonPath
            ),
            done,
        )

    # Where the work is done

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
        self._browse("modelPath", qt.QFileDialog.getOpenFileName(None, _("Model"), "", "Weights (*.onnx *.pt)"))

    def onBrowsePython(self, clicked: bool = False) -> None:
        self._browse("pythonPath", qt.QFileDialog.getOpenFileName(None, _("Python with coconet-med"), ""))

    def onBrowseWheels(self, clicked: bool = False) -> None:
        self._browse("wheelFolder", qt.QFileDialog.getExistingDirectory(None, _("Folder of wheels"), ""))

    def _browse(self, field: str, chosen: Any) -> None:
        path = chosen[0] if isinstance(chosen, tuple) else chosen
        if path:
            setattr(self._parameterNode, field, path)


def words_about(facts: dict[str, Any]) -> str:
    """Figures of a check of the alignment, and its doubts, in words."""
    offset = "-" if facts["offset_mm"] is None else f"{facts['offset_mm']:.0f} mm"
    figures = _("overlap {overlap:.0%}, centers {offset} apart, mutual information {information:.2f}").format(
        overlap=facts["overlap"], offset=offset, information=facts["mutual_information"]
    )
    if not facts["doubts"]:
        return _("Looks aligned: {figures}").format(figures=figures)
    return _("WARNING: {doubts} ({figures})").format(doubts="; ".join(facts["doubts"]), figures=figures)
