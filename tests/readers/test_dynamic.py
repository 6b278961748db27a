"""A dynamic PET in NIfTI is read as batch reads it: the mean by the durations in its JSON file, or one frame."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from dicom_phantom import classic

from coconet_med.errors import OptionError, ReadError
from coconet_med.fusion import fuse
from coconet_med.readers import read
from coconet_med.readers.dynamic import read_functional
from coconet_med.readers.pet_json import PetFacts, facts_of
from coconet_med.system.digest import sha256_of


@pytest.fixture
def dynamic(tmp_path: Path) -> tuple[Path, np.ndarray]:
    """Two frames of 10 s and 590 s, (i, j, k, time)."""
    frames = np.random.default_rng(0).uniform(1, 9, (8, 9, 10, 2)).astype(np.float32)
    path = tmp_path / "sub-01_pet.nii.gz"
    nib.save(nib.Nifti1Image(frames, np.diag([4.0, 4, 4, 1])), path)
    return path, frames


def tell(path: Path, **values: object) -> None:
    path.with_name(path.name.replace(".nii.gz", ".json")).write_text(json.dumps(values), encoding="utf-8")


def test_the_mean_is_weighted_by_the_durations_beside_it(dynamic):
    path, frames = dynamic
    tell(path, Units="Bq/mL", FrameDuration=[10, 590], FrameTimesStart=[0, 10])
    source = read(path, "function")
    truth = (10 * frames[..., 0] + 590 * frames[..., 1]) / 600
    assert np.allclose(sitk.GetArrayFromImage(source.image).transpose(2, 1, 0), truth, rtol=1e-6)
    assert (source.units, source.files, source.sha256) == ("Bq/ml", (path,), sha256_of(path))
    assert source.details["frames"] == "mean of 2 frames weighted by duration (600 s)"


def test_frames_that_overlap_by_their_times_are_reported(dynamic):
    """dcm2niix issue 521: starts and durations that contradict each other; durations in ms do so too."""
    path, _ = dynamic
    tell(path, Units="Bq/mL", FrameDuration=[600, 600], FrameTimesStart=[0, 300])
    assert any("frame 0 lasts until 600 s, and frame 1 begins at 300 s" in w for w in read(path, "function").warnings)
    tell(path, Units="Bq/mL", FrameDuration=[600, 600], FrameTimesStart=[0, 900])
    assert read(path, "function").warnings == ()


def test_one_frame_is_taken_where_it_is_asked_for(dynamic):
    path, frames = dynamic
    source = read(path, "function", dynamic=1)
    assert np.allclose(sitk.GetArrayFromImage(source.image).transpose(2, 1, 0), frames[..., 1])
    with pytest.raises(OptionError, match="has 2 frames; --dynamic 2 is none of 0 to 1"):
        read(path, "function", dynamic=2)


def test_without_durations_a_warning_says_that_all_count_alike(dynamic):
    path, _ = dynamic
    tell(path, Units="Bq/mL")
    assert "all counted alike: their durations are not known" in read(path, "function").warnings[-1]


def test_four_dimensions_that_nothing_calls_dynamic_are_refused(dynamic):
    path, _ = dynamic
    with pytest.raises(ReadError, match="is 4-D"):
        read(path, "function")
    tell(path, Units="Bq/mL")
    with pytest.raises(ReadError, match="is 4-D"):
        read(path, "anatomy")


def test_fuse_takes_a_dynamic_pet(dynamic, mean_model):
    path, frames = dynamic
    tell(path, Units="Bq/mL", FrameDuration=[10, 590])
    anatomy = path.with_name("T1.nii.gz")
    values = np.random.default_rng(1).uniform(1, 9, (8, 9, 10)).astype(np.float32)
    nib.save(nib.Nifti1Image(values, np.diag([4.0, 4, 4, 1])), anatomy)
    result = fuse(anatomy, path, register="never", model=mean_model)
    peak = ((10 * frames[..., 0] + 590 * frames[..., 1]) / 600).max()
    assert sitk.GetArrayViewFromImage(result.uptake).max() == pytest.approx(peak, rel=1e-5)
    assert result.window.units == "Bq/ml"


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd"])
def test_a_frame_of_an_image_without_frames_is_refused(tmp_path: Path, suffix: str) -> None:
    image = sitk.GetImageFromArray(np.random.default_rng(0).random((5, 6, 7), np.float32))
    sitk.WriteImage(image, str(tmp_path / f"PET{suffix}"))
    with pytest.raises(OptionError, match=r"--dynamic 3: PET.* is one volume without frames in time"):
        read(tmp_path / f"PET{suffix}", "function", dynamic=3)
    assert read(tmp_path / f"PET{suffix}", "function", dynamic=0).image.GetSize() == (7, 6, 5)


def test_an_early_and_a_late_scan_in_one_file_have_no_mean_of_one_time(dynamic: tuple[Path, np.ndarray]) -> None:
    tell(dynamic[0], FrameDuration=[600, 600], FrameTimesStart=[0, 3600], Units="Bq/mL")
    assert any("50 min lie between frame 0 and frame 1" in w for w in read(dynamic[0], "function").warnings)


def test_a_frame_in_time_is_chosen_of_the_uptake_beside_a_dicom_anatomy(tmp_path: Path) -> None:
    classic(tmp_path / "mr")
    assert read(tmp_path / "mr", "anatomy", dynamic=2).modality == "MR"
    with pytest.raises(OptionError, match="--dynamic 2: T1 MPRAGE is one volume without frames in time"):
        read(tmp_path / "mr", "function", dynamic=2)


@pytest.mark.parametrize("times", [{"FrameTimesStart": [0, 10]}, {"FrameDuration": [10, 590]}])
def test_one_volume_beside_the_times_of_several_frames_is_reported(dynamic, times: dict[str, list[float]]):
    """A mean or a frame that was written with a copy of the JSON file of its 4-D image."""
    path, frames = dynamic
    nib.save(nib.Nifti1Image(frames[..., 1], np.diag([4.0, 4, 4, 1])), path)
    tell(path, Units="Bq/mL", ImageDecayCorrected=False, **times)
    source = read(path, "function")
    assert "is one volume, but its JSON file tells of 2 frames" in source.warnings[0]
    assert source.details["suv"]["factor"] is None
    tell(path, Units="Bq/mL", FrameTimesStart=[0], FrameDuration=[600])
    assert read(path, "function").warnings == ()
    raw = facts_of(path)
    derived = PetFacts({"Units": "Bq/mL"}).completed_by(
        PetFacts({**raw.values, "FrameDuration": [1, 2]}), same_units=True
    )
    assert read_functional(path, facts=derived).warnings == ()  # a derivative says nothing of frames itself
