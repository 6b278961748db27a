"""Which window a CT is shown in: by what the body on it is made of, and by the part of the body that its header names.

A brain window on a thigh shows muscle and fat as black and white; a soft-tissue window on a head hides the brain.  So
the content decides, and the header only where the content leaves it open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

if TYPE_CHECKING:
    from coconet_med.source import Source

#: Windows in HU by name.  ``brain`` is wider than the usual 80: it is what the networks were trained with.
CT_WINDOWS: dict[str, tuple[float, float]] = {
    "brain": (0.0, 100.0),
    "soft-tissue": (-160.0, 240.0),
    "lung": (-1350.0, 150.0),
    "bone": (-500.0, 1500.0),
    "liver": (-45.0, 105.0),
}

#: Voxels of about this size (mm) are looked at: thin enough for a skull, too coarse for noise.
LOOKED_AT_MM = 3.0

#: HU: air in lung, the body, bone; and what soft tissue inside a skull has.
LUNG_HU, BODY_HU, BONE_HU, BRAIN_HU = (-950.0, -500.0), -300.0, 250.0, (0.0, 90.0)

#: Shares of the body from which on it is a head (brain that bone encloses in its slice), a chest, or mostly bone.
BRAIN_SHARE, LUNG_SHARE, BONE_SHARE = 0.2, 0.2, 0.4

#: A header that names a head is believed from these shares on: a skull is there, though the image may cut it open.
NAMED_BRAIN_SHARE, NAMED_BONE_SHARE = 0.05, 0.1

_HEADS = ("HEAD", "BRAIN", "SKULL")


@dataclass(frozen=True)
class Content:
    """What a CT shows, as shares of the body: 0 to 1.

    Attributes:
        brain: soft tissue that bone encloses in its slice.
        lung: air of lung.
        bone: bone, marrow left out.
        part: Body Part Examined (0018,0015), upper case; ``""`` where it is not known.
    """

    brain: float
    lung: float
    bone: float
    part: str = ""

    def window(self) -> tuple[str, str]:
        """Name of the window in :data:`CT_WINDOWS`, and why."""
        if self.brain >= BRAIN_SHARE:
            return "brain", f"{self.brain:.0%} of the body is soft tissue inside bone"
        head = any(word in self.part for word in _HEADS) and "NECK" not in self.part
        if head and self.lung < 0.05 and (self.brain >= NAMED_BRAIN_SHARE and self.bone >= NAMED_BONE_SHARE):
            return "brain", f"body part {self.part}, and bone around soft tissue"
        if self.lung >= LUNG_SHARE:
            return "lung", f"{self.lung:.0%} of the body is lung"
        if self.bone >= BONE_SHARE:
            return "bone", f"{self.bone:.0%} of the body is bone"
        part = f"body part {self.part}, " if self.part else ""
        return "soft-tissue", f"{part}lung {self.lung:.0%}, bone {self.bone:.0%} of the body"


def content_of(source: Source) -> Content:
    """Look at a CT in HU."""
    from coconet_med.align.grid import coarsen

    coarse = coarsen(source.image, LOOKED_AT_MM, limits=(-1024.0, 3071.0))
    values = sitk.GetArrayFromImage(coarse)
    solid = values > BODY_HU
    bone = values > BONE_HU
    lung = _lung(values, solid)
    body = max(int(solid.sum() + lung.sum()), 1)
    soft = (values > BRAIN_HU[0]) & (values < BRAIN_HU[1])
    brain = _enclosed(bone) & soft
    in_brain, in_lung, in_bone = (float(np.count_nonzero(mask)) / body for mask in (brain, lung, bone))
    return Content(in_brain, in_lung, in_bone, body_part(source))


def looks_like_hu(values: np.ndarray) -> bool:
    """Whether values whose units are not stated can be HU: air at -1000 is there, and things denser than water.

    Values of MRI, PET and SPECT are never so low.
    """
    some = values.reshape(-1)[:: max(1, values.size // 200_000)]
    return float(np.mean((some >= -1100) & (some <= -900))) > 0.02 and float(some.max()) > 0 and some.min() >= -10_000


def body_part(source: Source) -> str:
    """Body Part Examined (0018,0015) of a DICOM source, upper case; ``""`` where it is not known."""
    series = getattr(source.dicom, "series", None)
    if series is None:
        return ""
    from coconet_med.dicom import headers

    return headers.text(series.header, "BodyPartExamined").strip().upper()


def _lung(values: np.ndarray, solid: np.ndarray) -> np.ndarray:
    """Voxels of the density of lung among their like, inside the body: partly filled voxels of skin are thinner."""
    loose = (values > LUNG_HU[0]) & (values < LUNG_HU[1])
    core = ~_grown(~loose)
    return _grown(core) & loose & _enclosed(solid) if core.any() else core


def _enclosed(wall: np.ndarray) -> np.ndarray:
    """Voxels (k, j, i) that a wall closes in within their slice, without the wall; gaps of 2 voxels count as closed."""
    padded = np.pad(wall, ((0, 0), (2, 2), (2, 2)))
    closed = ~_grown(~_grown(padded))
    # Full planes between the slices keep them apart, so that one search for components does for all of them.
    apart = np.zeros((2 * len(closed), *closed.shape[1:]), np.uint8)
    apart[::2] = ~closed
    labels = sitk.GetArrayFromImage(sitk.ConnectedComponent(sitk.GetImageFromArray(apart)))[::2]
    outside = np.zeros(int(labels.max()) + 1, bool)
    outside[labels[:, 0, 0]] = True
    return ~outside[labels][:, 2:-2, 2:-2] & ~wall


def _grown(mask: np.ndarray) -> np.ndarray:
    """A mask (k, j, i) with the next voxels along j and i."""
    out = mask.copy()
    out[:, 1:] |= mask[:, :-1]
    out[:, :-1] |= mask[:, 1:]
    out[:, :, 1:] |= mask[:, :, :-1]
    out[:, :, :-1] |= mask[:, :, 1:]
    return out
