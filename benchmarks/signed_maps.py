"""Which functional images are taken for maps of both signs, and how truly such maps are read back.

Usage::

    python benchmarks/signed_maps.py [FOLDER] [--map FILE ...] [--uptake FILE ...]

Without anything else a generated head is used: its PET, the same reconstructed by filtered back projection from few to
many counts (which puts noise below 0), and signed maps made of it.  FOLDER (with ``volumes/spm``) adds PET, SPECT
and their left-right differences; ``--map`` and ``--uptake`` name further NIfTI files of either kind.  Prints for each
image how far its averaged values go below 0 as a share of how far they go above, and what it was taken for.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

import coconet_med
from coconet_med.phantom import head_phantom
from coconet_med.quality.ranks import spearman
from coconet_med.readers.memory import from_memory
from coconet_med.windowing.signed import LEAST_SHARE, averaged_ends, why_signed

#: Counts of one slice; a brain scan of ten minutes has some millions, a frame of ten seconds some ten thousands.
COUNTS = (3e6, 1e6, 3e5, 1e5, 3e4, 1e4)
ANGLES = 90


def back_projected(plane: np.ndarray, counts: float, rng: np.random.Generator) -> np.ndarray:
    """A slice as a scanner of so many counts gives it: Poisson noise on its projections, Ramachandran's filter."""
    side = plane.shape[0]
    y, x = np.indices(plane.shape) - (side - 1) / 2
    inside = np.hypot(y, x) < side / 2 - 1
    angles = np.arange(ANGLES) * 180 / ANGLES
    views = np.stack([ndimage.rotate(plane * inside, a, reshape=False, order=1).sum(axis=0) for a in angles])
    scale = counts / max(views.sum(), 1e-9)
    views = rng.poisson(np.maximum(views, 0) * scale) / scale
    n = np.fft.fftfreq(4 * side, 1 / (4 * side)).astype(int)
    kernel = np.where(n == 0, 0.25, np.where(n % 2 == 1, -1 / (np.pi * np.where(n == 0, 1, n)) ** 2, 0))
    ramp = 2 * np.real(np.fft.fft(kernel))
    filtered = np.real(np.fft.ifft(np.fft.fft(views, 4 * side, axis=1) * ramp, axis=1))[:, :side]
    out = np.zeros_like(plane)
    for angle, view in zip(angles, filtered, strict=True):
        out += ndimage.rotate(np.tile(view, (side, 1)), -angle, reshape=False, order=1)
    return np.where(inside, out * np.pi / (2 * ANGLES), 0)


def like(values: np.ndarray, image: sitk.Image) -> sitk.Image:
    out = sitk.GetImageFromArray(values.astype(np.float32))
    out.CopyInformation(image)
    return out


def generated() -> Iterator[tuple[str, bool, sitk.Image]]:
    head = head_phantom(spacing=4.0, pet_spacing=3.0, noise=0.0)
    pet = sitk.GetArrayFromImage(head.pet)[::3]
    side = max(pet.shape[1:])
    wide = np.zeros((len(pet), side, side))
    wide[:, : pet.shape[1], : pet.shape[2]] = pet
    rng = np.random.default_rng(0)
    for counts in COUNTS:
        made = sitk.GetImageFromArray(np.stack([back_projected(p, counts, rng) for p in wide]).astype(np.float32))
        made.SetSpacing((3.0, 3.0, 9.0))
        yield f"generated PET, {counts:g} counts a slice", False, made
        smooth = ndimage.gaussian_filter(sitk.GetArrayFromImage(made), (0, 0.85, 0.85))
        yield f"the same, smoothed by 6 mm, {counts:g} counts", False, like(smooth, made)
    values = sitk.GetArrayFromImage(head.pet)
    yield "generated PET, left less right", True, like(values - values[:, :, ::-1], head.pet)
    brain = values > 0.3 * values.max()
    noise = ndimage.gaussian_filter(rng.normal(size=values.shape), 1)
    yield "generated scores, noise alone", True, like(np.where(brain, noise / noise.std(), 0), head.pet)
    one = np.where(noise > 2.5 * noise.std(), noise / noise.std(), 0)
    yield "generated scores over 2.5, positive only", False, like(np.where(brain, one, 0), head.pet)


def of_folder(folder: Path) -> Iterator[tuple[str, bool, sitk.Image]]:
    for path in sorted((folder / "volumes").rglob("*.nii.gz")):
        image = sitk.ReadImage(str(path))
        if image.GetNumberOfComponentsPerPixel() > 1:
            continue
        image = sitk.Cast(image, sitk.sitkFloat32)
        values = sitk.GetArrayFromImage(image)
        yield path.name, False, image
        if any(word in path.name.lower() for word in ("pet", "spect")):
            yield f"{path.name}, left less right", True, like(values - values[:, :, ::-1], image)
            body = values > 0.2 * values.max()
            yield f"{path.name}, less its mean", True, like(np.where(body, values - values[body].mean(), 0), image)
    for name in ("sts_003/PET", "synthetic_brain/PT", "synthetic_brain/NM", "sts_003/CT"):
        if (folder / "dicom" / name).is_dir():
            from coconet_med.readers import read

            yield f"dicom/{name}, units left out", False, read(folder / "dicom" / name, "function").image


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--map", type=Path, nargs="*", default=[])
    parser.add_argument("--uptake", type=Path, nargs="*", default=[])
    given = parser.parse_args()
    images = list(generated()) + (list(of_folder(given.folder)) if given.folder else [])
    images += [(p.name, True, sitk.ReadImage(str(p), sitk.sitkFloat32)) for p in given.map]
    images += [(p.name, False, sitk.ReadImage(str(p), sitk.sitkFloat32)) for p in given.uptake]
    print(f"| image | below / above 0 (signed from {LEAST_SHARE:g}) | taken for | right |\n|---|---|---|---|")
    wrong = {False: 0, True: 0}
    for name, signed, image in images:
        source = from_memory(image, "function")
        values = sitk.GetArrayViewFromImage(source.image)
        low, high = averaged_ends(values, source.image.GetSpacing()[::-1])
        found = why_signed(source, values) is not None
        wrong[signed] += found != signed
        share = max(-low, 0) / max(high, 1e-9)
        print(f"| {name} | {share:.2f} | {'signed' if found else 'uptake'} | {'yes' if found == signed else 'NO'} |")
    total = sum(signed for _, signed, _ in images)
    print(
        f"\nuptake taken for signed: {wrong[False]} of {len(images) - total}; signed missed: {wrong[True]} of {total}"
    )
    head = head_phantom(spacing=3.0, pet_spacing=3.0)
    scores = next(image for name, _, image in generated() if "noise alone" in name)
    result = coconet_med.fuse(head.t1, scores)
    truth = np.clip(sitk.GetArrayFromImage(result.uptake), result.window.low, result.window.high)
    read, there = result.read_uptake(), truth != 0
    error = 100 * np.abs(read - truth)[there].mean() / result.window.high
    print(f"read back: order {spearman(truth, read, there):.4f}, error {error:.2f} % of the window's half")


if __name__ == "__main__":
    main()
