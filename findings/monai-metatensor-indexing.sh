#!/usr/bin/env bash
# One would guess: a MetaTensor, which carries the affine "through PyTorch operations", drops or corrects it when indexed,
#   flipped or stacked.
# What happens: in MONAI 1.6.1 x[:, 20:], x[..., ::2] and torch.flip keep the old affine: the same blob is now 22, 23 and
#   6 mm elsewhere. torch.stack and PyTorch's own collate of two volumes keep the FIRST one's affine for both, without a
#   batch axis (list_data_collate keeps both). x + y has the affine of the left operand; x + y and y + x lie elsewhere.
# For an MRI with a PET: torch.stack((mri, pet)) is the usual way to feed a fusion network: the PET then claims the MRI's
#   affine even where it has another. Use MONAI's transforms and list_data_collate, and compare affines before stacking.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'monai==1.6.1' 'torch==2.13.0' 'numpy==2.4.6'
env/bin/python -W ignore - <<'PY'
import numpy as np, torch
from monai.data import MetaTensor, list_data_collate
from torch.utils.data import default_collate

affine = torch.diag(torch.tensor([1.1, 0.9, 4.0, 1], dtype=torch.float64))
index = np.stack(np.meshgrid(*map(np.arange, (72, 80, 24)), indexing="ij"), -1)
distance = (((index - [38.3, 44.2, 11.4]) * [1.1, 0.9, 4.0]) ** 2).sum(-1)
mri = MetaTensor(torch.tensor(np.exp(-distance / 128), dtype=torch.float32)[None], affine=affine)
pet = MetaTensor(mri.as_tensor().clone(), affine=torch.diag(torch.tensor([2.0, 2, 2, 1], dtype=torch.float64)))

def center(x):
    values = x.as_tensor().double().numpy()[0]
    grid = np.stack(np.meshgrid(*map(np.arange, values.shape), indexing="ij"), -1)
    return (np.asarray(x.affine, float) @ [*((grid * values[..., None]).sum((0, 1, 2)) / values.sum()), 1])[:3]

cases = {"x[:, 20:]": mri[:, 20:], "x[..., ::2]": mri[..., ::2], "torch.flip(x, (1,))": torch.flip(mri, (1,))}
for name, y in cases.items():
    print(f"{name:20s} affine unchanged: {torch.equal(y.affine, affine)}, blob {np.linalg.norm(center(y) - center(mri)):.1f} mm off")
    assert torch.equal(y.affine, affine), "MONAI now changes the affine"
for name, join in (("torch.stack", torch.stack), ("default_collate", default_collate)):
    both = join([mri, pet])
    print(f"{name:20s} affine of shape {tuple(both.affine.shape)}, the first one's: {torch.equal(both.affine, mri.affine)}")
    assert both.affine.shape == (4, 4) and torch.equal(both.affine, mri.affine), "MONAI or PyTorch changed"
kept = list_data_collate([mri, pet])
print("list_data_collate   ", "affines", tuple(kept.affine.shape))
assert torch.equal(kept.affine[1], pet.affine)
assert torch.equal((mri + pet).affine, mri.affine) and torch.equal((pet + mri).affine, pet.affine)
PY
