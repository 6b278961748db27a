#!/usr/bin/env bash
# One would guess: programs that turn the contours of an RT Structure Set into a mask agree about a ball of 12 mm on voxels of 2 x 2 x 3
#   mm to a few percent, about its necrotic core (an inner contour), and about its place to a part of a voxel.
# What happens: rt-utils 1.2.7 takes every voxel that a contour touches: 24 % too much, 34 % with the core, which becomes too small. With
#   oblong pixels (1.2 x 2.4 mm) it mixes up the two spacings: the mask lies 50 mm off, without a warning. pycerr 2.5.1 is right to
#   1 %, on oblique slices too, but cuts 29 % off where pixels are oblong. plastimatch 1.9.4 (Debian 12) is right with both kinds of
#   pixels, and fills the core.
# For an MRI with a PET: volume and mean uptake of a contoured lesion depend on the reader by more than a follow-up is about, and where
#   the core is filled in or the mask lies elsewhere nothing says so. Convert contours to a DICOM SEG or a label map where they were
#   drawn, and compare the volume. (Needs the apt-get of Debian 12.)
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
command -v apt-get >/dev/null || { echo "needs apt-get"; exit 1; }
python3 -m venv env
env/bin/pip install -q --no-compile --disable-pip-version-check 'rt-utils==1.2.7' 'pycerr==2.5.1' 'pydicom==3.0.2' 'SimpleITK==2.5.7' 'numpy==2.4.6'
version=1.9.4+dfsg.2-0+deb12u1
wanted=$(apt-get install -s --no-install-recommends "plastimatch=$version" | awk '/^Inst/ {print $2}')
# shellcheck disable=SC2086
apt-get download -qq ${wanted:-plastimatch="$version"} 2>/dev/null  # unpacked here, not installed
for package in *.deb; do dpkg -x "$package" root; done
PLASTIMATCH_LIBRARIES=$(find "$work/root" -name "*.so*" -printf "%h\n" | sort -u | paste -sd:)
export PLASTIMATCH_LIBRARIES
OMP_NUM_THREADS=1 env/bin/python -W ignore - <<'PY'
import contextlib, io, logging, os, shutil, subprocess
logging.disable(50)
import numpy as np, SimpleITK as sitk
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage as MR, RTStructureSetStorage as RT, generate_uid
from rt_utils import RTStructBuilder
with contextlib.redirect_stdout(io.StringIO()):
    import cerr.plan_container as plans

def item(**elements):
    d = Dataset()
    for name, value in elements.items():
        setattr(d, name, value)
    return d

def begin(kind):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, kind
    meta.MediaStorageSOPInstanceUID = generate_uid()
    d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    d.SOPClassUID, d.SOPInstanceUID, d.PatientID, d.PatientName = kind, meta.MediaStorageSOPInstanceUID, "1", "Phantom"
    d.StudyDate = d.SeriesDate = "20260301"
    d.StudyTime = d.SeriesTime = "120000"
    d.PatientBirthDate, d.PatientSex, d.StudyID, d.AccessionNumber, d.Manufacturer = "19700101", "O", "1", "", "Generated"
    return d

def study(folder, spacing, turn, core):
    """An MRI of one value and a ball of 12 mm in contours; returns its volume (as contoured) and its center in LPS mm."""
    os.makedirs(f"{folder}/images")
    study_uid, series, frame = generate_uid(), generate_uid(), generate_uid()
    columns, rows, slices, origin = 48, 48, 14, np.array((-40.0, -50.0, -20.0))
    references = []
    for k in range(slices):
        d = begin(MR)
        d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID, d.Modality = study_uid, series, frame, "MR"
        d.SeriesNumber, d.InstanceNumber, d.PatientPosition, d.ImageType = 1, k + 1, "HFS", ["ORIGINAL", "PRIMARY"]
        d.ImageOrientationPatient = [float(round(v, 8)) for v in (*turn[:, 0], *turn[:, 1])]
        d.ImagePositionPatient = [float(round(v, 6)) for v in origin + turn[:, 2] * spacing[2] * k]
        d.PixelSpacing, d.SliceThickness = [spacing[1], spacing[0]], spacing[2]
        d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = rows, columns, 1, "MONOCHROME2"
        d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 1
        d.PixelData = np.full((rows, columns), 100, "<i2").tobytes()
        d.save_as(f"{folder}/images/{k:03d}.dcm", enforce_file_format=True)
        references.append(item(ReferencedSOPClassUID=MR, ReferencedSOPInstanceUID=d.SOPInstanceUID))
    middle = np.array((23.3, 22.4, 6.2)) * spacing
    angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    contours, volume = [], 0.0
    for k in range(slices):
        for radius, sign in ((12.0, 1), (core, -1)):
            square = radius**2 - (k * spacing[2] - middle[2]) ** 2
            if not radius or square < 4:
                continue
            ring = np.stack([middle[0] + square**0.5 * np.cos(angle), middle[1] + square**0.5 * np.sin(angle), np.full(180, k * spacing[2])], -1)
            contours.append(
                item(
                    ContourImageSequence=[references[k]], ContourGeometricType="CLOSED_PLANAR", NumberOfContourPoints=180,
                    ContourData=[f"{v:.4f}" for v in (ring @ turn.T + origin).ravel()],
                )
            )
            volume += sign * np.pi * square * spacing[2]
    d = begin(RT)
    d.StudyInstanceUID, d.SeriesInstanceUID, d.Modality, d.SeriesNumber = study_uid, generate_uid(), "RTSTRUCT", 2
    d.StructureSetLabel, d.StructureSetDate, d.StructureSetTime, d.ApprovalStatus = "s", "20260301", "120000", "UNAPPROVED"
    in_series = item(SeriesInstanceUID=series, ContourImageSequence=references)
    in_study = item(ReferencedSOPClassUID="1.2.840.10008.3.1.2.3.1", ReferencedSOPInstanceUID=study_uid, RTReferencedSeriesSequence=[in_series])
    d.ReferencedFrameOfReferenceSequence = [item(FrameOfReferenceUID=frame, RTReferencedStudySequence=[in_study])]
    d.StructureSetROISequence = [item(ROINumber=1, ReferencedFrameOfReferenceUID=frame, ROIName="tumor", ROIGenerationAlgorithm="MANUAL")]
    d.ROIContourSequence = [item(ROIDisplayColor=[255, 0, 0], ContourSequence=contours, ReferencedROINumber=1)]
    d.RTROIObservationsSequence = [item(ObservationNumber=1, ReferencedROINumber=1, RTROIInterpretedType="", ROIInterpreter="")]
    d.save_as(f"{folder}/rt.dcm", enforce_file_format=True)
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = turn * spacing, origin
    return volume, turn @ middle + origin, affine

