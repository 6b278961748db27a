#!/usr/bin/env bash
# expected: MRtrix3's mrstats -mask and mrmath refuse a mask that lies elsewhere than the PET (drawn on an MRI, on another table, with other voxels), as
#   SimpleITK does, or warn; labelstats and mrcentroid give the center of a label in millimeters of the world ("scanner space"), as documented.
# What happens with 3.0.3: mrstats -mask, mrmath and mrcat look at the numbers of voxels only. A mask that lies 40 mm to the side, is turned
#   by 23 degrees, or has voxels of 1.5 times the size, takes the PET's voxels of the same indices, without a word and with exit code 0: a
#   lesion beside the mask reads 5,000, and the background that it covers is not looked at. mrcalc of the same pair warns of it. Centers
#   by labelstats and mrcentroid are turned and moved as the header says, but indices were not multiplied with the size of a voxel: with
#   voxels of 2 x 2 x 4 mm 33 mm off, with 3 x 3 x 6 mm 58 mm; right where voxels are cubes of 1 mm, and with -voxelspace.
# For an MRI with a PET: two scans of one protocol have the same number of voxels and hardly ever the same place, so a mask of the baseline measures the
#   follow-up somewhere else. Compare affines first, take places by -voxelspace and the affine. (Needs the apt-get of Debian 12.)
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
command -v apt-get >/dev/null || { echo "needs apt-get"; exit 1; }
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'SimpleITK==2.5.7' 'nibabel==5.4.2' 'numpy==2.4.6'
version=3.0.3-3+b1
wanted=$(apt-get install -s --no-install-recommends "mrtrix3=$version" | awk '/^Inst/ {print $2}')
# shellcheck disable=SC2086
apt-get download -qq ${wanted:-mrtrix3="$version"} 2>/dev/null  # unpacked here, not installed
for package in *.deb; do dpkg -x "$package" root; done
LIBRARIES=$(find "$work/root" -name "*.so*" -printf "%h\n" | sort -u | paste -sd:)
export LIBRARIES
env/bin/python -W ignore - <<'PY'
import os, subprocess
import nibabel, numpy as np, SimpleITK as sitk

def mrtrix(name, *arguments):
    own = dict(os.environ, LD_LIBRARY_PATH=os.environ["LIBRARIES"])
    command = [f"root/usr/bin/{name}", *arguments, "-force", "-nthreads", "0"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8", env=own)
    return done.stdout, "do not match" in done.stderr or "differ" in done.stderr

def sitk_refuses():
    try:
        sitk.Mask(sitk.ReadImage("pet.nii"), sitk.ReadImage("mask.nii"))
    except RuntimeError:
        return True
    return False

affine = np.diag((2.0, 2.0, 4.0, 1.0))
affine[:3, 3] = (-39, -43, -38)
pet, mask = np.full((40, 44, 20), 1000, np.float32), np.zeros((40, 44, 20), np.uint8)
pet[4:14, 10:20, 8:12], mask[4:14, 10:20, 8:12] = 5000, 1
nibabel.Nifti1Image(pet, affine).to_filename("pet.nii")
moved, larger, cosine, sine = affine.copy(), affine.copy(), np.cos(0.4), np.sin(0.4)
moved[0, 3] += 40
larger[:3, :3] *= 1.5
turned = np.array(((cosine, -sine, 0, 0), (sine, cosine, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1))) @ affine
for case, place in {"at its place": affine, "40 mm beside it": moved, "turned": turned, "larger voxels": larger}.items():
    nibabel.Nifti1Image(mask, place).to_filename("mask.nii")
    # what lies in the mask: the PET at the centers of its voxels
    inside = np.linalg.inv(affine) @ place @ np.c_[np.argwhere(mask), np.ones(mask.sum())].T
    index = np.round(inside[:3]).astype(int)
    within = ((index >= 0) & (index < np.array(pet.shape)[:, None])).all(0)
    truth = pet[tuple(index[:, within])].mean()
    mean, warned = mrtrix("mrstats", "pet.nii", "-mask", "mask.nii", "-output", "mean")
    warnings = {name: mrtrix(name, "pet.nii", "mask.nii", *rest)[1] for name, rest in {"mrcalc": ("-mult", "a.nii"), "mrmath": ("max", "b.nii"), "mrcat": ("c.nii", "-axis", "3")}.items()}
    center = (place @ [*np.argwhere(mask).mean(0), 1])[:3]
    table, _ = mrtrix("labelstats", "mask.nii")
    label = np.array(table.split("[")[1].split("]")[0].split(","), float)
    centroid = np.array(mrtrix("mrcentroid", "mask.nii")[0].split(), float)
    off = [float(np.linalg.norm(found - center)) for found in (label, centroid)]
    print(f"mask {case}: mean {float(mean):.0f} ({truth:.0f}), mrstats warns {warned}, {warnings}, SimpleITK refuses {sitk_refuses()}; centers {off[0]:.1f} mm off (labelstats), {off[1]:.1f} mm (mrcentroid)")
    elsewhere = case != "at its place"
    assert float(mean) == 5000 and not warned, "mrstats changed"
    assert (truth < 4600) == elsewhere
    assert warnings == {"mrcalc": elsewhere, "mrmath": False, "mrcat": False}, "mrcalc, mrmath or mrcat changed"
    assert sitk_refuses() == elsewhere, "SimpleITK changed"
    assert min(off) > 30, "labelstats or mrcentroid changed"
nibabel.Nifti1Image(mask, np.eye(4)).to_filename("mask.nii")
label = np.array(mrtrix("labelstats", "mask.nii")[0].split("[")[1].split("]")[0].split(","), float)
assert np.allclose(label, np.argwhere(mask).mean(0), atol=1e-3), "labelstats changed with voxels of 1 mm"
PY
