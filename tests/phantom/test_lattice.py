"""Random fields on the lattice: the same head at every voxel size."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from head_cases import array, head

from coconet_med.phantom.lattice import STEP, lattice_axes, noise, onto


def test_a_seed_is_the_same_head_at_every_voxel_size() -> None:
    fine, coarse = head(), head(spacing=4.0)
    finer = array(sitk.Resample(fine.labels, coarse.labels, sitk.Transform(), sitk.sitkNearestNeighbor))
    assert (finer == array(coarse.labels)).mean() > 0.85


def test_noise_on_the_lattice_has_unit_variance_and_the_wavelength_asked_for() -> None:
    field = noise(0, 99, 24.0, width=0.2)
    assert field.std() == pytest.approx(1, abs=1e-3)
    line = np.abs(np.fft.rfft(field, axis=0)) ** 2
    np.testing.assert_allclose(onto(lattice_axes(), field), field, atol=1e-5)
    frequency = np.fft.rfftfreq(field.shape[0], STEP)
    assert line.sum((1, 2))[frequency > 1.8 / 24].sum() < 0.01 * line.sum()
