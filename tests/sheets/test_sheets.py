"""Mosaics and rotations: which slices, which sides, what a projection shows, and the formats they are written in."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

import coconet_med
from coconet_med.errors import OptionError, WriteError
from coconet_med.fusion import mix_again
from coconet_med.phantom import head_phantom, slice_pair
from coconet_med.sheets.contours import COLORS, with_contours
from coconet_med.sheets.mosaic import mosaic, place_of
from coconet_med.sheets.rotation import _projected, _upright, rotation
from coconet_med.slices import slicing_of
from coconet_med.writers.pictures import NOTE, write_moving, write_picture


@pytest.fixture(scope="module")
def result():
    head = head_phantom(spacing=5.0, pet_spacing=6.0, noise=0.0)
    return coconet_med.fuse(head.t1, head.pet, register="never")


def test_a_mosaic_has_the_slices_asked_for_on_pages(result):
    (one,) = mosaic(result, slices=6)
    assert one.dtype == np.uint8
    pages = mosaic(result, slices=7, contact=3)
    assert len(pages) == 3
    (fewer,) = mosaic(result, slices=3)
    assert one.shape[0] > fewer.shape[0]


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_places_say_where_a_slice_lies_in_the_body(result, plane):
    image = result.anatomy.image
    for turned in (image, sitk.Flip(image, [True, True, True], False), sitk.PermuteAxes(image, [1, 2, 0])):
        slicing = slicing_of(turned, plane=plane)
        axis, low, high = {"axial": (2, "I", "S"), "coronal": (1, "A", "P"), "sagittal": (0, "R", "L")}[plane]
        coordinates = sitk.GetImageFromArray(
            np.stack(np.meshgrid(*[np.arange(n) for n in turned.GetSize()[::-1]], indexing="ij"), -1).astype(np.float32)
        )
        where = slicing.stack(sitk.GetArrayFromImage(coordinates))
        for index in (0, 3, len(where) - 1):
            k, j, i = where[index].mean(axis=(0, 1))
            value = turned.TransformContinuousIndexToPhysicalPoint([float(i), float(j), float(k)])[axis]
            assert place_of(turned, slicing, index) == f"{high if value >= 0 else low} {abs(value):.0f} mm"


def test_lines_in_a_mosaic_are_as_fine_as_the_picture(result):
    (page,) = mosaic(with_contours(result, "20%"), slices=5)
    line = (page == COLORS[4]).all(axis=-1)
    assert 300 < line.sum() < 0.02 * line.size


def _ball(place) -> sitk.Image:
    image = sitk.Image(40, 40, 40, sitk.sitkFloat32)
    image.SetSpacing((4, 4, 4))
    image.SetOrigin((-78, -78, -78))
    values = sitk.GetArrayFromImage(image)
    i, j, k = image.TransformPhysicalPointToIndex(place)
    values[k - 1 : k + 2, j - 1 : j + 2, i - 1 : i + 2] = 1
    out = sitk.GetImageFromArray(values)
    out.CopyInformation(image)
    return out


@pytest.mark.parametrize(
    ("place", "quarter", "column"),
    [
        ((40, 0, 0), 0, "right"),  # the patient's left is on the right as seen from in front
        ((40, 0, 0), 2, "left"),
        ((0, -40, 0), 1, "left"),  # from the patient's left the face looks to the left
        ((0, -40, 0), 3, "right"),
    ],
)
def test_sides_in_a_projection_are_those_from_where_one_looks(place, quarter, column):
    seen = _projected(_upright(_ball(place)), quarter * np.pi / 2, signed=False)
    _, at = np.unravel_index(seen.argmax(), seen.shape)
    middle = (seen.shape[1] - 1) / 2
    assert (at > middle + 2) if column == "right" else (at < middle - 2)


def test_up_is_superior_and_the_highest_value_wins():
    above, below = _ball((0, 0, 50)), _ball((0, 30, -50)) * 0.5
    seen = _projected(_upright(above + below), 0.0, signed=False)
    rows = seen.max(axis=1)
    assert rows[: len(rows) // 2].max() == pytest.approx(1, abs=0.25)
    assert rows[len(rows) // 2 :].max() == pytest.approx(0.5, abs=0.13)
    lowest = _projected(_upright(above - below * 4), 0.0, signed=True)
    assert lowest.min() < -1.2


def test_a_rotation_is_one_turn_in_frames_of_one_size(result):
    frames = rotation(result, frames=4, height=96)
    assert len({frame.shape for frame in frames}) == 1
    assert not np.array_equal(frames[0], frames[1])
    with pytest.raises(OptionError, match="4 to 720 frames"):
        rotation(result, frames=2)


def test_the_legend_of_a_rotation_is_of_its_colors_not_of_lines_and_black_is_below_the_threshold(result):
    lines = with_contours(result, "30%", over="anatomy")
    np.testing.assert_array_equal(rotation(lines, frames=4, height=96)[0], rotation(result, frames=4, height=96)[0])
    cut = rotation(mix_again(result, threshold="60%"), frames=4, height=96)[0]
    whole = rotation(result, frames=4, height=96)[0]
    body = cut[20:, :100].max(axis=-1), whole[20:, :100].max(axis=-1)
    assert (body[1] > 60).sum() > 2 * (body[0] > 60).sum() > 0


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


@pytest.mark.parametrize("suffix", [".png", ".tiff", ".jpg"])
def test_colors_of_a_written_picture_are_kept_as_its_format_can(tmp_path, suffix):
    rgb = np.random.default_rng(0).integers(0, 256, (40, 50, 3)).astype(np.uint8)
    rgb = np.repeat(np.repeat(rgb, 8, axis=0), 8, axis=1)
    write_picture(rgb, tmp_path / f"a{suffix}")
    back = np.asarray(Image.open(tmp_path / f"a{suffix}")).astype(int)
    assert np.abs(back - rgb).max() <= (0 if suffix != ".jpg" else 20)


def test_a_picture_as_tiff_or_jpeg_is_read_back(tmp_path):
    from coconet_med.color.readback import read_back

    mri, pet = slice_pair(64)
    result = coconet_med.fuse(mri, pet)
    wanted = result.window.apply(sitk.GetArrayFromImage(result.uptake))
    for name, bound in (("a.tiff", 0.01), ("a.jpg", 0.05)):
        written = result.save(tmp_path / name)
        assert {path.name for path in written} == {name, "a_legend.png", "a.json"}
        found = read_back(tmp_path / name)
        got = result.window.apply(sitk.GetArrayFromImage(found.uptake))
        lit = sitk.GetArrayFromImage(result.luminance) > 0.1
        assert np.abs(got - wanted)[lit].mean() < bound, name
        for path in written:
            path.unlink()


def test_mp4_goes_through_ffmpeg_frame_by_frame(tmp_path, monkeypatch):
    frames = [np.full((5, 7, 3), n * 20, np.uint8) for n in range(4)]
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WriteError, match="ffmpeg, which is not on the PATH"):
        write_moving(frames, tmp_path / "a.mp4")
    if os.name != "posix":
        pytest.skip("the stand-in of ffmpeg is a script with a shebang")
    fake = tmp_path / "ffmpeg"
    fake.write_text(
        f"#!{sys.executable}\nimport sys\ndata = sys.stdin.buffer.read()\n"
        "if 'libx264' in sys.argv: sys.exit('Unknown encoder libx264')\n"
        "open(sys.argv[-1], 'wb').write(' '.join(sys.argv[1:]).encode() + b'|' + data)\n",
        encoding="utf-8",
    )
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    write_moving(frames, tmp_path / "a.mp4")
    command, data = (tmp_path / "a.mp4").read_bytes().split(b"|", 1)
    assert b"-s 8x6" in command  # even sides
    assert b"mpeg4" in command  # where there is no H.264
    assert len(data) == 4 * 6 * 8 * 3
    fake.write_text(
        f"#!{sys.executable}\nimport sys\nsys.stdin.buffer.read()\nsys.exit('no space')\n", encoding="utf-8"
    )
    with pytest.raises(WriteError, match=r"ffmpeg failed \(no space\)"):
        write_moving(frames, tmp_path / "b.mp4")


def test_mp4_by_the_real_ffmpeg(tmp_path):
    import shutil

    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not on the PATH")
    frames = [np.full((64, 81, 3), n * 20, np.uint8) for n in range(8)]
    write_moving(frames, tmp_path / "a.mp4")
    assert b"ftyp" in (tmp_path / "a.mp4").read_bytes()[:16]


def test_pictures_have_no_slices_and_no_way_around(tmp_path: Path):
    result = coconet_med.fuse(*slice_pair(48))
    with pytest.raises(OptionError, match="has no slices"):
        result.mosaic(tmp_path / "a.png")
    with pytest.raises(OptionError, match="--rotation is for volumes"):
        result.rotation(tmp_path / "a.gif")
