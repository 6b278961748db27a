#!/usr/bin/env bash
# One would guess: VTK, whose images have a direction matrix since version 9, reads that of an oblique NRRD or MetaImage file, or
#   leaves it out of both.
# What happens with VTK 9.7.2 (and so with pyvista 0.49.1): of MetaImage it takes the matrix the other way round, rows for columns,
#   which is its inverse: an image turned by +25 degrees lies turned by -25. Of NRRD it takes origin and spacing and drops the
#   directions, flips among them. A spot of an oblique MRI is 36 and 18 mm off. Both show straight, axial images right.
# For an MRI with a PET: an oblique MRI in MetaImage under a straight PET looks like a registration that failed by twice the angle,
#   and in NRRD like one that was never made. Set the direction by hand (SetDirectionMatrix), from SimpleITK.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'vtk==9.7.2' 'pyvista==0.49.1' 'SimpleITK==2.5.7' 'numpy==2.4.6'
env/bin/python -W ignore - <<'PY'
import numpy as np, pyvista, SimpleITK as sitk

values = np.zeros((20, 70, 60), np.float32)
values[8:11, 28:32, 31:35] = 100
image = sitk.GetImageFromArray(values)
image.SetSpacing((1.1, 0.9, 4.0))
image.SetOrigin((30, 40, 15))

def center(grid):
    weights = np.asarray(grid.active_scalars, float)
    return (np.asarray(grid.points) * weights[:, None]).sum(0) / weights.sum()

off = {}
straight, oblique = np.eye(3), np.array(sitk.Euler3DTransform((0, 0, 0), 0.21, -0.14, 0.44).GetMatrix()).reshape(3, 3)
for name, direction in (("straight", straight), ("oblique", oblique)):
    image.SetDirection(direction.ravel().tolist())
    truth = np.array(image.TransformContinuousIndexToPhysicalPoint((32.5, 29.5, 9)))
    for suffix in ("mha", "nrrd"):
        sitk.WriteImage(image, f"{name}.{suffix}")
        grid = pyvista.read(f"{name}.{suffix}")
        read = np.asarray(grid.direction_matrix)
        like = next((w for w, m in (("as in the file", direction), ("transposed", direction.T), ("identity", straight)) if np.allclose(read, m, atol=1e-4)), "else")
        off[name, suffix] = float(np.linalg.norm(center(grid) - truth))
        print(f"{name:8s} {suffix:4s} direction {like:14s} spot {off[name, suffix]:6.1f} mm off")
        assert name == "straight" or like == {"mha": "transposed", "nrrd": "identity"}[suffix], "VTK changed"
assert off["straight", "mha"] < 0.01 and off["straight", "nrrd"] < 0.01
assert off["oblique", "mha"] > 20 and off["oblique", "nrrd"] > 10, "VTK changed"
PY
