"""Whether quality holds at other sizes and at pixels that are not square: H on resampled val slices.

Usage::

    python benchmarks/sizes.py DATA [--model light] [--every 4]

``DATA`` is a folder of slice pairs (``val/``, ``colour_tables.csv``).  MRI and uptake of every n-th slice are resampled
(bilinear, with antialiasing when they shrink) and fused; H is measured at the new size.  Its low pass is fixed in
pixels, so that H itself depends on the size: two classical methods are shown beside the network for that.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from coconet_med import load_model
from coconet_med.inference import fuse_pictures
from coconet_med.quality import Row, Table, evaluate_pair
from coconet_med.quality.baselines import fuse_classically
from coconet_med.training.data import SlicePair, atlas_slices

#: Rows and columns; the last two have pixels 1.6 times longer one way than the other.
SIZES = ((64, 64), (96, 96), (128, 128), (192, 192), (256, 256), (384, 384), (512, 512), (256, 160), (160, 256))
CLASSICAL = ("gate", "laplacian")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", action="append", help="light or a path; may be repeated")
    parser.add_argument("--every", type=int, default=4)
    arguments = parser.parse_args()
    models = {name: load_model(name) for name in arguments.model or ["light"]}
    pairs = atlas_slices(arguments.data, split="val")[:: arguments.every]
    print(f"| set | size | {' | '.join((*models, *CLASSICAL))} |\n|---|---|{'---|' * (len(models) + len(CLASSICAL))}")
    for size in SIZES:
        rows = []
        for pair in pairs:
            image = resampled(pair, size)
            for name, model in models.items():
                rows.append(_row(pair, image, fuse_pictures(image, model.engine)[0, 0] * 255, name))
            for name in CLASSICAL:
                rows.append(_row(pair, image, fuse_classically(name, *(255.0 * image[0])), name))
        means = {(m.group, m.method): m.values["H"] for m in Table(rows).means()}
        for group in dict.fromkeys(pair.group for pair in pairs):
            cells = [f"{means[group, method]:.3f}" for method in (*models, *CLASSICAL)]
            print(f"| {group} | {size[0]}x{size[1]} | {' | '.join(cells)} |", flush=True)


def resampled(pair: SlicePair, size: tuple[int, int]) -> np.ndarray:
    """Sources (1, 2, H, W) in [0, 1] at another size."""
    image = torch.stack([pair.anatomy, pair.function])[None].float()
    if image.shape[-2:] != size:
        image = F.interpolate(image, size=size, mode="bilinear", align_corners=False, antialias=True)
    return image.clamp(0, 1).numpy()


def _row(pair: SlicePair, image: np.ndarray, fused: np.ndarray, method: str) -> Row:
    values = evaluate_pair(*(255.0 * image[0]), fused)
    return Row(pair.name, values, method=method, group=pair.group, person=pair.person)


if __name__ == "__main__":
    main()
