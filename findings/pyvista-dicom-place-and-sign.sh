#!/usr/bin/env bash
# One would guess: a DICOM series read by VTK's own reader (pyvista.DICOMReader, pyvista.read of a folder) lies where its header says, or at
#   least keeps its axes; and signed values keep their sign.
# What happens with VTK 9.7.2, pyvista 0.49.1: the origin is 0, 0, 0 and there is no direction; rows run from the back to the front, and slices of
#   an axial series from the head down, whatever their positions say: the head is turned by 180 degrees about the line from ear to
#   ear and moved, here by 79 mm. A sagittal series comes out as if it were axial. Signed integers with a fractional slope are taken for
#   unsigned ones: -700 Bq/ml reads 81,220 at slope 1.25, the hottest voxel of all. Without values below zero the values are right, each slice
#   by its own slope. dicomtonifti 0.8.14 (vtk-dicom), another reader for VTK, is right in both.
# For an MRI with a PET: two series read so lie on each other by their corners, not by their places; beside the same MRI from NIfTI the
#   head stands on its top, and the window comes from noise of the air. Read with SimpleITK, and set origin and direction. (Needs the
#   apt-get of Debian 12.)
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
command -v apt-get >/dev/null || { echo "needs apt-get"; exit 1; }
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'pyvista==0.49.1' 'vtk==9.7.2' 'nibabel==5.4.2' 'pydicom==3.0.2' 'numpy==2.4.6'
version=0.8.14-3.1
wanted=$(apt-get install -s --no-install-recommends "vtk-dicom-tools=$version" | awk '/^Inst/ {print $2}')
# shellcheck disable=SC2086
apt-get download -qq ${wanted:-vtk-dicom-tools="$version"} 2>/dev/null  # unpacked here, not installed
for package in *.deb; do dpkg -x "$package" root; done
LIBRARIES=$(find "$work/root" -name "*.so*" -printf "%h\n" | sort -u | paste -sd:)
export LIBRARIES
env/bin/python -W ignore - <<'PY'
import os, subprocess
import nibabel, numpy as np, pyvista
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage as PET, generate_uid

first, spacing, step, spot = np.array((-20.0, -30.0, -40.0)), 2.0, 3.0, (9, 5, 7)  # mm, LPS; column, row, slice

def write(folder, slopes, axes):
    os.mkdir(folder)
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    normal = np.cross(axes[:3], axes[3:])
    for k, slope in enumerate(slopes):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ExplicitVRLittleEndian, PET, generate_uid()
        d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        d.SOPClassUID, d.SOPInstanceUID, d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = PET, meta.MediaStorageSOPInstanceUID, study, series, frame
        d.Modality, d.PatientID, d.PatientName, d.PatientPosition, d.SeriesDescription = "PT", "1", "Phantom", "HFS", "PET"
        d.Manufacturer, d.ImageType, d.SeriesNumber, d.InstanceNumber = "Generated", ["ORIGINAL", "PRIMARY"], 1, k + 1
        d.StudyDate = d.SeriesDate = d.AcquisitionDate = "20260301"
        d.StudyTime = d.SeriesTime = d.AcquisitionTime = "110000"
        d.Units, d.DecayCorrection, d.SeriesType, d.NumberOfSlices, d.ImageIndex = "BQML", "START", ["STATIC", "IMAGE"], len(slopes), k + 1
        d.ImageOrientationPatient, d.ImagePositionPatient = list(axes), [float(v) for v in first + normal * step * k]
        d.PixelSpacing, d.SliceThickness, d.RescaleIntercept, d.RescaleSlope = [spacing, spacing], step, 0, slope
        d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 32, 32, 1, "MONOCHROME2"
        d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 1
        pixels = np.full((32, 32), 5000.0)
        if k == spot[2]:
            pixels[spot[1], spot[0]] = 40000
        if folder.startswith("noise"):
            pixels[0, 0] = -700
        d.PixelData = np.round(pixels / slope).astype("<i2").tobytes()
        d.save_as(f"{folder}/{k:03d}.dcm", enforce_file_format=True)
    return first + np.array(axes[:3]) * spacing * spot[0] + np.array(axes[3:]) * spacing * spot[1] + normal * step * spot[2]

def by_vtk(folder):
    grid = pyvista.DICOMReader(folder).read()
    values = np.asarray(grid.point_data.active_scalars).reshape(grid.dimensions[::-1])
    index = np.unravel_index(values.argmax(), values.shape)[::-1]
    assert np.array_equal(grid.direction_matrix, np.eye(3)) and tuple(grid.origin) == (0, 0, 0), "VTK has a place now"
    return values, tuple(int(n) for n in index), np.array(grid.origin) + np.array(index) * grid.spacing

def by_vtk_dicom(folder):
    own = dict(os.environ, LD_LIBRARY_PATH=os.environ["LIBRARIES"])
    subprocess.run(["root/usr/bin/dicomtonifti", "-o", f"{folder}.nii", folder], check=True, capture_output=True, env=own)
    image = nibabel.load(f"{folder}.nii")
    values = image.get_fdata()
    return values, (image.affine @ [*np.unravel_index(values.argmax(), values.shape), 1])[:3] * (-1, -1, 1)

slopes = [1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 1.25, 1.35, 1.45]
for name, axes, index in (("axial", (1, 0, 0, 0, 1, 0), (9, 26, 2)), ("sagittal", (0, 1, 0, 0, 0, -1), (9, 26, 2))):
    truth = write(name, slopes, axes)
    values, at, place = by_vtk(name)
    other, there = by_vtk_dicom(name)
    print(f"{name:8s} spot at column, row, slice {spot}: VTK {at}, {np.linalg.norm(place - truth):.0f} mm off; dicomtonifti {np.linalg.norm(there - truth):.1f} mm off")
    assert at == index and np.linalg.norm(place - truth) > 30, "VTK changed its axes"
    assert np.linalg.norm(there - truth) < 0.1, "dicomtonifti changed"
    assert abs(values.max() - 40000) < 1 and abs(other.max() - 40000) < 1, "values changed"
write("noise", [1.25] * 10, (1, 0, 0, 0, 1, 0))
values, _, _ = by_vtk("noise")
other, _ = by_vtk_dicom("noise")
print(f"slope 1.25, -700 to 40000 Bq/ml: VTK {values.min():.0f} to {values.max():.0f}, dicomtonifti {other.min():.0f} to {other.max():.0f}")
assert (round(float(values.min())), round(float(values.max()))) == (5000, 81220), "VTK changed its values"
assert abs(other.min() + 700) < 2 and abs(other.max() - 40000) < 2, "dicomtonifti changed"
PY
