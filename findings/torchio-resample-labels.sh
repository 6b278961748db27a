#!/usr/bin/env bash
# One would guess: TorchIO's Resample to the spacing that an image has, and to half or twice of it, keeps image and label map of a subject
#   together; "nearest" for labels costs half a voxel at most, here and there.
# What happens with 1.2.1: the new size is the floor of a division that does not come out even in floats (60 x 1.1 / 1.1 = 59.99...). One
#   voxel is lost along such an axis, the grid moves by half a voxel, and "nearest" takes all labels to one side: half a voxel along x at
#   1.1 x 0.9 x 4 mm, along all axes of an oblique MRI: labels lie 2.2 mm beside their image, after a Resample that should do nothing.
#   Halving a grid does the same to labels. The image, interpolated linearly, is right to 0.1 mm. Spacings of 1, 2 and 4 mm on straight
#   axes are not hit.
# For an MRI with a PET: networks are trained, and regions read, half a voxel beside the anatomy, in every oblique case. Resample labels onto
#   the resampled image (target=(shape, affine)), and skip the transform where nothing is to be done.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'torchio==1.2.1' 'torch==2.13.0' 'numpy==2.4.6' 'scipy==1.17.1'
OMP_NUM_THREADS=1 env/bin/python -W ignore - <<'PY'
import numpy as np, torch, torchio as tio
from scipy.spatial.transform import Rotation

shape = (60, 72, 24)
turned = Rotation.from_euler("xyz", (8, -12, 15), degrees=True).as_matrix()

def center(values, affine):
    values = np.where(values < 0.05 * values.max(), 0, values).astype(float)
    index = [float((values * axis).sum() / values.sum()) for axis in np.mgrid[tuple(slice(n) for n in values.shape)]]
    return (affine @ [*index, 1])[:3]

def off(spacing, target, turn):
    """How far (mm) image and labels move, the labels in voxels, and the new size."""
    i, j, k = np.mgrid[: shape[0], : shape[1], : shape[2]]
    squares = ((i - 31) * spacing[0] / 7) ** 2 + ((j - 33) * spacing[1] / 7) ** 2 + ((k - 11) * spacing[2] / 9) ** 2
    blob = np.exp(-0.5 * squares).astype(np.float32)
    labels = (blob > 0.5).astype(np.uint8)
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = turn * spacing, (-30, 40, 15)
    pair = {"mri": tio.ScalarImage(tensor=torch.tensor(blob)[None], affine=affine), "labels": tio.LabelMap(tensor=torch.tensor(labels)[None], affine=affine)}
    out = tio.Resample(target)(tio.Subject(**pair))
    moves = [center(out[n].numpy()[0], out[n].affine) - center(v, affine) for n, v in (("mri", blob), ("labels", labels))]
    return *(float(np.linalg.norm(m)) for m in moves), np.round(np.linalg.inv(affine[:3, :3]) @ moves[1], 2), out.mri.spatial_shape

found = {}
for name, spacing, target, turn in (
    ("straight, own spacing", (1.1, 0.9, 4.0), (1.1, 0.9, 4.0), np.eye(3)),
    ("straight, twice", (0.9, 0.9, 3.0), (0.9, 0.9, 6.0), np.eye(3)),
    ("straight, 2 to 1 mm", (2.0, 2.0, 4.0), 1, np.eye(3)),
    ("oblique, own spacing", (1.1, 0.9, 4.0), (1.1, 0.9, 4.0), turned),
    ("oblique, 1 to 1 mm", (1.0, 1.0, 1.0), 1, turned),
):
    image, labels, voxels, size = off(spacing, target, turn)
    found[name] = image, labels, size
    print(f"{name:22s} {shape} -> {size}: image {image:.2f} mm off, labels {labels:.2f} mm, {voxels} voxels")
assert max(image for image, _, _ in found.values()) < 0.15, "the image moves now"
assert found["straight, 2 to 1 mm"][1] < 0.05, "whole factors changed"
assert found["straight, own spacing"][1] > 0.5 and found["straight, own spacing"][2] == (59, 72, 24), "TorchIO changed"
assert found["straight, twice"][1] > 1.4 and found["oblique, own spacing"][1] > 1.9 and found["oblique, 1 to 1 mm"][1] > 0.5, "TorchIO changed"
assert found["oblique, own spacing"][2] == (59, 71, 23), "TorchIO changed"
PY
