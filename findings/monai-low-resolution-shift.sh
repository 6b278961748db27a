#!/usr/bin/env bash
# expected: MONAI's RandSimulateLowResolution, which makes an image coarser and brings it back to its grid, blurs it and leaves it where it was, to a
#   tenth of a voxel.
# What happens with 1.6.1: with its own modes (nearest down, trilinear up) all of the image moves towards the last voxel of each axis: by 0.5
#   voxels with a zoom of 0.5, by 0.7 with 0.7, by 0.4 to 0.7 with 0.9, hardly coarser than the image; in a diagonal up to 1.25 voxels. The
#   affine stays. With downsample_mode "trilinear" nothing moves.
# For an MRI with a PET: labels, and the other image of the pair, do not move with it, and the shift goes to one side always, so it does not
#   average out: a network learns that an edge lies half a voxel beside the label, 2 to 3 mm where slices are thick. Give it a downsample mode.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'monai==1.6.1' 'torch==2.13.0' 'numpy==2.4.6'
OMP_NUM_THREADS=1 env/bin/python -W ignore - <<'PY'
import numpy as np, torch
from monai.data import MetaTensor
from monai.transforms import RandSimulateLowResolution

shape = (64, 72, 40)
grid = np.mgrid[tuple(slice(n) for n in shape)]

def middle(values):
    values = np.asarray(values)[0]
    values = np.where(values < 0.1 * values.max(), 0, values)
    return np.array([(values * axis).sum() / values.sum() for axis in grid])

for place in ((12, 14, 10), (32, 36, 20), (50, 60, 30)):
    spot = np.exp(-0.5 * sum(((grid[i] - place[i]) / 3) ** 2 for i in range(3)))
    image = MetaTensor(torch.tensor(spot, dtype=torch.float32)[None])
    for zoom in (0.5, 0.7, 0.9):
        for mode in ("nearest", "trilinear"):
            coarse = RandSimulateLowResolution(prob=1.0, zoom_range=(zoom, zoom), downsample_mode=mode)
            out = coarse(image)
            moved = middle(out) - middle(image)
            print(f"spot at {place}, zoom {zoom}, {mode:9s} moved by {np.round(moved, 2).tolist()} voxels, {np.linalg.norm(moved):.2f} in all")
            assert out.shape == image.shape and np.array_equal(out.affine, image.affine)
            if mode == "nearest":
                assert moved.min() > 0.3 and moved.max() < 0.8, "RandSimulateLowResolution changed"
            else:
                assert abs(moved).max() < 0.1, "RandSimulateLowResolution changed"
    default = RandSimulateLowResolution(prob=1.0, zoom_range=(0.5, 0.5))(image)
    assert np.allclose(middle(default) - middle(image), 0.5, atol=0.1), "its own modes changed"
PY
