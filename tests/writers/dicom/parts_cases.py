"""A result of two series, as the writer takes it."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import SimpleITK as sitk

from coconet_med.writers.dicom import FusedParts
from coconet_med.writers.dicom.navigation import for_navigation

FORMS = ("sc", "enhanced", "gray", "navigation")


GRAY = ("gray", "navigation")


PROVENANCE = {
    "version": "0.1.0",
    "model": "light",
    "model_sha256": "ab" * 32,
    "window": [0.0, 7.5],
    "transform": "rigid, Mattes mutual information, rotation 1.2 degrees",
    "options": {"colormap": "hot"},
}


def parts_of(study, form="sc", **changes) -> FusedParts:
    anatomy, function = study
    grid = for_navigation(anatomy.image) if form == "navigation" else anatomy.image
    shape = grid.GetSize()[::-1]
    rng = np.random.default_rng(3)
    if form in GRAY:
        image = sitk.GetImageFromArray(rng.random(shape, dtype=np.float32))
    else:
        image = sitk.GetImageFromArray(rng.integers(0, 256, (*shape, 3), dtype=np.uint8), isVector=True)
    image.CopyInformation(grid)
    made = {"provenance": PROVENANCE, "created": datetime(2026, 2, 3, 4, 5, 6)} | changes
    return FusedParts(image, anatomy, function, **made)


def stored_of(image, form):
    values = sitk.GetArrayFromImage(image)
    return np.rint(values * 4095) if form in GRAY else values
