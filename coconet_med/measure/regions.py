"""Figures of each region of a segmentation: volume, and mean, maximum, peak and deviation of uptake and anatomy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from coconet_med.align.grid import field_of_view, resample
from coconet_med.errors import GeometryError
from coconet_med.measure.labels import Labels
from coconet_med.measure.peak import RADIUS_MM, sphere_means


@dataclass(frozen=True)
class Region:
    """One region; nan where there is nothing to say.

    Attributes:
        label: its number.
        name: its name, or "label N".
        voxels: of the segmentation.
        volume_ml: of all of them.
        covered: share of them inside the functional field of view, 0 to 1; figures of uptake are of these.
        uptake_mean: in the units of the functional image, as all figures of uptake.
        uptake_max: highest voxel.
        uptake_peak: highest mean of a sphere of 1 ml about a voxel of the region.
        uptake_sd: standard deviation over the voxels (divided by n).
        anatomy_mean: in the units of the anatomical image.
        anatomy_max: highest voxel.
        anatomy_sd: standard deviation over the voxels (divided by n).
        suvr: mean uptake over that of the reference region.
    """

    label: int
    name: str
    voxels: int
    volume_ml: float
    covered: float
    uptake_mean: float
    uptake_max: float
    uptake_peak: float
    uptake_sd: float
    anatomy_mean: float
    anatomy_max: float
    anatomy_sd: float
    suvr: float = np.nan


def on_labels(
    image: sitk.Image, labels: Labels, transform: sitk.Transform | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """An image on the grid of the labels (trilinear), and where its field of view is; both (k, j, i).

    Args:
        image: LPS mm.
        labels: whose grid.
        transform: takes a point of the labels to that of the image; none where both lie in one world.
    """
    transform = transform or sitk.Transform(3, sitk.sitkIdentity)
    inside = sitk.GetArrayFromImage(field_of_view(image, labels.grid, transform)) > 0
    return sitk.GetArrayFromImage(resample(image, labels.grid, transform)), inside


def measure_regions(
    labels: Labels,
    uptake: sitk.Image,
    anatomy: sitk.Image | None = None,
    *,
    transform: sitk.Transform | None = None,
    reference: float | None = None,
) -> list[Region]:
    """Figures of every region, measured on the grid of the labels, which is never resampled.

    Args:
        labels: the segmentation, in the world of the anatomy.
        uptake: functional image.
        anatomy: anatomical image.
        transform: takes anatomical to functional points.
        reference: mean uptake of the reference region, for SUVR.

    Raises:
        GeometryError: the functional image reaches no region.
    """
    hot, inside = on_labels(uptake, labels, transform)
    gray, seen = (None, None) if anatomy is None else on_labels(anatomy, labels)
    spacing = labels.grid.GetSpacing()
    found = []
    for label in labels.values:
        mask = labels.mask(label)
        taken = mask & inside
        values = hot[taken].astype(np.float64)
        about = () if gray is None else gray[mask & seen].astype(np.float64)
        mean, top, spread = _figures(values)
        found.append(
            Region(
                label,
                labels.names.get(label, f"label {label}"),
                int(mask.sum()),
                float(mask.sum() * np.prod(spacing) / 1000),
                float(taken.sum() / mask.sum()),
                mean,
                top,
                _peak(hot, taken, inside, spacing),
                spread,
                *_figures(np.asarray(about)),
                suvr=mean / reference if reference else np.nan,
            )
        )
    if not any(region.covered for region in found):
        raise GeometryError(
            f"{labels.name}: no region lies in the functional field of view; check that it is of this pair"
        )
    return found


def _figures(values: np.ndarray) -> tuple[float, float, float]:
    if not values.size:
        return np.nan, np.nan, np.nan
    return float(values.mean()), float(values.max()), float(values.std())


def _peak(hot: np.ndarray, taken: np.ndarray, inside: np.ndarray, spacing: tuple[float, float, float]) -> float:
    """Highest mean of the sphere about the voxels taken; only their surroundings are looked at."""
    if not taken.any():
        return np.nan
    box = []
    for axis, step in enumerate(spacing[::-1]):
        where = np.flatnonzero(taken.any(axis=tuple(n for n in range(3) if n != axis)))
        reach = int(RADIUS_MM / step) + 1
        box.append(slice(max(0, where[0] - reach), where[-1] + 1 + reach))
    part = tuple(box)
    return float(np.nanmax(sphere_means(hot[part], spacing, valid=inside[part])[taken[part]]))
