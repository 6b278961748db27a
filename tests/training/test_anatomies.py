"""Label slices: tissues of labels, slices of a head of known labels, shapes of no anatomy, and the file of them."""

from __future__ import annotations

import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from coconet_med.errors import ReadError
from coconet_med.training import anatomies
from coconet_med.training.anatomies import SIDE, TISSUES, head_slices, shape_slices, tissues_of


def _head(path: Path, *, spacing: float = 1.0) -> np.ndarray:
    """A box of skin around one of cortex around one of white matter, 90 x 110 x 100."""
    labels = np.zeros((90, 110, 100), np.int16)
    labels[5:-5, 5:-5, 2:-2] = 511
    labels[12:-12, 12:-12, 30:-10] = 42
    labels[25:-25, 25:-25, 45:-25] = 41
    nib.save(nib.Nifti1Image(labels, np.diag([spacing] * 3 + [1.0])), path)
    return labels


def test_labels_of_both_sides_are_one_tissue_and_unknown_ones_other():
    found = tissues_of(np.array([[0, 3, 42], [2, 41, 515], [9999, 12, 51]]))
    names = [[TISSUES[n] for n in row] for row in found]
    assert names == [
        ["air", "cortex", "cortex"],
        ["white_matter", "white_matter", "bone"],
        ["other", "putamen", "putamen"],
    ]


def test_slices_of_a_head_show_its_tissues_in_the_middle_of_a_square(tmp_path: Path):
    _head(tmp_path / "head.nii.gz")
    found = list(head_slices(tmp_path / "head.nii.gz", seed=0))
    assert [axis for axis, _ in found] == [2] * 48 + [1] * 12 + [0] * 10
    slices = [picture for _, picture in found]
    assert all(s.shape == (SIDE, SIDE) and s.dtype == np.uint8 for s in slices)
    seen = set(np.unique(np.stack(slices)).tolist())
    assert seen == {TISSUES.index(name) for name in ("air", "skin", "cortex", "white_matter")}
    rows, columns = np.nonzero(slices[0])
    assert abs(rows.mean() - SIDE / 2) < 2
    assert abs(columns.mean() - SIDE / 2) < 2
    again = [picture for _, picture in head_slices(tmp_path / "head.nii.gz", seed=0)]
    assert all(np.array_equal(a, b) for a, b in zip(slices, again, strict=True))


def test_a_head_of_other_voxels_is_refused(tmp_path: Path):
    _head(tmp_path / "head.nii.gz", spacing=2.0)
    with pytest.raises(ReadError, match="give label maps of 1 mm"):
        next(head_slices(tmp_path / "head.nii.gz", seed=0))


def test_shapes_are_a_body_of_several_tissues_in_air():
    first, second = shape_slices(2, seed=1)
    for shape in (first, second):
        assert 0.1 < (shape > 0).mean() < 0.9
        assert 3 <= len(np.unique(shape)) <= 10
        assert shape.max() < len(TISSUES)
    assert not np.array_equal(first, second)


def test_the_command_writes_what_the_generator_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from coconet_med.training.generated import Generator

    (tmp_path / "maps").mkdir()
    out = tmp_path / "slices.npz"
    monkeypatch.setattr(sys, "argv", ["anatomies", str(tmp_path / "maps"), "-o", str(out), "--shapes", "2"])
    with pytest.raises(ReadError, match="holds no NIfTI label maps"):
        anatomies.main()
    _head(tmp_path / "maps" / "head.nii.gz")
    anatomies.main()
    read = Generator.read(out)
    assert read.slices.shape == (70 + 2, SIDE, SIDE)
    assert read.axial == 48
