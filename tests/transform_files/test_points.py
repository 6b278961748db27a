"""Points of a person in both images: read from what programs write, matched by name, and where registration begins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from landmark_cases import PLACES, csv_file, markups, point_files

from coconet_med.errors import OptionError, ReadError
from coconet_med.transform_files.points import read_landmarks, read_points


@pytest.fixture(scope="module")
def move() -> sitk.Euler3DTransform:
    """From a point of the anatomy to that of the moved PET: 75 degrees and 90 mm, beyond what is found without help."""
    return sitk.Euler3DTransform((0.0, 0.0, 0.0), *np.radians((10.0, -15.0, 75.0)).tolist(), (60.0, -50.0, 45.0))


def _fcsv(points: dict, path: Path) -> Path:
    head = ["# Markups fiducial file version = 4.11", "# CoordinateSystem = LPS"]
    head.append("# columns = id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID")
    lines = [f"{n},{p[0]},{p[1]},{p[2]},0,0,0,1,1,1,0,{name},," for n, (name, p) in enumerate(points.items())]
    path.write_text("\n".join([*head, *lines]), encoding="utf-8")
    return path


def test_every_form_gives_the_same_points_in_lps(tmp_path):
    for path in (
        markups(PLACES, tmp_path / "a.mrk.json"),
        markups(PLACES, tmp_path / "b.mrk.json", system="RAS"),
        _fcsv(PLACES, tmp_path / "c.fcsv"),
        csv_file(PLACES, tmp_path / "d.csv"),
        csv_file(PLACES, tmp_path / "e.csv", system="LPS"),
    ):
        found = read_points(path)
        assert list(found) == list(PLACES), path.name
        np.testing.assert_allclose(np.array(list(found.values())), np.array(list(PLACES.values())))


def test_points_are_matched_by_name_and_give_the_motion(tmp_path, move):
    found = read_landmarks(*point_files(tmp_path, move))
    assert found.residual_mm < 1e-6
    for place in PLACES.values():
        np.testing.assert_allclose(found.transform.TransformPoint(place), move.TransformPoint(place), atol=1e-6)


def test_what_cannot_be_read_or_matched_is_reported(tmp_path, move):
    first, second = point_files(tmp_path, move)
    (tmp_path / "no.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(ReadError, match=r"no\.csv: is no file of points"):
        read_landmarks(first, tmp_path / "no.csv")
    (tmp_path / "a.mrk.json").write_text('{"markups": [{"label": "a", "label": "b"}]}', encoding="utf-8")
    with pytest.raises(ReadError, match=r'a\.mrk\.json: the key "label" stands twice in it, with "a" and "b"'):
        read_points(tmp_path / "a.mrk.json")
    (tmp_path / "columns.csv").write_text("label,R,A,S,R\na,1,2,3,4\n", encoding="utf-8")
    with pytest.raises(ReadError, match=r"columns\.csv: has two columns R; delete the wrong one"):
        read_points(tmp_path / "columns.csv")
    with pytest.raises(ReadError, match="cannot be read as text"):
        read_landmarks(first, tmp_path / "none.csv")
    (tmp_path / "twice.csv").write_text("label,R,A,S\na,1,2,3\na,1,2,4\n", encoding="utf-8")
    with pytest.raises(ReadError, match="has two points a"):
        read_points(tmp_path / "twice.csv")
    (tmp_path / "nan.csv").write_text("label,R,A,S\na,1,nan,3\n", encoding="utf-8")
    with pytest.raises(ReadError, match="the point a has no three numbers"):
        read_points(tmp_path / "nan.csv")
    with pytest.raises(OptionError, match="0 points have the same name"):
        read_landmarks(first, csv_file({"x": (0, 0, 0)}, tmp_path / "x.csv"))
    line = {name: (0.0, 0.0, 10.0 * n) for n, name in enumerate(PLACES)}
    with pytest.raises(OptionError, match="lie on a line"):
        read_landmarks(csv_file(line, tmp_path / "l.csv"), second)
