"""The tissues of the phantom: label numbers and what each looks like in MR and in emission tomography."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Tissue:
    """One tissue.

    Attributes:
        label: its number in :attr:`coconet_med.phantom.HeadPhantom.labels`.
        t1: signal in a T1-weighted gradient-echo scan (white matter 620), arbitrary units.
        t2: signal in a T2-weighted spin-echo scan, arbitrary units.
        uptake: tracer concentration relative to white matter.
        texture: relative standard deviation of the smooth inhomogeneity inside the tissue.
    """

    label: int
    t1: float
    t2: float
    uptake: float
    texture: float = 0.02


# Cortex to white matter is 4:1, as in normal FDG and HMPAO studies of gray and white matter (the Hoffman brain phantom
# uses the same ratio: Hoffman et al., IEEE Trans. Nucl. Sci. 37:616, 1990).
TISSUES: dict[str, Tissue] = {
    "background": Tissue(0, 0, 0, 0.0, 0.0),
    "skin": Tissue(1, 420, 250, 0.5, 0.05),
    "fat": Tissue(2, 830, 480, 0.15, 0.06),
    "muscle": Tissue(3, 310, 130, 0.6, 0.06),
    "skull": Tissue(4, 45, 25, 0.1, 0.1),
    "marrow": Tissue(5, 260, 170, 0.35, 0.15),
    "meninges": Tissue(6, 180, 90, 0.3, 0.05),
    "csf": Tissue(7, 110, 900, 0.05, 0.02),
    "gray": Tissue(8, 405, 420, 4.0, 0.02),
    "white": Tissue(9, 620, 290, 1.0, 0.015),
    "cerebellar_gray": Tissue(10, 415, 410, 3.6, 0.02),
    "cerebellar_white": Tissue(11, 600, 300, 1.0, 0.015),
    "brain_stem": Tissue(12, 560, 320, 1.6, 0.03),
    "corpus_callosum": Tissue(13, 630, 270, 1.0, 0.01),
    "lateral_ventricle": Tissue(14, 95, 930, 0.05, 0.02),
    "third_ventricle": Tissue(15, 100, 930, 0.05, 0.02),
    "fourth_ventricle": Tissue(16, 100, 930, 0.05, 0.02),
    "caudate": Tissue(17, 430, 400, 4.4, 0.015),
    "putamen": Tissue(18, 445, 380, 4.6, 0.015),
    "pallidum": Tissue(19, 530, 300, 3.2, 0.015),
    "thalamus": Tissue(20, 490, 350, 4.4, 0.025),
    "eye": Tissue(21, 120, 900, 0.05, 0.01),
    "lens": Tissue(22, 260, 120, 0.1, 0.01),
    "optic_nerve": Tissue(23, 540, 320, 1.0, 0.01),
    "air": Tissue(24, 8, 8, 0.0, 0.0),
    "mucosa": Tissue(25, 380, 560, 0.9, 0.05),
    "blood": Tissue(26, 250, 120, 0.5, 0.05),
    "hot_lesion": Tissue(27, 340, 640, 8.0, 0.04),
    "cold_lesion": Tissue(28, 200, 820, 0.2, 0.04),
    "marker_lesion": Tissue(29, 880, 700, 6.0, 0.03),
}

#: Name of each tissue to its number in the label image.
LABELS: dict[str, int] = {name: tissue.label for name, tissue in TISSUES.items()}


def lookup(attribute: str) -> np.ndarray:
    """The table of one attribute of :class:`Tissue`, ``float32``, indexed by label."""
    table = np.zeros(max(LABELS.values()) + 1, np.float32)
    for tissue in TISSUES.values():
        table[tissue.label] = getattr(tissue, attribute)
    return table
