"""Transforms of other programs in a batch: one for each case, from the manifest or by a pattern."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import SimpleITK as sitk
from batch_phantom import ball

from coconet_med.batch import BatchOptions
from coconet_med.batch.case import Case
from coconet_med.batch.check import check_options, obstacle
from coconet_med.batch.manifest import read_manifest
from coconet_med.batch.run import Runner
from coconet_med.errors import OptionError

if TYPE_CHECKING:
    from conftest import Shelf  # of this folder; at run time the name may be another folder's

SHIFT = 12.0


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """A pair whose function lies 12 mm too far to the left."""
    anatomy, function = ball(0)
    function.SetOrigin([function.GetOrigin()[0] + SHIFT, *function.GetOrigin()[1:]])
    for image, name in ((anatomy, "mri"), (function, "pet")):
        sitk.WriteImage(image, str(tmp_path / f"{name}.nii.gz"))
    return Case("p1", tmp_path / "mri.nii.gz", tmp_path / "pet.nii.gz", "p1_fused")


def _write(path: Path, shift: float = SHIFT) -> Path:
    path.parent.mkdir(exist_ok=True)
    sitk.WriteTransform(sitk.TranslationTransform(3, (shift, 0.0, 0.0)), str(path))
    return path


def _run(case: Case, options: BatchOptions, shelf: Shelf, out: Path):
    return Runner(out, options, load=shelf).run(case)


def test_the_file_of_each_case_is_taken_and_counts_for_what_is_kept(case, shelf, tmp_path):
    _write(tmp_path / "xfm" / "p1.tfm")
    options = BatchOptions(transform=str(tmp_path / "xfm" / "{id}.tfm"), uptake=True)
    outcome = _run(case, options, shelf, tmp_path / "out")
    assert outcome.status == "done", outcome.error
    uptake = sitk.ReadImage(str(tmp_path / "out" / "p1_fused_uptake.nii.gz"))
    _, wanted = ball(0)
    resampled = sitk.Resample(wanted, uptake, sitk.Transform(), sitk.sitkLinear, 0.0)
    statistics = sitk.StatisticsImageFilter()
    statistics.Execute(sitk.Abs(sitk.Cast(uptake, sitk.sitkFloat32) - sitk.Cast(resampled, sitk.sitkFloat32)))
    top = sitk.StatisticsImageFilter()
    top.Execute(resampled)
    assert statistics.GetMean() < 0.01 * top.GetMaximum()
    assert _run(case, options, shelf, tmp_path / "out").status == "kept"
    _write(tmp_path / "xfm" / "p1.tfm", SHIFT + 1)
    assert _run(case, options, shelf, tmp_path / "out").status == "done"


def test_the_wrong_direction_fails_the_case_and_reverse_mends_it(case, shelf, tmp_path):
    options = BatchOptions(transform=str(_write(tmp_path / "xfm" / "p1.tfm", -SHIFT)))
    outcome = _run(case, options, shelf, tmp_path / "out")
    assert outcome.status == "failed"
    assert "--transform-direction reverse" in outcome.error
    mended = BatchOptions(transform=options.transform, transform_direction="reverse")
    assert _run(case, mended, shelf, tmp_path / "out").status == "done"


def test_a_manifest_names_the_transform_of_a_line(case, shelf, tmp_path):
    _write(tmp_path / "xfm" / "any.tfm")
    (tmp_path / "m.csv").write_text(
        "id,mri,pet,transform\np1,mri.nii.gz,pet.nii.gz,xfm/any.tfm\np2,mri.nii.gz,pet.nii.gz,\n", encoding="utf-8"
    )
    first, second = read_manifest(tmp_path / "m.csv")
    assert (first.transform, second.transform) == (tmp_path / "xfm" / "any.tfm", None)
    assert BatchOptions(transform="{id}.tfm").transform_of(first) == tmp_path / "xfm" / "any.tfm"
    assert BatchOptions(transform="{id}.tfm").transform_of(second) == Path("p2.tfm")
    assert _run(first, BatchOptions(), shelf, tmp_path / "out").status == "done"


def test_a_transform_that_is_missing_is_reported_before_the_work(case, tmp_path):
    options = BatchOptions(transform=str(tmp_path / "{id}.tfm"))
    assert "p1.tfm: no such file" in obstacle(case, options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (BatchOptions(transform="one.tfm"), r"is one file for all cases; put \{id\}"),
        (BatchOptions(transform="{id}.tfm", register="always"), "there would be two transforms"),
        (BatchOptions(transform="{id}.tfm", transform_direction="back"), "choose stated or reverse"),
    ],
)
def test_what_no_case_can_take_is_refused_at_once(case, options, words):
    with pytest.raises(OptionError, match=words):
        check_options(options, [case, case])
