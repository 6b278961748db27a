#!/usr/bin/env bash
# One would guess: DICOM libraries of web viewers keep each PET slice's Rescale Slope when they make a volume or a multi-frame
#   object of a series.
# What happens: dcmjs 0.52.2's normalizer (the first step of OHIF's segmentations) makes an Enhanced PET with ONE slope for all
#   frames, that of the first slice, in the shared groups; the frames keep their own integers. daikon 1.2.46 gives right
#   values slice by slice (getInterpretedData), but concatenateImageData joins the raw integers: every slice peaks at 32767.
# For an MRI with a PET: a lesion of 40,000 Bq/ml becomes 5,000, as bright as the brain; nothing is missing, nothing warns.
#   (Needs node and npm.)
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
command -v npm node >/dev/null || { echo "needs node and npm"; exit 1; }
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'pydicom==3.0.2' 'numpy==2.4.6'
npm install --silent --no-audit --no-fund --ignore-scripts 'daikon@1.2.46' 'dcmjs@0.52.2'
env/bin/python - <<'PY'
import os
import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage as PET, generate_uid

volume = np.full((12, 16, 16), 50.0)
volume[:, 4:12, 4:12] = 5000  # brain
volume[7, 7:9, 7:9] = 40000  # a lesion in slice 7
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
    d.AcquisitionDate = d.SeriesDate = d.StudyDate = d.ContentDate = "20260301"
    d.AcquisitionTime = d.SeriesTime = d.StudyTime = d.ContentTime = "120000"
    d.SeriesNumber, d.AcquisitionNumber, d.ImageType, d.ActualFrameDuration = 1, 1, ["ORIGINAL", "PRIMARY"], 300000
    d.ImageOrientationPatient, d.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 3.0 * k]
    d.PixelSpacing, d.SliceThickness = [4, 4], 3
    d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 16, 16, 1, "MONOCHROME2"
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 1
    d.RescaleIntercept, d.RescaleSlope = 0, round(values.max() / 32767, 8)
    d.PixelData = np.round(values / float(d.RescaleSlope)).astype("<i2").tobytes()
    d.save_as(f"pet/{k:03d}.dcm", enforce_file_format=True)
PY
cat > run.cjs <<'JS'
const fs = require("fs"), assert = require("assert"), daikon = require("daikon"), dcmjs = require("dcmjs");
const { DicomMessage, DicomMetaDictionary } = dcmjs.data;
const buffers = fs.readdirSync("pet").sort().map(f => { const b = fs.readFileSync("pet/" + f); return b.buffer.slice(b.byteOffset, b.byteOffset + b.length); });
const datasets = buffers.map(b => {
  const file = DicomMessage.readFile(b), set = DicomMetaDictionary.naturalizeDataset(file.dict);
  set._meta = DicomMetaDictionary.namifyDataset(file.meta);
  set._vrMap = { PixelData: "OW" };
  return set;
});
const slopes = datasets.map(d => Number(d.RescaleSlope));
const multi = dcmjs.normalizers.Normalizer.normalizeToDataset(datasets);
const first = g => (Array.isArray(g) ? g[0] : g);
const shared = first(first(multi.SharedFunctionalGroupsSequence).PixelValueTransformationSequence);
const own = multi.PerFrameFunctionalGroupsSequence.filter(f => f.PixelValueTransformationSequence).length;
console.log("slopes of the slices", [...new Set(slopes)].map(s => s.toFixed(4)), "dcmjs: shared", shared.RescaleSlope, "frames with their own:", own);
const series = new daikon.Series();
for (const b of buffers) series.addImage(daikon.Series.parseImage(new DataView(b)));
series.buildSeries();
const each = series.images.map(i => Math.round(i.getInterpretedData(false, true).max));
series.concatenateImageData(null, joined => {
  const all = new Int16Array(joined), n = all.length / 12, peaks = [];
  for (let k = 0; k < 12; k++) peaks.push(Math.max(...all.subarray(k * n, (k + 1) * n)));
  console.log("daikon slice by slice", each.join(" "));
  console.log("daikon concatenated  ", peaks.join(" "));
  assert(Math.abs(Number(shared.RescaleSlope) - slopes[0]) < 1e-9 && own === 0, "dcmjs changed");
  assert(Math.abs(shared.RescaleSlope * 32767 - 5000) < 2 && Math.abs(each[7] - 40000) < 2);
  assert(peaks.every(p => p === 32767), "daikon changed");
});
JS
node run.cjs
