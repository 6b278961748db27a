"""What the scanners make of the anatomy: an MR image, and an emission image on a grid of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coconet_med.filters import gaussian
from coconet_med.geometry import set_geometry
from coconet_med.phantom.lattice import Axes, noise, onto

if TYPE_CHECKING:
    import SimpleITK as sitk

WHITE_MATTER_T1 = 620.0
FWHM_PER_SIGMA = 2.354820045


@dataclass(frozen=True)
class Scanner:
    """How the functional image is taken.

    Attributes:
        spacing: mm, isotropic.
        fwhm: full width at half maximum of the Gaussian point spread, mm.
        white: value of white matter, in ``units``.
        noise: relative standard deviation in gray matter at ``noise = 1``.
        units: of the voxel values.
        modality: DICOM modality code.
    """

    spacing: float
    fwhm: float
    white: float
    noise: float
    units: str
    modality: str


SCANNERS = {
    "pet": Scanner(2.0, 6.0, 5000.0, 0.05, "Bq/ml", "PT"),
    "spect": Scanner(4.0, 10.0, 20.0, 0.08, "counts", "NM"),
}


def mr_signal(axes: Axes, clean: np.ndarray, texture: np.ndarray, *, seed: int, level: float) -> np.ndarray:
    """A magnitude MR image: receive-coil shading, tissue inhomogeneity, Rician noise.

    Args:
        axes: grid of ``clean``.
        clean: ideal signal, array (k, j, i); overwritten.
        texture: relative standard deviation of the tissue's inhomogeneity, same shape.
        seed: the phantom's seed.
        level: 1 gives noise of 2.2 % of white matter per voxel; 0 leaves shading and inhomogeneity only.

    Returns:
        ``float32``, same shape and units as ``clean``.
    """
    clean *= 1 + np.float32(0.06) * onto(axes, noise(seed, 8, 160))
    clean *= 1 + texture * onto(axes, noise(seed, 9, 14))
    if level <= 0:
        return clean
    return add_rician_noise(clean, level=level, rng=np.random.default_rng([seed, 10]))


def add_rician_noise(clean: np.ndarray, *, level: float, rng: np.random.Generator) -> np.ndarray:
    """Noise of a magnitude image, 2.2 % of white matter per voxel at level 1; ``clean`` is overwritten."""
    sigma = np.float32(0.022 * WHITE_MATTER_T1 * level)
    clean += sigma * rng.standard_normal(clean.shape, dtype=np.float32)
    quadrature = sigma * rng.standard_normal(clean.shape, dtype=np.float32)
    return np.sqrt(clean * clean + quadrature * quadrature)


def blurred(activity: np.ndarray, spacing: tuple[float, float, float], fwhm: float) -> np.ndarray:
    """Gaussian point spread of ``fwhm`` mm; ``spacing`` in array order (k, j, i), mm."""
    sigma = [fwhm / FWHM_PER_SIGMA / step for step in spacing]
    return gaussian(activity, sigma, border="nearest", truncate=3.5)


def add_counting_noise(activity: np.ndarray, *, reference: float, relative: float, seed: int) -> np.ndarray:
    """Noise whose variance follows the mean, correlated over neighbors as reconstruction leaves it; never negative.

    Args:
        activity: array (k, j, i), any unit.
        reference: the value at which the relative standard deviation is ``relative``.
        relative: see ``reference``.
        seed: the phantom's seed.
    """
    rng = np.random.default_rng([seed, 11])
    grain = gaussian(rng.standard_normal(activity.shape, dtype=np.float32), 0.8, truncate=3)
    grain *= np.float32(relative) / grain.std()
    # A floor: scatter and randoms leave some noise in empty space as well.
    spread = np.sqrt(np.maximum(activity, 0) * np.float32(reference) + np.float32((0.04 * reference) ** 2))
    return np.maximum(activity + grain * spread, 0)


def emission_image(
    uptake: sitk.Image,
    *,
    spacing: float,
    fwhm: float,
    true_transform: sitk.Transform,
    tilt: tuple[float, float, float],
    relative_noise: float,
    reference: float,
    seed: int,
) -> sitk.Image:
    """The functional scan of ``uptake``, on a coarser grid that has its own origin and direction.

    Args:
        uptake: true concentration on the anatomical grid.
        spacing: of the functional grid, mm.
        fwhm: of the point spread, mm.
        true_transform: maps points of the anatomical space to points of the functional space.
        tilt: rotation of the functional grid's axes about x, y and z, degrees.
        relative_noise: relative standard deviation at ``reference``; 0 for none.
        reference: value of gray matter.
        seed: the phantom's seed.
    """
    import SimpleITK as sitk

    steps = uptake.GetSpacing()[::-1]
    smooth = sitk.GetImageFromArray(blurred(sitk.GetArrayViewFromImage(uptake), steps, fwhm))
    smooth.CopyInformation(uptake)
    grid = _emission_grid(spacing, tilt)
    image = sitk.Resample(smooth, grid, true_transform.GetInverse(), sitk.sitkBSpline3, 0.0, sitk.sitkFloat32)
    values = np.maximum(sitk.GetArrayFromImage(image), 0)
    if relative_noise > 0:
        values = add_counting_noise(values, reference=reference, relative=relative_noise, seed=seed)
    result = sitk.GetImageFromArray(values.astype(np.float32))
    result.CopyInformation(image)
    return result


def _emission_grid(spacing: float, tilt: tuple[float, float, float]) -> sitk.Image:
    """An empty grid over the head whose voxel centers fall nowhere near those of the anatomical grid."""
    import SimpleITK as sitk

    size = [int(np.ceil(extent / spacing)) for extent in (224, 248, 204)]
    turn = sitk.Euler3DTransform((0, 0, 0), *(float(np.deg2rad(angle)) for angle in tilt))
    direction = np.reshape(turn.GetMatrix(), (3, 3))
    middle = np.array([1.3, 2.4, -0.7])  # the patient never lies exactly in the middle of the ring
    image = sitk.Image(size, sitk.sitkUInt8)
    set_geometry(image, [spacing] * 3, middle - direction @ ((np.array(size) - 1) / 2 * spacing), direction)
    return image
