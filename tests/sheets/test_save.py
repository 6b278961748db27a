"""Mosaics and rotations as files: the formats that their names say, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

import coconet_med
from coconet_med.errors import OptionError, WriteError
from coconet_med.phantom import slice_pair
from coconet_med.writers.pictures import NOTE


def test_the_files_are_what_their_names_say(result, tmp_path):
    result.mosaic(tmp_path / "a.png", slices=4)
    result.mosaic(tmp_path / "a.jpg", slices=4)
    result.mosaic(tmp_path / "a.pdf", slices=30)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.text["Description"] == NOTE
    with Image.open(tmp_path / "a.jpg") as picture:
        assert picture.format == "JPEG"
    document = (tmp_path / "a.pdf").read_bytes()
    assert document.startswith(b"%PDF")
    assert document.count(b"/Type /Page\n") + document.count(b"/Type /Page ") + document.count(b"/Type/Page/") >= 1
    result.rotation(tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as film:
        assert (film.n_frames, film.info["loop"]) == (36, 0)
    with pytest.raises(WriteError, match="exists already"):
        result.mosaic(tmp_path / "a.png")
    with pytest.raises(WriteError, match="end the name in"):
        result.mosaic(tmp_path / "a.bmp")
    with pytest.raises(WriteError, match=r"\.gif or \.mp4"):
        result.rotation(tmp_path / "a.png")


def test_pictures_have_no_slices_and_no_way_around(tmp_path: Path):
    result = coconet_med.fuse(*slice_pair(48))
    with pytest.raises(OptionError, match="has no slices"):
        result.mosaic(tmp_path / "a.png")
    with pytest.raises(OptionError, match="--rotation is for volumes"):
        result.rotation(tmp_path / "a.gif")
