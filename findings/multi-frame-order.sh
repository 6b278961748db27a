#!/usr/bin/env bash
# One would guess: readers put the frames of an enhanced multi-frame PET or MR where each frame's Image Position says, in whatever
#   order they are stored (DICOM leaves the order free), as they sort the files of a classic series.
# What happens with frames stored interleaved (1, 3, 5, 2, 4, 6; voxels of 4 x 4 x 5 mm): SimpleITK 2.5.7 and itkwasm-dicom 7.6.4
#   stack them as stored and make every voxel 1 x 1 x 1 mm, without a warning. dcm2niix 1.0.20260724 and highdicom 0.28.2 sort
#   them. Stored from the feet up or from the head down, all agree.
# For an MRI with a PET: a head of a quarter of its width with its slices shuffled. A voxel of exactly 1 mm in a multi-frame file
#   is to be checked against its Pixel Spacing.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'SimpleITK==2.5.7' 'itkwasm-dicom==7.6.4' 'nibabel==5.4.2' \
    'dcm2niix==1.0.20260724' 'highdicom==0.28.2' 'pydicom==3.0.2'
env/bin/python -W ignore - <<'PY'
import os, subprocess
import dcm2niix, highdicom, itkwasm_dicom, nibabel, numpy as np, SimpleITK as sitk
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import EnhancedPETImageStorage as PET, ExplicitVRLittleEndian, generate_uid

def item(**elements):
    d = Dataset()
    for name, value in elements.items():
        setattr(d, name, value)
    return d

def write(path, order):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, PET
    meta.MediaStorageSOPInstanceUID = generate_uid()
    d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    d.SOPClassUID, d.SOPInstanceUID = PET, meta.MediaStorageSOPInstanceUID
    d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = generate_uid(), generate_uid(), generate_uid()
    d.Modality, d.PatientID, d.PatientName, d.PatientPosition = "PT", "1", "Phantom", "HFS"
    d.ImageType, d.AcquisitionDateTime = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"], "20260301120000"
    d.SeriesNumber, d.InstanceNumber, d.ContentDate, d.ContentTime = 1, 1, "20260301", "120000"
    organization = generate_uid()
    d.DimensionOrganizationSequence = [item(DimensionOrganizationUID=organization)]
    d.DimensionIndexSequence = [
        item(DimensionOrganizationUID=organization, DimensionIndexPointer=pointer, FunctionalGroupPointer=0x00209111)
        for pointer in (0x00209056, 0x00209057)  # Stack ID, In-Stack Position Number
    ]
    d.SharedFunctionalGroupsSequence = [
        item(
            PlaneOrientationSequence=[item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
            PixelMeasuresSequence=[item(PixelSpacing=[4, 4], SliceThickness=5)],
            PixelValueTransformationSequence=[item(RescaleIntercept=0, RescaleSlope=0.5, RescaleType="US")],
        )
    ]
    d.PerFrameFunctionalGroupsSequence = [
        item(
            PlanePositionSequence=[item(ImagePositionPatient=[-60, -70, 50 + 5 * k])],
            FrameContentSequence=[
                item(
                    StackID="1", InStackPositionNumber=k + 1, DimensionIndexValues=[1, k + 1], FrameAcquisitionDuration=3e5,
                    FrameAcquisitionDateTime="20260301120000", FrameReferenceDateTime="20260301120230",
                )
            ],
        )
        for k in order
    ]
    d.NumberOfFrames, d.Rows, d.Columns = len(order), 20, 24
    d.SamplesPerPixel, d.PhotometricInterpretation = 1, "MONOCHROME2"
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 0
    d.PixelData = np.stack([np.full((20, 24), 2000 * (k + 1)) for k in order]).astype("<u2").tobytes()
    d.save_as(path, enforce_file_format=True)

truth = {50 + 5 * k: 1000 * (k + 1) for k in range(6)}  # height in mm: value
orders = {"up": range(6), "down": range(5, -1, -1), "interleaved": (0, 2, 4, 1, 3, 5)}
for name, order in orders.items():
    os.makedirs(name)
    path = f"{name}/pet.dcm"
    write(path, order)
    subprocess.run([dcm2niix.bin, "-f", "out", "-o", ".", name], check=True, capture_output=True)
    nifti = nibabel.load("out.nii")
    image = sitk.ReadImage(path)
    wasm, _ = itkwasm_dicom.read_image_dicom_file_series(input_images=[path])
    volume = highdicom.imread(path).get_volume()
    seen = {
        "dcm2niix": (nifti.affine[2, 3], nifti.affine[2, 2], nifti.get_fdata()[3, 3]),
        "highdicom": (volume.affine[2, 3], volume.affine[2, 0], volume.array[:, 3, 3]),
        "SimpleITK": (image.GetOrigin()[2], image.GetDirection()[8] * image.GetSpacing()[2], sitk.GetArrayFromImage(image)[:, 3, 3]),
        "itkwasm-dicom": (wasm.origin[2], wasm.direction[2][2] * wasm.spacing[2], np.asarray(wasm.data)[:, 3, 3]),
    }
    for tool, (start, step, values) in seen.items():
        got = {round(float(start + step * k)): round(float(v)) for k, v in enumerate(values)}
        print(f"{name:12s} {tool:14s}", "right" if got == truth else f"mm: value {got}")
        wrong = name == "interleaved" and tool in ("SimpleITK", "itkwasm-dicom")
        assert (got == truth) != wrong, f"{tool} changed"
    os.remove("out.nii")
assert image.GetSpacing() == (1, 1, 1) and list(wasm.spacing) == [1, 1, 1], "SimpleITK or itkwasm changed"
PY
