"""A result as DICOM and as NIfTI."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pydicom
from blobs import blobs
from dicom_phantom import OBLIQUE, STUDY, classic, uid

import coconet_med

MR = {"origin": (-31.5, -28.25, 12.0), "spacing": (2.5, 2.25), "step": 3.0}


PET = {"origin": (-33.0, -30.5, 9.0), "spacing": (3.5, 3.25), "step": 4.0}


def test_the_stored_series_and_the_nifti_hold_the_same_voxels(tmp_path, mean_model):
    """The ways out agree too: one result, saved as DICOM and as NIfTI, read back with pydicom and nibabel."""
    classic(tmp_path / "study" / "a", "MR", values=blobs((10, 20, 24), 1), orientation=OBLIQUE, **MR)
    classic(tmp_path / "study" / "b", "PT", series="PET AC", values=blobs((12, 16, 18), 2), **PET)
    result = coconet_med.fuse(tmp_path / "study", model=mean_model, register="never")
    slices = [pydicom.dcmread(p) for p in result.save(tmp_path / "series", legend="none") if p.suffix == ".dcm"]
    result.save(tmp_path / "fused.nii.gz")
    file = nib.load(tmp_path / "fused.nii.gz")
    colors = np.stack([np.asarray(file.dataobj)[channel] for channel in "RGB"], axis=-1)
    np.testing.assert_array_equal(np.stack([ds.pixel_array for ds in slices]), colors.transpose(2, 1, 0, 3))
    for k, ds in enumerate(slices):
        place = np.diag([-1, -1, 1, 1]) @ file.affine @ [0, 0, k, 1]
        np.testing.assert_allclose(np.array(ds.ImagePositionPatient, float), place[:3], atol=1e-4)
    assert {ds.StudyInstanceUID for ds in slices} == {STUDY}
    assert uid("series", "T1 MPRAGE") not in {ds.SeriesInstanceUID for ds in slices}
