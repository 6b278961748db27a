#!/usr/bin/env bash
# One would guess: the MONAI Deploy App SDK's DICOMSeriesToVolumeOperator gives the values of a PET (stored number times Rescale
#   Slope), whatever its slices hold.
# What happens with 4.0.0: the whole volume takes the number type of its lowest slice, which is made int16 or uint16 where that
#   loses nothing of that slice. If it is empty (usual above and below a head), every SUV of the other slices is cut to a whole
#   number without a word (0.99 becomes 0, 2.99 becomes 2), and activity beyond 32,767 Bq/ml turns negative (48,000 becomes
#   -17,536). With one count in the first slice all is right.
# For an MRI with a PET: a brain of SUV 0 to 12 is left with 12 steps, or its hottest lesion is the coldest place. Refuse a
#   volume of integers there, or scale the slices yourself. (Linux with glibc 2.35 or later; no GPU is used.)
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'numpy==2.4.6' 'pydicom==3.0.2' 'wheel-axle-runtime==0.0.13' \
    'tritonclient[grpc,http]==2.73.0' 'typeguard==4.6.1' 'colorama==0.4.6' 'packaging==26.4'
env/bin/pip install -q --no-deps --no-compile --disable-pip-version-check 'monai-deploy-app-sdk==4.0.0' 'holoscan-cu13==4.6.0'
env/bin/python -W ignore - 2>log <<'PY' || { tail -3 log; exit 1; }
import os, sys, types
from pathlib import Path
import monai.deploy.core, numpy as np
from monai.deploy.core import Fragment
from monai.deploy.core.domain.dicom_series_selection import SelectedSeries, StudySelectedSeries

# The folder of operators without its __init__, which imports all others and all that these need (MONAI, torch, highdicom).
operators = sys.modules["monai.deploy.operators"] = types.ModuleType("monai.deploy.operators")
operators.__path__ = [str(Path(monai.deploy.core.__file__).parents[1] / "operators")]
from monai.deploy.operators.dicom_data_loader_operator import DICOMDataLoaderOperator
from monai.deploy.operators.dicom_series_to_volume_operator import DICOMSeriesToVolumeOperator
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage as PET, generate_uid

def write(folder, counts, units, slope):
    series, study, frame = generate_uid(), generate_uid(), generate_uid()
    os.makedirs(folder)
    for k, count in enumerate(counts):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, PET
        meta.MediaStorageSOPInstanceUID = generate_uid()
        d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        d.SOPClassUID, d.SOPInstanceUID = PET, meta.MediaStorageSOPInstanceUID
        d.SeriesInstanceUID, d.StudyInstanceUID, d.FrameOfReferenceUID = series, study, frame
        d.Modality, d.Units, d.PatientID, d.PatientName = "PT", units, "1", "Phantom"
        d.SeriesType, d.NumberOfSlices, d.ImageIndex, d.InstanceNumber = ["STATIC", "IMAGE"], len(counts), 1 + k, 1 + k
        d.AcquisitionDate = d.SeriesDate = d.StudyDate = "20260301"
        d.AcquisitionTime = d.SeriesTime = d.StudyTime = "120000"
        d.ImageOrientationPatient, d.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 3.0 * k]
        d.PixelSpacing, d.SliceThickness, d.ImageType = [4, 4], 3, ["ORIGINAL", "PRIMARY"]
        d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 16, 16, 1, "MONOCHROME2"
        d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 0
        d.RescaleIntercept, d.RescaleSlope = 0, slope
        if units == "GML":
            d.SUVType = "BW"
        pixels = np.zeros((16, 16), "<u2")
        pixels[4:12, 4:12] = count
        d.PixelData = pixels.tobytes()
        d.save_as(f"{folder}/{k}.dcm", enforce_file_format=True)

fragment, seen = Fragment(), {}
for units, slope, counts in (("GML", 0.001, (990, 1490, 1990, 2490, 2990)), ("BQML", 1.5, (4000, 8000, 16000, 20000, 32000))):
    for first in (1, 0):
        folder = f"{units}{first}"
        write(folder, (first, *counts), units, slope)
        loader = DICOMDataLoaderOperator(fragment, input_folder=Path(folder), name=f"load {folder}")
        study = loader.load_data_to_studies(Path(folder))[0]
        selected = StudySelectedSeries(study)
        selected.add_selected_series(SelectedSeries("PET", study.get_all_series()[0]))
        volume = DICOMSeriesToVolumeOperator(fragment, name=f"volume {folder}").convert_to_image([selected]).asnumpy()
        seen[folder] = values = volume[1:, 8, 8]
        meant = [round(c * slope, 3) for c in counts]
        print(units, "first slice", "one count" if first else "empty    ", volume.dtype, values.tolist(), "meant", meant)
        assert not first or np.allclose(values, meant), "the SDK changed"
assert seen["GML0"].tolist() == [0, 1, 1, 2, 2] and seen["GML0"].dtype == np.int16, "the SDK changed"
assert seen["BQML0"].tolist() == [6000, 12000, 24000, 30000, 48000 - 65536], "the SDK changed"
PY
