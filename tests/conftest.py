"""What the tests share: a small generated head, and an engine whose answer is known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from coconet_med.model import Model
    from coconet_med.phantom import HeadPhantom


@dataclass
class MeanEngine:
    """Fuses by averaging, so that tests know each voxel of the result; remembers what it was given."""

    name: str = "onnx"
    device: str = "cpu"
    version: str = "test"
    shapes: list[tuple[int, ...]] | None = None

    def run(self, image: np.ndarray) -> np.ndarray:
        if self.shapes is not None:
            self.shapes.append(image.shape)
        return image.mean(axis=1, keepdims=True)


@pytest.fixture
def mean_model() -> Model:
    from coconet_med.model import Model

    return Model("mean", Path("mean.onnx"), "0" * 64, MeanEngine(shapes=[]), {})


@pytest.fixture(scope="session")
def head() -> HeadPhantom:
    from coconet_med.phantom import head_phantom

    return head_phantom(spacing=4.0, pet_spacing=5.0, noise=0.5)


@pytest.fixture(scope="session")
def pair(head: HeadPhantom, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The head as ``T1.nii.gz`` and ``PET.nii.gz``."""
    from coconet_med.writers.volumes import write_volume

    folder = tmp_path_factory.mktemp("head")
    paths = folder / "T1.nii.gz", folder / "PET.nii.gz"
    for image, path in zip((head.t1, head.pet), paths, strict=True):
        write_volume(image, path)
    return paths
