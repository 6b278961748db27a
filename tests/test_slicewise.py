"""The network slice by slice: every voxel comes back to its place, mixed by the formula."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from coconet_med.inference import Fusion, fuse_slices
from coconet_med.model import Model
from coconet_med.slices import slicing_of

RNG = np.random.default_rng(4)


def volumes(shape: tuple[int, ...] = (20, 21, 22)) -> tuple[np.ndarray, np.ndarray, sitk.Image]:
    a, f = (RNG.uniform(0.1, 1, shape).astype(np.float32) for _ in range(2))
    return a, f, sitk.GetImageFromArray(a)


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_each_voxel_comes_back_to_its_place(mean_model: Model, plane: str) -> None:
    a, f, image = volumes()
    fused = fuse_slices(a, f, slicing=slicing_of(image, plane=plane), engine=mean_model.engine)
    assert np.allclose(fused, (a + f) / 2, atol=1e-6)


class FieldEngine:
    """Says the same of every pixel of the network: an amount, and how much more of either source."""

    gives_field = True

    def __init__(self, *said: float) -> None:
        self.said, self.shapes = said, []

    def run(self, image: np.ndarray) -> np.ndarray:
        self.shapes.append(image.shape)
        return np.ones((len(image), 3, *image.shape[2:]), np.float32) * np.float32(self.said)[:, None, None]


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_a_field_of_one_value_mixes_each_voxel_by_the_formula(plane: str) -> None:
    a, f, image = volumes((37, 41, 50))
    a, f = a / 4, f / 4
    slicing = slicing_of(image, plane=plane)
    engine = FieldEngine(0.1, -0.4, 0.7)
    fusion = Fusion(a, f, slicing=slicing, engine=engine, spacing=(2.0, 1.0, 1.0), findings=False)
    fused = np.zeros_like(a)
    for batch in fusion.batches():
        slicing.stack(fused)[batch.where] = batch.fused
    assert np.allclose(fused, 0.1 + 0.6 * a + 0.7 * f, atol=1e-6)
    count, height, width = slicing.stack(a).shape
    assert sum(shape[0] for shape in engine.shapes) == count
    assert {shape[2:] for shape in engine.shapes} == {(max(16, -(-height // 2)), max(16, -(-width // 2)))}