def from_file(path):
    image = sitk.ReadImage(path)
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return sitk.GetArrayFromImage(image).transpose(2, 1, 0) > 0, affine

def by_rt_utils(folder, affine):
    rt = RTStructBuilder.create_from(f"{folder}/images", f"{folder}/rt.dcm")
    return rt.get_roi_mask_by_name("tumor").transpose(1, 0, 2), affine

def by_pycerr(folder, affine):
    shutil.copytree(f"{folder}/images", f"{folder}/all")
    shutil.copy(f"{folder}/rt.dcm", f"{folder}/all")
    with contextlib.redirect_stdout(io.StringIO()):
        plan = plans.loadDcmDir(f"{folder}/all")
        plan.structure[0].saveNii(f"{folder}/cerr.nii.gz", plan)
    return from_file(f"{folder}/cerr.nii.gz")

def by_plastimatch(folder, affine):
    command = ["root/usr/bin/plastimatch", "convert", "--input", f"{folder}/rt.dcm", "--referenced-ct", f"{folder}/images", "--output-prefix", f"{folder}/pm", "--prefix-format", "nrrd"]
    libraries = {**os.environ, "LD_LIBRARY_PATH": os.environ["PLASTIMATCH_LIBRARIES"]}
    subprocess.run(command, check=True, capture_output=True, env=libraries)
    return from_file(f"{folder}/pm/tumor.nrrd")

turned = np.array(sitk.Euler3DTransform((0, 0, 0), 0.21, -0.14, 0.35).GetMatrix()).reshape(3, 3)
cases = {"plain": ((2, 2, 3), np.eye(3), 0.0), "core": ((2, 2, 3), np.eye(3), 6.0), "oblique": ((2, 2, 3), turned, 0.0), "oblong": ((1.2, 2.4, 3), np.eye(3), 0.0)}
found = {}
for name, (spacing, turn, core) in cases.items():
    volume, center, affine = study(name, spacing, turn, core)
    for tool, read in (("rt-utils", by_rt_utils), ("pycerr", by_pycerr), ("plastimatch", by_plastimatch)):
        if tool == "plastimatch" and name == "oblique":
            continue  # it draws on straight slices only
        mask, at = read(name, affine)
        share = mask.sum() * abs(np.linalg.det(at[:3, :3])) / volume
        off = np.linalg.norm(at[:3, :3] @ np.argwhere(mask).mean(0) + at[:3, 3] - center)
        found[name, tool] = share, off
        print(f"{name:8s} {tool:12s} {100 * share:5.0f} % of the volume, center {off:5.1f} mm off")
for name in ("plain", "oblique"):
    assert 1.2 < found[name, "rt-utils"][0] < 1.3 and found[name, "rt-utils"][1] < 0.3, "rt-utils changed"
    assert abs(found[name, "pycerr"][0] - 1) < 0.02 and found[name, "pycerr"][1] < 0.3, "pycerr changed"
assert found["core", "rt-utils"][0] > 1.3 and found["oblong", "rt-utils"][1] > 40, "rt-utils changed"
assert found["oblong", "pycerr"][0] < 0.75, "pycerr changed"
assert all(abs(found[name, "plastimatch"][0] - 1) < 0.03 and found[name, "plastimatch"][1] < 0.3 for name in ("plain", "oblong")), "plastimatch changed"
assert abs(found["core", "plastimatch"][0] - 12**3 / (12**3 - 6**3)) < 0.03, "plastimatch changed"
PY
