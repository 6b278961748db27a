"""Pictures of any format that is written: PNG, JPEG, TIFF, pages of PDF, animated GIF, MP4 by ffmpeg."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from coconet_med.errors import WriteError

if TYPE_CHECKING:
    from coconet_med.result import FusionResult

#: Formats of one picture, by the suffix of the file.
PICTURES = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".tif": "TIFF", ".tiff": "TIFF"}
#: Formats of pages and of moving pictures.
PAGES, MOVING = (*PICTURES, ".pdf"), (".gif", ".mp4")
#: Pixels in an inch of a page of PDF, and pictures in a second of a moving one.
DPI, RATE = 150, 12

NOTE = "coconet-med; research use, not for diagnosis"
_IMAGE_DESCRIPTION = 270  # TIFF


def encode(result: FusionResult, what: str) -> Callable[[Path], None]:
    """What writes one image of a result to a given path.

    ``"color"`` is the fused picture in its own size (for a volume the overview of :meth:`FusionResult.picture`);
    ``"legend"`` its color bar with units; ``"luminance"`` and ``"uptake"`` are float TIFF.
    """
    import SimpleITK as sitk

    if what == "color":
        flat = result.color.GetDimension() == 2
        pixels = sitk.GetArrayFromImage(result.color) if flat else result.picture()
        return lambda path: write_picture(pixels, path)
    if what == "legend":
        return lambda path: write_picture(_legend(result), path)
    image = getattr(result, what)
    return lambda path: sitk.WriteImage(image, str(path))


def write_picture(rgb: np.ndarray, path: Path) -> None:
    """Write an RGB ``uint8`` array (rows, columns, 3) in the format of the suffix.

    PNG and TIFF keep every color.  JPEG has the best quality that is usual (95), with colors at full resolution: halved
    ones, as is the habit, would change the uptake that small findings show.
    """
    kind = PICTURES[path.suffix.lower()]
    picture = Image.fromarray(rgb)
    if kind == "PNG":
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_text("Description", NOTE)
        picture.save(path, format=kind, pnginfo=info)
    elif kind == "JPEG":
        picture.save(path, format=kind, quality=95, subsampling=0, optimize=True, comment=NOTE)
    else:
        picture.save(path, format=kind, compression="tiff_deflate", tiffinfo={_IMAGE_DESCRIPTION: NOTE})


def write_pages(pages: Sequence[np.ndarray], path: Path) -> None:
    """Write pictures as the pages of a PDF, or the only one of them in the format of the suffix."""
    if path.suffix.lower() != ".pdf":
        write_picture(pages[0], path)
        return
    first, *more = [Image.fromarray(page) for page in pages]
    first.save(
        path,
        format="PDF",
        save_all=True,
        append_images=more,
        resolution=DPI,
        quality=95,
        title="coconet-med",
        subject="research use, not for diagnosis",
        producer="coconet-med",
    )


def check_moving(path: Path) -> None:
    """Refuse, before any work, a moving picture that could not be written.

    Raises:
        WriteError: another suffix, or MP4 without ffmpeg.
    """
    suffix = path.suffix.lower()
    if suffix not in MOVING:
        raise WriteError(f"{path}: end the name in .gif or .mp4")
    if suffix == ".mp4" and shutil.which("ffmpeg") is None:
        raise WriteError(
            f"{path}: MP4 is made by ffmpeg, which is not on the PATH; install it, or end the name in .gif"
        )


def check_pages(path: Path) -> None:
    """Refuse, before any work, a sheet whose format is not written.

    Raises:
        WriteError: another suffix.
    """
    if path.suffix.lower() not in PAGES:
        raise WriteError(f"{path}: end the name in {', '.join(PAGES[:-1])} or {PAGES[-1]}")


def write_moving(frames: Sequence[np.ndarray], path: Path) -> None:
    """Write frames, all of one size, as a GIF that runs forever, or as MP4.

    Raises:
        WriteError: ffmpeg is missing or fails.
    """
    check_moving(path)
    if path.suffix.lower() == ".mp4":
        _mp4(frames, path)
        return
    # One palette for all frames, of all their colors: with one for each, colors would flicker.
    sample = Image.fromarray(np.concatenate(list(frames[:: max(1, len(frames) // 8)])))
    palette = sample.quantize(256, method=Image.Quantize.MEDIANCUT)
    first, *more = [Image.fromarray(f).quantize(palette=palette, dither=Image.Dither.NONE) for f in frames]
    first.save(path, format="GIF", save_all=True, append_images=more, duration=round(1000 / RATE), loop=0, comment=NOTE)


def _mp4(frames: Sequence[np.ndarray], path: Path) -> None:
    """H.264 where ffmpeg has it, else MPEG-4 part 2; of even sides, as both want them."""
    rows, columns = frames[0].shape[:2]
    padded = [np.pad(f, ((0, rows % 2), (0, columns % 2), (0, 0)), mode="edge") for f in frames]
    data = b"".join(np.ascontiguousarray(f).tobytes() for f in padded)
    size = f"{padded[0].shape[1]}x{padded[0].shape[0]}"
    reason = [""]
    for codec in (("libx264", "-crf", "18"), ("mpeg4", "-q:v", "3")):
        command = ["ffmpeg", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"]
        command += ["-s", size, "-r", str(RATE), "-i", "pipe:0", "-an", "-c:v", *codec, "-pix_fmt", "yuv420p"]
        command += ["-movflags", "+faststart", "-metadata", f"comment={NOTE}", "-f", "mp4", str(path)]
        done = subprocess.run(command, input=data, capture_output=True)
        if done.returncode == 0:
            return
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no reason given"]
    raise WriteError(f"{path}: ffmpeg failed ({reason[0][:200]}); end the name in .gif")


def _legend(result: FusionResult) -> np.ndarray:
    from coconet_med.report.overview import legend_of

    return legend_of(result, height=min(max(256, result.color.GetSize()[1]), 640))
