"""A 2-D pair of the generated head, for whatever works on pictures."""

from __future__ import annotations

from typing import Literal

import numpy as np

from coconet_med.errors import OptionError
from coconet_med.phantom.head import draw
from coconet_med.phantom.lattice import Axes
from coconet_med.phantom.scan import SCANNERS, add_counting_noise, blurred, mr_signal
from coconet_med.phantom.tissues import TISSUES, lookup

Plane = Literal["axial", "coronal", "sagittal"]
FIELD_OF_VIEW = 240.0  # mm
SLAB = 2.0  # mm between the slices that blur into the one that is shown
_LEVEL: dict[str, float] = {"axial": 16.0, "coronal": -8.0, "sagittal": 24.0}  # mm; each cuts deep nuclei and ventricle


def slice_pair(size: int = 256, plane: Plane = "axial", seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """One T1 slice and the PET slice of the same place.

    Args:
        size: rows and columns.
        plane: ``"axial"``, ``"coronal"`` or ``"sagittal"``.
        seed: as in :func:`~coconet_med.phantom.head_phantom`.

    Returns:
        MRI and PET, each ``uint8`` of shape (size, size), in radiological display orientation: the patient's right (in
        the sagittal plane his front) is at the left of the picture; front (axial) or top of the head is up.

    Raises:
        OptionError: an unknown plane, or a size outside 16 to 1024.
    """
    if plane not in _LEVEL:
        raise OptionError(f"phantom: plane {plane!r} is not known; give one of {', '.join(_LEVEL)}")
    if not 16 <= size <= 1024:
        raise OptionError(f"phantom: size is {size}; give 16 to 1024 pixels")
    pixel = FIELD_OF_VIEW / size
    across = ((np.arange(size) - (size - 1) / 2) * pixel).astype(np.float32)
    through = (_LEVEL[plane] + SLAB * np.arange(-4, 5)).astype(np.float32)
    axis = {"axial": 0, "coronal": 1, "sagittal": 2}[plane]  # array axis the slab is stacked along
    axes = Axes(*(through if 2 - axis == n else across for n in range(3)))
    canvas = draw(axes, seed=seed)
    signal = mr_signal(axes, canvas.channels["t1"], lookup("texture")[canvas.labels], seed=seed, level=1.0)
    scanner = SCANNERS["pet"]
    steps = tuple(SLAB if n == axis else pixel for n in range(3))
    activity = blurred(lookup("uptake")[canvas.labels], steps, scanner.fwhm)  # type: ignore[arg-type]
    mri, pet = np.take(signal, 4, axis), np.take(activity, 4, axis)
    gray = TISSUES["gray"].uptake
    pet = add_counting_noise(pet[None], reference=gray, relative=scanner.noise, seed=seed)[0]
    if plane != "axial":
        mri, pet = mri[::-1], pet[::-1]
    return _picture(mri, 800.0), _picture(pet, 1.4 * gray)


def _picture(values: np.ndarray, white: float) -> np.ndarray:
    return np.clip(values * (255 / white) + 0.5, 0, 255).astype(np.uint8)
