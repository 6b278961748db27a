#!/usr/bin/env bash
# One would guess: of a DICOM SEG whose empty slices are left out (the default of highdicom and dcmqi), a reader that gives an image, and no
#   error, gives the segments where they are.
# What happens: SimpleITK 2.5.7 stacks the frames that are there as voxels of 1 x 1 x 1 mm, with the value 255 for all segments: lesions lie 45
#   to 82 mm off. dcm2niix 1.0.20260724 keeps the voxel size and closes the gaps: of two lesions with 12 mm between them, in one
#   segment or in two, BINARY or LABELMAP (Supplement 243), the upper one is moved down by 12 mm. highdicom 0.28.2 and dcmqi 1.5.7 are
#   right. SimpleITK refuses LABELMAP.
# For an MRI with a PET: the place of the upper lesion in the converted mask is brain, and its uptake is the brain's; volumes in voxels are
#   right. Read SEG with a library for SEG, and compare the number of slices with the image's.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'highdicom==0.28.2' 'dcmqi==1.5.7' 'SimpleITK==2.5.7' 'dcm2niix==1.0.20260724' 'nibabel==5.4.2' 'pydicom==3.0.2' 'numpy==2.4.6'
env/bin/python -W ignore - 2>errors <<'PY' || { tail -3 errors; exit 1; }
import glob, os, subprocess
import dcm2niix, highdicom as hd, nibabel, numpy as np, SimpleITK as sitk
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
        d.ImageOrientationPatient, d.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-90, -108, 3.0 * k]
        d.PixelSpacing, d.SliceThickness, d.Rows, d.Columns = [2, 2], 3, rows, columns
        d.SamplesPerPixel, d.PhotometricInterpretation, d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 1, "MONOCHROME2", 16, 16, 15, 0
        d.PixelData = bytes(2 * rows * columns)
        yield d

def write(path, kind, second):
    """Two lesions of 3 and 4 slices, 4 empty slices between them."""
    labels = np.zeros((20, 96, 96), np.uint8)
    labels[2:5, 30:34, 30:34], labels[9:13, 50:54, 60:64] = 1, second
    about = [hd.seg.SegmentDescription(n, f"lesion {n}", codes.SCT.Tissue, codes.SCT.Tissue, "MANUAL") for n in range(1, second + 1)]
    hd.seg.Segmentation(list(source(96, 96, 20)), labels, kind, about, hd.UID(), 5, hd.UID(), 1, "maker", "model", "1", "0").save_as(path)

def places(mask, affine):
    """Centers (LPS mm) of the two lesions, told apart by their columns; mask is (x, y, z)."""
    halves = [np.argwhere(mask & (np.arange(96)[:, None, None] // 48 == side)) for side in (0, 1)]
    return [(affine @ [*half.mean(0), 1])[:3] for half in halves]

def of_image(image):
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing(), image.GetOrigin()
    return affine

def by_highdicom(path):
    volume = hd.seg.segread(path).get_volume(combine_segments=True)
    return places(volume.array.transpose(2, 1, 0) > 0, np.asarray(volume.affine)[:, [2, 1, 0, 3]])

def by_dcmqi(path):
    for old in glob.glob("out/*"):
        os.remove(old)
    subprocess.run(["env/bin/segimage2itkimage", "--inputDICOM", path, "--outputDirectory", "out", "--outputType", "nrrd"], check=True, capture_output=True)
    files = [sitk.ReadImage(file) for file in sorted(glob.glob("out/*.nrrd"))]
    return places(np.max([sitk.GetArrayFromImage(file) for file in files], 0).transpose(2, 1, 0) > 0, of_image(files[0]))

def by_simpleitk(path):
    image = sitk.ReadImage(path)
    assert image.GetSpacing() == (1, 1, 1) and image.GetSize()[2] == 7 and sitk.GetArrayFromImage(image).max() == 255, "SimpleITK changed"
    return places(sitk.GetArrayFromImage(image).transpose(2, 1, 0) > 0, of_image(image))

def by_dcm2niix(path):
    for old in glob.glob("out/*"):
        os.remove(old)
    subprocess.run([dcm2niix.bin, "-s", "y", "-f", "out", "-o", "out", path], check=True, capture_output=True)
    image = nibabel.load(glob.glob("out/*.nii")[0])
    mask = np.asarray(image.dataobj) > 0
    return places(mask if mask.ndim == 3 else mask.any(3), np.diag((-1, -1, 1, 1)) @ image.affine)

os.mkdir("out")
truth = [np.array((-90 + 2 * x, -108 + 2 * y, 3 * z)) for x, y, z in ((31.5, 31.5, 3), (61.5, 51.5, 10.5))]
for kind, second in (("BINARY", 1), ("BINARY", 2), ("LABELMAP", 1), ("LABELMAP", 2)):
    write("seg.dcm", kind, second)
    for tool, read in (("highdicom", by_highdicom), ("dcmqi", by_dcmqi), ("SimpleITK", by_simpleitk), ("dcm2niix", by_dcm2niix)):
        try:
            off = [float(np.linalg.norm(found - place)) for found, place in zip(read("seg.dcm"), truth)]
        except RuntimeError:
            print(f"{kind:8s} segments {second} {tool:9s} refuses")
            assert tool == "SimpleITK" and kind == "LABELMAP", f"{tool} changed"
            continue
        print(f"{kind:8s} segments {second} {tool:9s} lower lesion {off[0]:5.1f} mm off, upper lesion {off[1]:5.1f} mm off")
        if tool in ("highdicom", "dcmqi"):
            assert max(off) < 0.1, f"{tool} changed"
        elif tool == "dcm2niix":
            assert off[0] < 0.1 and abs(off[1] - 12) < 0.1, "dcm2niix changed"
        else:
            assert kind == "BINARY" and min(off) > 20, "SimpleITK changed"
PY
