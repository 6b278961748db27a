#!/usr/bin/env bash
# One would guess: an MRI and a PET opened in napari with napari-nifti lie on each other, since its layers carry scale and translation from the
#   affines, whatever their fields of view.
# What happens with 0.0.20: to show superior, anterior and right as a radiologist does, each layer is mirrored in its own box: the scales
#   are negative and the translation is the far corner, so that the first voxel stands where the last belongs. Two images are on each
#   other only where their boxes have the same center. A head MRI and a PET with a longer field of view are 66 mm apart, without a
#   word; the affine in the layer's metadata is right.
# For an MRI with a PET: overlays are off by twice the distance of the centers, which looks like a failed registration. Resample the PET onto the
#   MRI's grid first, or set layer.affine by hand. (napari draws index x scale + translate; it is not needed here.)
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'napari-nifti==0.0.20' 'medvol==0.0.22' 'nibabel==5.4.2' 'numpy==2.4.6'
env/bin/python -W ignore - <<'PY'
import nibabel, numpy as np
from napari_nifti._reader import napari_get_reader

spot = np.array((-20.0, 30.0, 10.0))  # RAS mm

def layer_place(step, first, shape):
    """Where napari draws the spot, in mm along superior, anterior, right."""
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = first
    at = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), -1) * step + first
    image = nibabel.Nifti1Image((100 * np.exp(-((at - spot) ** 2).sum(-1) / 2 / 6**2)).astype(np.float32), affine)
    image.set_qform(affine, 1)
    image.set_sform(affine, 1)
    image.to_filename("image.nii.gz")
    values, layer, _ = napari_get_reader("image.nii.gz")("image.nii.gz")[0]
    values = np.where(np.asarray(values) > 5, values, 0).astype(float)
    index = np.array([(values * axis).sum() / values.sum() for axis in np.indices(values.shape)])
    assert np.allclose(layer["metadata"]["affine"], affine), "napari-nifti changed"
    return index * np.array(layer["scale"], float) + np.array(layer["translate"], float)

mri = layer_place(2.0, (-60, -70, -40), (60, 70, 50))
same_center = layer_place(4.0, (-101, -101, -91), (51, 51, 51))
same_center_mri = layer_place(2.0, (-61, -71, -41), (61, 71, 51))
pet = layer_place(4.0, (-100, -110, -120), (50, 50, 50))
print("the spot, superior anterior right:", spot[::-1].tolist())
print("drawn in the MRI     ", mri.round(1).tolist())
print("drawn in the PET     ", pet.round(1).tolist(), f"{np.linalg.norm(mri - pet):.0f} mm apart")
print("boxes of equal center", f"{np.linalg.norm(same_center - same_center_mri):.1f} mm apart")
centers = np.array([-120 + 98, -110 + 98, -100 + 98]) - [-40 + 49, -70 + 69, -60 + 59]
assert np.allclose(pet - mri, 2 * centers, atol=0.2) and np.linalg.norm(pet - mri) > 60, "napari-nifti changed"
PY
