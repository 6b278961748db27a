"""Labels of the head that the tests share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from label_cases import like

from coconet_med.phantom import HeadPhantom
from coconet_med.writers.volumes import write_volume


@pytest.fixture(scope="session")
def labels(head: HeadPhantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Quarters of the brain by FreeSurfer's numbers, on the grid of the T1."""
    body = sitk.GetArrayViewFromImage(head.t1) > 20
    values = np.zeros(body.shape, np.int16)
    k, j, i = np.indices(body.shape)
    middle = [n // 2 for n in body.shape]
    for number, part in (
        (8, k < middle[0]),
        (17, i < middle[2]),
        (53, j < middle[1]),
        (1005, (k > middle[0]) & (j > middle[1])),
    ):
        values[body & part & (values == 0)] = number
    path = tmp_path_factory.mktemp("labels") / "aparc+aseg.nii.gz"
    write_volume(like(values, head.t1), path)
    return path
