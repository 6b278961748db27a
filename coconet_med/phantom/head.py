"""A generated head with known truth: T1 (and T2) image, functional image, labels, lesions.

Everything is computed; no data file is read, and a seed gives the same head at every voxel size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from coconet_med.errors import OptionError
from coconet_med.phantom.anatomy import paint_head
from coconet_med.phantom.canvas import Canvas
from coconet_med.phantom.folds import displaced, folds
from coconet_med.phantom.lattice import Axes
from coconet_med.phantom.scan import SCANNERS, Scanner, emission_image, mr_signal
from coconet_med.phantom.shapes import Vector, ellipsoid
from coconet_med.phantom.tissues import TISSUES, lookup

if TYPE_CHECKING:
    import SimpleITK as sitk

Function = Literal["pet", "spect"]
EXTENT = (192.0, 224.0, 192.0)  # mm along x, y, z


@dataclass(frozen=True)
class Lesion:
    """A ball of known place and uptake.

    Attributes:
        name: its tissue, a key of :data:`~coconet_med.phantom.tissues.LABELS`.
        center: mm LPS in the anatomical space.
        radius: mm.
        uptake: true value inside, in the units of the functional image.
    """

    name: str
    center: Vector
    radius: float
    uptake: float


@dataclass(frozen=True)
class HeadPhantom:
    """One generated head.  Images are SimpleITK, in LPS; the anatomical ones share one upright grid.

    Attributes:
        t1: T1-weighted MR image, ``float32``, arbitrary units.  Direction identity: i runs to the patient's left, j
            backwards, k upwards; the head's middle lies at (0, 0, 0) mm.
        t2: T2-weighted MR image, if asked for.
        pet: the functional image, ``float32`` in ``units``, on its own grid.
        true_uptake: what the functional image would show without blur, noise or movement, on the anatomical grid.
        labels: ``uint8``, numbers from :data:`LABELS`, on the anatomical grid.
        lesions: where the lesions are.
        true_transform: maps points (mm LPS) of the anatomical space to where the same tissue lies in the
            functional space.
        units: of ``pet``, ``true_uptake`` and the lesions' uptake: ``"Bq/ml"`` or ``"counts"``.
        modality: DICOM code of the functional image, ``"PT"`` or ``"NM"``.
        fwhm: of the functional image's point spread, mm.
    """

    t1: sitk.Image
    t2: sitk.Image | None
    pet: sitk.Image
    true_uptake: sitk.Image
    labels: sitk.Image
    lesions: tuple[Lesion, ...]
    true_transform: sitk.Transform
    units: str
    modality: str
    fwhm: float


# Left is x > 0.  All three lie off the midplane and none has a counterpart, so that any flip shows.
_LESIONS: tuple[tuple[str, Vector, float], ...] = (
    ("hot_lesion", (29.0, -42.0, 33.0), 8.0),  # left frontal
    ("cold_lesion", (-40.0, 34.0, 26.0), 11.0),  # right parietal
    ("marker_lesion", (34.0, 44.0, 14.0), 4.5),  # left occipital, bright in T1 as well
)


def head_phantom(
    *,
    spacing: float | tuple[float, float, float] = 1.0,
    function: Function = "pet",
    seed: int = 0,
    pet_spacing: float | None = None,
    pet_fwhm: float | None = None,
    pet_tilt: Vector = (0.0, 0.0, 0.0),
    noise: float = 1.0,
    misalign: tuple[Vector, Vector] | None = None,
    with_t2: bool = False,
) -> HeadPhantom:
    """Generate a head with a functional scan.

    Args:
        spacing: voxel size of the anatomical grid along x, y, z, mm; one number for all three.  1 gives a grid of
            192 × 224 × 192.
        function: ``"pet"`` (glucose, Bq/ml) or ``"spect"`` (perfusion, counts).
        seed: another seed is another person: other folds, other shading, other noise.
        pet_spacing: voxel size of the functional grid, mm; by default 2 for PET, 4 for SPECT.
        pet_fwhm: blur of the functional image, mm; by default 6 for PET, 10 for SPECT.
        pet_tilt: rotation of the functional grid about x, y, z, degrees; moves the voxels, not the patient.
        noise: 1 is a good clinical scan in both images, 0 is none.
        misalign: rotation about x, y, z (degrees, about the origin) and then translation (mm LPS) of the patient
            between the two scans; none by default.
        with_t2: make a T2-weighted image too.

    Raises:
        OptionError: an option out of range.
    """
    import SimpleITK as sitk

    scanner = _scanner(function)
    steps = _steps(spacing)
    pet_spacing = _positive("pet_spacing", scanner.spacing if pet_spacing is None else pet_spacing)
    fwhm = _positive("pet_fwhm", scanner.fwhm if pet_fwhm is None else pet_fwhm)
    if noise < 0:
        raise OptionError(f"phantom: noise is {noise}; give 0 (none), 1 (a clinical scan) or any number above 0")
    axes = Axes(*(_centers(extent, step) for extent, step in zip(EXTENT, steps, strict=True)))
    canvas = draw(axes, seed=seed, contrasts=("t1", "t2") if with_t2 else ("t1",))
    texture = lookup("texture")[canvas.labels]
    signals = {
        name: mr_signal(axes, channel, texture, seed=seed, level=noise) for name, channel in canvas.channels.items()
    }
    true_uptake = _image((lookup("uptake") * np.float32(scanner.white))[canvas.labels], axes, steps)
    transform = _movement(misalign)
    pet = emission_image(
        true_uptake,
        spacing=pet_spacing,
        fwhm=fwhm,
        true_transform=transform,
        tilt=pet_tilt,
        relative_noise=scanner.noise * noise,
        reference=TISSUES["gray"].uptake * scanner.white,
        seed=seed,
    )
    return HeadPhantom(
        t1=_image(signals["t1"], axes, steps),
        t2=_image(signals["t2"], axes, steps) if with_t2 else None,
        pet=pet,
        true_uptake=true_uptake,
        labels=_image(canvas.labels, axes, steps),
        lesions=tuple(
            Lesion(name, center, radius, TISSUES[name].uptake * scanner.white) for name, center, radius in _LESIONS
        ),
        true_transform=sitk.Transform(transform),
        units=scanner.units,
        modality=scanner.modality,
        fwhm=fwhm,
    )


def draw(axes: Axes, *, seed: int, contrasts: tuple[str, ...] = ("t1",)) -> Canvas:
    """Paint the head of a seed, lesions included, at the voxel centers of a grid."""
    head = folds(seed)
    # One edge width for all directions, the mean voxel: good enough for a slab as well.
    softness = np.mean([np.diff(axis).mean() for axis in (axes.x, axes.y, axes.z) if len(axis) > 1])
    canvas = Canvas(axes, displaced(axes, head), softness=float(softness), contrasts=contrasts)
    paint_head(canvas, head)
    z, y, x = np.meshgrid(axes.z, axes.y, axes.x, indexing="ij", sparse=True)
    canvas.coordinates = (x + 0 * (y + z), y + 0 * (x + z), z + 0 * (x + y))  # lesions stay where they are said to be
    for name, center, radius in _LESIONS:
        canvas.paint(name, ellipsoid(center, (radius, radius, radius)))
    return canvas


def _scanner(function: str) -> Scanner:
    if function not in SCANNERS:
        raise OptionError(f"phantom: function {function!r} is not known; give one of {', '.join(get_args(Function))}")
    return SCANNERS[function]


def _positive(name: str, value: float) -> float:
    if not 0.5 <= value <= 40:
        raise OptionError(f"phantom: {name} is {value} mm; give a value from 0.5 to 40")
    return float(value)


def _steps(spacing: float | tuple[float, float, float]) -> tuple[float, float, float]:
    values = tuple(spacing) if isinstance(spacing, (tuple, list)) else (spacing,) * 3
    if len(values) != 3:
        raise OptionError(f"phantom: spacing has {len(values)} values; give one or three (x, y, z), in mm")
    x, y, z = (_positive("spacing", value) for value in values)
    return x, y, z


def _centers(extent: float, step: float) -> np.ndarray:
    count = max(round(extent / step), 1)
    return ((np.arange(count) - (count - 1) / 2) * step).astype(np.float32)


def _image(array: np.ndarray, axes: Axes, steps: tuple[float, float, float]) -> sitk.Image:
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(array)
    image.SetSpacing(steps)
    image.SetOrigin([float(axis[0]) for axis in (axes.x, axes.y, axes.z)])
    return image


def _movement(misalign: tuple[Vector, Vector] | None) -> sitk.Euler3DTransform:
    import SimpleITK as sitk

    rotation, translation = misalign if misalign is not None else ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    if len(rotation) != 3 or len(translation) != 3:
        raise OptionError("phantom: misalign takes three angles (degrees) and three shifts (mm)")
    transform = sitk.Euler3DTransform((0.0, 0.0, 0.0), *(float(np.deg2rad(angle)) for angle in rotation))
    transform.SetTranslation([float(value) for value in translation])
    return transform
