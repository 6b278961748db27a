"""The same study as DICOM and as NIfTI fuses to the same voxels: neither way in changes values, places or sides.

The NIfTI files are made from the known stored values and places of the phantom, or, for real series, by SimpleITK and
nibabel: not by the reader under test.
"""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from blobs import blobs
from dicom_phantom import AXIAL, OBLIQUE, classic, spect

import coconet_med

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "dicom"


SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)


CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)


def nifti(path: Path, values: np.ndarray, orientation, origin, spacing, step: float) -> Path:
    """(k, j, i) values of slices along rows x columns, as NIfTI (i, j, k) with a RAS affine, along the normal."""
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    if step < 0:
        values, origin, step = values[::-1], origin + (len(values) - 1) * step * np.cross(row, column), -step
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = row * spacing[1], column * spacing[0]
    affine[:3, 2], affine[:3, 3] = np.cross(row, column) * step, origin
    nib.save(nib.Nifti1Image(values.transpose(2, 1, 0).astype(np.float32), np.diag([-1, -1, 1, 1]) @ affine), path)
    return path


def assert_same_voxels(one, other) -> None:
    """Equal colors, and equal luminance but for the last bits of float32, on the same grid."""
    np.testing.assert_array_equal(sitk.GetArrayFromImage(one.color), sitk.GetArrayFromImage(other.color))
    np.testing.assert_allclose(
        sitk.GetArrayFromImage(one.luminance), sitk.GetArrayFromImage(other.luminance), rtol=0, atol=1e-6
    )
    for get in ("GetSize", "GetOrigin", "GetSpacing", "GetDirection"):
        np.testing.assert_allclose(getattr(one.color, get)(), getattr(other.color, get)(), atol=1e-5)
    assert one.plane == other.plane


MR = {"origin": (-31.5, -28.25, 12.0), "spacing": (2.5, 2.25), "step": 3.0}


PET = {"origin": (-33.0, -30.5, 9.0), "spacing": (3.5, 3.25), "step": 4.0}


@pytest.mark.parametrize("orientation", [AXIAL, OBLIQUE, SAGITTAL, CORONAL], ids=["axial", "oblique", "sag", "cor"])
@pytest.mark.parametrize("direction", [1, -1])
def test_a_pet_study_agrees(tmp_path, mean_model, orientation, direction):
    """Slice order, per-slice slope and SUV; the MR in any orientation, the PET axial."""
    mr, pet = blobs((10, 20, 24), 1), blobs((12, 16, 18), 2)
    slopes = np.linspace(0.5, 2.0, len(pet))
    where = {**MR, "step": direction * MR["step"]}
    classic(tmp_path / "study" / "a", "MR", values=mr, orientation=orientation, **where)
    classic(tmp_path / "study" / "b", "PT", series="PET AC", values=pet, slopes=slopes, **PET)
    from_dicom = coconet_med.fuse(tmp_path / "study", model=mean_model, register="never")
    assert from_dicom.window.units == "SUVbw"
    # QIBA: weight / (dose decayed from 10:15 to 11:00), 70 kg, 200 MBq, fluorine-18.
    suv = 70_000 / (200e6 * 2 ** (-45 * 60 / 6586.2))
    from_nifti = coconet_med.fuse(
        nifti(tmp_path / "mr.nii.gz", mr, orientation, **where),
        nifti(tmp_path / "pet.nii.gz", pet * slopes[:, None, None] * suv, AXIAL, **PET),
        model=mean_model,
        register="never",
        plane=from_dicom.plane,
    )
    assert_same_voxels(from_dicom, from_nifti)


def test_a_spect_study_agrees(tmp_path, mean_model):
    mr = blobs((10, 20, 24), 1)
    place = {"origin": (-40, -42, 6), "spacing": (5.0, 4.5), "step": 4.0}
    classic(tmp_path / "study" / "a", "MR", values=mr, **MR)

    def at_the_head(ds, _):
        ds.PixelSpacing = ["5", "4.5"]
        ds.DetectorInformationSequence[0].ImagePositionPatient = ["-40", "-42", "6"]

    counts = spect(tmp_path / "study" / "b", edit=at_the_head)
    from_dicom = coconet_med.fuse(tmp_path / "study", model=mean_model, register="never")
    from_nifti = coconet_med.fuse(
        nifti(tmp_path / "mr.nii.gz", mr, AXIAL, **MR),
        nifti(tmp_path / "spect.nii.gz", counts, AXIAL, **place),
        model=mean_model,
        register="never",
        plane=from_dicom.plane,
    )
    assert_same_voxels(from_dicom, from_nifti)


def test_the_shipped_network_agrees(tmp_path):
    """Through the real engine too, whose arithmetic could tell the two ways apart."""
    mr, pet = blobs((10, 20, 24), 1), blobs((12, 16, 18), 2)
    classic(tmp_path / "study" / "a", "MR", values=mr, **MR)
    classic(tmp_path / "study" / "b", "PT", series="PET AC", values=pet, edit=_no_dose, **PET)
    model = coconet_med.load_model("light", engine="onnx")
    from_dicom = coconet_med.fuse(tmp_path / "study", model=model, register="never")
    from_nifti = coconet_med.fuse(
        nifti(tmp_path / "mr.nii.gz", mr, AXIAL, **MR),
        nifti(tmp_path / "pet.nii.gz", pet, AXIAL, **PET),
        model=model,
        register="never",
        plane=from_dicom.plane,
    )
    assert_same_voxels(from_dicom, from_nifti)


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data/dicom is not here")
@pytest.mark.parametrize(
    ("study", "anatomy", "function"),
    [("sts_003", "MR_T1", "PET"), ("synthetic_brain", "MR", "PT")],
)
def test_real_series_agree(tmp_path, mean_model, study, anatomy, function):
    """Against SimpleITK's series reader (float output)."""
    mr, pet = (_by_simpleitk(SHARED / study / name) for name in (anatomy, function))
    chosen = coconet_med.fuse(
        SHARED / study / anatomy, SHARED / study / function, model=mean_model, register="never", force=True, suv=True
    )
    factor = chosen.function.details["suv"]["factor"]
    for image, name in ((mr, "mr.nii"), (pet * factor, "pet.nii")):
        sitk.WriteImage(image, str(tmp_path / name))
    from_nifti = coconet_med.fuse(
        tmp_path / "mr.nii", tmp_path / "pet.nii", model=mean_model, register="never", plane=chosen.plane
    )
    one, other = (sitk.GetArrayFromImage(result.color).astype(int) for result in (chosen, from_nifti))
    assert np.abs(one - other).max() <= 2  # SimpleITK rescales in another order of float operations
    assert (one != other).mean() < 1e-4


def _by_simpleitk(folder: Path) -> sitk.Image:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    reader.SetOutputPixelType(sitk.sitkFloat32)
    return reader.Execute()


def _no_dose(ds, _):
    del ds.RadiopharmaceuticalInformationSequence
