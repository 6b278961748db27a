"""Does an alignment look like two images of the same body?  Figures, and the words for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

#: Least part of the anatomical body that the functional field of view should cover.
LEAST_COVERAGE = 0.25
#: Below this part it is said that the functional image covers the anatomy in part only.
LITTLE_COVERAGE = 0.6
COVERS = "the functional image covers only"
#: Least Dice overlap of the two bodies where both images have data.
LEAST_OVERLAP = 0.3
#: So few voxels above the mean of an image are no body.
WILD = 10
#: Farthest that the centers of the two bodies may lie apart, in mm, where both images have data.
FARTHEST_CENTERS_MM = 50.0


@dataclass(frozen=True)
class Plausibility:
    """How well two images fit under one transform.

    Attributes:
        coverage: part of the anatomical foreground inside the functional field of view, 0 to 1.
        overlap: Dice coefficient of the two foregrounds where both images have data, 0 to 1.
        center_distance_mm: between the centers of the two foregrounds where both images have data; infinite where
            one of them is empty.
        mutual_information: of the intensities where both images have data, in nat (32 x 32 bins).
    """

    coverage: float
    overlap: float
    center_distance_mm: float
    mutual_information: float

    @property
    def score(self) -> float:
        """What places are compared by: mutual information times coverage."""
        return self.mutual_information * self.coverage

    @property
    def problems(self) -> tuple[str, ...]:
        """What speaks against the alignment, in words; empty where nothing does."""
        if self.coverage == 0:
            return ("the functional field of view misses the anatomy",)
        found = []
        if self.coverage < LEAST_COVERAGE:
            found.append(f"{COVERS} {self.coverage:.0%} of the anatomy")
        if self.overlap < LEAST_OVERLAP:
            found.append(f"the bodies overlap only to {self.overlap:.0%}")
        if self.center_distance_mm > FARTHEST_CENTERS_MM:
            found.append(f"the centers of the bodies are {self.center_distance_mm:.0f} mm apart")
        return tuple(found)


def foreground(image: sitk.Image) -> sitk.Image:
    """The body: ``uint8`` mask of the voxels clearly above the dark end of the image.

    The threshold lies at 35 % of the way from the dark end (1st percentile) to the median of the voxels above the
    mean.  That median hardly moves with a bladder or a tumor that is far hotter than the rest, where a high percentile
    of the image does.
    Values that are not finite are background.
    """
    values = sitk.GetArrayViewFromImage(image)
    finite = values[np.isfinite(values)]
    mask = np.zeros(values.shape, np.uint8)
    if finite.size and finite.max() > finite.min():
        dark = float(np.percentile(finite, 1))
        bright = float(np.median(above_mean(finite)))
        mask[np.nan_to_num(values, nan=dark, posinf=dark, neginf=dark) > dark + 0.35 * (bright - dark)] = 1
    result = sitk.GetImageFromArray(mask)
    result.CopyInformation(image)
    return result


def above_mean(values: np.ndarray) -> np.ndarray:
    """The values above their mean; where a few wild voxels alone are (a corrupt one of 1e30), that of the others.

    Args:
        values: finite, of any shape.

    Returns:
        1-D; empty where all values are equal.
    """
    values = values.ravel()
    while values.size:
        mean = values.mean(dtype=np.float64)
        above = values[values > mean]
        if not 0 < above.size < WILD:
            return above
        values = values[values <= mean]
    return values


def foreground_center(mask: sitk.Image) -> np.ndarray | None:
    """World point (LPS, mm) at the middle of a mask; None where the mask is empty."""
    where = np.argwhere(sitk.GetArrayViewFromImage(mask))
    if not len(where):
        return None
    return np.array(mask.TransformContinuousIndexToPhysicalPoint(where.mean(axis=0)[::-1].tolist()))
