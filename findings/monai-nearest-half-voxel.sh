#!/usr/bin/env bash
# One would guess: with mode "nearest" a label map stays on the image that was resized with "trilinear"; or else
#   "nearest-exact" is the cure, as PyTorch's documentation suggests.
# What happens: in MONAI 1.6.1 Resize and Zoom, on 1.1 x 0.9 x 4 mm voxels, "nearest" shifts the labels by half an input
#   voxel (2.5 mm) at half size and by a whole one (3.6 mm) at a third, against the affine. "nearest-exact" is exact at a
#   third and off by as much in the other direction at half size. Enlarging by whole factors is exact with both.
# For an MRI with a PET: regions drawn on the MRI read the PET beside them. Resample labels with Spacing (0.4 mm here).
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'monai==1.6.1' 'torch==2.13.0' 'numpy==2.4.6'
env/bin/python -W ignore - <<'PY'
import numpy as np, torch
from monai.data import MetaTensor
from monai.transforms import Resize, Spacing

torch.set_num_threads(1)
affine = np.diag([1.1, 0.9, 4.0, 1])
index = np.stack(np.meshgrid(*map(np.arange, (72, 80, 24)), indexing="ij"), -1)
distance = (((index - [38.3, 44.2, 11.4]) * [1.1, 0.9, 4.0]) ** 2).sum(-1)
blob = torch.tensor(np.exp(-distance / 128), dtype=torch.float32)[None]
image, label = MetaTensor(blob, affine=torch.tensor(affine)), MetaTensor((blob > 0.3).float(), affine=torch.tensor(affine))

def center(x):
    values = x.as_tensor().double().numpy()[0]
    grid = np.stack(np.meshgrid(*map(np.arange, values.shape), indexing="ij"), -1)
    return (np.asarray(x.affine, float) @ [*((grid * values[..., None]).sum((0, 1, 2)) / values.sum()), 1])[:3]

def off(transform, x):
    return np.round(center(transform(x)) - center(x), 2)

half, third, twice = (36, 40, 12), (24, 27, 8), (144, 160, 48)
seen = {}
for name, size in (("half", half), ("third", third), ("twice", twice)):
    print(name, "size: image, trilinear", off(Resize(size, mode="trilinear"), image), "mm")
    for mode in ("nearest", "nearest-exact"):
        seen[name, mode] = off(Resize(size, mode=mode), label)
        print(f"   label, {mode:13s}", seen[name, mode], f"mm, together {np.linalg.norm(seen[name, mode]):.2f}")
spacing = off(Spacing((2.2, 1.8, 8.0), mode="nearest"), label)
print("Spacing to half, nearest", spacing)
assert seen["half", "nearest"][2] > 1.5 and seen["half", "nearest-exact"][2] < -1.5, "MONAI or PyTorch changed"
assert np.linalg.norm(seen["third", "nearest"]) > 3 and np.linalg.norm(seen["third", "nearest-exact"]) < 0.5
assert not seen["twice", "nearest"].any() and np.linalg.norm(spacing) < 1
PY
