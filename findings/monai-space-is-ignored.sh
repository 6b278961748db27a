#!/usr/bin/env bash
# One would guess: a MetaTensor that MONAI itself made from an ITK image, and whose meta says `space: LPS`, is brought to where it
#   belongs by MONAI's own transforms and written there by its own writers.
# What happens with MONAI 1.6.1: `itk_image_to_metatensor` (its bridge from ITK, default arguments) and ITKReader(affine_lps_to_ras=
#   False) leave the affine in LPS and note it, and nothing reads the note. ResampleToMatch lays such a PET on an MRI from LoadImage
#   turned by 180 degrees about the body's axis and calls the result RAS; SaveImage, with either writer, writes it so. The way back
#   to ITK by the same bridge is right, so a round trip does not show it.
# For an MRI with a PET: left and right, front and back are exchanged in a file whose handedness is right. Multiply the affine by
#   diag(-1, -1, 1, 1) after the bridge, and set meta["space"].
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'monai==1.6.1' 'torch==2.13.0' 'numpy==2.4.6' 'nibabel==5.4.2' 'itk==5.4.7'
OMP_NUM_THREADS=1 env/bin/python -W ignore - <<'PY'
import itk, nibabel, numpy as np
from monai.data import ITKReader
from monai.data.itk_torch_bridge import itk_image_to_metatensor, metatensor_to_itk_image
from monai.transforms import LoadImage, ResampleToMatch, SaveImage

affine = np.diag([2.0, 2.0, 3.0, 1.0])
affine[:3, 3] = (-50, -60, -20)
at = np.stack(np.meshgrid(*[np.arange(n) for n in (48, 56, 24)], indexing="ij"), -1) @ affine[:3, :3].T + affine[:3, 3]
values = 100 * np.exp(-((at - (-25.0, 30.0, 20.0)) ** 2).sum(-1) / 2 / 8**2)  # left, front
nibabel.Nifti1Image(values.astype(np.float32), affine).to_filename("pet.nii")

def center(values, affine):
    values = np.where(values > 5, values, 0).astype(float)
    index = [(values * axis).sum() / values.sum() for axis in np.indices(values.shape)]
    return (affine @ [*index, 1])[:3].round(1).tolist()

def saved(tensor, writer):
    SaveImage(output_dir=".", output_postfix="s", output_ext=".nii", separate_folder=False, print_log=False, writer=writer)(tensor)
    name = "pet_s.nii" if tensor.meta.get("filename_or_obj") else "0_s.nii"
    image = nibabel.load(name)
    return center(image.get_fdata(), image.affine)

mri = LoadImage(image_only=True, ensure_channel_first=True)("pet.nii")
bridge = itk_image_to_metatensor(itk.imread("pet.nii", itk.F))
reader = LoadImage(image_only=True, ensure_channel_first=True, reader=ITKReader(affine_lps_to_ras=False))("pet.nii")
truth = center(mri[0].numpy(), mri.affine.numpy())
turned = [-truth[0], -truth[1], truth[2]]
print("the spot in RAS mm:", truth)
for name, tensor in (("bridge", bridge), ("ITKReader, LPS", reader)):
    assert str(tensor.meta["space"]) == "LPS"
    for writer in ("NibabelWriter", "ITKWriter"):
        seen = saved(tensor, writer)
        print(f"{name:15s} SaveImage, {writer:14s}", seen)
        assert seen == turned, "MONAI's writers changed"
    matched = ResampleToMatch(padding_mode="zeros")(tensor, mri)
    seen = center(matched[0].numpy(), matched.affine.numpy())
    print(f"{name:15s} ResampleToMatch on the MRI    ", seen, "space", str(matched.meta["space"]))
    assert abs(seen[0] - truth[0]) > 40 and abs(seen[1] - truth[1]) > 40, "ResampleToMatch changed"
back = metatensor_to_itk_image(bridge)
itk.imwrite(back, "back.nii")
print("bridge and back:", center(nibabel.load("back.nii").get_fdata(), nibabel.load("back.nii").affine))
assert center(nibabel.load("back.nii").get_fdata(), nibabel.load("back.nii").affine) == truth
PY
