"""Large voxels of a PET do not draw a registration to the places where grids meet: the last climb goes between them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.align import registration
from coconet_med.align.prepared import Pair

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
body_phantom = pytest.importorskip("bodies").body_phantom


def error_mm(found: sitk.Transform, truth: sitk.Transform, image: sitk.Image) -> float:
    """Mean distance over the corners of the middle half of an image."""
    size = np.array(image.GetSize())
    points = [
        image.TransformContinuousIndexToPhysicalPoint((size * share).tolist()) for share in np.ndindex(2, 2, 2)
        for share in [0.25 + 0.5 * np.array(share)]
    ]  # fmt: skip
    return float(
        np.mean([np.linalg.norm(np.subtract(found.TransformPoint(p), truth.TransformPoint(p))) for p in points])
    )


@pytest.fixture(scope="module")
def thigh() -> tuple[Pair, sitk.Image, sitk.Euler3DTransform]:
    """MR and PET (5.5 mm) of a generated thigh whose PET lies elsewhere by its header, and where it lies."""
    anatomy, function = body_phantom("thigh", seed=2)
    motion = sitk.Euler3DTransform()
    motion.SetRotation(0.03, -0.04, 0.05)
    motion.SetTranslation((7.0, -5.0, 6.0))
    turn = np.array(motion.GetMatrix()).reshape(3, 3)
    function.SetDirection((turn @ np.array(function.GetDirection()).reshape(3, 3)).ravel().tolist())
    function.SetOrigin(motion.TransformPoint(function.GetOrigin()))
    return Pair.of(anatomy, function), anatomy, motion


def test_a_thigh_is_found_to_within_a_millimeter(thigh) -> None:
    pair, anatomy, truth = thigh
    found = registration.find_transform(pair, registration.coarse_match(pair, trusted=True))
    assert error_mm(found, truth, anatomy) < 1.0


def test_the_last_climb_sees_what_the_anatomy_covers_and_no_more(thigh) -> None:
    pair, anatomy, truth = thigh
    (_, near), _ = pair.smooth_near(truth)
    assert max(near.GetSpacing()) < 2.2
    reach = np.array(near.GetSize()) * near.GetSpacing()
    extent = np.array(anatomy.GetSize()) * anatomy.GetSpacing()
    assert (reach < extent + 70).all()
    # Where both have data the spline passes through the voxels of the PET.
    back = sitk.Resample(near, pair.function, sitk.Transform(), sitk.sitkLinear, float("nan"))
    values, known = (sitk.GetArrayFromImage(image) for image in (back, pair.function))
    there = np.isfinite(values)
    assert there.mean() > 0.5
    assert np.corrcoef(values[there], known[there])[0, 1] > 0.99
