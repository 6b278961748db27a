#!/usr/bin/env bash
# One would guess: itk-wasm's read_segmentation, which wraps dcmqi, gives a DICOM SEG as dcmqi gives it, for images of any size.
# What happens with itkwasm-dicom 7.6.4: where rows x columns is odd (91 x 109 and 181 x 217, the sizes of the common atlases at 2 and 1
#   mm; frames of one bit follow each other without a gap, PS3.5 8.1.1), slices are pushed sideways by 8, 16, 24... columns,
#   each slice by another number, and over the edge to the other side: a lesion on the left lies on the right, one row lower. The volume
#   is right to the voxel, so no check of sizes finds it. 182 x 218 and 96 x 96 are right. dcmqi 1.5.7 and highdicom 0.28.2 are right.
#   Of a FRACTIONAL SEG with probability 0.5 in both segments, itkwasm-dicom gives one label, 128, for both; dcmqi one file each, of
#   128s.
# For an MRI with a PET: a browser shows the lesion in the other half of the brain, and the uptake in it is the other side's. Convert
#   with dcmqi's own program or highdicom.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'highdicom==0.28.2' 'itkwasm-dicom==7.6.4' 'dcmqi==1.5.7' 'SimpleITK==2.5.7' 'pydicom==3.0.2' 'numpy==2.4.6'
env/bin/python -W ignore - 2>errors <<'PY' || { tail -3 errors; exit 1; }
import glob, os, subprocess, sys
import highdicom as hd, itkwasm_dicom, numpy as np, SimpleITK as sitk
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage as MR, generate_uid

def source(columns, rows, slices):
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    for k in range(slices):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ExplicitVRLittleEndian, MR, generate_uid()
        d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        d.SOPClassUID, d.SOPInstanceUID, d.InstanceNumber, d.SeriesNumber, d.Modality = MR, meta.MediaStorageSOPInstanceUID, k + 1, 1, "MR"
        d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID, d.PositionReferenceIndicator = study, series, frame, ""
        d.PatientID, d.PatientName, d.PatientBirthDate, d.PatientSex, d.StudyID, d.AccessionNumber = "1", "Phantom", "", "O", "1", ""
        d.StudyDate, d.StudyTime, d.Manufacturer, d.ReferringPhysicianName = "20260301", "120000", "Generated", ""
        d.ImageOrientationPatient, d.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-90, -108, 2.0 * k]
        d.PixelSpacing, d.SliceThickness, d.Rows, d.Columns = [2, 2], 2, rows, columns
        d.SamplesPerPixel, d.PhotometricInterpretation, d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 1, "MONOCHROME2", 16, 16, 15, 0
        d.PixelData = bytes(2 * rows * columns)
        yield d

def write(path, columns, rows, kind="BINARY"):
    labels = np.zeros((20, rows, columns), np.uint8)
    labels[2:6, 30:34, 10:13], labels[6:12, 50:54, columns - 16 : columns - 13] = 1, 2  # patient's right, patient's left
    data = labels if kind == "BINARY" else np.stack([(labels == n) * np.float32(0.5) for n in (1, 2)], -1)
    about = [hd.seg.SegmentDescription(n, f"lesion {n}", codes.SCT.Tissue, codes.SCT.Tissue, "MANUAL") for n in (1, 2)]
    seg = hd.seg.Segmentation(list(source(columns, rows, 20)), data, kind, about, hd.UID(), 5, hd.UID(), 1, "maker", "model", "1", "0")
    seg.save_as(path)
    return labels

def by_wasm(path):
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)  # it talks
    image = itkwasm_dicom.read_segmentation(path)[0]
    os.dup2(kept, 1)
    return np.asarray(image.data), image.origin[2]

def by_dcmqi(path):
    for old in glob.glob("out/*"):
        os.remove(old)
    subprocess.run(["env/bin/segimage2itkimage", "--inputDICOM", path, "--outputDirectory", "out", "--outputType", "nrrd"], check=True, capture_output=True)
    files = [sitk.ReadImage(file) for file in sorted(glob.glob("out/*.nrrd"))]
    return np.max([sitk.GetArrayFromImage(file) for file in files], 0), files[0].GetOrigin()[2]

os.mkdir("out")
for columns, rows in ((96, 96), (182, 218), (91, 109), (181, 217)):
    labels = write("seg.dcm", columns, rows)
    drawn = hd.seg.segread("seg.dcm").get_volume(combine_segments=True).array
    assert (drawn == 1).sum() == (labels == 1).sum() and (drawn == 2).any((0, 1)).argmax() == columns - 16, "highdicom changed"
    for tool, read in (("dcmqi", by_dcmqi), ("itkwasm-dicom", by_wasm)):
        found, height = read("seg.dcm")
        first = round(height / 2)
        moved = [np.round(np.argwhere(s == n).mean(0) - np.argwhere(labels[first + k] == n).mean(0))[::-1].astype(int).tolist() for n in (1, 2) for k, s in enumerate(found) if (s == n).any()]
        print(f"{columns} x {rows} {tool:13s} voxels {[int((found == n).sum()) for n in (1, 2)]}; slices of both lesions moved by (columns, rows) {moved}")
        assert (found == 1).sum() == (labels == 1).sum() and (found == 2).sum() == (labels == 2).sum(), f"{tool} counts otherwise"
        far = max(abs(columns_off) for columns_off, _ in moved)
        assert far == 0 if tool == "dcmqi" or rows * columns % 8 == 0 or rows == 218 else far > 20, f"{tool} changed"
write("fractional.dcm", 96, 96, "FRACTIONAL")
for tool, read in (("dcmqi", by_dcmqi), ("itkwasm-dicom", by_wasm)):
    values = np.unique(read("fractional.dcm")[0]).tolist()
    print(f"FRACTIONAL, probability 0.5, segments 1 and 2: {tool} gives labels {values}")
    assert values == [0, 128], f"{tool} changed"
PY
