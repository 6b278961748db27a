#!/usr/bin/env bash
# One would guess: mutual information does not care about units, nor does local normalized correlation: MONAI's losses for registration take a
#   PET in Bq/ml, as SUV or as a Ki map alike. Their documentation asks for no range.
# What happens: MONAI 1.6.1's GlobalMutualInformationLoss, whose kernel is "gaussian" by default, cuts both images to 0..1. Of a PET in Bq/ml a
#   silhouette remains: the loss is a tenth, two voxels of displacement change it by less than 1 %, and its gradient is 0 everywhere, so
#   that a network learns nothing. As SUV it is 27 % less, with a gradient in the air and at its rim alone. The kernel "b-spline" does not care.
#   LocalNormalizedCrossCorrelationLoss adds a constant to variances: of an image with itself it is -1 as SUV and -0.44 as Ki of 0.03 per minute.
# For an MRI with a PET: nothing stops, and the loss falls a little, by the outline. Bring both to 0..1 (robustly, hot bladders aside) or take "b-spline".
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'monai==1.6.1' 'torch==2.14.1' 'scipy==1.15.3' 'numpy==2.3.5'
OMP_NUM_THREADS=1 env/bin/python -W ignore - <<'PY'
import numpy as np, torch
from monai.losses import GlobalMutualInformationLoss, LocalNormalizedCrossCorrelationLoss
from scipy.ndimage import gaussian_filter, shift

generator, n = np.random.default_rng(3), 48
radius = np.sqrt(((np.indices((n, n, n)) - n / 2 + 0.5) ** 2).sum(0))
gray = gaussian_filter(generator.normal(size=(n, n, n)), 2) > 0
brain, head = radius < 17, radius < 21
mri = np.clip(np.where(brain, np.where(gray, 0.5, 0.8), np.where(head, 0.3, 0)) + generator.normal(0, 0.01, radius.shape), 0, 1)
suv = gaussian_filter(np.where(brain, np.where(gray, 9.0, 3.0), np.where(head, 1.5, 0.02)), 1.0) + generator.normal(0, 0.05, radius.shape)

def tensor(values):
    return torch.tensor(np.ascontiguousarray(values[None, None]), dtype=torch.float32)

def moved(values, voxels):
    return tensor(shift(values, (voxels, 0, 0), order=1, mode="nearest"))

seen = {}
for kernel in ("gaussian", "b-spline"):
    loss = GlobalMutualInformationLoss(kernel_type=kernel)
    for units, scale in (("0..1", 1 / suv.max()), ("SUV", 1.0), ("Bq/ml", 5000.0)):
        row = [loss(moved(suv * scale, v), tensor(mri)).item() for v in (0, 1, 2, 4)]
        pet = tensor(suv * scale).requires_grad_()
        loss(pet, tensor(mri)).backward()
        inside = float((pet.grad[0, 0].numpy()[brain] != 0).mean())
        seen[kernel, units] = *row, inside
        print(f"mutual information, {kernel:8s} PET in {units:5s}: " + ", ".join(f"{v:.4f}" for v in row)
              + f" at 0, 1, 2 and 4 voxels; gradient in {100 * inside:.0f} % of the brain")
scaled, plain, becquerel = (seen["gaussian", units] for units in ("0..1", "SUV", "Bq/ml"))
assert abs(becquerel[0] / scaled[0]) < 0.12 and abs(becquerel[2] / becquerel[0] - 1) < 0.01, "the loss in Bq/ml changed"
assert becquerel[4] == 0 and plain[4] < 0.02 and scaled[4] > 0.9, "the gradient changed"
assert 0.65 < plain[0] / scaled[0] < 0.8, "the loss of SUV changed"
assert len({round(seen["b-spline", units][0], 4) for units in ("0..1", "SUV", "Bq/ml")}) == 1, "b-spline changed"
for units, scale in (("SUV", 1.0), ("Ki", 0.003)):
    row = [LocalNormalizedCrossCorrelationLoss()(moved(suv * scale, v), tensor(suv * scale)).item() for v in (0, 2, 4)]
    seen[units] = row
    print(f"local correlation, PET with itself as {units}: " + ", ".join(f"{v:.3f}" for v in row) + " at 0, 2 and 4 voxels")
assert seen["SUV"][0] < -0.99 and -0.5 < seen["Ki"][0] < -0.4, "the local correlation changed"
PY
