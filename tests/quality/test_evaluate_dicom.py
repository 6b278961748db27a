"""A fused DICOM series is judged as the same result in NIfTI is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_phantom import classic

import coconet_med
from coconet_med.errors import ReadError
from coconet_med.model import Model
from coconet_med.phantom import HeadPhantom
from coconet_med.quality.evaluate import evaluate_files


@pytest.fixture(scope="module")
def study(head: HeadPhantom, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """MR and PET of the head, on one grid, as DICOM."""
    folder = tmp_path_factory.mktemp("study")
    pet = sitk.Resample(head.pet, head.t1)
    for modality, image in (("MR", head.t1), ("PT", pet)):
        values = np.rint(sitk.GetArrayFromImage(image).clip(0) / 40)[:, ::2, ::2].astype(int)
        classic(folder / modality, modality, values=values, series=modality)
    return folder / "MR", folder / "PT"


@pytest.mark.parametrize(("form", "legend"), [("sc", "own"), ("sc", "series"), ("sc", "margin"), ("enhanced", "own")])
def test_a_fused_series_is_judged_as_its_nifti_is(
    study: tuple[Path, Path], mean_model: Model, tmp_path: Path, form: str, legend: str
) -> None:
    result = coconet_med.fuse(*study, model=mean_model, register="never")
    result.save(tmp_path / "fused.nii.gz")
    result.save(tmp_path / "FUSED", form=form, legend=legend)
    found = [
        evaluate_files(*study, tmp_path / name, baselines=False).rows[0].values for name in ("fused.nii.gz", "FUSED")
    ]
    assert found[1] == pytest.approx(found[0], nan_ok=True)


def test_a_folder_without_a_fused_series_is_named(study: tuple[Path, Path]) -> None:
    with pytest.raises(ReadError, match="holds no fused series of coconet-med"):
        evaluate_files(*study, study[0], baselines=False)
