"""What a fusion can be told."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

COLORMAPS = ("uptake", "ember", "ct", "hot", "hot-metal", "pet", "rainbow", "gray")
PLANES = ("auto", "axial", "coronal", "sagittal")
ENGINES = ("auto", "onnx", "openvino", "torch")
DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True)
class FusionSettings:
    """Options of one fusion.

    Attributes:
        strength: linear weight between anatomy alone (0) and the full fusion (1); can be changed later.
        window: functional values shown as no and as full uptake, in their own units; robust where ``None``.
        colormap: one of :data:`COLORMAPS`.
        plane: which slices the network sees, one of :data:`PLANES`.
        model: ``"light"`` (travels with coconet-med), or the path of ``.onnx`` or ``.pt`` weights (a MONAI bundle's
            ``models/model.pt``).
        sha256: what the file of the model must be; not checked where empty.
        engine: one of :data:`ENGINES`.
        device: one of :data:`DEVICES`.
        different_patients: fuse although the DICOM headers tell two patients; the result warns of it.
    """

    strength: float = 1.0
    window: tuple[float, float] | None = None
    colormap: str = "uptake"
    plane: str = "auto"
    model: str = "light"
    sha256: str = ""
    engine: str = "auto"
    device: str = "auto"
    different_patients: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1:
            msg = f"Strength {self.strength:g}: give a number from 0 to 1"
            raise ValueError(msg)
        if self.window is not None and not self.window[0] < self.window[1]:
            msg = f"Window {self.window[0]:g} to {self.window[1]:g}: the lower value must come first"
            raise ValueError(msg)
        for name, known in (("colormap", COLORMAPS), ("plane", PLANES), ("engine", ENGINES), ("device", DEVICES)):
            if getattr(self, name) not in known:
                msg = f"{name} {getattr(self, name)!r}: choose {', '.join(known)}"
                raise ValueError(msg)

    def look(self) -> dict[str, Any]:
        """What decides how the picture looks, for telling whether a picture is up to date; plain JSON types."""
        window = None if self.window is None else list(self.window)
        return {"window": window, "colormap": self.colormap, "plane": self.plane, "model": [self.model, self.sha256]}

    def orders(self) -> dict[str, Any]:
        """What the worker is told of them; the strength is no business of the network."""
        told = asdict(self)
        del told["strength"]
        return told
