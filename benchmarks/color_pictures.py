"""The pictures of docs/color.md, from generated heads only.

Usage::

    python benchmarks/color_pictures.py FOLDER

Writes ``signed.png`` (scores with findings of both signs over a T1) and ``palettes.png`` (a picture painted with a
rainbow: itself, fused with its colors kept, fused by its recognized palette).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from PIL import Image
from scipy import ndimage

import coconet_med
from coconet_med.color.palettes import load_palette
from coconet_med.phantom import HeadPhantom, head_phantom, slice_pair
from coconet_med.report.overview import legend_of

#: Place beside the middle of the brain in mm (z, y, x), radius in mm, score.
FINDINGS = (
    ((0, -40, 36), 10, 5.5),
    ((0, -40, -36), 10, -5.5),
    ((0, 24, 48), 4.5, 4.5),
    ((0, 24, -48), 4.5, -4.5),
    ((8, 56, 20), 18, -3),
    ((8, 56, -20), 18, 3),
)


def scores(head: HeadPhantom) -> sitk.Image:
    """Smooth noise of standard deviation 0.8 in the brain with findings of both signs, NaN outside, as SPM has it."""
    labels = sitk.GetArrayFromImage(head.labels)
    brain = (labels >= 7) & (labels <= 20)
    noise = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=brain.shape), 2)
    values = 0.8 * noise / noise.std()
    place = np.indices(brain.shape) * 2.0
    middle = 2.0 * np.argwhere(brain).mean(axis=0)
    for where, radius, height in FINDINGS:
        away = np.linalg.norm(place - (middle + where).reshape(3, 1, 1, 1), axis=0)
        values[away < radius] += height
    values[~brain] = np.nan
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.CopyInformation(head.t1)
    return image


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    head = head_phantom(spacing=2.0, pet_spacing=3.0, noise=0.5)
    Image.fromarray(coconet_med.fuse(head.t1, scores(head)).picture(height=220)).save(folder / "signed.png")
    mri, pet = slice_pair(256)
    painted = load_palette("rainbow")[np.rint(pet / pet.max() * 255).astype(int)]
    kept, known = (coconet_med.fuse(mri, painted, palette=palette) for palette in ("keep", None))
    parts = [painted]
    for result in (kept, known):
        parts += [sitk.GetArrayFromImage(result.color), legend_of(result, height=256)]
    row = np.concatenate([np.pad(part, ((0, 0), (0, 8), (0, 0))) for part in parts], axis=1)
    Image.fromarray(row).save(folder / "palettes.png")


if __name__ == "__main__":
    main()
