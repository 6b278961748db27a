#!/usr/bin/env bash
# One would guess: medcon (XMedCon), made for nuclear medicine, writes a PET series to NIfTI with its values and its place.
# What happens: xmedcon 0.23.0 (Debian) without -qs or -qc writes the stored integers and a slope of 1: every slice peaks at
#   32767, a lesion of 40,000 Bq/ml and brain of 5,000 alike. With -qc the values are right. Either way the place is lost:
#   qform and sform codes are 0, though the DICOM header says where each slice lies, so that readers guess the handedness
#   apart from each other (nifti-without-codes.sh).
# For an MRI with a PET: convert with a tool that keeps the affine. (Needs the apt-get of Debian 12.)
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
command -v apt-get >/dev/null || { echo "needs apt-get"; exit 1; }
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'pydicom==3.0.2' 'nibabel==5.4.2' 'numpy==2.4.6'
version=0.23.0-gtk3+dfsg-1+deb12u2
wanted=$(apt-get install -s --no-install-recommends "medcon=$version" | awk '/^Inst/ {print $2}')
# shellcheck disable=SC2086
apt-get download -qq ${wanted:-medcon="$version" libmdc3="$version"} 2>/dev/null  # unpacked here, not installed
for package in *.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH=$work/root/usr/lib/$(uname -m)-linux-gnu PATH=$work/root/usr/bin:$PATH
env/bin/python - <<'PY'
import os
import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage as PET, generate_uid

volume = np.full((12, 16, 16), 50.0)
volume[:, 4:12, 4:12] = 5000
volume[7, 7:9, 7:9] = 40000
series, study, frame = generate_uid(), generate_uid(), generate_uid()
os.mkdir("pet")
for k, values in enumerate(volume):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, PET
    meta.MediaStorageSOPInstanceUID = generate_uid()
    d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    d.SOPClassUID, d.SOPInstanceUID = PET, meta.MediaStorageSOPInstanceUID
    d.SeriesInstanceUID, d.StudyInstanceUID, d.FrameOfReferenceUID = series, study, frame
    d.Modality, d.Units, d.PatientID, d.PatientName, d.InstanceNumber = "PT", "BQML", "1", "Phantom", k + 1
    d.ImageOrientationPatient, d.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-32, -32, 12 + 3.0 * k]
    d.PixelSpacing, d.SliceThickness, d.SpacingBetweenSlices = [4, 4], 3, 3
    d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 16, 16, 1, "MONOCHROME2"
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 1
    d.RescaleIntercept, d.RescaleSlope = 0, round(values.max() / 32767, 8)
    d.PixelData = np.round(values / float(d.RescaleSlope)).astype("<i2").tobytes()
    d.save_as(f"pet/{k:03d}.dcm", enforce_file_format=True)
PY
for option in "" -qc; do
    # shellcheck disable=SC2086
    medcon -f pet/*.dcm -stack3d $option -c nifti -w -o "m$option" >/dev/null 2>&1
done
env/bin/python - <<'PY'
import nibabel, numpy as np

plain, calibrated = nibabel.load("m.nii"), nibabel.load("m-qc.nii")
peaks = [np.squeeze(i.get_fdata()).max((0, 1)).round().astype(int).tolist() for i in (plain, calibrated)]
print("slice maxima, meant 5000 and once 40000:\n  medcon    ", peaks[0], "\n  medcon -qc", peaks[1])
codes = [int(i.header[f"{form}form_code"]) for i in (plain, calibrated) for form in "qs"]
print("qform and sform codes", codes)
assert set(peaks[0]) == {32767}, "medcon's default changed"
assert max(abs(v - (40000 if v > 9000 else 5000)) for v in peaks[1]) < 5 and max(peaks[1]) > 39000
assert codes == [0, 0, 0, 0], "medcon now keeps the place"
PY
