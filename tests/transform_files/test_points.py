"""Points of a person in both images: read from what programs write, matched by name, and where registration begins."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

import coconet_med
from coconet_med.errors import OptionError, ReadError, RegistrationError
from coconet_med.phantom import HeadPhantom, slice_pair
from coconet_med.transform_files.points import read_landmarks, read_points
from coconet_med.writers.volumes import write_volume

#: Places in the generated head, LPS mm, that a person would find again.
PLACES = {
    "nasion": (0.0, -85.0, 0.0),
    "left ear": (70.0, 5.0, -20.0),
    "right ear": (-70.0, 5.0, -20.0),
    "vertex": (0.0, 10.0, 85.0),
}


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


def _markups(points: dict, path: Path, *, system: str = "LPS") -> Path:
    sign = np.array((-1, -1, 1) if system == "RAS" else (1, 1, 1))
    control = [
        {"label": n, "position": (sign * np.array(p)).tolist(), "positionStatus": "defined"} for n, p in points.items()
    ]
    control.append({"label": "later", "position": [0, 0, 0], "positionStatus": "undefined"})
    markup = {"type": "Fiducial", "coordinateSystem": system, "coordinateUnits": "mm", "controlPoints": control}
    path.write_text(json.dumps({"markups": [markup]}), encoding="utf-8")
    return path


def _fcsv(points: dict, path: Path) -> Path:
    head = ["# Markups fiducial file version = 4.11", "# CoordinateSystem = LPS"]
    head.append("# columns = id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID")
    lines = [f"{n},{p[0]},{p[1]},{p[2]},0,0,0,1,1,1,0,{name},," for n, (name, p) in enumerate(points.items())]
    path.write_text("\n".join([*head, *lines]), encoding="utf-8")
    return path


def _csv(points: dict, path: Path, *, system: str = "RAS") -> Path:
    sign = np.array((-1, -1, 1) if system == "RAS" else (1, 1, 1))
    lines = [f"{name},{','.join(str(v) for v in sign * np.array(p))}" for name, p in points.items()]
    path.write_text("\n".join([f"label,{','.join(system)}", *lines]), encoding="utf-8")
    return path


def test_every_form_gives_the_same_points_in_lps(tmp_path):
    for path in (
        _markups(PLACES, tmp_path / "a.mrk.json"),
        _markups(PLACES, tmp_path / "b.mrk.json", system="RAS"),
        _fcsv(PLACES, tmp_path / "c.fcsv"),
        _csv(PLACES, tmp_path / "d.csv"),
        _csv(PLACES, tmp_path / "e.csv", system="LPS"),
    ):
        found = read_points(path)
        assert list(found) == list(PLACES), path.name
        np.testing.assert_allclose(np.array(list(found.values())), np.array(list(PLACES.values())))


def _files(tmp_path: Path, move: sitk.Euler3DTransform, *, noise: float = 0.0, **other) -> tuple[Path, Path]:
    rng = np.random.default_rng(0)
    there = {name: np.array(move.TransformPoint(p)) + noise * rng.normal(size=3) for name, p in PLACES.items()} | other
    return _markups(PLACES, tmp_path / "mri.mrk.json"), _csv(dict(reversed(there.items())), tmp_path / "pet.csv")


def _error(alignment, move: sitk.Euler3DTransform) -> float:
    """Largest distance between where points of the head should come to lie and where they do, mm."""
    return max(
        float(np.linalg.norm(np.subtract(alignment.transform.TransformPoint(p), move.TransformPoint(p))))
        for p in PLACES.values()
    )


def test_points_are_matched_by_name_and_give_the_motion(tmp_path, move):
    found = read_landmarks(*_files(tmp_path, move))
    assert found.residual_mm < 1e-6
    for place in PLACES.values():
        np.testing.assert_allclose(found.transform.TransformPoint(place), move.TransformPoint(place), atol=1e-6)


def test_registration_begins_at_the_points_and_betters_them(moved, tmp_path, move, mean_model):
    rough = _files(tmp_path, move, noise=6.0)
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
        coconet_med.fuse(*moved, landmarks=_files(tmp_path, move, **swapped), model=mean_model)


def test_what_cannot_be_read_or_matched_is_told(tmp_path, move):
    first, second = _files(tmp_path, move)
    (tmp_path / "no.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(ReadError, match=r"no\.csv: is no file of points"):
        read_landmarks(first, tmp_path / "no.csv")
    with pytest.raises(ReadError, match="cannot be read as text"):
        read_landmarks(first, tmp_path / "none.csv")
    (tmp_path / "twice.csv").write_text("label,R,A,S\na,1,2,3\na,1,2,4\n", encoding="utf-8")
    with pytest.raises(ReadError, match="has two points a"):
        read_points(tmp_path / "twice.csv")
    (tmp_path / "nan.csv").write_text("label,R,A,S\na,1,nan,3\n", encoding="utf-8")
    with pytest.raises(ReadError, match="the point a has no three numbers"):
        read_points(tmp_path / "nan.csv")
    with pytest.raises(OptionError, match="0 points have the same name"):
        read_landmarks(first, _csv({"x": (0, 0, 0)}, tmp_path / "x.csv"))
    line = {name: (0.0, 0.0, 10.0 * n) for n, name in enumerate(PLACES)}
    with pytest.raises(OptionError, match="lie on a line"):
        read_landmarks(_csv(line, tmp_path / "l.csv"), second)


def test_points_go_with_volumes_and_without_a_transform(tmp_path, move):
    files = _files(tmp_path, move)
    with pytest.raises(OptionError, match="--landmarks is for volumes"):
        coconet_med.fuse(*slice_pair(48), landmarks=files)
    with pytest.raises(OptionError, match="give one of the two"):
        coconet_med.fuse("a", "b", landmarks=files, transform="c.tfm")
