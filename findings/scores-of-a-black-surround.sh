#!/usr/bin/env bash
# One would guess: measures of picture quality by which fused images are ranked give a picture compared with itself their best value, 1, and do not
#   depend on whether gray values run from 0 to 1 or from 0 to 255.
# What happens: the air around a head is black, and windows without contrast count as 0. A brain that fills 38 % of the picture gets from torchmetrics 1.9.0
#   a universal quality index of 0.47 to 0.51 and a spatial correlation coefficient of 0.45 with itself (sewar 0.4.10 gives that 0.45 too), 1.00 where
#   the brain fills the picture; so the size of the head decides. Visual information fidelity (both) adds eye noise of variance 2 in steps of 0..255, takes
#   no range, and says nothing: between 0 and 1 a noisy brain reads 0.99, better than a blurred one (0.55); in 0..255 it reads 0.35, worse than
#   the blurred one (0.41). SSIM of the picture with itself is 1 in both ranges.
# For an MRI with a PET: scores of two papers differ by the field of view and by the range alone, and a ranking of methods turns around. Give 0..255 to
#   VIF, crop to the head, and look at what the picture scores against itself first.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'torchmetrics==1.9.0' 'torch==2.14.1' 'sewar==0.4.10' 'numpy==2.4.6' 'scipy==1.17.1'
OMP_NUM_THREADS=1 env/bin/python -W ignore - <<'PY'
import numpy as np, sewar, torch
import torchmetrics.functional.image as tm
from scipy.ndimage import gaussian_filter

size, random = 192, np.random.default_rng(0)
y, x = np.mgrid[:size, :size] - (size - 1) / 2
texture, noise = gaussian_filter(random.normal(size=(size, size)), 2), random.normal(size=(size, size))

def brain(across, along):
    """An ellipse of tissue in black air, 0..1."""
    inside = (x / across) ** 2 + (y / along) ** 2 < 1
    return inside, np.clip(inside * (0.5 + 0.8 * texture), 0, 1)

def tensor(picture):
    return torch.tensor(picture[None, None]).float()

def scores(picture, reference, top):
    a, b = tensor(picture * top), tensor(reference * top)
    return {"torchmetrics UQI": float(tm.universal_image_quality_index(a, b)), "torchmetrics SCC": float(tm.spatial_correlation_coefficient(a, b)),
            "sewar SCC": float(sewar.scc(reference * top, picture * top)), "torchmetrics VIF": float(tm.visual_information_fidelity(a, b)),
            "sewar VIF": float(sewar.vifp(reference * top, picture * top)), "SSIM": float(tm.structural_similarity_index_measure(a, b, data_range=float(top)))}

found = {}
for name, axes in (("a brain", (60, 75)), ("a brain that fills the picture", (200, 200))):
    inside, reference = brain(*axes)
    pictures = {"itself": reference, "noisy": np.clip(reference + inside * 0.1 * noise, 0, 1), "blurred": gaussian_filter(reference, 2) * inside}
    for kind, picture in pictures.items():
        for top in (1, 255):
            found[name, kind, top] = row = scores(picture, reference, top)
            print(f"{name} ({inside.mean():.0%}), {kind:7s} 0..{top:3d}: " + ", ".join(f"{measure} {value:.3f}" for measure, value in row.items()))
itself = [found["a brain", "itself", top] for top in (1, 255)]
assert all(row["SSIM"] > 0.999 and row["torchmetrics VIF"] > 0.999 for row in itself), "SSIM or VIF changed"
for measure in ("torchmetrics UQI", "torchmetrics SCC", "sewar SCC"):
    assert all(row[measure] < 0.6 for row in itself), f"{measure} changed"
    assert found["a brain that fills the picture", "itself", 255][measure] > 0.8, f"{measure} changed"
for measure in ("torchmetrics VIF", "sewar VIF"):
    noisy, blurred = ([found["a brain", kind, top][measure] for top in (1, 255)] for kind in ("noisy", "blurred"))
    assert noisy[0] > blurred[0] + 0.3 and noisy[1] < blurred[1] - 0.03, f"{measure} changed"
PY
