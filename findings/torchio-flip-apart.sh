#!/usr/bin/env bash
# One would guess: TorchIO's RandomFlip, the first augmentation that everybody uses, keeps the images of a subject together: they share a
#   world, and RandomAffine, RandomElasticDeformation, Crop and Resize refuse a subject whose images have other grids.
# What happens with 1.2.1: RandomFlip and Flip (by index or by "LR") do not ask. Each image is mirrored in its own box, with its affine as it
#   was. An MRI of 192 mm and a PET of 256 mm that cover one head, with box centers 14 mm apart, lie 28 mm apart afterwards; with the same
#   center they fit. Labels on the MRI's grid go with the MRI. Nothing warns; Resample to the MRI before the flip is right, after it is not.
# For an MRI with a PET: half of a training's pairs are a PET beside its MRI, by twice the distance of the boxes' centers, and a network that
#   resamples the pair by its affines learns from them. Resample onto one grid before the first flip.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'torchio==1.2.1' 'torch==2.13.0' 'numpy==2.4.6' 'scipy==1.17.1'
OMP_NUM_THREADS=1 env/bin/python -W ignore - <<'PY'
import numpy as np, torch, torchio as tio

spot = np.array((30.0, 20.0, 15.0))  # mm, RAS

def image(shape, spacing, first, kind=tio.ScalarImage):
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1)
    affine = np.diag((spacing,) * 3 + (1.0,))
    affine[:3, 3] = first
    values = np.exp(-((index * spacing + first - spot) ** 2).sum(-1) / 72)
    values = values if kind is tio.ScalarImage else values > 0.5
    return kind(tensor=torch.tensor(values[None].astype(np.float32)), affine=affine)

def subject(first):
    return tio.Subject(mri=image((96, 110, 80), 2.0, (-95, -120, -70)), pet=image((64, 64, 40), 4.0, first), labels=image((96, 110, 80), 2.0, (-95, -120, -70), tio.LabelMap))

def center(one):
    values = one.data[0].numpy().astype(float)
    values[values < 0.2] = 0
    index = [(values * axis).sum() / values.sum() for axis in np.mgrid[tuple(slice(n) for n in values.shape)]]
    return (one.affine @ [*index, 1])[:3]

def apart(pair):
    return float(np.linalg.norm(center(pair.mri) - center(pair.pet))), float(np.linalg.norm(center(pair.mri) - center(pair.labels)))

beside, same = (-140, -130, -100), (-126, -130, -100)  # centers of the boxes: 14 mm apart from left to right, and not
flip = tio.RandomFlip(axes=("LR",), flip_probability=1)
cases = {
    "before": (subject(beside), 0),
    "RandomFlip": (flip(subject(beside)), 28),
    "Flip(0)": (tio.Flip(axes=(0,))(subject(beside)), 28),
    "RandomFlip, boxes centered": (flip(subject(same)), 0),
    "Resample, RandomFlip": (flip(tio.Resample("mri")(subject(beside))), 0),
    "RandomFlip, Resample": (tio.Resample("mri")(flip(subject(beside))), 28),
}
for name, (pair, wanted) in cases.items():
    pet, labels = apart(pair)
    print(f"{name:27s} MRI and PET {pet:5.1f} mm apart, MRI and labels {labels:.1f} mm")
    assert abs(pet - wanted) < 0.5 and labels < 0.5, "TorchIO changed"
for other in (tio.RandomAffine(), tio.RandomElasticDeformation(), tio.Crop(4)):
    try:
        other(subject(beside))
        raise SystemExit(f"{type(other).__name__} now takes other grids")
    except RuntimeError as error:
        print(f"{type(other).__name__} refuses:", str(error).splitlines()[0])
PY
