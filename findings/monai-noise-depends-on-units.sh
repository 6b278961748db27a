#!/usr/bin/env bash
# One would guess: MONAI's augmentations at their defaults disturb an MRI, a CT or a PET about as much, whatever its units.
# What happens: in MONAI 1.6.1 RandKSpaceSpikeNoise takes its strength from the logarithm of the spectrum, so the units enter
#   as a power: the same MRI in 0..1 changes by 0.2 % of its deviation, in 0..200 by ten times, in 0..20,000 by 20,000 times.
#   RandBiasField (0.3) multiplies by up to several hundred at a corner: air of -1000 HU becomes below -100,000, and
#   z-scored air becomes the strongest signal. RandRicianNoise gives absolute values: signed images lose their sign.
# For an MRI with a PET: scale each of the pair to 0..1 before augmenting, or one is destroyed and the other is not.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'monai==1.6.1' 'torch==2.13.0' 'numpy==2.4.6' 'scipy==1.17.1'
env/bin/python -W ignore - <<'PY'
import numpy as np, torch
from monai.transforms import RandBiasField, RandKSpaceSpikeNoise, RandRicianNoise
from scipy.ndimage import gaussian_filter

torch.set_num_threads(1)
x, y, z = np.meshgrid(*(np.linspace(-1, 1, n) for n in (64, 76, 50)), indexing="ij")
r = np.sqrt((x / 0.8) ** 2 + (y / 0.85) ** 2 + (z / 0.9) ** 2)
head = np.where(r < 0.85, np.where(r + 0.06 * np.sin(9 * np.arctan2(y, x)) < 0.7, 0.7, 0.45), np.where(r < 1, 1.0, 0.0))
mri = torch.tensor(gaussian_filter(head, 0.5)[None], dtype=torch.float32)

def run(transform, image):
    transform.set_random_state(0)
    return torch.as_tensor(np.asarray(transform(image.clone())))

spike = {}
for top in (1, 200, 20000):
    image = mri * top
    out = run(RandKSpaceSpikeNoise(prob=1), image)
    spike[top] = float((out - image).pow(2).mean().sqrt() / image.std())
    print(f"RandKSpaceSpikeNoise, MRI in 0..{top}: change of {spike[top]:.3g} standard deviations")
air = {}
for name, image in {"0..1": mri, "z-scored": (mri - mri.mean()) / mri.std(), "HU": mri * 1100 - 1000}.items():
    out = run(RandBiasField(prob=1, coeff_range=(0.3, 0.3)), image)
    air[name] = float(out.min())
    print(f"RandBiasField 0.3, {name}: {image.min():.2f}..{image.max():.2f} becomes {out.min():.4g}..{out.max():.4g}")
signed = (mri - mri.mean()) / mri.std()
rice = run(RandRicianNoise(prob=1, std=0.1), signed)
print(f"RandRicianNoise: {signed.min():.2f}..{signed.max():.2f} becomes {rice.min():.2f}..{rice.max():.2f}")
assert spike[1] < 0.2 and spike[200] > 10 and spike[20000] > 1e4, "RandKSpaceSpikeNoise changed"
assert air["HU"] < -1e4 and air["z-scored"] < -10 and air["0..1"] > -0.1, "RandBiasField changed"
assert rice.min() >= 0, "RandRicianNoise changed"
PY
