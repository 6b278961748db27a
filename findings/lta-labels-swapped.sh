#!/usr/bin/env bash
# One would guess: an LTA file (FreeSurfer's transform) that nitransforms writes names the image that the matrix comes from as
#   `src` and that it leads to as `dst`, as FreeSurfer does.
# What happens: nitransforms 25.1.0, `to_filename(fmt="fs", moving=PET)` of a transform with the MRI as reference, writes the
#   matrix from the PET to the MRI, with the MRI as `src` and the PET as `dst`: the labels are swapped. surfa 0.6.3
#   (FreeSurfer's own library), which reads by the labels, puts a point 811 mm off where the tables lie 406 mm apart.
#   nitransforms reads its own file and surfa's right, as it does not look at the labels; a round trip hides it.
# For an MRI with a PET: with a small motion it is applied backwards, which looks like a registration that did not work.
#   Compare the volumes named in the file with the grids at hand before its matrix is used.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'nitransforms==25.1.0' 'surfa==0.6.3' 'nibabel==5.4.2' \
    'scipy==1.17.1' 'numpy==2.4.6'
env/bin/python -W ignore - <<'PY'
import nibabel, nitransforms, numpy as np, surfa
from scipy.spatial.transform import Rotation

grids = {  # RAS
    "mri": ((64, 76, 50), np.array([[2.8, 0, 0, -88], [0, 2.8, 0, -105], [0, 0, 4, -98], [0, 0, 0, 1]])),
    "pet": ((40, 44, 30), np.array([[4.0, 0, 0, -78], [0, 4, 0, -80], [0, 0, 5, 300], [0, 0, 0, 1]])),
}
for name, (shape, affine) in grids.items():
    nibabel.Nifti1Image(np.zeros(shape, np.float32), affine).to_filename(name + ".nii")
truth = np.eye(4)  # MRI -> PET, RAS mm
truth[:3, :3], truth[:3, 3] = Rotation.from_euler("xyz", (4, -6, 8), degrees=True).as_matrix(), (7, -9, 406)

one = nitransforms.linear.Affine(truth, reference="mri.nii")
assert np.allclose(one.map([[0, 0, 0]]), truth[:3, 3])  # nitransforms: from the reference to the moving image
one.to_filename("one.lta", fmt="fs", moving="pet.nii")
mri, pet = (surfa.ImageGeometry(shape, vox2world=affine) for shape, affine in grids.values())
surfa.Affine(np.linalg.inv(truth), source=pet, target=mri, space="world").save("two.lta")

images = {shape: name for name, (shape, _) in grids.items()}
point, gap = np.array([0, 0, 0, 1]), {}
for file, writer in (("one.lta", "nitransforms"), ("two.lta", "surfa")):
    read = surfa.load_affine(file)
    labels = [images[tuple(int(n) for n in g.shape[:3])] for g in (read.source, read.target)]
    matrix = np.asarray(read.convert(space="world").matrix)
    to_pet = matrix if labels == ["mri", "pet"] else np.linalg.inv(matrix)
    gap[writer] = float(np.linalg.norm(((to_pet - truth) @ point)[:3]))
    back = nitransforms.linear.load(file, fmt="fs").matrix
    print(f"{writer:12s} writes src {labels[0]}, dst {labels[1]}; by these labels a point of the MRI is {gap[writer]:.3f} mm off")
    assert np.allclose(back, truth, atol=1e-4), "nitransforms reads otherwise"
assert gap["surfa"] < 0.001 and gap["nitransforms"] > 700, "nitransforms or surfa changed"
PY
