"""What the numbers of a label map mean: FreeSurfer's names, a BIDS table, or the numbers themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from label_cases import like

from coconet_med.errors import OptionError, ReadError
from coconet_med.measure import read_labels
from coconet_med.measure.names import freesurfer_names, names_for
from coconet_med.phantom import HeadPhantom
from coconet_med.writers.volumes import write_volume


def test_names_come_from_freesurfer_a_bids_table_or_numbers(head: HeadPhantom, labels: Path, tmp_path: Path) -> None:
    assert freesurfer_names()[2035] == "ctx-rh-insula"
    assert freesurfer_names()[4024] == "wm-rh-precentral"
    values = np.zeros(sitk.GetArrayViewFromImage(head.t1).shape, np.int16)
    values[10:20] = 2
    path = tmp_path / "sub-1_dseg.nii.gz"
    write_volume(like(values, head.t1), path)
    assert read_labels(path).names == {}
    path.with_name("sub-1_dseg.tsv").write_text("index\tname\n2\tTumor\n", encoding="utf-8")
    assert read_labels(path).names == {2: "Tumor"}
    (tmp_path / "lut.txt").write_text("# LUT\n7 Left-X 1 2 3 0\n", encoding="utf-8")
    with pytest.raises(OptionError, match="names none"):
        read_labels(path, names=tmp_path / "lut.txt")
    write_volume(head.pet, tmp_path / "pet.nii.gz")
    with pytest.raises(ReadError, match="no segmentation"):
        read_labels(tmp_path / "pet.nii.gz")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("index\tname\n2\tTumor\n2\tEdema\n", "calls the label 2 both Tumor and Edema; keep the right one"),
        ("index\tname\tname\n2\tTumor\tEdema\n", "has 2 columns name; delete the wrong ones"),
        ("2 Tumor 1 2 3 0\n2 Edema 1 2 3 0\n", "calls the label 2 both Tumor and Edema"),
    ],
)
def test_a_label_of_two_names_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """The last name was taken."""
    table = tmp_path / "names.txt"
    table.write_text(text, encoding="utf-8")
    with pytest.raises(ReadError, match=said):
        names_for(tmp_path / "dseg.nii.gz", [2], table)
    table.write_text("index\tname\n2\tTumor\n2\tTumor\n7\tA\n7\tB\n", encoding="utf-8")
    assert names_for(tmp_path / "dseg.nii.gz", [2], table)[2] == "Tumor"
