"""A head, a known move, and files that state it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from coconet_med.source import Source


def tfm(matrix: np.ndarray, path: Path) -> Path:
    transform = sitk.AffineTransform(matrix[:3, :3].ravel().tolist(), matrix[:3, 3].tolist())
    sitk.WriteTransform(transform, str(path))
    return path


def sources(paths: tuple[Path, Path]) -> tuple[Source, Source]:
    from coconet_med.readers import read

    return read(paths[0], "anatomy"), read(paths[1], "function")


def close(found: np.ndarray, move: np.ndarray) -> None:
    np.testing.assert_allclose(found, move, atol=2e-4)


FLIP = np.diag((-1.0, -1.0, 1.0, 1.0))
