#!/usr/bin/env bash
# expected: of a CT or PET with 10 to 14 Bits Stored in words of 16 all readers take those bits alone, and give negative values their sign: what lies
#   above High Bit is no part of the value (DICOM PS3.5 8.1.1; older scanners keep an overlay there, others leave zeros).
# What happens: SimpleITK 2.5.7 and pydicom 3.0.2 do. dcm2niix 1.0.20260724 does so with 12 bits, not with 10, 13 and 14: of 13
#   bits -700 HU reads 7,492, of 14 bits 15,684; an overlay in the upper bits adds 8,192 or 16,384 to the brain below it. imageio
#   2.38.1 and dicomsdl 0.109.4 take all 16 bits of any number. Nothing is said. dcm2niix does it in JPEG-LS, too, as pydicom's compress
#   writes it, where the same file was right before it was compressed.
# For an MRI with a CT or PET: air outside and in the sinuses becomes denser than any bone; a file that was tried
#   with 12 bits says nothing about one with 14. Look at the minimum.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'SimpleITK==2.5.7' 'dcm2niix==1.0.20260724' 'imageio==2.38.1' 'dicomsdl==0.109.4' \
    'pydicom==3.0.2' 'pyjpegls==1.5.1' 'nibabel==5.4.2' 'numpy==2.3.5'
env/bin/python -W ignore - 2>errors <<'PY' || { tail -3 errors; exit 1; }
import glob, os, subprocess
import dcm2niix, dicomsdl, imageio, nibabel, numpy as np, pydicom, SimpleITK as sitk
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage as CT, ExplicitVRLittleEndian, JPEGLSLossless, generate_uid

def write(name, words, bits, overlay):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ExplicitVRLittleEndian, CT, generate_uid()
    d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    d.SOPClassUID, d.SOPInstanceUID, d.Modality, d.PatientID, d.PatientName = CT, meta.MediaStorageSOPInstanceUID, "CT", "1", "Phantom"
    d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = generate_uid(), generate_uid(), generate_uid()
    d.StudyDate, d.StudyTime, d.SeriesNumber, d.InstanceNumber, d.ImageType = "20260301", "120000", 1, 1, ["ORIGINAL", "PRIMARY", "AXIAL"]
    d.ImageOrientationPatient, d.ImagePositionPatient, d.PixelSpacing, d.SliceThickness = [1, 0, 0, 0, 1, 0], [0, 0, 0], [1, 1], 3
    d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = *words.shape, 1, "MONOCHROME2"
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, bits, bits - 1, 1
    d.RescaleSlope, d.RescaleIntercept, d.RescaleType = 1, 0, "HU"
    if overlay:
        d.add_new(0x60000010, "US", words.shape[0])
        d.add_new(0x60000011, "US", words.shape[1])
        d.add_new(0x60000040, "CS", "G")
        d.add_new(0x60000050, "SS", [1, 1])
        d.add_new(0x60000100, "US", 16)
        d.add_new(0x60000102, "US", bits)
    d.PixelData = words.astype("<u2").tobytes()
    d.save_as(name, enforce_file_format=True)

def converted(name):
    for old in glob.glob("out*.nii"):
        os.remove(old)
    subprocess.run([dcm2niix.bin, "-s", "y", "-f", "out", "-o", ".", name], check=True, capture_output=True)
    return nibabel.as_closest_canonical(nibabel.load("out.nii")).get_fdata()[::-1, ::-1, 0].T  # rows and columns of DICOM

readers = {
    "pydicom": lambda name: pydicom.dcmread(name).pixel_array,
    "SimpleITK": lambda name: sitk.GetArrayFromImage(sitk.ReadImage(name))[0],
    "dcm2niix": converted,
    "imageio": lambda name: imageio.v2.imread(name, "DICOM"),
    "dicomsdl": lambda name: dicomsdl.open(name).pixelData(storedvalue=False),
}
for bits in (10, 12, 13, 14):
    truth = np.full((32, 40), -700 if bits > 10 else -400)
    truth[8:24, 8:32] = 40
    marked = np.zeros_like(truth)
    marked[12:16, 12:28] = 1
    for case, upper in (("zeros", 0 * marked), ("overlay", marked), ("jpeg-ls", 0 * marked)):
        name = f"{bits}{case}.dcm"
        write(name, (truth & ((1 << bits) - 1)) | (upper << bits), bits, case == "overlay")
        if case == "jpeg-ls":
            write(name, truth & 0xFFFF, bits, False)  # signs run through all 16 bits
            plain = readers["dcm2niix"](name)
            assert np.array_equal(plain, truth), "dcm2niix changed"
            d = pydicom.dcmread(name)
            d.compress(JPEGLSLossless)
            d.save_as(name)
        for tool, read in readers.items():
            if case == "jpeg-ls" and tool in ("imageio", "dicomsdl"):
                continue  # they do not read it, or by another library
            seen = np.asarray(read(name), float)
            air, brain, below = seen[0, 0], seen[20, 20], seen[13, 20]
            print(f"{bits} bits, {case:8s} {tool:13s} air {air:6.0f} ({truth[0, 0]}), brain {brain:4.0f} (40), below the overlay {below:6.0f}")
            if tool in ("pydicom", "SimpleITK") or (tool == "dcm2niix" and bits == 12):
                assert np.array_equal(seen, truth), f"{tool} changed"
            else:
                assert (air, brain) == (truth[0, 0] + (1 << bits), 40), f"{tool} changed"
                assert below == 40 + (1 << bits) * (case == "overlay"), f"{tool} changed"
PY
