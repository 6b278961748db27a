"""Pictures in every format that is written: as their names say, and with the colors that the format can keep."""

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
from coconet_med.errors import WriteError
from coconet_med.model import Model
from coconet_med.phantom import HeadPhantom, slice_pair
from coconet_med.result import FusionResult
from coconet_med.writers.pictures import write_moving, write_picture


@pytest.fixture
def result(head: HeadPhantom, mean_model: Model) -> FusionResult:
    return coconet_med.fuse(head.t1, head.pet, model=mean_model, register="never")


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


@pytest.fixture
def flat(mean_model: Model) -> FusionResult:
    return coconet_med.fuse(*slice_pair(64), model=mean_model)


def test_a_picture_keeps_its_pixels_and_gets_a_legend_beside_it(flat: FusionResult, tmp_path: Path) -> None:
    flat.save(tmp_path / "fused.png")
    with Image.open(tmp_path / "fused.png") as image:
        assert np.array_equal(np.asarray(image), sitk.GetArrayFromImage(flat.color))
    with Image.open(tmp_path / "fused_legend.png") as image:
        assert image.height >= 256


def test_a_volume_as_png_is_an_overview_with_legend(result: FusionResult, tmp_path: Path) -> None:
    result.save(tmp_path / "fused.png")
    with Image.open(tmp_path / "fused.png") as image:
        assert image.width > 3 * 200
        assert np.asarray(image)[:, -100:].max() > 200  # the legend's bar and text stand at the right side
