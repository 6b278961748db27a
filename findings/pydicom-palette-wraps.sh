#!/usr/bin/env bash
# One would guess: pydicom's apply_color_lut with one of DICOM's own palettes (PET, HOT_IRON, PET_20_STEP: 256 colors) gives the last color to
#   values above 255, as the standard says for palettes and as a comment in the function says; or refuses 16 bits.
# What happens with 3.0.2: values are put into 8 bits first, and clipped after. Above 255 they begin again at the first color: 256 is
#   black, 300 has the color of 44. Of a smooth ramp up to 1,023 the palette is shown four times. -1 and lower are the first color, as they
#   should be. Of a palette that is in the data set itself, 8 bits deep, the same holds; one of 16 bits is right.
# For an MRI with a PET: stored PET values are 16 bits, and the hottest voxel of each slice is usually 32,767 or 65,535: the lesion is
#   rings of all colors, and its core may be black. Window into 0 to 255 first.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'pydicom==3.0.2' 'numpy==2.4.6'
env/bin/python -W ignore - <<'PY'
import numpy as np
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut

ramp = np.arange(1024).reshape(32, 32)
for name in ("PET", "HOT_IRON", "PET_20_STEP", "HOT_METAL_BLUE"):
    colors = apply_color_lut(np.arange(256, dtype=np.uint8).reshape(1, -1), palette=name)[0]
    for kind in (np.uint16, np.int16):
        seen = apply_color_lut(ramp.astype(kind), palette=name).reshape(-1, 3)
        wrapped, clipped = np.array_equal(seen, colors[np.arange(1024) % 256]), np.array_equal(seen, colors[np.minimum(np.arange(1024), 255)])
        assert wrapped and not clipped, "pydicom changed"
    low = apply_color_lut(np.array([[-1, -700]], np.int16), palette=name)
    assert np.array_equal(low[0], colors[[0, 0]]), "pydicom changed below zero"
    print(f"{name:14s} 255 {colors[255].tolist()}, 256 {seen[256].tolist()}, 300 {seen[300].tolist()}; 44 is {colors[44].tolist()}")

def own(depth):
    """An image's own gray palette of 256 entries from 0, 8 or 16 bits deep."""
    d = Dataset()
    d.PhotometricInterpretation, d.SamplesPerPixel = "PALETTE COLOR", 1
    for color in ("Red", "Green", "Blue"):
        setattr(d, f"{color}PaletteColorLookupTableDescriptor", [256, 0, depth])
        data = np.arange(256, dtype=np.uint8) if depth == 8 else (np.arange(256) * 257).astype("<u2")
        setattr(d, f"{color}PaletteColorLookupTableData", data.tobytes())
    return d

for depth, top in ((8, 44), (16, 255 * 257)):
    value = int(apply_color_lut(np.array([[300]], np.uint16), own(depth))[0, 0, 0])
    print(f"own palette of {depth} bits: 300 gives {value}")
    assert value == top, "pydicom changed"
PY
