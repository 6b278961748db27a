"""Registration begins at the points of a person, and does not leave them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from landmark_cases import PLACES, point_files

import coconet_med
from coconet_med.errors import OptionError, RegistrationError
from coconet_med.phantom import HeadPhantom, slice_pair
from coconet_med.writers.volumes import write_volume


@pytest.fixture(scope="module")
def move() -> sitk.Euler3DTransform:
    """From a point of the anatomy to that of the moved PET: 75 degrees and 90 mm, beyond what is found without help."""
    return sitk.Euler3DTransform((0.0, 0.0, 0.0), *np.radians((10.0, -15.0, 75.0)).tolist(), (60.0, -50.0, 45.0))


@pytest.fixture(scope="module")
def moved(head: HeadPhantom, move: sitk.Euler3DTransform, tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("landmarks")
    pet = sitk.Image(head.pet)
    pet.SetOrigin(move.TransformPoint(head.pet.GetOrigin()))
    turned = np.reshape(move.GetMatrix(), (3, 3)) @ np.reshape(head.pet.GetDirection(), (3, 3))
    pet.SetDirection(turned.ravel().tolist())
    paths = folder / "T1.nii.gz", folder / "PET.nii.gz"
    for image, path in zip((head.t1, pet), paths, strict=True):
        write_volume(image, path)
    return paths


def _error(alignment, move: sitk.Euler3DTransform) -> float:
    """Largest distance between where points of the head should come to lie and where they do, mm."""
    return max(
        float(np.linalg.norm(np.subtract(alignment.transform.TransformPoint(p), move.TransformPoint(p))))
        for p in PLACES.values()
    )


def test_registration_begins_at_the_points_and_betters_them(moved, tmp_path, move, mean_model):
    rough = point_files(tmp_path, move, noise=6.0)
    with pytest.raises(RegistrationError):
        coconet_med.fuse(*moved, register="always", model=mean_model)  # so far away it is not found without help
    as_they_are = coconet_med.fuse(*moved, landmarks=rough, register="never", model=mean_model).alignment
    assert not as_they_are.registered
    assert "vertex" in as_they_are.given
    refined = coconet_med.fuse(*moved, landmarks=rough, model=mean_model).alignment
    assert refined.registered
    assert "4 landmarks" in refined.moved_reason
    assert _error(refined, move) < 0.5 * _error(as_they_are, move)
    assert _error(refined, move) < 3.0


def test_points_of_mistaken_names_are_refused(moved, tmp_path, move, mean_model):
    swapped = {"left ear": move.TransformPoint(PLACES["vertex"]), "vertex": move.TransformPoint(PLACES["left ear"])}
    with pytest.raises(RegistrationError, match="the points fit each other only to"):
        coconet_med.fuse(*moved, landmarks=point_files(tmp_path, move, **swapped), model=mean_model)


def test_points_go_with_volumes_and_without_a_transform(tmp_path, move):
    files = point_files(tmp_path, move)
    with pytest.raises(OptionError, match="--landmarks is for volumes"):
        coconet_med.fuse(*slice_pair(48), landmarks=files)
    with pytest.raises(OptionError, match="give one of the two"):
        coconet_med.fuse("a", "b", landmarks=files, transform="c.tfm")
