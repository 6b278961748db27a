"""2-D pictures: PNG, JPEG, TIFF, through Pillow.  A picture has no place in the world: it is fused pixel by pixel."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from coconet_med.color import bt601
from coconet_med.errors import ReadError
from coconet_med.readers.checks import finite_image
from coconet_med.readers.limits import check_promise
from coconet_med.source import Source
from coconet_med.system.digest import sha256_of

if TYPE_CHECKING:
    from coconet_med.source import Role

#: Pictures are large: in single precision.
_LUMA = bt601.LUMA.astype(np.float32)

#: Largest difference between R, G and B (of 255) that still counts as gray: what JPEG makes of a gray picture.
GRAY_TOLERANCE = 3

#: What is said of a picture with transparent parts.
TRANSPARENT = "transparent pixels were put on black"


def read_picture(path: Path, role: Role) -> Source:
    """Read a picture as a volume of one slice: rows run along j, columns along i, pixel size 1.

    Values are gray levels as stored (8 or 16 bit, or float TIFF).  A colored functional picture keeps its RGB in
    ``Source.color``, and its BT.601 luminance stands in for the uptake until its palette is known.

    Raises:
        ReadError: damaged, several pages, too large, constant, or an anatomical picture in color.
    """
    array, notes = _pixels(path)
    image, picture, warned = scalar_and_color(array[None], path.name, role, color=array.ndim == 3)
    return Source(
        image,
        path.name,
        planar=True,
        files=(path,),
        sha256=sha256_of(path),
        slice_axis=2,
        color=picture,
        warnings=notes + warned,
        details={"display_range": [0, 255]} if array.dtype == np.uint8 or picture is not None else {},
    )


def luminance_of(rgb: np.ndarray, name: str, role: Role) -> tuple[np.ndarray, bool]:
    """BT.601 luminance of an (..., 3) array, or its single channel where it is gray, and whether it is colored.

    Raises:
        ReadError: a colored anatomical image.
    """
    if rgb.dtype != np.uint8:
        msg = f"{name}: color with {rgb.dtype} channels; give 8-bit RGB or a scalar image"
        raise ReadError(msg)
    spread = np.abs(np.diff(rgb.astype(np.int16), axis=-1)).max(initial=0)
    if spread <= GRAY_TOLERANCE:
        return rgb[..., 1], False
    if role == "anatomy":
        msg = f"{name}: the anatomical image is in color; give it first in gray, swap the two inputs, "
        msg += "or keep its colors with --color source"
        raise ReadError(msg)
    return rgb.astype(np.float32) @ _LUMA, True


def scalar_and_color(
    array: np.ndarray, name: str, role: Role, *, color: bool
) -> tuple[sitk.Image, sitk.Image | None, tuple[str, ...]]:
    """Scalar image, RGB image where the input is colored (else ``None``), and warnings about the values.

    Args:
        array: (k, j, i), or (k, j, i, 3) where ``color``.
        name: what to call the image in messages.
        role: a colored anatomical image is refused.
        color: whether the last axis holds R, G, B.

    Raises:
        ReadError: colored anatomy, or unusable values.
    """
    picture = None
    if color:
        gray, colored = luminance_of(array, name, role)
        picture = sitk.GetImageFromArray(np.ascontiguousarray(array), isVector=True) if colored else None
        array = gray
    image, warned = finite_image(array, name, role=role)
    return image, picture, warned


def lay_on_black(rgba: np.ndarray) -> tuple[np.ndarray, bool]:
    """RGB of (..., 4) ``uint8`` colors over black, and whether any of them was transparent."""
    alpha = rgba[..., 3:]
    if alpha.size == 0 or alpha.min() == 255:
        return rgba[..., :3], False
    return np.rint(rgba[..., :3] * (alpha / np.float32(255))).astype(np.uint8), True


def _pixels(path: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    """(H, W) gray or (H, W, 3) uint8 color array."""
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as file:
                channels = len(file.getbands())
                check_promise(path, file.size, channels, path.stat().st_size, packing="other")
                frames = getattr(file, "n_frames", 1)
                if frames > 1:
                    msg = f"{path}: has {frames} pages; give one page, or the volume as NIfTI"
                    raise ReadError(msg)
                file.load()
                picture = ImageOps.exif_transpose(file)
    except ReadError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        msg = f"{path}: has more pixels than a medical picture can have ({error}); crop or scale it"
        raise ReadError(msg) from error
    except Exception as error:  # Pillow raises OSError, SyntaxError, ValueError, struct.error on damaged files
        msg = f"{path}: not a readable picture ({error}); export or copy it again"
        raise ReadError(msg) from error
    notes: tuple[str, ...] = ()
    if picture.mode in ("LA", "PA", "RGBA", "RGBa", "La") or "transparency" in picture.info:
        rgba = picture.convert("RGBA")
        if np.asarray(rgba.getchannel("A")).min() < 255:
            notes = (f"{path.name}: {TRANSPARENT}",)
        flat = Image.alpha_composite(Image.new("RGBA", rgba.size, (0, 0, 0, 255)), rgba)
        picture = flat.convert("RGB")
    if picture.mode in ("P", "CMYK", "YCbCr", "LAB", "HSV"):
        picture = picture.convert("RGB")
    if picture.mode == "1":
        picture = picture.convert("L")
    array = np.asarray(picture)
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3):
        msg = f"{path}: pixels of mode {picture.mode} are not read here; save it as 8- or 16-bit gray or as RGB"
        raise ReadError(msg)
    return array, notes
