"""Segmentations and tables of names as 3D Slicer, ITK-SNAP and others write them."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from coconet_med.errors import ReadError
from coconet_med.measure.labels import read_labels
from coconet_med.measure.names import names_for
from coconet_med.phantom import HeadPhantom

FIRST = np.zeros((6, 7, 8), np.uint8)


FIRST[1:3, 2:4, 3:5] = 1


def test_labels_that_scale_factors_made_uneven_are_whole(tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.where(FIRST, 300, 0).astype(np.int16), np.eye(4))
    image.header.set_slope_inter(0.0099999, 0)
    nib.save(image, tmp_path / "a.nii")
    assert read_labels(tmp_path / "a.nii").values == [3]
    nib.save(nib.Nifti1Image(FIRST * np.float32(0.7), np.eye(4)), tmp_path / "b.nii")
    with pytest.raises(ReadError, match="holds fractions"):
        read_labels(tmp_path / "b.nii")


def test_labels_too_large_to_be_told_apart_are_refused(tmp_path: Path) -> None:
    """Numbers of the Allen atlases, such as 312782550 and 312782554, are one in 32-bit floats."""
    values = FIRST.astype(np.int32) * 312782550
    values[2] += (FIRST * np.int32(4))[2]
    nib.save(nib.Nifti1Image(values, np.eye(4)), tmp_path / "a.nii")
    with pytest.raises(ReadError, match=r"holds the label 3127825\d\d, and 16777216 is the largest"):
        read_labels(tmp_path / "a.nii")


def test_what_is_no_number_is_no_label(tmp_path: Path) -> None:
    nib.save(nib.Nifti1Image(np.where(FIRST, FIRST, np.nan).astype(np.float32), np.eye(4)), tmp_path / "a.nii")
    nib.save(nib.Nifti1Image(FIRST * 0, np.eye(4)), tmp_path / "b.nii")
    read = read_labels(tmp_path / "a.nii")
    assert (read.values, int(read.mask(1).sum())) == ([1], int(FIRST.sum()))
    with pytest.raises(ReadError, match="every voxel is 0, so it shows nothing"):
        read_labels(tmp_path / "b.nii")


@pytest.mark.parametrize(
    "text",
    [
        '#####\n    0   0   0   0    0  0  0    "Clear Label"\n    1   255   0   0   0.5  1  1    "Left part"\n',
        "label,name\n1,Left part\n",
        "LabelValue;Name\n1;Left part\n",
        "index\tname\n1\tLeft part\n",
    ],
    ids=["ITK-SNAP", "commas", "semicolons", "tabs"],
)
def test_names_come_from_the_tables_of_other_programs(tmp_path: Path, text: str) -> None:
    """The names of ITK-SNAP's labels were their red, 255."""
    (tmp_path / "names.txt").write_text(text, encoding="utf-8")
    assert names_for(tmp_path / "a.nii", [1], tmp_path / "names.txt")[1] == "Left part"


def test_labels_of_another_frame_of_reference_are_reported_of(head: HeadPhantom, labels: Path) -> None:
    from dataclasses import replace

    from coconet_med.measure.labels import other_frame
    from coconet_med.source import Source

    seg = replace(read_labels(labels), frame_of_reference="1.2.3")
    assert "another DICOM frame of reference" in other_frame(seg, Source(head.t1, "T1", frame_of_reference="1.2.4"))[0]
    assert other_frame(seg, Source(head.t1, "T1", frame_of_reference="1.2.3")) == ()
    assert other_frame(seg, Source(head.t1, "T1")) == ()
