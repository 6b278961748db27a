#!/usr/bin/env bash
# One would guess: MONAI's LoadImage gives one NRRD file one place, whichever of its readers takes it.
# What happens with MONAI 1.6.1: which reader takes an NRRD depends on whether pynrrd is installed. ITKReader brings every space of
#   the format to RAS. NrrdReader turns left-posterior-superior only: of a file in left-anterior-superior the affine stays as it is,
#   and left and right are exchanged, in a tensor that all transforms take for RAS. Its meta says the space, which nothing reads.
# For an MRI with a PET: `pip install pynrrd` for another purpose mirrors such images, and a mirrored head registers nearly as well.
#   Name the reader (reader="ITKReader") or look into meta["space"].
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'monai==1.6.1' 'torch==2.13.0' 'numpy==2.4.6' 'itk==5.4.7'
cat >run.py <<'PY'
import sys
from pathlib import Path
import numpy as np
from monai.transforms import LoadImage

values = np.zeros((24, 28, 20), "<f4")
values[4:7, 18:22, 9:12] = 100  # (i, j, k); left, in front
signs = {"right-anterior-superior": (1, 1, 1), "left-posterior-superior": (-1, -1, 1), "left-anterior-superior": (-1, 1, 1)}
steps, first = np.array((-2.0, 2.0, 3.0)), np.array((40.0, -30.0, -25.0))  # RAS mm
truth = (first + steps * (5, 19.5, 10)).tolist()
for space, sign in signs.items():
    axes = " ".join("(" + ",".join(str(s * d) if a == b else "0" for b, d in enumerate(steps)) + ")" for a, s in enumerate(sign))
    origin = ",".join(str(s * v) for s, v in zip(sign, first))
    header = f"NRRD0004\ntype: float\ndimension: 3\nspace: {space}\nsizes: 24 28 20\nspace directions: {axes}\nkinds: domain domain domain\nendian: little\nencoding: raw\nspace origin: ({origin})\n\n"
    Path("a.nrrd").write_bytes(header.encode() + values.tobytes(order="F"))
    image = LoadImage(image_only=True)("a.nrrd")
    index = np.argwhere(np.asarray(image) > 50).mean(0)
    place = (np.asarray(image.affine) @ [*index, 1])[:3].tolist()
    print(f"{sys.argv[1]:14s} {space:24s} spot at {place} RAS mm, meant {truth}; meta says {image.meta['space']}")
    mirrored = sys.argv[1] == "with pynrrd" and space == "left-anterior-superior"
    assert np.allclose(place, np.multiply(truth, (-1, 1, 1)) if mirrored else truth), "MONAI changed"
PY
export OMP_NUM_THREADS=1
env/bin/python -W ignore run.py "without pynrrd" 2>errors || { tail -3 errors; exit 1; }
env/bin/pip install -q --no-compile --disable-pip-version-check 'pynrrd==1.1.3'
env/bin/python -W ignore run.py "with pynrrd" 2>errors || { tail -3 errors; exit 1; }
