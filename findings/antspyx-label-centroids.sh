#!/usr/bin/env bash
# One would guess: label_image_centroids(image, physical=True) of ANTsPy gives the centers of lesions in millimeters (LPS), as
#   label_geometry_measures of the same package does, and physical=False their voxel indices.
# What happens: antspyx 0.6.3 gives neither. `physical` changes nothing, and the coordinates are those of an array read with its axes in the other
#   order: voxel 10, 20, 5 of 40 x 50 x 30 comes back as 5, 40, 13, and a lesion of 3 x 3 x 3 voxels as the mean of pieces all over the volume.
#   With convex=False it is another wrong place. Only in volumes of as many voxels along each axis is it the index, with x and z exchanged. No
#   warning. label_geometry_measures, get_centroids and get_center_of_mass are right.
# For an MRI with a PET: lists of foci made by it point elsewhere, also into the other half of the head (31 of 40 becomes 18.8), and landmarks taken from
#   it register a PET to nonsense. Take label_geometry_measures.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'antspyx==0.6.3' 'numpy==2.3.5'
OMP_NUM_THREADS=1 ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS=1 env/bin/python -W ignore - <<'PY'
import ants, numpy as np

for shape in ((40, 50, 30), (40, 40, 40)):
    spacing, origin = np.array((4.0, 4.0, 5.0)), np.array((-80.0, -100.0, -75.0))
    labels = np.zeros(shape, np.float32)
    labels[10, 20, 5] = 1
    labels[30:33, 35:38, 20:23] = 2
    image = ants.from_numpy(labels, origin=tuple(origin), spacing=tuple(spacing))
    places = np.array(((10, 20, 5), (31, 36, 21)))
    true = places * spacing + origin
    measured = ants.label_geometry_measures(image)[["Centroid_x", "Centroid_y", "Centroid_z"]].to_numpy()
    assert np.allclose(measured, true, atol=1e-3), "label_geometry_measures changed"
    assert np.allclose(ants.get_centroids(image, clustparam=0)[:2, :3], true, atol=1e-3), "get_centroids changed"
    seen = {physical: ants.label_image_centroids(image, physical=physical)["vertices"] for physical in (True, False)}
    assert np.array_equal(seen[True], seen[False]), "`physical` means something now"
    print(f"{shape[0]} x {shape[1]} x {shape[2]} voxels")
    for k in (0, 1):
        print(f"  voxel {places[k]}, at {true[k]} mm: label_geometry_measures {measured[k].round(1)}, label_image_centroids {seen[True][k].round(1)}")
    if shape == (40, 50, 30):
        assert seen[True][0].tolist() == [5, 40, 13], "label_image_centroids changed"
        assert np.abs(seen[True][1] - places[1]).max() > 9, "label_image_centroids changed for lesions"
    else:
        assert np.allclose(seen[True], places[:, ::-1]), "label_image_centroids changed: x and z were exchanged"
PY
