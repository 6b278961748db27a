#!/usr/bin/env bash
# One would guess: SimpleITK, given a float series with 16 bits and a Rescale Slope to write (its own example for such series takes
#   slope 0.001), refuses what 16 bits cannot hold, cuts it at the ends, or takes another slope or 32 bits.
# What happens with 2.5.7 (ITK 5.4): values / slope is folded into 16 bits by dropping the upper ones, slice by slice and without a
#   word. SUVs up to 12 come back right. A PET in Bq/ml by the same example reads as noise between -33 and 33; with slope 0.5 a lesion
#   of 60,000 Bq/ml reads -5,536, the coldest place; with the slope that puts it at 32,767.5 it reads -60,001.
# For an MRI with a PET: a converted series is plausible in its cold slices and wrong where it is hottest. Choose
#   slope = maximum / 32,767 for the whole volume, rounded up, and read the series back before it goes into an archive.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'SimpleITK==2.5.7' 'numpy==2.4.6'
env/bin/python - <<'PY'
import os
import numpy as np, SimpleITK as sitk

def round_trip(name, values, slope):
    os.mkdir(name)
    image = sitk.GetImageFromArray(values.astype(np.float32))
    image.SetSpacing((4, 4, 3))
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    for k in range(len(values)):
        piece = image[:, :, k]
        for tag, text in {
            "0008|0008": r"DERIVED\SECONDARY", "0008|0016": "1.2.840.10008.5.1.4.1.1.128", "0008|0060": "PT",
            "0008|0021": "20260301", "0008|0031": "120000", "0020|000e": f"1.2.826.0.1.3680043.2.1125.{len(name)}.1",
            "0020|0037": r"1\0\0\0\1\0", "0020|0032": rf"0\0\{3 * k}", "0020|0013": str(k),
            "0028|1053": slope, "0028|1052": "0", "0028|0100": "16", "0028|0101": "16", "0028|0102": "15", "0028|0103": "1",
        }.items():
            piece.SetMetaData(tag, text)
        writer.SetFileName(f"{name}/{k}.dcm")
        writer.Execute(piece)
    files = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(name)
    return sitk.GetArrayFromImage(sitk.ReadImage(files))

suv = np.zeros((4, 16, 16))
suv[:, 4:12, 4:12] = np.array([0.5, 1, 3, 5])[:, None, None]
suv[3, 7:9, 7:9] = 12  # a lesion
activity = suv * 5000
back = round_trip("suv", suv, "0.001")
print("SUV, slope 0.001:", back.max((1, 2)).tolist(), "meant", suv.max((1, 2)).tolist())
assert np.allclose(back, suv, atol=0.001)
seen = {}
for slope in ("0.001", "0.5", str(round(60000 / 32767.5, 7)), str(round(60000 / 32767 + 5e-5, 4))):
    back = round_trip(f"activity{slope}", activity, slope)
    seen[slope] = lesion = float(back[3, 8, 8])
    brain = np.round(back[:, 5, 5]).tolist()
    print(f"Bq/ml, slope {slope}: lesion {lesion:.0f} (60000), brain {brain} (2500, 5000, 15000, 25000)")
found = list(seen.values())
assert abs(found[0]) < 33 and found[1] == -5536 and round(found[2]) == -60001 and abs(found[3] - 60000) < 2, "SimpleITK changed"
PY
