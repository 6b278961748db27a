"""CT of known content."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from coconet_med.source import Source


def disk(shape: tuple[int, int], radii: tuple[float, float], shift: float = 0.0) -> np.ndarray:
    y, x = np.mgrid[: shape[0], : shape[1]]
    return ((y - shape[0] / 2) / radii[0]) ** 2 + ((x - shape[1] / 2 - shift) / radii[1]) ** 2 < 1


def ct_of(part: str, units: str = "HU") -> Source:
    plane = np.full((200, 260), -1000.0, np.float32)
    if part == "head":
        for radii, hu in (((95, 75), 20), ((90, 70), 1000), ((84, 64), 35)):
            plane[disk(plane.shape, radii)] = hu
    elif part == "thighs":
        for shift in (-60, 60):
            for radius, hu in ((55, -90), (45, 55), (14, 1100), (8, 20)):
                plane[disk(plane.shape, (radius, radius), shift)] = hu
    elif part == "chest":
        plane[disk(plane.shape, (90, 125))] = 40
        for shift in (-55, 55):
            plane[disk(plane.shape, (65, 45), shift)] = -850
    elif part == "wrist":
        plane[disk(plane.shape, (30, 40))] = 40
        plane[disk(plane.shape, (24, 34))] = 700
    image = sitk.GetImageFromArray(np.repeat(plane[None], 8, axis=0))
    image.SetSpacing((1.0, 1.0, 4.0))
    return Source(image, part, units=units)
