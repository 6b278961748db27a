#!/usr/bin/env bash
# One would guess: dcm2niix, which knows the real world values of Philips and of PET, applies the Real World Value Mapping of a Parametric Map, the
#   object that SUVR, Ki and ADC maps are stored in and whose only scale it is.
# What happens: of a map that is stored as integers (SUVR 1.5 and 7, slope 0.001), written by highdicom 0.28.2, dcm2niix 1.0.20260724 gives
#   1,500 and 7,000, with scl_slope 1 and nothing in the side-car that says so. Stored as float32 or float64 the values are right. Places are
#   right in all. highdicom itself is right; SimpleITK 2.5.7 refuses all three.
# For an MRI with a PET map: thresholds (SUVR above 1.2 is positive) hold everywhere, and a series of maps is of two scales where one
#   was stored as floats. Ask the object for its mapping, and multiply.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'highdicom==0.28.2' 'SimpleITK==2.5.7' 'dcm2niix==1.0.20260724' 'nibabel==5.4.2' 'pydicom==3.0.2' 'numpy==2.4.6'
env/bin/python -W ignore - 2>errors <<'PY' || { tail -3 errors; exit 1; }
import glob, json, os, subprocess
import dcm2niix, highdicom as hd, nibabel, numpy as np, SimpleITK as sitk
from highdicom.pm import ParametricMap, RealWorldValueMapping
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage as MR, generate_uid

study, series, frame = generate_uid(), generate_uid(), generate_uid()
source = []
for k in range(8):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ExplicitVRLittleEndian, MR, generate_uid()
    d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    d.SOPClassUID, d.SOPInstanceUID, d.InstanceNumber, d.SeriesNumber, d.Modality = MR, meta.MediaStorageSOPInstanceUID, k + 1, 1, "MR"
    d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID, d.PositionReferenceIndicator = study, series, frame, ""
    d.PatientID, d.PatientName, d.PatientBirthDate, d.PatientSex, d.StudyID, d.AccessionNumber = "1", "Phantom", "", "O", "1", ""
    d.StudyDate, d.StudyTime, d.Manufacturer, d.ReferringPhysicianName = "20260301", "120000", "Generated", ""
    d.ImageOrientationPatient, d.ImagePositionPatient, d.PatientPosition = [1, 0, 0, 0, 1, 0], [-16, -20, 4.0 * k], "HFS"
    d.PixelSpacing, d.SliceThickness, d.Rows, d.Columns = [3, 2], 4, 14, 16
    d.SamplesPerPixel, d.PhotometricInterpretation, d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 1, "MONOCHROME2", 16, 16, 15, 0
    d.PixelData = bytes(2 * 14 * 16)
    source.append(d)
truth = np.zeros((8, 14, 16))
truth[:, 3:10, 4:12], truth[4, 5, 6] = 1.5, 7.0
os.mkdir("out")
for kind in (np.uint16, np.float32, np.float64):
    whole = kind is np.uint16
    stored = np.round(truth / 0.001).astype(kind) if whole else truth.astype(kind)
    span = [int(stored.min()), int(stored.max())] if whole else [float(stored.min()), float(stored.max())]
    mapping = RealWorldValueMapping(
        lut_label="SUVR", lut_explanation="SUVR", unit=codes.UCUM.NoUnits, value_range=span, slope=0.001 if whole else 1.0, intercept=0.0
    )
    ParametricMap(
        source, stored, hd.UID(), 7, hd.UID(), 1, "maker", "model", "1", "0", contains_recognizable_visual_features=False,
        real_world_value_mappings=[mapping], window_center=3, window_width=6,
    ).save_as("map.dcm")
    for old in glob.glob("out/*"):
        os.remove(old)
    subprocess.run([dcm2niix.bin, "-s", "y", "-b", "y", "-f", "out", "-o", "out", "map.dcm"], check=True, capture_output=True)
    image = nibabel.load("out/out.nii")
    side = json.load(open("out/out.json")) if os.path.exists("out/out.json") else {}
    top, usual = float(image.get_fdata().max()), float(np.median(image.get_fdata()[image.get_fdata() > 0]))
    volume = hd.imread("map.dcm").get_volume().array
    print(f"{kind.__name__:8s} of SUVR 1.5 and 7: dcm2niix {usual:g} and {top:g}, highdicom {float(np.median(volume[volume > 0])):g} and {float(volume.max()):g}")
    assert abs(volume.max() - 7) < 1e-6, "highdicom changed"
    assert (top, usual) == ((7000, 1500) if whole else (7, 1.5)), "dcm2niix changed"
    assert not any("RealWorld" in key or "Slope" in key for key in side), "dcm2niix now says it in its side-car"
    try:
        sitk.ReadImage("map.dcm")
        raise SystemExit("SimpleITK now reads it")
    except RuntimeError:
        pass
PY
