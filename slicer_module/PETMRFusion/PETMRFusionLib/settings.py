"""Settings of a fusion."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from slicer.i18n import tr as _

COLORMAPS = ("uptake", "ember", "ct", "diverging", "hot", "hot-metal", "pet", "rainbow", "gray")
PLANES = ("auto", "axial", "coronal", "sagittal")
ENGINES = ("auto", "onnx", "openvino", "torch")
DEVICES = ("auto", "cpu", "cuda", "mps")
ANATOMY_WINDOWS = ("auto", "brain", "soft-tissue", "lung", "bone", "liver")

#: What is changed in a finished picture, without the worker.
_LIVE = ("strength", "lightness", "threshold")


@dataclass(frozen=True)
class FusionSettings:
    """Options of one fusion.

    Attributes:
        strength: linear weight between anatomy alone (0) and the full fusion (1); can be changed later.
        lightness: the same of lightness alone: 0 is the gray of the MRI under the full color; can be changed later.
        threshold: uptake below which only the MRI is shown, in its units; can be changed later.
        window: functional values shown as no and as full uptake, in their own units; robust where ``None``.
        anatomy_window: one of :data:`ANATOMY_WINDOWS`; all but ``"auto"`` are for CT.
        colormap: one of :data:`COLORMAPS`.
        plane: which slices the network sees, one of :data:`PLANES`.
        model: ``"light"`` (travels with coconet-med), or the path of ``.onnx`` or ``.pt`` weights (a MONAI bundle's
            ``models/model.pt``).
        sha256: what the file of the model must be; not checked where empty.
        engine: one of :data:`ENGINES`.
        device: one of :data:`DEVICES`.
        different_patients: fuse although the DICOM headers name two patients; the result warns of it.
    """

    strength: float = 1.0
    lightness: float = 1.0
    threshold: float | None = None
    window: tuple[float, float] | None = None
    anatomy_window: str = "auto"
    colormap: str = "uptake"
    plane: str = "auto"
    model: str = "light"
    sha256: str = ""
    engine: str = "auto"
    device: str = "auto"
    different_patients: bool = False

    def __post_init__(self) -> None:
        for name in ("strength", "lightness"):
            if not 0 <= getattr(self, name) <= 1:
                msg = _("{name} {value:g}: give a number from 0 to 1")
                raise ValueError(msg.format(name=name.capitalize(), value=getattr(self, name)))
        if self.window is not None and not self.window[0] < self.window[1]:
            msg = _("Window {low:g} to {high:g}: the lower value must come first")
            raise ValueError(msg.format(low=self.window[0], high=self.window[1]))
        choices = {"colormap": COLORMAPS, "plane": PLANES, "engine": ENGINES, "device": DEVICES}
        for name, known in (choices | {"anatomy_window": ANATOMY_WINDOWS}).items():
            if getattr(self, name) not in known:
                msg = _("{name} '{value}': choose {known}")
                raise ValueError(msg.format(name=name, value=getattr(self, name), known=", ".join(known)))

    def look(self) -> dict[str, Any]:
        """What decides how the picture looks, for telling whether a picture is up to date; plain JSON types."""
        window = None if self.window is None else list(self.window)
        model = [self.model, self.sha256]
        settings = {"window": window, "colormap": self.colormap, "plane": self.plane, "model": model}
        return settings | {"anatomy_window": self.anatomy_window}

    def orders(self) -> dict[str, Any]:
        """What the worker gets of them; what is live is no business of the network."""
        return {name: value for name, value in asdict(self).items() if name not in _LIVE}
