"""Heads that are generated once for all tests, and what they hold."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.ndimage
import SimpleITK as sitk

from coconet_med.phantom import LABELS, HeadPhantom, head_phantom


@lru_cache(maxsize=2)
def head(*, spacing: float = 2.0, noise: float = 0.0) -> HeadPhantom:
    return head_phantom(spacing=spacing, noise=noise)


def array(image: sitk.Image) -> np.ndarray:
    return sitk.GetArrayFromImage(image)


def value_at(image: sitk.Image, point: tuple[float, float, float]) -> float:
    return float(image[image.TransformPhysicalPointToIndex(point)])


def mean_by_label(image: sitk.Image, phantom: HeadPhantom) -> dict[str, float]:
    labels = array(phantom.labels)
    means = scipy.ndimage.mean(array(image), labels, list(LABELS.values()))
    return dict(zip(LABELS, means, strict=True))
