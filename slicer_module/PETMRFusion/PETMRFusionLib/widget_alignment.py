"""The part of the widget that looks at the alignment: checks, problems, registration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from PETMRFusionLib import record, transforms
from PETMRFusionLib.identity import state_of, state_of_frames, state_of_registration
from PETMRFusionLib.sequence import parent_transform
from PETMRFusionLib.slots import slot

#: A warning: black on amber, in a light panel and in a dark one.
WARNING_STYLE = "color: #000000; background-color: #ffd080; font-weight: bold; padding: 3px"


class AlignmentControl:
    """A verdict holds for exactly what was looked at; any change of content or place makes it unknown again."""

    def __init__(self) -> None:
        self._checked: tuple[Any, ...] | None = None
        self._problems: list[str] = []

    def connectAlignment(self) -> None:
        self.ui.checkButton.connect("clicked(bool)", self.onCheck)
        self.ui.registerButton.connect("clicked(bool)", self.onRegister)
        self.ui.loadTransformButton.connect("clicked(bool)", self.onLoadTransform)
        self.ui.saveTransformButton.connect("clicked(bool)", self.onSaveTransform)

    def forgetAlignment(self) -> None:
        """Nothing is known about what is in the scene now."""
        self._checked, self._problems = None, []
        self.showAlignment(_("Not checked yet"))

    def alignmentKey(self, dynamic: bool = False) -> tuple[Any, ...]:
        """What a check would look at now: content and place of the MRI, of the PET or all frames, the registration."""
        p = self._parameterNode
        frames = p.petSequence if dynamic else None
        moving = state_of_frames(frames, parent_transform(frames)) if dynamic else state_of(p.petVolume)
        return (dynamic, state_of(p.mrVolume), moving, state_of_registration(p.registration))

    def refreshAlignment(self) -> None:
        """Take back a verdict on something that has changed since."""
        if self._checked is not None and self._checked != self.alignmentKey(dynamic=self._checked[0]):
            self.forgetAlignment()

    def whenAligned(self, then: Callable[[], None], dynamic: bool = False) -> None:
        """Do something after a look at the alignment; where it looks wrong, only if the user insists."""

        def unless_implausible() -> None:
            if self._problems:
                question = _("The alignment may be wrong: {problems}. Fuse the volumes as they are?")
                question = question.format(problems="; ".join(self._problems))
                if not slicer.util.confirmYesNoDisplay(question, _("PET-MR Fusion")):
                    return
            then()

        if self._checked == self.alignmentKey(dynamic):
            unless_implausible()
        else:
            self.check(unless_implausible, dynamic)

    @slot
    def onCheck(self, clicked: bool = False) -> None:
        """Say how well the volumes are aligned."""
        self.check(lambda: None)

    def check(self, then: Callable[[], None], dynamic: bool = False) -> None:
        """Look at the volume, or at the first, middle and last frame of the dynamic PET."""
        p = self._parameterNode
        looked_at = self.alignmentKey(dynamic)

        def done(facts: dict[str, Any]) -> None:
            if looked_at != self.alignmentKey(dynamic):
                self.forgetAlignment()
                self.ui.noticeLabel.text = _("The volumes changed while they were checked: check or apply again.")
                return
            self._checked, self._problems = looked_at, facts["problems"]
            self.showAlignment(words_about(facts))
            then()

        start = self.logic.startCheckSequence if dynamic else self.logic.startCheck
        moving = p.petSequence if dynamic else p.petVolume
        self.start(
            lambda: start(p.mrVolume, moving, p.registration, progress=self.onProgress, python=self.python()), done
        )

    def showAlignment(self, text: str) -> None:
        """Words under the buttons; problems are set off by more than color, and can be read in a dark panel too."""
        self.ui.alignmentLabel.text = text
        self.ui.alignmentLabel.styleSheet = WARNING_STYLE if self._problems else ""

    @slot
    def onRegister(self, clicked: bool = False) -> None:
        """Register the PET to the MRI; the PET itself stays where it is, and so does a transform of the user."""
        p = self._parameterNode
        own = p.registration if record.is_own_registration(p.registration) else None

        def done(transform: Any) -> None:
            p.registration = transform
            self._checked, self._problems = self.alignmentKey(), []
            moved = transform.GetAttribute(record.REGISTRATION)
            if moved == record.ALIGNED:
                self.showAlignment(_("Aligned already: the volumes fit as well as can be found and were not moved."))
            else:
                self.showAlignment(_("Registered: moved by {moved}. Look at the result.").format(moved=moved))
            self.ui.noticeLabel.text = transform.GetAttribute(record.WARNINGS) or ""

        self.start(
            lambda: self.logic.startRegister(
                p.mrVolume, p.petVolume, own, progress=self.onProgress, python=self.python()
            ),
            done,
        )

    @slot
    def onLoadTransform(self, clicked: bool = False) -> None:
        """Take the registration of another program."""
        p = self._parameterNode
        kinds = _("Transforms (*.tfm *.txt *.h5 *.hdf5 *.mat *.lta *.dcm);;All files (*)")
        chosen = qt.QFileDialog.getOpenFileName(None, _("Transform from the PET to the MRI"), "", kinds)
        path = chosen[0] if isinstance(chosen, tuple) else chosen
        if not path:
            return

        def done(transform: Any) -> None:
            p.registration = transform
            self.showAlignment(_("Transform '{name}' is used: check the alignment.").format(name=transform.GetName()))

        self.start(
            lambda: self.logic.startLoadTransform(
                p.mrVolume, p.petVolume, path, progress=self.onProgress, python=self.python()
            ),
            done,
        )

    @slot
    def onSaveTransform(self, clicked: bool = False) -> None:
        """Hand where the PET lies to another program."""
        p = self._parameterNode
        chosen = qt.QFileDialog.getSaveFileName(
            None, _("Save the transform"), "pet-to-mri.tfm", _("ITK transform (*.tfm)")
        )
        path = chosen[0] if isinstance(chosen, tuple) else chosen
        if path:
            saved = transforms.save_transform(p.mrVolume, p.petVolume, p.registration, path)
            self.ui.statusLabel.text = _("Saved {path}").format(path=saved)


def words_about(facts: dict[str, Any]) -> str:
    """Figures of a check of the alignment, and its problems, in words."""
    offset = "-" if facts["offset_mm"] is None else f"{facts['offset_mm']:.0f} mm"
    figures = _("overlap {overlap:.0%}, centers {offset} apart, mutual information {information:.2f}").format(
        overlap=facts["overlap"], offset=offset, information=facts["mutual_information"]
    )
    if not facts["problems"]:
        return _("Looks aligned: {figures}").format(figures=figures)
    return _("WARNING: {problems} ({figures})").format(problems="; ".join(facts["problems"]), figures=figures)
