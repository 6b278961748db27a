"""A segmentation of another patient is refused, and one of another subject or space is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import highdicom as hd
import nibabel as nib
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from dicom_phantom import classic, stored_values

import coconet_med
from coconet_med.errors import PairError
from coconet_med.measure import read_labels
from coconet_med.measure.whose import check_labels
from coconet_med.readers import read


def segmentation(images: list[pydicom.Dataset], path: Path) -> Path:
    """One cube of all but the border, as a DICOM Segmentation of these images."""
    masks = np.zeros((len(images), images[0].Rows, images[0].Columns), np.uint8)
    masks[1:-1, 2:-2, 2:-2] = 1
    tissue = pydicom.sr.codedict.codes.SCT.Tissue
    manual = hd.seg.SegmentAlgorithmTypeValues.MANUAL
    described = [hd.seg.SegmentDescription(1, "Tumor", tissue, tissue, manual)]
    device = dict.fromkeys(
        ("manufacturer", "manufacturer_model_name", "software_versions", "device_serial_number"), "T"
    )
    numbers = {"series_number": 9, "instance_number": 1, "sop_instance_uid": hd.UID()}
    kind = hd.seg.SegmentationTypeValues.BINARY
    hd.seg.Segmentation(images, masks, kind, described, hd.UID(), **numbers, **device).save_as(path)
    return path


def slices(folder: Path) -> list[pydicom.Dataset]:
    found = [pydicom.dcmread(path) for path in folder.iterdir()]
    return sorted(found, key=lambda ds: ds.ImagePositionPatient[2])


def test_a_segmentation_of_another_patient_is_refused_unless_that_is_accepted(tmp_path: Path, mean_model) -> None:
    values = stored_values(8, 20, 20, seed=1)
    classic(tmp_path / "mr", values=values)
    classic(tmp_path / "pt", "PT", series="PET", values=stored_values(8, 20, 20, seed=2))
    classic(tmp_path / "other", values=values, edit=lambda ds, k: setattr(ds, "PatientID", "P-2"))
    anatomy = read(tmp_path / "mr", "anatomy")
    right = read_labels(segmentation(slices(tmp_path / "mr"), tmp_path / "right.dcm"))
    wrong = read_labels(segmentation(slices(tmp_path / "other"), tmp_path / "wrong.dcm"))
    assert check_labels(right, anatomy) == ()
    with pytest.raises(PairError, match=r"wrong\.dcm: is of another patient than .*: Patient ID differs"):
        check_labels(wrong, anatomy)
    assert "as asked (--different-patients)" in check_labels(wrong, anatomy, different_patients=True)[0]

    def ratio(seg: str, **more: object):
        pair = tmp_path / "mr", tmp_path / "pt"
        return coconet_med.fuse(*pair, model=mean_model, register="never", reference=tmp_path / seg, **more)

    assert ratio("right.dcm").window.units == "SUVR"
    with pytest.raises(PairError, match="is of another patient"):
        ratio("wrong.dcm")
    assert any("another patient" in note for note in ratio("wrong.dcm", different_patients=True).warnings)


def test_a_segmentation_of_another_subject_or_of_a_template_is_reported(tmp_path: Path) -> None:
    values = np.zeros((6, 7, 8), np.uint8)
    values[1:3, 2:4, 3:5] = 1

    def written(name: str, code: int) -> Path:
        image = nib.Nifti1Image(values, np.diag([2.0, 2, 2, 1]))
        image.set_sform(image.affine, code)
        image.set_qform(image.affine, code)
        nib.save(image, tmp_path / name)
        return tmp_path / name

    anatomy = read(written("sub-01_T1w.nii", 1), "anatomy")
    assert check_labels(read_labels(written("sub-01_dseg.nii", 1)), anatomy) == ()
    (said,) = check_labels(read_labels(written("sub-02_dseg.nii", 1)), anatomy)
    assert said == "the files are of two BIDS subjects: sub-01 (anatomy) and sub-02 (segmentation)"
    assert "may lie in different spaces" in check_labels(read_labels(written("atlas.nii", 4)), anatomy)[0]
    (said,) = check_labels(read_labels(written("sub-01_space-MNI152Lin_dseg.nii", 1)), anatomy)
    assert "no template and space-MNI152Lin" in said


def test_what_a_segmentation_says_of_itself_holds_no_voxels(labels: Path) -> None:
    found = read_labels(labels)
    assert found.source is not None
    assert found.source.image.GetNumberOfPixels() == 1
    assert isinstance(replace(found, names={}).grid, sitk.Image)


def test_labels_with_the_voxels_of_the_anatomy_in_other_places_are_reported(tmp_path: Path) -> None:
    values = np.zeros((6, 7, 8), np.uint8)
    values[1:3, 2:4, 3:5] = 1
    place = np.diag([2.0, 2, 3, 1])
    moved = place.copy()
    moved[1, 3] = 40
    turned = np.array([[0, 0, 2.0, 0], [0, 2, 0, 0], [3, 0, 0, 0], [0, 0, 0, 1]])
    for name, voxels, affine in (("t1", values, place), ("b", values, moved), ("c", values.transpose(2, 1, 0), turned)):
        nib.save(nib.Nifti1Image(voxels, affine), tmp_path / f"{name}.nii")
    anatomy = read(tmp_path / "t1.nii", "anatomy")
    (said,) = check_labels(read_labels(tmp_path / "b.nii"), anatomy)
    assert "has as many voxels as t1.nii, but its middle lies 40 mm away" in said
    assert check_labels(read_labels(tmp_path / "c.nii"), anatomy) == ()
