"""How far a picture fused with OpenVINO is from one fused with onnxruntime, on real slices.

Usage::

    python benchmarks/parity.py DATA [--every 10]

``DATA`` is a folder of slice pairs (``val/``, ``colour_tables.csv``).  Differences are in gray levels of 1/255; exit
code 1 if one reaches a gray level.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from coconet_med import load_model
from coconet_med.inference import fuse_pictures
from coconet_med.training.data import atlas_slices


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--every", type=int, default=1, help="take every n-th slice")
    arguments = parser.parse_args()
    pairs = atlas_slices(arguments.data, split="val")[:: arguments.every]
    images = [np.stack([pair.anatomy.numpy(), pair.function.numpy()])[None] for pair in pairs]
    worst = 0.0
    print("| model | precision | slices | largest | mean of the slices' largest |\n|---|---|---|---|---|")
    for name in ("light",):
        exact, ours = (load_model(name, engine=engine).engine for engine in ("onnx", "openvino"))
        fused = [(fuse_pictures(image, exact), fuse_pictures(image, ours)) for image in images]
        off = [255 * float(np.abs(a - b).max()) for a, b in fused]
        print(
            f"| {name} | {getattr(ours, 'precision', 'float32')} | {len(off)} | {max(off):.2f} | {np.mean(off):.2f} |",
            flush=True,
        )
        worst = max(worst, *off)
    return int(worst >= 1)


if __name__ == "__main__":
    sys.exit(main())
